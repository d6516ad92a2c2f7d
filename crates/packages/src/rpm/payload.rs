//! The payload: a cpio archive of the files, compressed. It goes through a temporary file, because its digests
//! and its size stand in front of it.

use std::fs;
use std::io::{self, BufWriter, Write};

use landfall_codecs::{Codec, Encoder, Kind};
use landfall_payload::{Compression, EntryKind, Payload};
use sha2::{Digest, Sha256};

use super::cpio::Archive;
use super::files::FileList;
use crate::content::Packing;
use crate::digests::{Digests, Noted};
use crate::{Error, Level, Options};

/// How the payload is compressed, and what the header says of it.
#[derive(Debug)]
pub(super) struct Compressor {
    codec: Codec,
    /// `PAYLOADCOMPRESSOR` and `PAYLOADFLAGS` (the level); none for an uncompressed payload, as rpmbuild has it.
    pub(super) tags: Option<(&'static str, String)>,
    /// The feature of rpm that unpacks it and the version that brought it; gzip has always been there.
    pub(super) feature: Option<(&'static str, &'static str)>,
}

impl Compressor {
    /// What the options ask for, else the manifest, else Zstandard.
    pub(super) fn new(payload: &Payload, options: &Options<'_>) -> Self {
        let kind = match options.compression.or(payload.options.rpm.compression) {
            Some(Compression::Gzip) => Kind::Gzip,
            Some(Compression::Xz) => Kind::Xz,
            Some(Compression::Zstd) | None => Kind::Zstd,
            Some(Compression::None) => Kind::None,
        };
        let codec = match (kind, options.level) {
            // Installing reads the payload once; the next levels make it 2 to 3 % smaller for a third more time.
            (Kind::Zstd, Level::Default) => Codec::Zstd { level: 2 },
            (Kind::Gzip, Level::Default) => Codec::Gzip { level: 4 },
            _ => kind.at(options.level.effort()),
        };
        let (tags, feature) = match codec {
            Codec::None => (None, None),
            Codec::Gzip { level } => (Some(("gzip", level.to_string())), None),
            Codec::Zstd { level } => (Some(("zstd", level.to_string())), Some(("PayloadIsZstd", "5.4.18-1"))),
            Codec::Xz { preset } => (Some(("xz", preset.to_string())), Some(("PayloadIsXz", "5.2-1"))),
        };
        Self { codec, tags, feature }
    }
}

/// A payload in its temporary file.
#[derive(Debug)]
pub(super) struct Packed {
    /// The compressed archive; unnamed, so that it goes away by itself.
    pub(super) spool: fs::File,
    /// Its size in bytes.
    pub(super) size: u64,
    /// Its SHA-256 in hexadecimal.
    pub(super) digest: String,
    /// Size of the archive before compression.
    pub(super) archive_size: u64,
    /// SHA-256 of the archive before compression.
    pub(super) archive_digest: String,
    /// SHA-256 of each file of the list; empty for what is no regular file.
    pub(super) file_digests: Vec<String>,
}

/// Reads every file once: into its own digest and into the compressed archive.
pub(super) fn pack(
    list: &FileList<'_>,
    compressor: &Compressor,
    time: u32,
    options: &Options<'_>,
) -> Result<Packed, Error> {
    let spool = Hashing::new(BufWriter::new(tempfile::tempfile_in(&options.scratch)?));
    let encoder = Encoder::new(compressor.codec, options.threads, spool)?;
    let mut of_archive = Digests::<Sha256>::start()?;
    let mut of_files = Digests::<Sha256>::start()?;
    let noted = Noted { inner: encoder, digests: &mut of_archive };
    let mut archive = Archive::new(noted, list.has_large_files());
    for (index, file) in list.files.iter().enumerate() {
        if file.is_packed() {
            archive.begin(index, file, time)?;
        }
        match &file.entry.kind {
            EntryKind::File(content) => {
                let mut input = Packing::open(content, &file.entry.path, options.progress)?;
                let mut noted = Noted { inner: &mut input, digests: &mut of_files };
                let outcome = io::copy(&mut noted, &mut archive);
                input.finish(outcome)?;
                of_files.end();
            }
            EntryKind::Symlink(target) => archive.write_all(target.as_bytes())?,
            EntryKind::Directory | EntryKind::Ghost => {}
        }
    }
    let (noted, archive_size) = archive.finish()?;
    let (spool, digest, size) = noted.inner.finish()?.finish();
    let spool = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
    of_archive.end();
    let archive_digest = of_archive.finish()?.concat();
    let mut digests = of_files.finish()?.into_iter();
    let file_digests = list
        .files
        .iter()
        .map(|file| match &file.entry.kind {
            EntryKind::File(_) => digests.next().unwrap_or_default(),
            _ => String::new(),
        })
        .collect();
    Ok(Packed { spool, size, digest, archive_size, archive_digest, file_digests })
}

/// Computes the SHA-256 and counts the bytes of what passes through.
struct Hashing<W> {
    inner: W,
    sha: Sha256,
    count: u64,
}

impl<W> Hashing<W> {
    fn new(inner: W) -> Self {
        Self { inner, sha: Sha256::new(), count: 0 }
    }

    /// The writer, the digest in hexadecimal and the number of bytes.
    fn finish(self) -> (W, String, u64) {
        (self.inner, hex::encode(self.sha.finalize()), self.count)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.sha.update(&bytes[..n]);
        self.count += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
