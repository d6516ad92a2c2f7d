//! Encrypted connections, with certificates made for the occasion.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

/// A certification authority that nobody knows.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its private key, both in PEM form.
#[derive(Debug, Clone)]
pub struct Certified {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> io::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)? })
    }

    /// Its certificate in PEM form.
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for these host names, or for a client of this name.
    pub fn certify(&self, names: &[&str]) -> io::Result<Certified> {
        let (key, params) = Self::request(names)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        Ok(Certified { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    fn request(names: &[&str]) -> io::Result<(KeyPair, CertificateParams)> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().map_err(io::Error::other)?;
        Ok((key, CertificateParams::new(names).map_err(io::Error::other)?))
    }
}

/// How a server encrypts.
#[derive(Clone, Copy)]
pub struct TlsSettings<'a> {
    /// Who certifies the server.
    pub authority: &'a Authority,
    /// Host names in its certificate.
    pub names: &'a [&'a str],
    /// Whose certificates clients must show.
    pub clients: Option<&'a Authority>,
}

impl TlsSettings<'_> {
    pub(crate) fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let (key, params) = Authority::request(self.names)?;
        let certificate = params.signed_by(&key, &self.authority.issuer).map_err(io::Error::other)?;
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let config = match self.clients {
            None => config.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(clients.issuer.der().clone()).map_err(io::Error::other)?;
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .map_err(io::Error::other)?;
                config.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config =
            config.with_single_cert(vec![certificate.der().clone()], key).map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
