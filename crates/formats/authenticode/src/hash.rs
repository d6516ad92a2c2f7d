//! The digests that signatures use.

use der::asn1::{Null, ObjectIdentifier};
use sha2::digest::DynDigest;
use spki::AlgorithmIdentifierOwned;

use crate::{Error, Result, oid};

/// A digest algorithm. SHA-1 and MD5 are not among them: Windows no longer trusts them either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(crate) fn from_oid(id: &ObjectIdentifier, what: &'static str) -> Result<Self> {
        match *id {
            oid::SHA256 => Ok(Self::Sha256),
            oid::SHA384 => Ok(Self::Sha384),
            oid::SHA512 => Ok(Self::Sha512),
            oid::SHA1 => Err(Error::Algorithm { what, algorithm: "SHA-1".into() }),
            other => Err(Error::Algorithm { what, algorithm: other.to_string() }),
        }
    }

    pub(crate) fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
        }
    }

    /// Its identifier with the NULL that Windows writes.
    pub(crate) fn identifier(self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned { oid: self.oid(), parameters: Some(Null.into()) }
    }

    /// A running digest.
    pub(crate) fn start(self) -> Box<dyn DynDigest> {
        match self {
            Self::Sha256 => Box::new(sha2::Sha256::default()),
            Self::Sha384 => Box::new(sha2::Sha384::default()),
            Self::Sha512 => Box::new(sha2::Sha512::default()),
        }
    }

    pub(crate) fn digest(self, data: &[u8]) -> Vec<u8> {
        let mut running = self.start();
        running.update(data);
        running.finalize().into_vec()
    }
}
