//! Signatures kept apart from the files, so that a signed build can be made again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::Error;

/// A folder with one detached signature (PKCS #7 in DER) for each signed file, by the file's name.
///
/// With a timestamp no two signatures are the same; and whoever lacks the key cannot make any. With this folder both
/// build the same bytes.
#[derive(Debug, Clone)]
pub struct Signatures {
    folder: PathBuf,
}

impl Signatures {
    /// The signatures in `folder`, which may not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.p7s"))
    }

    /// The signature of a file; `None` where there is none yet.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Io { doing: "read", path, source }),
        }
    }

    /// Keeps the signature of a file, in place of an earlier one.
    pub(crate) fn keep(&self, name: &str, signature: &[u8]) -> Result<(), Error> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(Path::new("."));
        let temporary = path.with_extension("p7s.new");
        let written = || {
            fs::create_dir_all(folder)?;
            let mut file = File::create(&temporary)?;
            file.write_all(signature)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)
        };
        written().map_err(|source| Error::Io { doing: "write", path: path.clone(), source })
    }
}
