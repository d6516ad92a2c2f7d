//! Who a request comes from, as far as a browser says it.
//!
//! Two attacks are kept away here. A page of another site can make a browser send requests to this one (cross-site
//! request forgery): browsers say so in `Sec-Fetch-Site` or `Origin`. And it can have its own name point to this
//! machine (DNS rebinding), so that the browser takes both for one site: then `Host` has that name.

use axum::http::{HeaderMap, HeaderName, header};
use std::net::IpAddr;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The host of a `Host` header without its port: `[::1]:8080` is `::1`.
fn host(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

/// The `Host` header of a request.
pub(super) fn authority(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok().filter(|text| !text.is_empty())
}

/// Whether a request is for this machine: by an address, which no other site can claim, or by a name that is known.
pub(super) fn is_for_us(headers: &HeaderMap, names: &[String]) -> bool {
    if headers.get_all(header::HOST).iter().count() != 1 {
        return false;
    }
    let Some(host) = authority(headers).map(host) else { return false };
    let host = host.strip_suffix('.').unwrap_or(host);
    host.parse::<IpAddr>().is_ok()
        || host.eq_ignore_ascii_case("localhost")
        || names.iter().any(|name| name.eq_ignore_ascii_case(host))
}

/// Whether a request that changes something was made by a page of this site. A browser that sends neither header is
/// too old to be trusted with it.
pub(super) fn is_same_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
    let of_origin = origin.and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    of_origin.is_some() && of_origin == authority(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn addresses_and_known_names_are_ours() {
        let names = ["Station-7".to_owned()];
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST.:1", "[::1]:8080", "10.0.0.7", "station-7:80"]
        {
            assert!(is_for_us(&headers(&[("host", host)]), &names), "{host}");
        }
        for host in ["evil.example:8080", "", "localhost.evil.example", "127.0.0.1.evil.example", "[x]"] {
            assert!(!is_for_us(&headers(&[("host", host)]), &names), "{host}");
        }
        assert!(!is_for_us(&HeaderMap::new(), &names));
        let mut two = headers(&[("host", "localhost")]);
        two.append(header::HOST, "evil.example".parse().unwrap());
        assert!(!is_for_us(&two, &names));
    }

    #[test]
    fn changes_come_from_our_own_pages() {
        let host = ("host", "localhost:8080");
        assert!(is_same_site(&headers(&[host, ("sec-fetch-site", "same-origin")])));
        assert!(is_same_site(&headers(&[host, ("origin", "http://localhost:8080")])));
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("origin", "http://localhost:8081"),
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("referer", "http://localhost:8080/"),
        ] {
            assert!(!is_same_site(&headers(&[host, (name, value)])), "{name}: {value}");
        }
    }
}
