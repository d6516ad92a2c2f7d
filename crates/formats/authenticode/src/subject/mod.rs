//! Files that carry a signature.

mod msi;
mod pe;

use std::io::{Read, Seek, SeekFrom, Write};

use crate::hash::Hash;
use crate::{Error, Result};

/// Most bytes of a signature: with long chains and timestamps, some 20 KiB.
const MOST_SIGNATURE: u64 = 4 << 20;

/// A kind of file that can be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Programs and libraries: `.exe`, `.dll`, `.sys`.
    Pe,
    /// Windows Installer packages, patches and transforms: `.msi`, `.msp`, `.mst`.
    Msi,
}

impl Kind {
    /// The kind of a file that begins with `head`; eight bytes are enough.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            [b'M', b'Z', ..] => Some(Self::Pe),
            [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => Some(Self::Msi),
            _ => None,
        }
    }

    /// The kind of a file.
    pub(crate) fn of(file: &mut (impl Read + Seek)) -> Result<Self> {
        let mut head = Vec::new();
        file.rewind()?;
        file.by_ref().take(8).read_to_end(&mut head)?;
        file.rewind()?;
        Self::sniff(&head).ok_or(Error::UnknownKind)
    }
}

/// The metadata of an MSI is part of what is signed, and its digest stands in `MsiDigitalSignatureEx`.
pub(crate) type Extended = bool;

/// A signature as it stands in a file.
pub(crate) struct Found {
    /// `ContentInfo` in DER.
    pub(crate) der: Vec<u8>,
    /// Whether metadata is signed as well.
    pub(crate) extended: Extended,
}

/// Writes `input` without its signature to `output`, in the form in which it is signed.
pub(crate) fn prepare<O: Read + Write + Seek>(
    kind: Kind,
    input: impl Read + Seek,
    output: &mut O,
) -> Result<()> {
    output.rewind()?;
    match kind {
        Kind::Pe => pe::prepare(input, output)?,
        Kind::Msi => msi::prepare(input, output)?,
    }
    output.seek(SeekFrom::Start(0))?;
    Ok(())
}

/// The digest of a file, its signature left out.
pub(crate) fn digest(
    kind: Kind,
    file: &mut (impl Read + Seek),
    hash: Hash,
    extended: Extended,
) -> Result<Vec<u8>> {
    file.rewind()?;
    match kind {
        Kind::Pe => pe::digest(file, hash),
        Kind::Msi => msi::digest(file, hash, extended),
    }
}

/// The signature of a file.
pub(crate) fn signature(kind: Kind, file: &mut (impl Read + Seek)) -> Result<Found> {
    file.rewind()?;
    match kind {
        Kind::Pe => pe::signature(file).map(|der| Found { der, extended: false }),
        Kind::Msi => msi::signature(file),
    }
}

/// Puts a signature into a prepared file.
pub(crate) fn seal<O: Read + Write + Seek>(
    kind: Kind,
    file: &mut O,
    der: &[u8],
    extended: Extended,
) -> Result<()> {
    file.rewind()?;
    match kind {
        Kind::Pe => pe::seal(file, der)?,
        Kind::Msi => msi::seal(file, der, extended)?,
    }
    file.flush()?;
    Ok(())
}
