//! The content of one file on its way into a package.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use landfall_archives::tar;
use landfall_payload::{Content, Entry, EntryKind};
use sha2::digest::Digest;

use crate::Error;

/// Adds an entry with its content to a tar archive.
pub(crate) fn append<W: Write>(
    archive: &mut tar::Writer<W>,
    header: &tar::Header,
    entry: &Entry,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), Error> {
    let EntryKind::File(content) = &entry.kind else { return Ok(archive.append(header, io::empty())?) };
    let mut source = Packing::open(content, &entry.path, progress)?;
    let outcome = archive.append(header, &mut source);
    source.finish(outcome)
}

/// As [`append`], for a file whose metadata, written before, says its digest.
///
/// # Errors
/// When the content has another digest by now.
pub(crate) fn append_checked<D: Digest, W: Write>(
    archive: &mut tar::Writer<W>,
    header: &tar::Header,
    (content, destination): (&Content, &str),
    expected: &[u8],
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), Error> {
    let mut source = Packing::open(content, destination, progress)?;
    let mut digesting = Digesting { input: &mut source, digest: D::new() };
    let outcome = archive.append(header, &mut digesting);
    let digest = digesting.digest.finalize();
    let path = source.path.clone();
    source.finish(outcome)?;
    if digest.as_slice() == expected {
        return Ok(());
    }
    Err(Error::Source { path, source: io::Error::other("its content changed while the package was built") })
}

/// Reads a file's content for the digests in metadata that is written before it.
pub(crate) fn survey(content: &Content, destination: &str, digests: &mut impl Write) -> Result<(), Error> {
    let mut source = Packing::open(content, destination, &|_| {})?;
    let outcome = io::copy(&mut source, digests);
    source.finish(outcome)?;
    Ok(())
}

/// Key that sorts directories first and then brings files of one kind and one name side by side. That makes an archive
/// smaller under gzip, which remembers 32 KiB, and larger under the others, which remember whole folders.
pub(crate) fn kinship(entry: &Entry) -> (Option<(String, String)>, String) {
    let name = entry.path.rsplit_once('/').map_or("", |(_, name)| name);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let kind = match entry.kind {
        EntryKind::Directory => None,
        _ => Some((extension.to_owned(), name.to_owned())),
    };
    (kind, entry.path.clone())
}

/// Takes the digest of what is read through it.
struct Digesting<R, D> {
    input: R,
    digest: D,
}

impl<R: Read, D: Digest> Read for Digesting<R, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.digest.update(&buffer[..count]);
        Ok(count)
    }
}

/// Reads a file's content, tells of progress, and remembers what went wrong, so that a failure of the source can
/// be told from one of the output.
pub(crate) struct Packing<'a> {
    content: Box<dyn Read + Send>,
    path: PathBuf,
    size: u64,
    read: u64,
    failure: Option<io::Error>,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl<'a> Packing<'a> {
    /// Opens `content`, which lands at `destination`.
    pub(crate) fn open(
        content: &Content,
        destination: &str,
        progress: &'a (dyn Fn(u64) + Sync),
    ) -> Result<Self, Error> {
        let path = match content {
            Content::Source { path, .. } | Content::Program { path, .. } => path.clone(),
            Content::Bytes(_) => Path::new(destination).to_owned(),
        };
        match content.open() {
            Ok(reader) => {
                Ok(Self { content: reader, path, size: content.size(), read: 0, failure: None, progress })
            }
            Err(source) => Err(Error::Source { path, source }),
        }
    }

    /// What became of it: `outcome` is that of whoever read from this.
    pub(crate) fn finish<T>(self, outcome: io::Result<T>) -> Result<T, Error> {
        if let Some(source) = self.failure {
            return Err(Error::Source { path: self.path, source });
        }
        let changed = Error::Changed { path: self.path, expected: self.size };
        match outcome {
            Ok(value) if self.read == self.size => Ok(value),
            Ok(_) => Err(changed),
            // The words of a tar writer whose content ends early or goes on.
            Err(e) if matches!(e.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) => {
                Err(changed)
            }
            // The output fails before everything is read.
            Err(e) => Err(Error::Io(e)),
        }
    }
}

impl Read for Packing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.content.read(buffer) {
            Ok(count) => {
                self.read += count as u64;
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
