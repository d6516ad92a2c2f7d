//! Programs and libraries: the attribute certificate table at their end ("PE Format", Microsoft).

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::MOST_SIGNATURE;
use crate::error::damaged;
use crate::hash::Hash;
use crate::{Error, Result};

/// `WIN_CERT_REVISION_2_0`.
const REVISION: u16 = 0x0200;
/// `WIN_CERT_TYPE_PKCS_SIGNED_DATA`.
const PKCS_SIGNED_DATA: u16 = 2;
/// `WIN_CERTIFICATE` before the certificate.
const WIN_CERTIFICATE: usize = 8;
/// Everything in the table begins at a multiple of this.
const ALIGNMENT: u64 = 8;
/// `IMAGE_DIRECTORY_ENTRY_SECURITY`.
const SECURITY: u64 = 4;

/// Where the fields stand that a signature changes.
struct Layout {
    /// `CheckSum` of the optional header.
    checksum: u64,
    /// The entry of the certificate table among the data directories.
    entry: u64,
    /// End of what is signed: the table, or where there is none, the end of the file.
    end: u64,
    /// Bytes of the table.
    table: u64,
}

impl Layout {
    fn read(file: &mut (impl Read + Seek)) -> Result<Self> {
        let size = file.seek(SeekFrom::End(0))?;
        let header = u64::from(u32_at(file, 0x3c)?);
        if bytes_at::<4>(file, header)? != *b"PE\0\0" {
            return Err(damaged("it begins like a program and has no PE header"));
        }
        let optional_size = u64::from(u16_at(file, header + 20)?);
        let optional = header + 24;
        let directories = match u16_at(file, optional)? {
            0x10b => 96,
            0x20b => 112,
            magic => return Err(damaged(format!("its optional header has the unknown magic {magic:#x}"))),
        };
        let count = u64::from(u32_at(file, optional + directories - 4)?);
        let entry = optional + directories + SECURITY * 8;
        if count <= SECURITY || entry + 8 > optional + optional_size {
            return Err(damaged("its header has no room for a signature"));
        }
        let (at, table) = (u64::from(u32_at(file, entry)?), u64::from(u32_at(file, entry + 4)?));
        let end = if table == 0 { size } else { at };
        if end < entry + 8 || end + table != size {
            return Err(damaged("its signature does not stand at its end"));
        }
        Ok(Self { checksum: optional + 64, entry, end, table })
    }
}

/// Writes the program without signature, filled up to where a signature can stand.
pub(super) fn prepare(mut input: impl Read + Seek, output: &mut (impl Write + Seek)) -> Result<()> {
    let layout = Layout::read(&mut input)?;
    if layout.end + ALIGNMENT + MOST_SIGNATURE > u64::from(u32::MAX) {
        return Err(damaged("a program of more than 4 GiB cannot be signed"));
    }
    input.rewind()?;
    let copied = io::copy(&mut input.take(layout.end), output)?;
    if copied != layout.end {
        return Err(damaged("it is cut off"));
    }
    output.write_all(&[0; ALIGNMENT as usize][..padding(layout.end)])?;
    output.seek(SeekFrom::Start(layout.checksum))?;
    output.write_all(&[0; 4])?;
    output.seek(SeekFrom::Start(layout.entry))?;
    output.write_all(&[0; 8])?;
    Ok(())
}

/// The digest of everything but checksum, directory entry and table, filled up to a multiple of eight bytes.
pub(super) fn digest(file: &mut (impl Read + Seek), hash: Hash) -> Result<Vec<u8>> {
    let layout = Layout::read(file)?;
    let mut running = hash.start();
    let mut at = 0;
    for (begin, skipped) in [(layout.checksum, 4), (layout.entry, 8), (layout.end, 0)] {
        file.seek(SeekFrom::Start(at))?;
        for_each_piece(&mut file.by_ref().take(begin - at), |piece| running.update(piece))?;
        at = begin + skipped;
    }
    running.update(&[0; ALIGNMENT as usize][..padding(layout.end)]);
    Ok(running.finalize().into_vec())
}

