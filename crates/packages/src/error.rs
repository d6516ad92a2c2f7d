//! What can go wrong with a package.

use std::path::PathBuf;

/// What can go wrong while a package is written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that belongs into the package cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A file changed its size between planning and packing.
    #[error(
        "{} had {expected} bytes when the build began and has another size now; let nothing write to it while \
         packages are built",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// Its size when the payload was made.
        expected: u64,
    },
    /// The format has no way to say something.
    #[error("{format} cannot express {what}")]
    Inexpressible {
        /// The format.
        format: landfall_payload::Format,
        /// What it cannot express, and what to do instead.
        what: String,
    },
    /// Rules of the format would be broken.
    #[error("the {format} package would break the rules of its format:{findings}")]
    Rules {
        /// The format.
        format: landfall_payload::Format,
        /// The rules, each on a line of its own, with what to do.
        findings: String,
    },
    /// Not a package of this format, or a damaged one.
    #[error("not a readable {format} package: {what}")]
    Malformed {
        /// The format.
        format: landfall_payload::Format,
        /// What is wrong, and where.
        what: String,
    },
    /// The package cannot be written, or a package cannot be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
