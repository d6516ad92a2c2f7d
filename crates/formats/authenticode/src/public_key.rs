//! Public keys and the signatures that they verify.

use der::Encode;
use der::asn1::ObjectIdentifier;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::Pkcs1v15Sign;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::hash::Hash;
use crate::{Error, Result, oid};

/// The key of a certificate.
#[derive(Debug)]
pub(crate) enum PublicKey {
    Rsa(Box<rsa::RsaPublicKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    P384(Box<p384::ecdsa::VerifyingKey>),
}

impl PublicKey {
    /// Takes the key of `what` from its certificate.
    pub(crate) fn new(info: &SubjectPublicKeyInfoOwned, what: &'static str) -> Result<Self> {
        let unknown = |algorithm: String| Error::Algorithm { what, algorithm };
        let unreadable = |error: &dyn std::fmt::Display| unknown(format!("an unreadable key ({error})"));
        let der = info.to_der()?;
        match info.algorithm.oid {
            oid::RSA_ENCRYPTION => rsa::pkcs8::DecodePublicKey::from_public_key_der(&der)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|e| unreadable(&e)),
            oid::EC_PUBLIC_KEY => match curve(&info.algorithm) {
                Some(oid::SECP256R1) => p256::pkcs8::DecodePublicKey::from_public_key_der(&der)
                    .map(|key| Self::P256(Box::new(key)))
                    .map_err(|e| unreadable(&e)),
                Some(oid::SECP384R1) => p384::pkcs8::DecodePublicKey::from_public_key_der(&der)
                    .map(|key| Self::P384(Box::new(key)))
                    .map_err(|e| unreadable(&e)),
                other => Err(unknown(format!(
                    "the elliptic curve {}",
                    other.map_or("?".into(), |o| o.to_string())
                ))),
            },
            other => Err(unknown(other.to_string())),
        }
    }

    /// Whether `signature` is that of `digest`.
    pub(crate) fn verifies(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(key) => {
                let scheme = match hash {
                    Hash::Sha256 => Pkcs1v15Sign::new::<sha2::Sha256>(),
                    Hash::Sha384 => Pkcs1v15Sign::new::<sha2::Sha384>(),
                    Hash::Sha512 => Pkcs1v15Sign::new::<sha2::Sha512>(),
                };
                key.verify(scheme, digest, signature).is_ok()
            }
            Self::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
        }
    }

    /// What a signature by this key over SHA-256 is called.
    pub(crate) fn sha256_algorithm(&self) -> AlgorithmIdentifierOwned {
        match self {
            // Authenticode names the key alone; the digest stands beside it.
            Self::Rsa(_) => AlgorithmIdentifierOwned {
                oid: oid::RSA_ENCRYPTION,
                parameters: Some(der::asn1::Null.into()),
            },
            Self::P256(_) | Self::P384(_) => {
                AlgorithmIdentifierOwned { oid: oid::ECDSA_WITH_SHA256, parameters: None }
            }
        }
    }
}

fn curve(algorithm: &AlgorithmIdentifierOwned) -> Option<ObjectIdentifier> {
    algorithm.parameters.as_ref()?.decode_as().ok()
}

/// The digest of a signature algorithm. Where it names the key alone, `otherwise` tells the digest.
pub(crate) fn hash_of(
    algorithm: &AlgorithmIdentifierOwned,
    otherwise: Option<Hash>,
    what: &'static str,
) -> Result<Hash> {
    match (algorithm.oid, otherwise) {
        (oid::SHA256_WITH_RSA | oid::ECDSA_WITH_SHA256, _) => Ok(Hash::Sha256),
        (oid::SHA384_WITH_RSA | oid::ECDSA_WITH_SHA384, _) => Ok(Hash::Sha384),
        (oid::SHA512_WITH_RSA | oid::ECDSA_WITH_SHA512, _) => Ok(Hash::Sha512),
        (oid::RSA_ENCRYPTION | oid::EC_PUBLIC_KEY, Some(hash)) => Ok(hash),
        (other, _) => Err(Error::Algorithm { what, algorithm: other.to_string() }),
    }
}