/// The PKCS #7 signature of the table.
pub(super) fn signature(file: &mut (impl Read + Seek)) -> Result<Vec<u8>> {
    let layout = Layout::read(file)?;
    if layout.table == 0 {
        return Err(Error::NotSigned);
    }
    if layout.table > MOST_SIGNATURE || layout.table < WIN_CERTIFICATE as u64 {
        return Err(damaged(format!("its signature has {} bytes", layout.table)));
    }
    file.seek(SeekFrom::Start(layout.end))?;
    let mut table = vec![0; layout.table as usize];
    file.read_exact(&mut table)?;
    let length = u32::from_le_bytes([table[0], table[1], table[2], table[3]]) as usize;
    let (revision, kind) =
        (u16::from_le_bytes([table[4], table[5]]), u16::from_le_bytes([table[6], table[7]]));
    if revision != REVISION || kind != PKCS_SIGNED_DATA {
        return Err(damaged(format!("its signature is of revision {revision:#x} and type {kind}")));
    }
    let whole = length.checked_next_multiple_of(ALIGNMENT as usize);
    if length < WIN_CERTIFICATE || whole != Some(table.len()) {
        return Err(damaged("it has several signatures, or the size of its signature is wrong"));
    }
    let size = WIN_CERTIFICATE + der_size(&table[WIN_CERTIFICATE..])?;
    // What stands behind the signature is signed by nobody.
    if size > length || table[size..].iter().any(|byte| *byte != 0) {
        return Err(damaged("something stands behind its signature"));
    }
    table.truncate(size);
    table.drain(..WIN_CERTIFICATE);
    Ok(table)
}

/// Appends the table and sets the fields that name it.
pub(super) fn seal(file: &mut (impl Read + Write + Seek), der: &[u8]) -> Result<()> {
    let layout = Layout::read(file)?;
    let filled = padding(der.len() as u64);
    let length = (WIN_CERTIFICATE + der.len() + filled) as u32;
    let mut table = length.to_le_bytes().to_vec();
    table.extend_from_slice(&REVISION.to_le_bytes());
    table.extend_from_slice(&PKCS_SIGNED_DATA.to_le_bytes());
    table.extend_from_slice(der);
    table.extend_from_slice(&[0; ALIGNMENT as usize][..filled]);
    file.seek(SeekFrom::Start(layout.end))?;
    file.write_all(&table)?;
    file.seek(SeekFrom::Start(layout.entry))?;
    file.write_all(&(layout.end as u32).to_le_bytes())?;
    file.write_all(&length.to_le_bytes())?;
    write_checksum(file, layout.checksum)
}

/// `CheckSum`: the sum of all words with end-around carry, the field taken as zero, and the size. Windows verifies it
/// for drivers.
fn write_checksum(file: &mut (impl Read + Write + Seek), at: u64) -> Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(&[0; 4])?;
    file.rewind()?;
    let (mut sum, mut size) = (0_u32, 0_u64);
    for_each_piece(file, |piece| {
        // Pieces begin at even offsets; the sum is folded before it can overflow.
        for word in piece.chunks(2) {
            sum += u32::from(word[0]) | word.get(1).map_or(0, |high| u32::from(*high) << 8);
            sum = (sum & 0xffff) + (sum >> 16);
        }
        size += piece.len() as u64;
    })?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(&sum.wrapping_add(size as u32).to_le_bytes())?;
    Ok(())
}

/// Calls `take` with all of `input`, in pieces of even size but for the last.
fn for_each_piece(input: &mut impl Read, mut take: impl FnMut(&[u8])) -> Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let mut filled = 0;
        while filled < buffer.len() {
            match input.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        take(&buffer[..filled]);
        if filled < buffer.len() {
            return Ok(());
        }
    }
}

/// Bytes of the DER value that `data` begins with.
fn der_size(data: &[u8]) -> Result<usize> {
    use der::{Decode, Header, SliceReader};
    let header = Header::decode(&mut SliceReader::new(data)?)?;
    let size = (header.length + der::Encode::encoded_len(&header)?)?;
    Ok(usize::try_from(size)?)
}

fn padding(size: u64) -> usize {
    (size.next_multiple_of(ALIGNMENT) - size) as usize
}

fn bytes_at<const N: usize>(file: &mut (impl Read + Seek), at: u64) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it is cut off"),
        _ => error.into(),
    })?;
    Ok(bytes)
}

fn u16_at(file: &mut (impl Read + Seek), at: u64) -> Result<u16> {
    Ok(u16::from_le_bytes(bytes_at(file, at)?))
}

fn u32_at(file: &mut (impl Read + Seek), at: u64) -> Result<u32> {
    Ok(u32::from_le_bytes(bytes_at(file, at)?))
}
