//! The way to the server, as it is configured: authorities, certificate, proxy.

use crate::config::{Config, ProxyMode, Roots};
use crate::credentials::Token;
use std::path::Path;
use wats::{BuildError, Client, Identity, ManualProxy, Proxy, Retry, Secret, ServerUrl, Tls};

/// A client of this server that goes the configured way. It tries nothing twice: the queue, or a person, decides.
///
/// # Errors
/// What is wrong with the configuration, or with a file that it names.
pub(crate) fn client(config: &Config, server: &ServerUrl, token: Option<Secret>) -> Result<Client, String> {
    Way::of(config, server)?.client(server, token)
}

/// What the configuration says of the way, with what the files that it names hold now. Another one, as soon as a
/// certificate was renewed or a password changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    tls: Tls,
    proxy: Proxy,
}

impl Way {
    /// Reads the files.
    ///
    /// # Errors
    /// Which of them cannot be read.
    pub(crate) fn of(config: &Config, server: &ServerUrl) -> Result<Self, String> {
        let proxy = proxy(config)?;
        let secure = server.as_str().starts_with("https:") || matches!(proxy, Proxy::Manual(_));
        let roots = match config.roots {
            // Read from the disk, which is in vain where nothing is encrypted.
            Roots::System if secure => wats::Roots::System,
            _ => wats::Roots::Bundled,
        };
        let tls = Tls { roots, authorities: authorities(config)?, identity: identity(config)? };
        Ok(Self { tls, proxy })
    }

    /// A client that goes this way.
    ///
    /// # Errors
    /// What is wrong, and with which key of the configuration.
    pub(crate) fn client(&self, server: &ServerUrl, token: Option<Secret>) -> Result<Client, String> {
        let make = |roots: wats::Roots| {
            let mut builder = Client::builder(server.clone(), "wats-client", env!("CARGO_PKG_VERSION"))
                .tls(Tls { roots, ..self.tls.clone() })
                .proxy(self.proxy.clone())
                .retry(Retry::never());
            if let Some(token) = token.clone() {
                builder = builder.token(token);
            }
            builder.build()
        };
        let client = match make(self.tls.roots) {
            // As in an image without any; those that come with the program are as good as the image's.
            Err(BuildError::SystemRoots(why)) => {
                tracing::debug!(
                    "the authorities that come with the program are used, not the system's: {why}"
                );
                make(wats::Roots::Bundled)
            }
            other => other,
        };
        client.map_err(|error| match error {
            BuildError::Certificates(_) => format!("server.ca-file: {error}"),
            BuildError::Identity(_) => format!("server.client-certificate: {error}"),
            BuildError::Proxy(_) => format!("proxy.url: {error}"),
            error => error.to_string(),
        })
    }
}

fn authorities(config: &Config) -> Result<Option<Vec<u8>>, String> {
    config.ca_file.as_deref().map(|file| read("server.ca-file", file)).transpose()
}

/// The client certificate; its key may stand in the same file.
fn identity(config: &Config) -> Result<Option<Identity>, String> {
    let Some(file) = &config.client_certificate else { return Ok(None) };
    let certificates = read("server.client-certificate", file)?;
    let key = match &config.client_key {
        Some(file) => read("server.client-key", file)?,
        None => certificates.clone(),
    };
    let key =
        String::from_utf8(key).map_err(|_| "server.client-key: the file is not in PEM form".to_owned())?;
    Ok(Some(Identity { certificates, key: Secret::new(key) }))
}

fn proxy(config: &Config) -> Result<Proxy, String> {
    let settings = &config.proxy;
    Ok(match (settings.mode, &settings.url) {
        (ProxyMode::None, _) => Proxy::None,
        (ProxyMode::Manual, Some(address)) => {
            let user = Some(settings.user.clone()).filter(|user| !user.is_empty());
            let password = match settings.password.find() {
                Token::Found(password) => Some(password),
                Token::Missing => None,
                Token::Unreadable(why) => return Err(format!("proxy.password: {why}")),
            };
            let (address, bypass) = (address.clone(), settings.bypass.clone());
            Proxy::Manual(ManualProxy { address, user, password, bypass })
        }
        (ProxyMode::System | ProxyMode::Manual, _) => Proxy::System,
    })
}

fn read(key: &str, file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{key}: {} cannot be read: {error}", file.display()))
}
