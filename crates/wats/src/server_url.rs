//! The address of a WATS server.

use reqwest::Url;
use std::fmt;
use std::str::FromStr;

/// Base address of a WATS server, without a trailing `/` and without `/api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(String);

/// Why a text is no server address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// The text is not a URL at all.
    #[error("{0:?} is not a web address; write it like https://company.wats.com")]
    Malformed(String),
    /// Neither `http` nor `https`.
    #[error("{0:?} starts with neither https:// nor http://")]
    Scheme(String),
    /// The address carries a user name or a password.
    #[error("the server address must not hold a user name or password; give the API token apart from it")]
    Credentials,
    /// The address carries a `?query` or a `#fragment`.
    #[error("{0:?} has a part after ? or #; give only the server's base address")]
    Query(String),
}

impl ServerUrl {
    /// The address of an endpoint, `path` being for example `/api/App/Version`.
    pub(crate) fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether it is a server that the makers of WATS run, at `*.wats.com`, and not one of a company's own.
    pub fn is_hosted(&self) -> bool {
        // The text was made from a URL with a host, which is in small letters.
        let host = Url::parse(&self.0).ok().and_then(|url| url.host_str().map(str::to_owned));
        host.is_some_and(|host| host == "wats.com" || host.ends_with(".wats.com"))
    }

    /// The base address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServerUrl {
    type Err = ServerUrlError;

    fn from_str(text: &str) -> Result<Self, ServerUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| ServerUrlError::Malformed(without_user(text)))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ServerUrlError::Scheme(without_user(text)));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServerUrlError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ServerUrlError::Query(text.to_owned()));
        }
        let mut base = url.as_str().trim_end_matches('/');
        if base.to_ascii_lowercase().ends_with("/api") {
            base = base[..base.len() - "/api".len()].trim_end_matches('/');
        }
        Ok(Self(base.to_owned()))
    }
}

/// The text without anything before an `@`, which could be a password.
fn without_user(text: &str) -> String {
    text.rsplit_once('@').map_or(text, |(_, host)| host).trim().to_owned()
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_usual_spellings_give_the_same_base() {
        for text in [
            "https://company.wats.com",
            " https://company.wats.com/ ",
            "https://company.wats.com/api",
            "https://company.wats.com/api/",
            "https://COMPANY.wats.com/API//",
        ] {
            let url: ServerUrl = text.parse().unwrap();
            assert_eq!(
                url.endpoint("/api/App/Version"),
                "https://company.wats.com/api/App/Version",
                "{text}"
            );
        }
        let hosted: ServerUrl = "http://factory:8443/wats/api".parse().unwrap();
        assert_eq!(hosted.as_str(), "http://factory:8443/wats");
    }

    #[test]
    fn servers_of_the_makers_are_known_by_their_name() {
        let is_hosted = |text: &str| text.parse::<ServerUrl>().unwrap().is_hosted();
        assert!(is_hosted("https://Company.WATS.com/api") && is_hosted("https://a.b.wats.com:444"));
        assert!(
            !is_hosted("https://wats.company.com")
                && !is_hosted("https://notwats.com")
                && !is_hosted("http://10.0.0.5")
        );
    }

    #[test]
    fn refusals_name_the_fault_and_hide_passwords() {
        assert!(matches!("company.wats.com".parse::<ServerUrl>(), Err(ServerUrlError::Malformed(_))));
        assert!(matches!("ftp://company".parse::<ServerUrl>(), Err(ServerUrlError::Scheme(_))));
        assert_eq!("https://u:p@company".parse::<ServerUrl>(), Err(ServerUrlError::Credentials));
        assert!(matches!("https://company/?a=b".parse::<ServerUrl>(), Err(ServerUrlError::Query(_))));
        let refusal = "ftp://user:geheim@company".parse::<ServerUrl>().unwrap_err().to_string();
        assert!(!refusal.contains("geheim"), "{refusal}");
    }
}
