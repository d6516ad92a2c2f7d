//! Who signs: a certificate and what makes signatures in its name.

use std::fmt;

use der::Decode;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use pkcs8::{DecodePrivateKey, EncryptedPrivateKeyInfo, PrivateKeyInfo, SecretDocument};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use x509_cert::Certificate;
use zeroize::Zeroizing;

use crate::certificate::{certificates_from_pem, subject};
use crate::public_key::PublicKey;
use crate::{Error, Result, oid, pfx};

/// Makes signatures: a [`Key`] in memory, or anything else that holds a key, such as a hardware security module.
pub trait Signer: Send + Sync {
    /// The signature over a SHA-256 digest: with RSA by PKCS#1 v1.5, with an elliptic curve the DER sequence of `r`
    /// and `s`.
    ///
    /// # Errors
    /// Whatever kept it from signing. The text is shown, so it must not tell secrets.
    fn sign(
        &self,
        digest: &[u8; 32],
    ) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;
}

/// A private key in memory. It is overwritten when it is dropped and never shown.
pub struct Key(Inner);

enum Inner {
    Rsa(Box<rsa::RsaPrivateKey>),
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.0 {
            Inner::Rsa(key) => return write!(f, "Key(RSA, {} bits)", key.size() * 8),
            Inner::P256(_) => "P-256",
            Inner::P384(_) => "P-384",
        };
        write!(f, "Key({name})")
    }
}

fn unreadable(reason: impl fmt::Display) -> Error {
    Error::Identity { what: "key", reason: reason.to_string() }
}

impl Key {
    /// Reads the first private key of a PEM file: PKCS#8, also encrypted, PKCS#1 or SEC1.
    ///
    /// # Errors
    /// [`Error::Password`] when the key is encrypted and the password wrong or missing; [`Error::Identity`] when
    /// there is no key, or one of another algorithm than RSA, P-256 and P-384.
    pub fn from_pem(pem: &[u8], password: Option<&str>) -> Result<Self> {
        let text = Zeroizing::new(String::from_utf8_lossy(pem).into_owned());
        for (at, _) in text.match_indices("-----BEGIN ") {
            let block = &text[at..];
            let label = block["-----BEGIN ".len()..].split("-----").next().unwrap_or_default();
            if !label.ends_with("PRIVATE KEY") {
                continue;
            }
            let end = format!("-----END {label}-----");
            let Some(length) = block.find(&end) else { return Err(unreadable("it has no end")) };
            if block[..length].contains("Proc-Type:") {
                return Err(unreadable(
                    "it is encrypted in an old way: convert it with openssl pkcs8 -topk8",
                ));
            }
            let (_, document) =
                SecretDocument::from_pem(&format!("{}{end}\n", &block[..length])).map_err(unreadable)?;
            return match label {
                "PRIVATE KEY" => Self::from_pkcs8(document.as_bytes()),
                "ENCRYPTED PRIVATE KEY" => Self::from_encrypted(document.as_bytes(), password),
                "RSA PRIVATE KEY" => rsa::RsaPrivateKey::from_pkcs1_der(document.as_bytes())
                    .map(|key| Self(Inner::Rsa(Box::new(key))))
                    .map_err(unreadable),
                "EC PRIVATE KEY" => Self::from_sec1(document.as_bytes()),
                other => Err(unreadable(format!("{other} is of an algorithm that is not accepted"))),
            };
        }
        Err(unreadable("there is no private key in it"))
    }

    /// Reads a PKCS#8 key in DER.
    ///
    /// # Errors
    /// [`Error::Identity`] when it cannot be read or is of another algorithm than RSA, P-256 and P-384.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        let info = PrivateKeyInfo::from_der(der).map_err(unreadable)?;
        if info.algorithm.oid == oid::RSA_ENCRYPTION {
            let key = rsa::RsaPrivateKey::from_pkcs8_der(der).map_err(unreadable)?;
            return Ok(Self(Inner::Rsa(Box::new(key))));
        }
        match info.algorithm.parameters_oid() {
            Ok(oid::SECP256R1) => {
                let key = p256::ecdsa::SigningKey::from_pkcs8_der(der).map_err(unreadable)?;
                Ok(Self(Inner::P256(Box::new(key))))
            }
            Ok(oid::SECP384R1) => {
                let key = p384::ecdsa::SigningKey::from_pkcs8_der(der).map_err(unreadable)?;
                Ok(Self(Inner::P384(Box::new(key))))
            }
            _ => Err(unreadable("it is neither RSA nor of the curves P-256 and P-384")),
        }
    }

    fn from_encrypted(der: &[u8], password: Option<&str>) -> Result<Self> {
        use pkcs8::pkcs5::Error::{DecryptFailed, EncryptFailed};
        let wrong = Error::Password("key");
        let Some(password) = password else {
            return Err(unreadable("it is encrypted and no password was given"));
        };
        let info = EncryptedPrivateKeyInfo::from_der(der).map_err(unreadable)?;
        match info.decrypt(password) {
            // With a wrong password, what comes out may still end like plain text.
            Ok(document) => Self::from_pkcs8(document.as_bytes()).map_err(|_| wrong),
            Err(pkcs8::Error::EncryptedPrivateKey(error))
                if error != DecryptFailed && error != EncryptFailed =>
            {
                Err(unreadable(error))
            }
            Err(_) => Err(wrong),
        }
    }

    fn from_sec1(der: &[u8]) -> Result<Self> {
        if let Ok(key) = p256::SecretKey::from_sec1_der(der) {
            return Ok(Self(Inner::P256(Box::new(key.into()))));
        }
        match p384::SecretKey::from_sec1_der(der) {
            Ok(key) => Ok(Self(Inner::P384(Box::new(key.into())))),
            Err(_) => Err(unreadable("it is of none of the curves P-256 and P-384")),
        }
    }

    /// Whether this key belongs to `certificate`.
    fn belongs_to(&self, certificate: &Certificate) -> bool {
        match (
            &self.0,
            PublicKey::new(&certificate.tbs_certificate.subject_public_key_info, "the certificate"),
        ) {
            (Inner::Rsa(key), Ok(PublicKey::Rsa(public))) => key.to_public_key() == *public,
            (Inner::P256(key), Ok(PublicKey::P256(public))) => *key.verifying_key() == *public,
            (Inner::P384(key), Ok(PublicKey::P384(public))) => *key.verifying_key() == *public,
            _ => false,
        }
    }
}

