//! Where a service listens.

use crate::Definition;

/// Where a service waits for connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Name or address of the interface, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl Listener {
    /// Whether only the machine itself can reach it.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
    }

    /// Host and port of a URL or of `HOST:PORT`.
    fn parse(text: &str) -> Option<Self> {
        let authority = text.split_once("://").map_or(text, |(_, rest)| rest).split('/').next()?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then(|| Self { host: host.to_owned(), port })
    }
}

impl Definition {
    /// Where it listens for questions about its health: as its environment tells it, else as its address says.
    pub fn listener(&self) -> Option<Listener> {
        let health = self.health.as_ref()?;
        self.told(health.listen.as_ref(), &health.address)
    }

    /// Where it listens for browsers: as its environment tells it, else as the page's address says.
    pub fn page_listener(&self) -> Option<Listener> {
        let page = self.page.as_ref()?;
        self.told(page.listen.as_ref(), &page.address)
    }

    /// All that it listens at, each port once.
    pub fn listeners(&self) -> Vec<Listener> {
        let mut all: Vec<Listener> = Vec::new();
        for listener in self.listener().into_iter().chain(self.page_listener()) {
            if !all.iter().any(|one| one.port == listener.port) {
                all.push(listener);
            }
        }
        all
    }

    fn told(&self, variable: Option<&String>, address: &str) -> Option<Listener> {
        let told = variable.and_then(|variable| self.environment.get(variable));
        Listener::parse(told.map_or(address, String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let at = |text: &str| Listener::parse(text).map(|l| (l.host.clone(), l.port, l.is_loopback()));
        assert_eq!(at("http://127.0.0.1:8080/health"), Some(("127.0.0.1".into(), 8080, true)));
        assert_eq!(at("0.0.0.0:9000"), Some(("0.0.0.0".into(), 9000, false)));
        assert_eq!(at("http://[::1]:81/"), Some(("::1".into(), 81, true)));
        assert_eq!(at("http://localhost/health"), Some(("localhost".into(), 80, true)));
        assert_eq!(at("http://host:nonsense/"), None);
        assert_eq!(at(""), None);
    }
}
