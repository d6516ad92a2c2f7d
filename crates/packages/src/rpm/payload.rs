//! The payload: a cpio archive of the files, compressed.

use std::io::{self, Write};

use landfall_codecs::{Codec, Encoder, Kind};
use landfall_payload::{Compression, EntryKind, Payload};
use sha2::{Digest, Sha256};

use super::cpio::Archive;
use super::files::{File, FileList};
use crate::content::{Packing, kinship};
use crate::digests::Digests;
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
            (Kind::Zstd, Level::Default) => Codec::Zstd { level: 3 },
            (Kind::Gzip, Level::Default) => Codec::Gzip { level: 4, fourth: 5 },
            _ => kind.at(options.level.effort()),
        };
        let (tags, feature) = match codec {
            Codec::None => (None, None),
            Codec::Gzip { level, .. } => (Some(("gzip", level.to_string())), None),
            Codec::Zstd { level } => (Some(("zstd", level.to_string())), Some(("PayloadIsZstd", "5.4.18-1"))),
            Codec::Xz { preset } => (Some(("xz", preset.to_string())), Some(("PayloadIsXz", "5.2-1"))),
        };
        Self { codec, tags, feature }
    }
}

/// What stands in front of a payload about it.
#[derive(Debug)]
pub(super) struct Packed {
    /// Size of the compressed archive in bytes.
    pub(super) size: u64,
    /// Its SHA-256 in hexadecimal.
    pub(super) digest: String,
    /// Size of the archive before compression.
    pub(super) archive_size: u64,
    /// SHA-256 of each file of the list; empty for what is no regular file.
    pub(super) file_digests: Vec<String>,
}

impl Packed {
    /// Of a payload that is yet to be packed: what is said of it takes as much room as it will.
    pub(super) fn blank(list: &FileList<'_>) -> Self {
        let digest = hex::encode([0; 32]);
        let file_digests = with_digests(list, std::iter::repeat(digest.clone()));
        Self { size: 0, digest, archive_size: 0, file_digests }
    }
}

/// The digests of the regular files, and nothing for the others.
fn with_digests(list: &FileList<'_>, mut digests: impl Iterator<Item = String>) -> Vec<String> {
    let of = |file: &File<'_>| match &file.entry.kind {
        EntryKind::File(_) => digests.next().unwrap_or_default(),
        _ => String::new(),
    };
    list.files.iter().map(of).collect()
}

/// A size in bytes that neither the archive nor the compressed archive exceeds.
pub(super) fn largest_size(list: &FileList<'_>) -> u64 {
    // Of a file: cpio's 110 bytes, the name with a dot and a NUL byte, twice a padding; likewise of the trailer.
    let archive =
        256 + list.files.iter().map(|file| file.size + file.entry.path.len() as u64 + 128).sum::<u64>();
    // What cannot be compressed grows by less than a thousandth with every codec, and by a few hundred bytes.
    archive + archive / 256 + 4096
}

/// Writes the payload. Every file is read once: into its own digest and into the compressed archive.
pub(super) fn pack(
    list: &FileList<'_>,
    compressor: &Compressor,
    time: u32,
    options: &Options<'_>,
    output: impl Write,
) -> Result<Packed, Error> {
    // The header has the payload's SHA-256; rpmbuild writes no further checksum either.
    let encoder = Encoder::without_checksum(compressor.codec, options.threads, Hashing::new(output))?;
    let mut digests = Digests::<Sha256>::start()?;
    let mut archive = Archive::new(encoder, list.has_large_files());
    let order = in_order(list, compressor.codec.kind() == Kind::Gzip);
    for &index in &order {
        let file = &list.files[index];
        if file.is_packed() {
            archive.begin(index, file, time)?;
        }
        match &file.entry.kind {
            EntryKind::File(content) => {
                let mut input = Packing::open(content, &file.entry.path, options.progress)?;
                let outcome = digests.copy(&mut input, &mut archive);
                input.finish(outcome)?;
                digests.end();
            }
            EntryKind::Symlink(target) => archive.write_all(target.as_bytes())?,
            EntryKind::Directory | EntryKind::Ghost => {}
        }
    }
    let (encoder, archive_size) = archive.finish()?;
    let (digest, size) = encoder.finish()?.finish();
    let is_regular = |&&index: &&usize| matches!(list.files[index].entry.kind, EntryKind::File(_));
    let mut digests: Vec<_> = order.iter().filter(is_regular).zip(digests.finish()?).collect();
    digests.sort_unstable();
    let file_digests = with_digests(list, digests.into_iter().map(|(_, digest)| digest));
    Ok(Packed { size, digest, archive_size, file_digests })
}

/// Indexes of the files in the order of the archive: that of the list, or files of one kind side by side. rpm takes
/// each file by its name, or by its index in the stripped form, and asks for no order.
fn in_order(list: &FileList<'_>, by_kind: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..list.files.len()).collect();
    if by_kind {
        order.sort_by_cached_key(|&index| kinship(list.files[index].entry));
    }
    order
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

    /// The digest in hexadecimal and the number of bytes.
    fn finish(self) -> (String, u64) {
        (hex::encode(self.sha.finalize()), self.count)
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
