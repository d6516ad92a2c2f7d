//! The way through a proxy.

use super::BuildError;
use crate::Secret;
use reqwest::NoProxy;

/// Which proxy is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// What the environment says (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), and on Windows, where it says
    /// nothing, what is set for the account in the registry.
    #[default]
    System,
    /// None, whatever the environment says.
    None,
    /// This one.
    Manual(ManualProxy),
}

/// A proxy named by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManualProxy {
    /// Its address, for example `http://proxy.company.com:8080`. Without a scheme it is HTTP.
    pub address: String,
    /// User name, where the proxy wants one (Basic authentication).
    pub user: Option<String>,
    /// The password that belongs to it.
    pub password: Option<Secret>,
    /// Hosts that are reached without it: `host.example`, `.example` for all below, `10.0.0.5`, `10.0.0.0/8`, `*`.
    pub bypass: Vec<String>,
}

impl Proxy {
    /// Adds the proxy to the HTTP library's settings.
    pub(super) fn apply(
        &self,
        builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, BuildError> {
        match self {
            Self::System => Ok(builder),
            Self::None => Ok(builder.no_proxy()),
            Self::Manual(manual) => {
                let mut proxy = reqwest::Proxy::all(manual.url()?).map_err(|_| {
                    BuildError::Proxy(format!("{:?} is not a usable address", manual.address))
                })?;
                if let Some(user) = &manual.user {
                    let password = manual.password.as_ref().map_or("", Secret::expose);
                    proxy = proxy.basic_auth(user, password);
                }
                // The environment has no say in what was named by hand.
                proxy = proxy.no_proxy(NoProxy::from_string(&manual.bypass.join(",")));
                Ok(builder.no_proxy().proxy(proxy))
            }
        }
    }
}

impl ManualProxy {
    fn url(&self) -> Result<reqwest::Url, BuildError> {
        let address = self.address.trim();
        // A password in the address would be shown wherever the address is.
        if address.contains('@') {
            return Err(BuildError::Proxy(
                "the address must not hold a user name or password; give them apart from it".to_owned(),
            ));
        }
        let refused = |why: &str| BuildError::Proxy(format!("{address:?} {why}"));
        let whole = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let url = reqwest::Url::parse(&whole)
            .map_err(|_| refused("is not an address such as http://proxy.company.com:8080"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("starts with neither http:// nor https://; other kinds are not supported"));
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(address: &str) -> Result<String, String> {
        ManualProxy { address: address.to_owned(), ..ManualProxy::default() }
            .url()
            .map(|url| url.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_are_checked() {
        assert_eq!(url(" proxy:3128 ").unwrap(), "http://proxy:3128/");
        assert_eq!(url("https://proxy").unwrap(), "https://proxy/");
        assert!(url("").unwrap_err().contains("is not an address"));
        assert!(url("socks5://proxy").unwrap_err().contains("not supported"));
        let refusal = url("http://user:geheim@proxy").unwrap_err();
        assert!(!refusal.contains("geheim") && refusal.contains("apart"), "{refusal}");
    }
}
