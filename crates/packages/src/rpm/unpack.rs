//! Reading the payload: a cpio archive of the forms `newc` and `crc`, or rpm's stripped form, which refers to
//! the header's list of files.

use std::collections::HashMap;
use std::io::{self, Read};

use landfall_codecs::{Kind as Compression, decoder};
use landfall_payload::Format;
use sha2::{Digest, Sha256};

use crate::listing::{damaged, malformed};
use crate::{Error, FileRecord, Kind, Visitor};

/// Alignment of headers and content.
const ALIGN: u64 = 4;
/// Longest path in an archive.
const MOST_NAME: u64 = 1 << 16;
/// The archive before compression, in bytes.
const MOST_CONTENT: u64 = 32 << 30;
/// The name of what ends an archive.
const TRAILER: &str = "TRAILER!!!";

/// Shows the content of a payload's files. `digest` is what the header says of the packed bytes (SHA-256).
///
/// # Errors
/// When the payload is damaged, does not match the digest, or the visitor fails.
pub(super) fn visit(
    input: impl Read,
    compression: Compression,
    digest: Option<&str>,
    files: &[FileRecord],
    visitor: &mut dyn Visitor,
) -> Result<(), Error> {
    let damaged = |e| damaged(Format::Rpm, e);
    let mut hashing = Hashing { inner: input, digest: Sha256::new() };
    {
        let content = decoder(compression, &mut hashing).map_err(damaged)?;
        let mut archive = Archive { input: content.take(MOST_CONTENT), read: 0 };
        let by_path: HashMap<&str, &FileRecord> = files.iter().map(|f| (f.path.as_str(), f)).collect();
        let links = files.iter().enumerate().filter(|(_, f)| f.kind == Kind::Hardlink);
        let last_of_links: HashMap<&str, usize> = links.map(|(at, f)| (name_of_content(f), at)).collect();
        while let Some(member) = archive.next().map_err(damaged)? {
            let (record, size) = match member {
                Member::Named { name, size } => {
                    let path = format!("/{}", name.trim_start_matches("./").trim_start_matches('/'));
                    // A source package's files have no folder.
                    let record = by_path.get(path.as_str()).or_else(|| by_path.get(name.as_str())).copied();
                    (record, size)
                }
                Member::Indexed(index) => {
                    let record = files.get(index).ok_or_else(|| {
                        malformed(Format::Rpm, "its payload has a file that its header does not list")
                    })?;
                    let elsewhere =
                        last_of_links.get(name_of_content(record)).is_some_and(|&last| last != index);
                    let size = if record.kind == Kind::Directory || elsewhere { 0 } else { record.size };
                    (Some(record), size)
                }
            };
            let mut content = (&mut archive).take(size);
            match record {
                // Of hard links the last one in the archive has the content.
                Some(record) if matches!(record.kind, Kind::File | Kind::Hardlink) && size > 0 => {
                    visitor.file(record, &mut content).map_err(damaged)?;
                }
                Some(record) if record.kind == Kind::File => {
                    visitor.file(record, &mut io::empty()).map_err(damaged)?;
                }
                _ => {}
            }
            io::copy(&mut content, &mut io::sink()).map_err(damaged)?;
            if content.limit() > 0 {
                return Err(malformed(Format::Rpm, "its payload is cut off"));
            }
        }
        io::copy(&mut archive.input, &mut io::sink()).map_err(damaged)?;
    }
    io::copy(&mut hashing, &mut io::sink())?;
    let found = hex::encode(hashing.digest.finalize());
    if digest.is_some_and(|digest| !digest.eq_ignore_ascii_case(&found)) {
        return Err(malformed(Format::Rpm, "its payload does not match the SHA-256 in its header"));
    }
    Ok(())
}

/// The first path of a file that may have several.
fn name_of_content(file: &FileRecord) -> &str {
    file.target.as_deref().filter(|_| file.kind == Kind::Hardlink).unwrap_or(&file.path)
}

/// A member of the archive.
enum Member {
    /// With its own header.
    Named { name: String, size: u64 },
    /// The file with this place in the header's list.
    Indexed(usize),
}

struct Archive<R> {
    input: R,
    read: u64,
}

impl<R: Read> Archive<R> {
    /// The next member, `None` at the trailer; its content follows through [`Read`].
    fn next(&mut self) -> io::Result<Option<Member>> {
        self.align()?;
        let mut magic = [0; 6];
        self.read_exact(&mut magic)?;
        match &magic {
            b"070701" | b"070702" => {}
            b"07070X" => {
                let index = self.number()?;
                self.align()?;
                return Ok(Some(Member::Indexed(index as usize)));
            }
            _ => return Err(wrong("its payload is no cpio archive of a form that rpm writes")),
        }
        let mut fields = [0; 13];
        for field in &mut fields {
            *field = self.number()?;
        }
        let (size, length) = (fields[6], fields[11]);
        if length == 0 || length > MOST_NAME {
            return Err(wrong("a path in its payload is too long"));
        }
        let mut name = vec![0; length as usize];
        self.read_exact(&mut name)?;
        name.pop();
        self.align()?;
        let name = String::from_utf8_lossy(&name).into_owned();
        Ok((name != TRAILER).then_some(Member::Named { name, size }))
    }

    /// Eight hexadecimal digits.
    fn number(&mut self) -> io::Result<u64> {
        let mut digits = [0; 8];
        self.read_exact(&mut digits)?;
        let text = std::str::from_utf8(&digits).map_err(|_| wrong("a number in its payload is damaged"))?;
        u64::from_str_radix(text, 16).map_err(|_| wrong("a number in its payload is damaged"))
    }

    fn align(&mut self) -> io::Result<()> {
        let missing = self.read.next_multiple_of(ALIGN) - self.read;
        self.read_exact(&mut [0; ALIGN as usize][..missing as usize])
    }
}

impl<R: Read> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read += count as u64;
        Ok(count)
    }
}

/// Takes the digest of what is read through it.
struct Hashing<R> {
    inner: R,
    digest: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.digest.update(&buffer[..count]);
        Ok(count)
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
