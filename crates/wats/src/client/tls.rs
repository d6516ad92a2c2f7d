//! Whom a client trusts, and how it proves who it is.

use super::BuildError;
use crate::Secret;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The authorities whose certificates are believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Roots {
    /// Those that come with the program: the list of Mozilla. The same on every machine.
    #[default]
    Bundled,
    /// Those that the operating system's administrator trusts.
    System,
}

/// How encrypted connections are made. Certificates are always verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Public authorities to trust.
    pub roots: Roots,
    /// Certificates in PEM form to trust besides, for a server with a certificate of the company's own authority.
    pub authorities: Option<Vec<u8>>,
    /// What the client shows to a server that asks for a certificate.
    pub identity: Option<Identity>,
}

/// A client certificate with its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate in PEM form, followed by those that lead to its authority.
    pub certificates: Vec<u8>,
    /// The private key in PEM form: PKCS#8, PKCS#1 or SEC1, not encrypted.
    pub key: Secret,
}

impl Tls {
    /// The settings in the form that the TLS library takes.
    pub(super) fn config(&self) -> Result<ClientConfig, BuildError> {
        let mut roots = RootCertStore::empty();
        match self.roots {
            Roots::Bundled => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Roots::System => add_system_roots(&mut roots)?,
        }
        if let Some(pem) = &self.authorities {
            for certificate in certificates(pem).map_err(BuildError::Certificates)? {
                roots
                    .add(certificate)
                    .map_err(|error| BuildError::Certificates(format!("one is not usable: {error}")))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| BuildError::Http(error.to_string()))?
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            None => config.with_no_client_auth(),
            Some(identity) => {
                let chain = certificates(&identity.certificates).map_err(BuildError::Identity)?;
                config.with_client_auth_cert(chain, identity.key()?).map_err(|error| {
                    BuildError::Identity(format!("certificate and key do not work together: {error}"))
                })?
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl Identity {
    fn key(&self) -> Result<PrivateKeyDer<'static>, BuildError> {
        let text = self.key.expose();
        PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| {
            BuildError::Identity(match error {
                pem::Error::NoItemsFound if text.contains("ENCRYPTED PRIVATE KEY") => {
                    "the private key is protected with a password; store it without one, readable for this program only"
                        .to_owned()
                }
                pem::Error::NoItemsFound => "there is no private key in PEM form".to_owned(),
                error => format!("the private key is not usable: {error}"),
            })
        })
    }
}

/// All certificates of a PEM text, at least one.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| match error {
            pem::Error::MissingSectionEnd { .. } => "a certificate is cut off".to_owned(),
            error => error.to_string(),
        })?;
    if all.is_empty() {
        return Err("there is no certificate in PEM form in the file".to_owned());
    }
    Ok(all)
}

#[cfg(not(target_os = "macos"))]
fn add_system_roots(roots: &mut RootCertStore) -> Result<(), BuildError> {
    let found = rustls_native_certs::load_native_certs();
    // A store may hold certificates of odd forms, which nobody needs.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let reason =
            found.errors.first().map_or_else(|| "there are none".to_owned(), |error| error.to_string());
        return Err(BuildError::SystemRoots(reason));
    }
    Ok(())
}

/// The key chains of macOS, read with its own tool.
#[cfg(target_os = "macos")]
fn add_system_roots(roots: &mut RootCertStore) -> Result<(), BuildError> {
    let output = std::process::Command::new("/usr/bin/security")
        .args(["find-certificate", "-a", "-p"])
        .arg("/System/Library/Keychains/SystemRootCertificates.keychain")
        .arg("/Library/Keychains/System.keychain")
        .output()
        .map_err(|error| BuildError::SystemRoots(error.to_string()))?;
    let found = certificates(&output.stdout).map_err(BuildError::SystemRoots)?;
    let (added, _) = roots.add_parsable_certificates(found);
    if added == 0 {
        return Err(BuildError::SystemRoots("there are none".to_owned()));
    }
    Ok(())
}

/// What a TLS failure means for a person, when the error is one.
pub(super) fn explain(error: &rustls::Error) -> Option<String> {
    use rustls::CertificateError;
    let text = match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "the server's certificate was issued by an authority that is not trusted; give the certificate of \
                 that authority to the client, or have the operating system's trusted"
                    .to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired, or this machine's clock is wrong".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet, or this machine's clock is wrong".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("the server's certificate belongs to another host name ({why})")
            }
            CertificateError::Revoked => "the server's certificate has been revoked".to_owned(),
            other => format!("the server's certificate is not accepted: {other}"),
        },
        rustls::Error::AlertReceived(alert) => return explain_alert(&format!("{alert:?}")),
        rustls::Error::InvalidMessage(_) => {
            "the server does not speak TLS at this address; is it http:// instead of https://, or another port?"
                .to_owned()
        }
        _ => return None,
    };
    Some(text)
}

/// What the server's reason for ending a connection means (RFC 8446 §6.2), by its name.
pub(super) fn explain_alert(name: &str) -> Option<String> {
    match name {
        "CertificateRequired" | "NoCertificate" => Some("the server demands a client certificate".to_owned()),
        "BadCertificate"
        | "UnsupportedCertificate"
        | "CertificateRevoked"
        | "CertificateExpired"
        | "CertificateUnknown"
        | "UnknownCA"
        | "AccessDenied"
        | "DecryptError" => Some(format!("the server refuses the client certificate ({name})")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(tls: &Tls) -> String {
        tls.config().unwrap_err().to_string()
    }

    #[test]
    fn unusable_files_are_explained() {
        let authorities = |text: &str| Tls { authorities: Some(text.into()), ..Tls::default() };
        assert!(refusal(&authorities("hello")).contains("no certificate in PEM form"));
        assert!(refusal(&authorities("-----BEGIN CERTIFICATE-----\nAAAA\n")).contains("cut off"));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(refusal(&authorities(broken)).contains("not usable"));
        let key = |text: &str| Tls {
            identity: Some(Identity { certificates: broken.into(), key: Secret::new(text) }),
            ..Tls::default()
        };
        assert!(refusal(&key("")).contains("no private key in PEM form"));
        let protected = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(refusal(&key(protected)).contains("protected with a password"));
    }
}
