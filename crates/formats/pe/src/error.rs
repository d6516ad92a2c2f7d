//! What can go wrong.

use std::io;

/// Why a program cannot be read or given resources.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no Windows program, or a damaged one.
    #[error("it is no sound Windows program: {0}")]
    Malformed(String),
    /// It has a signature, which resources would break.
    #[error("it is signed already: add the resources before it is signed")]
    Signed,
    /// It has what this crate cannot keep.
    #[error("it cannot be given resources: {0}")]
    Unsupported(String),
    /// An icon that is none.
    #[error("the icon {0}")]
    Icon(String),
    /// A version that Windows cannot hold.
    #[error("{0}")]
    Version(String),
}

/// A damaged program.
pub(crate) fn malformed(what: impl Into<String>) -> Error {
    Error::Malformed(what.into())
}
