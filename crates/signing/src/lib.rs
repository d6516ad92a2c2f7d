//! Signatures of what a build makes.
//!
//! Keys and passwords come from files, from environment variables or stay with a program that is asked for signatures.
//! They appear in no error, no log and no argument list.

#![warn(clippy::unwrap_used)]

mod detached;
mod payload;
mod secret;
mod timestamp;
mod windows;

pub use detached::Signatures;
pub use payload::sign_programs;
pub use secret::{Environment, Secret};
pub use windows::{WindowsSigner, is_signable};

/// Why something cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key, certificate or password cannot be taken from where the manifest says.
    #[error("[sign.windows] {key}: {reason}")]
    Secret {
        /// Which key of the manifest.
        key: &'static str,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// Key and certificate cannot be used.
    #[error("[sign.windows]: {0}")]
    Identity(landfall_authenticode::Error),
    /// A file cannot be signed.
    #[error("cannot sign {file}: {source}")]
    Sign {
        /// The file.
        file: String,
        /// Why.
        source: landfall_authenticode::Error,
    },
    /// No signature is kept for a file, and none can be made.
    #[error("no signature is kept for {file}, and none can be made: {reason}")]
    NoSignature {
        /// The file.
        file: String,
        /// Why none can be made.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: std::path::PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
}
