//! What can go wrong.

use std::io;

/// What can go wrong while a database is compiled or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The description contradicts itself or the rules of Windows Installer.
    #[error("{0}")]
    Invalid(String),
    /// The format has no room for something.
    #[error("{0}")]
    Limit(String),
    /// Content of a file cannot be read.
    #[error("cannot read {what}: {source}")]
    Source {
        /// Which file.
        what: String,
        /// The system's words.
        source: io::Error,
    },
    /// A database that is read is damaged or none.
    #[error("not a readable installer database: {0}")]
    Malformed(String),
    /// The database cannot be written, or cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}
