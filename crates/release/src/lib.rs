//! A release: what one build made, in a form that every later stage reads.
//!
//! [`Release`] is `release.json`; [`Staging`] puts a whole release in place at once, so that whoever looks sees
//! the old one or the new one and never a mixture.

#![warn(clippy::unwrap_used)]

mod staging;
mod writer;

use std::path::{Path, PathBuf};

use landfall_manifest::Format;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use staging::Staging;
pub use writer::ArtifactWriter;

/// Name of the file that describes a release.
pub const RELEASE_FILE: &str = "release.json";
/// Name of the file that `sha256sum --check` reads.
pub const CHECKSUM_FILE: &str = "SHA256SUMS";
/// Names of the files that a verification writes beside `release.json`: the evidence, its page and its table. They
/// speak of one release and go with it.
pub const EVIDENCE_FILES: [&str; 3] = ["evidence.json", "evidence.html", "evidence.md"];

/// What one build made (`release.json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// Version of this file's form; 1.
    pub schema: u32,
    /// The product's name.
    pub product: String,
    /// The product's name for people.
    pub title: String,
    /// The product's reverse-domain identifier.
    pub identifier: String,
    /// Semantic version of the product.
    pub version: String,
    /// Commit it was built from, where that is known; ends with `-dirty` if files had been changed since.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// Time of everything in the packages, in seconds since 1970 (`SOURCE_DATE_EPOCH`).
    pub epoch: i64,
    /// The artifacts, sorted by path.
    pub artifacts: Vec<Artifact>,
}

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// Path relative to `release.json`.
    pub path: String,
    /// Its format.
    #[schemars(with = "String")]
    pub format: Format,
    /// Target triple it is for.
    pub target: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the file, in lower-case hexadecimal digits.
    pub sha256: String,
    /// What it contains, in one line.
    pub contains: String,
}

/// What can go wrong with a release.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The output folder is something else.
    #[error("{} is a file, not a folder; choose another output folder with --output", .0.display())]
    NotAFolder(PathBuf),
    /// The output folder holds files of somebody else.
    #[error(
        "{} holds files but no {RELEASE_FILE}, so it is not the output of an earlier build; choose an empty or new \
         folder with --output",
        .0.display()
    )]
    Foreign(PathBuf),
    /// A file cannot be written or read.
    #[error("cannot {doing} {}: {source}{}", path.display(), advice(source))]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// `release.json` is damaged.
    #[error("{} is not a {RELEASE_FILE} that this version reads: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// What to do about an error of the system.
pub fn advice(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull => "; free some space or choose another disk with --output",
        std::io::ErrorKind::PermissionDenied => "; check who owns it, or choose another folder with --output",
        std::io::ErrorKind::ReadOnlyFilesystem => "; choose another folder with --output",
        _ => "",
    }
}

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

impl Release {
    /// Reads the release in a folder; `None` where there is none.
    ///
    /// # Errors
    /// When its `release.json` cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(RELEASE_FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io("read", &path)(e)),
        };
        let unreadable = |reason: String| Error::Unreadable { path: path.clone(), reason };
        let release: Self = serde_json::from_slice(&bytes).map_err(|e| unreadable(e.to_string()))?;
        if release.schema != 1 {
            return Err(unreadable(format!("its schema is {}", release.schema)));
        }
        Ok(Some(release))
    }

    /// The text of `SHA256SUMS`.
    pub fn checksums(&self) -> String {
        self.artifacts.iter().map(|a| format!("{}  {}\n", a.sha256, a.path)).collect()
    }

    /// JSON Schema (2020-12) of `release.json`.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}
