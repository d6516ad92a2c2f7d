//! What can go wrong.

use std::io;

/// Why a file cannot be signed or its signature does not hold. No text contains key material or a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input or the output failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Neither a PE nor an MSI.
    #[error("it is neither a Windows program (PE) nor a Windows Installer package (MSI)")]
    UnknownKind,
    /// A damaged or unusual PE or MSI.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// A file without a signature.
    #[error("the file is not signed")]
    NotSigned,
    /// A signature that cannot be read.
    #[error("the signature cannot be read: {0}")]
    Malformed(String),
    /// An algorithm that is not accepted.
    #[error("{what} uses {algorithm}, which is not accepted")]
    Algorithm {
        /// What uses it.
        what: &'static str,
        /// Its name or object identifier.
        algorithm: String,
    },
    /// The file is not the one that was signed.
    #[error("the file was changed after it was signed, or the signature is that of another file")]
    DigestMismatch,
    /// The signature was changed or made with another key.
    #[error("the signature of {what} does not match the key of {signer}")]
    SignatureMismatch {
        /// What is signed.
        what: &'static str,
        /// Subject of the certificate.
        signer: String,
    },
    /// The certificate that made a signature is not in it.
    #[error("the certificate that {what} was signed with is missing")]
    MissingCertificate {
        /// What is signed.
        what: &'static str,
    },
    /// A certificate outside its time.
    #[error("the certificate of {subject} is valid from {from} to {to}, not at {at} (seconds after 1970)")]
    NotValid {
        /// Its subject.
        subject: String,
        /// Begin of its validity.
        from: i64,
        /// End of its validity.
        to: i64,
        /// The moment in question.
        at: i64,
    },
    /// A certificate for another purpose.
    #[error("the certificate of {subject} is not meant for {purpose}")]
    Purpose {
        /// Its subject.
        subject: String,
        /// What it was used for.
        purpose: &'static str,
    },
    /// No chain to a trusted root.
    #[error("no chain from the certificate of {subject} to a trusted root: {reason}")]
    Untrusted {
        /// Subject of the certificate.
        subject: String,
        /// Why the closest chain failed.
        reason: String,
    },
    /// A key that does not belong to the certificate.
    #[error("the key does not belong to the certificate of {subject}")]
    KeyMismatch {
        /// Subject of the certificate.
        subject: String,
    },
    /// A wrong password.
    #[error("the password of the {0} is wrong")]
    Password(&'static str),
    /// A key or certificate file that cannot be read.
    #[error("the {what} cannot be read: {reason}")]
    Identity {
        /// The file.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// An external signer that failed.
    #[error("the external signer failed: {0}")]
    Signer(String),
    /// A timestamp authority that cannot be asked, refuses or answers something else.
    #[error("the timestamp authority {url}: {reason}")]
    TimestampAuthority {
        /// Its address.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// A description or address that a signature cannot hold.
    #[error("the {what} {value:?} cannot be part of a signature: {reason}")]
    Text {
        /// Which.
        what: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// What `der` says of a signature.
impl From<der::Error> for Error {
    fn from(error: der::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

pub(crate) fn damaged(what: impl Into<String>) -> Error {
    Error::Damaged(what.into())
}

pub(crate) fn malformed(what: impl Into<String>) -> Error {
    Error::Malformed(what.into())
}
