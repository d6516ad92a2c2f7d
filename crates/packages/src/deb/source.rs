//! The content of one file on its way into the package.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use landfall_payload::Content;
use md5::{Digest, Md5};

use crate::Error;

/// Reads a file's content, reckons its MD5 digest, tells of progress, and remembers what went wrong, so that a
/// failure of the source can be told from one of the output.
pub(super) struct Source<'a> {
    content: Box<dyn Read + Send>,
    path: PathBuf,
    size: u64,
    read: u64,
    digest: Md5,
    failure: Option<io::Error>,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl<'a> Source<'a> {
    /// Opens `content`, which lands at `destination`.
    pub(super) fn open(
        content: &Content,
        destination: &str,
        progress: &'a (dyn Fn(u64) + Sync),
    ) -> Result<Self, Error> {
        let path = match content {
            Content::Source { path, .. } => path.clone(),
            Content::Bytes(_) => Path::new(destination).to_owned(),
        };
        let size = content.size();
        match content.open() {
            Ok(content) => {
                Ok(Self { content, path, size, read: 0, digest: Md5::new(), failure: None, progress })
            }
            Err(source) => Err(Error::Source { path, source }),
        }
    }

    /// The digest in hexadecimal digits, once `outcome` says that everything was taken.
    pub(super) fn finish(self, outcome: io::Result<()>) -> Result<String, Error> {
        match (self.failure, outcome) {
            (Some(source), _) => Err(Error::Source { path: self.path, source }),
            (None, _) if self.read != self.size => {
                Err(Error::Changed { path: self.path, expected: self.size })
            }
            (None, outcome) => {
                outcome?;
                Ok(hex::encode(self.digest.finalize()))
            }
        }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.content.read(buffer) {
            Ok(count) => {
                self.read += count as u64;
                self.digest.update(&buffer[..count]);
                (self.progress)(count as u64);
                Ok(count)
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Err(e),
            Err(e) => {
                let kind = e.kind();
                self.failure = Some(e);
                Err(kind.into())
            }
        }
    }
}