impl Signer for Key {
    fn sign(
        &self,
        digest: &[u8; 32],
    ) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(match &self.0 {
            // Blinded, so that the time it takes tells nothing of the key; the signature is the same.
            Inner::Rsa(key) => {
                let scheme = rsa::Pkcs1v15Sign::new::<sha2::Sha256>();
                key.sign_with_rng(&mut rsa::rand_core::OsRng, scheme, digest)?
            }
            Inner::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(digest)?;
                signature.to_der().as_bytes().to_vec()
            }
            Inner::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign_prehash(digest)?;
                signature.to_der().as_bytes().to_vec()
            }
        })
    }
}

/// A code signing certificate, the chain above it, and what makes signatures in its name.
pub struct Identity {
    certificate: Certificate,
    chain: Vec<Certificate>,
    signer: Box<dyn Signer>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("subject", &self.subject()).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads a PKCS#12 file (`.pfx`, `.p12`): AES, and 3DES and RC2 as older programs write them.
    ///
    /// # Errors
    /// [`Error::Password`], [`Error::KeyMismatch`] when no certificate belongs to the key, [`Error::Identity`] when
    /// the file cannot be read.
    pub fn from_pfx(pfx: &[u8], password: &str) -> Result<Self> {
        let (key, certificates) = pfx::read(pfx, password)?;
        Self::with_key(certificates, key)
    }

    /// Reads certificate and chain from one PEM file and the key from another, or all from the same.
    ///
    /// # Errors
    /// As those of [`Key::from_pem`] and [`certificates_from_pem`]; [`Error::KeyMismatch`] when no certificate
    /// belongs to the key.
    pub fn from_pem(certificates: &[u8], key: &[u8], password: Option<&str>) -> Result<Self> {
        Self::with_key(certificates_from_pem(certificates)?, Key::from_pem(key, password)?)
    }

    /// An identity whose key is elsewhere. The first certificate is the signer's.
    ///
    /// # Errors
    /// [`Error::Identity`] without a certificate.
    pub fn external(mut certificates: Vec<Certificate>, signer: Box<dyn Signer>) -> Result<Self> {
        if certificates.is_empty() {
            return Err(Error::Identity {
                what: "certificate file",
                reason: "it holds no certificate".into(),
            });
        }
        let certificate = certificates.remove(0);
        Ok(Self { certificate, chain: certificates, signer })
    }

    fn with_key(mut certificates: Vec<Certificate>, key: Key) -> Result<Self> {
        match certificates.iter().position(|certificate| key.belongs_to(certificate)) {
            Some(at) => {
                let certificate = certificates.remove(at);
                Ok(Self { certificate, chain: certificates, signer: Box::new(key) })
            }
            None => {
                let subject = certificates.first().map(subject).unwrap_or_default();
                Err(Error::KeyMismatch { subject })
            }
        }
    }

    /// Subject of the certificate.
    pub fn subject(&self) -> String {
        subject(&self.certificate)
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The certificates that a signature carries: all but roots, which a verifier must have anyway.
    pub(crate) fn carried(&self) -> Vec<Certificate> {
        let above = self.chain.iter().filter(|c| c.tbs_certificate.issuer != c.tbs_certificate.subject);
        std::iter::once(&self.certificate).chain(above).cloned().collect()
    }

    /// A signature over `digest`, checked against the certificate.
    pub(crate) fn sign(&self, digest: &[u8; 32]) -> Result<(PublicKey, Vec<u8>)> {
        let key =
            PublicKey::new(&self.certificate.tbs_certificate.subject_public_key_info, "the certificate")?;
        let signature = self.signer.sign(digest).map_err(|error| Error::Signer(error.to_string()))?;
        if key.verifies(crate::hash::Hash::Sha256, digest, &signature) {
            Ok((key, signature))
        } else {
            Err(Error::KeyMismatch { subject: self.subject() })
        }
    }
}
