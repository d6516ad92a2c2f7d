//! Writing `tar` archives.

use std::io::{self, Read, Write};

use super::{BLOCK, Header, Kind, checksum};
use crate::{copy_exactly, inexpressible};

/// How what ustar has no room for is written: long names, large numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// GNU: `././@LongLink` members and base-256 numbers. What dpkg reads (deb(5)); knows no further records.
    Gnu,
    /// POSIX.1-2001: extended headers, only on members that need them.
    Pax,
}

/// Writes an archive.
pub struct Writer<W: Write> {
    output: W,
    dialect: Dialect,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    pub fn new(output: W, dialect: Dialect) -> Self {
        Self { output, dialect }
    }

    /// Adds a member with its content, which must have exactly the header's size.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] when the dialect cannot express a field,
    /// [`io::ErrorKind::UnexpectedEof`] or [`io::ErrorKind::InvalidData`] when the content is shorter or longer
    /// than the header says; else an error of the content or the output.
    pub fn append(&mut self, header: &Header, content: impl Read) -> io::Result<()> {
        if header.kind != Kind::File && header.size != 0 {
            return Err(inexpressible(format!("{}: only a file has content", header.path)));
        }
        self.header(header)?;
        copy_exactly(content, header.size, &header.path, &mut self.output)?;
        self.pad(header.size)
    }

    /// Adds a member whose content is `data`; the header's size is not looked at.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn append_bytes(&mut self, header: &Header, data: &[u8]) -> io::Result<()> {
        if header.size == data.len() as u64 {
            return self.append(header, data);
        }
        self.append(&Header { size: data.len() as u64, ..header.clone() }, data)
    }

    /// Ends the archive with two empty blocks and returns the output.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.write_all(&[0; 2 * BLOCK])?;
        Ok(self.output)
    }

    /// Returns the output without an end, for archives that are joined.
    pub fn finish_without_end(self) -> W {
        self.output
    }

    /// The output.
    pub fn get_ref(&self) -> &W {
        &self.output
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let rest = (size % BLOCK as u64) as usize;
        if rest > 0 { self.output.write_all(&[0; BLOCK][rest..]) } else { Ok(()) }
    }

    fn header(&mut self, header: &Header) -> io::Result<()> {
        if [&header.path, &header.link, &header.uname, &header.gname].iter().any(|name| name.contains('\0')) {
            return Err(inexpressible(format!("{:?}: a name has a zero byte", header.path)));
        }
        let mut path = header.path.clone();
        if header.kind == Kind::Directory && !path.ends_with('/') {
            path.push('/');
        }
        let mut block = Block::new(header, self.dialect);
        match self.dialect {
            Dialect::Gnu => {
                if !header.pax.is_empty() {
                    return Err(inexpressible(format!(
                        "{}: GNU archives have no extended records",
                        header.path
                    )));
                }
                if !block.string(157..257, &header.link) {
                    self.long_name(b'K', &header.link)?;
                }
                if !block.string(0..100, &path) {
                    self.long_name(b'L', &path)?;
                }
                if !block.string(265..297, &header.uname) || !block.string(297..329, &header.gname) {
                    return Err(inexpressible(format!("{}: the owner's name is too long", header.path)));
                }
                for (range, value) in block.numbers(header) {
                    block.base256(range, value);
                }
            }
            Dialect::Pax => {
                let records = block.pax(header, &path);
                if !records.is_empty() {
                    self.extended(&records)?;
                }
            }
        }
        self.output.write_all(&block.sealed())
    }

    /// A GNU member that carries a name of the member after it.
    fn long_name(&mut self, flag: u8, name: &str) -> io::Result<()> {
        let size = name.len() as u64 + 1;
        self.carrier(flag, "././@LongLink", size, Dialect::Gnu)?;
        self.output.write_all(name.as_bytes())?;
        self.output.write_all(&[0])?;
        self.pad(size)
    }

    /// A pax extended header for the member after it.
    fn extended(&mut self, records: &[u8]) -> io::Result<()> {
        let size = records.len() as u64;
        self.carrier(b'x', "././@PaxHeader", size, Dialect::Pax)?;
        self.output.write_all(records)?;
        self.pad(size)
    }

    fn carrier(&mut self, flag: u8, name: &str, size: u64, dialect: Dialect) -> io::Result<()> {
        let mut header = Header::file(name, 0o644, 0, size);
        header.uname.clear();
        header.gname.clear();
        let mut block = Block::new(&header, dialect);
        block.string(0..100, name);
        block.0[156] = flag;
        self.output.write_all(&block.sealed())
    }
}

/// A header block that is being filled.
struct Block([u8; BLOCK]);

type Range = std::ops::Range<usize>;

const UID: Range = 108..116;
const GID: Range = 116..124;
const SIZE: Range = 124..136;
const MTIME: Range = 136..148;

impl Block {
    fn new(header: &Header, dialect: Dialect) -> Self {
        let mut block = Self([0; BLOCK]);
        block.octal(100..108, u64::from(header.mode & 0o7777));
        block.octal(UID, header.uid);
        block.octal(GID, header.gid);
        block.octal(SIZE, header.size);
        block.octal(MTIME, u64::try_from(header.mtime).unwrap_or(0));
        block.0[156] = match header.kind {
            Kind::File | Kind::Special => b'0',
            Kind::Hardlink => b'1',
            Kind::Symlink => b'2',
            Kind::Directory => b'5',
        };
        block.0[257..265].copy_from_slice(match dialect {
            Dialect::Gnu => b"ustar  \0",
            Dialect::Pax => b"ustar\x0000",
        });
        block
    }

    /// Writes as much of a string as fits; whether all of it did.
    fn string(&mut self, range: Range, text: &str) -> bool {
        let bytes = &text.as_bytes()[..text.len().min(range.len())];
        self.0[range.start..range.start + bytes.len()].copy_from_slice(bytes);
        bytes.len() == text.len()
    }

    /// Writes a number in octal digits and a final NUL; whether it fits. A number that does not fit is left 0.
    fn octal(&mut self, range: Range, value: u64) -> bool {
        let digits = range.len() - 1;
        let fits = fits(&range, value);
        let text = format!("{:0digits$o}", if fits { value } else { 0 });
        self.0[range.start..range.end - 1].copy_from_slice(text.as_bytes());
        fits
    }

    /// GNU: a number as a big-endian two's complement with the top bit set.
    fn base256(&mut self, range: Range, value: i64) {
        let fill = if value < 0 { 0xff } else { 0 };
        self.0[range.clone()].fill(fill);
        self.0[range.end - 8..range.end].copy_from_slice(&value.to_be_bytes());
        self.0[range.start] = if value < 0 { 0xff } else { 0x80 };
    }

    /// The numbers that octal digits have no room for.
    fn numbers(&self, header: &Header) -> Vec<(Range, i64)> {
        let mut found = Vec::new();
        for (range, value) in [(UID, header.uid), (GID, header.gid), (SIZE, header.size)] {
            if !fits(&range, value) {
                found.push((range, value.min(i64::MAX as u64) as i64));
            }
        }
        if !u64::try_from(header.mtime).is_ok_and(|time| fits(&MTIME, time)) {
            found.push((MTIME, header.mtime));
        }
        found
    }

    /// Fills the ustar fields and returns the extended records for what they have no room for.
    fn pax(&mut self, header: &Header, path: &str) -> Vec<u8> {
        let mut records = Vec::new();
        let mut add = |key: &str, value: &[u8]| record(&mut records, key, value);
        if !(path.is_ascii() && self.split_path(path)) {
            self.string(0..100, &path.replace(|c: char| !c.is_ascii(), "_"));
            add("path", path.as_bytes());
        }
        if !(header.link.is_ascii() && self.string(157..257, &header.link)) {
            self.string(157..257, &header.link.replace(|c: char| !c.is_ascii(), "_"));
            add("linkpath", header.link.as_bytes());
        }
        for (range, key, name) in [(265..297, "uname", &header.uname), (297..329, "gname", &header.gname)] {
            // The field ends with a NUL.
            let room = range.start..range.end - 1;
            if !(name.is_ascii() && self.string(room, name)) {
                self.0[range].fill(0);
                add(key, name.as_bytes());
            }
        }
        for (range, value) in self.numbers(header) {
            let key = match range {
                UID => "uid",
                GID => "gid",
                SIZE => "size",
                _ => "mtime",
            };
            add(key, value.to_string().as_bytes());
        }
        for (key, value) in &header.pax {
            add(key, value);
        }
        records
    }

    /// Writes a path into name and prefix; whether it fits.
    fn split_path(&mut self, path: &str) -> bool {
        if path.len() <= 100 {
            return self.string(0..100, path);
        }
        // The prefix is at most 155 bytes, the name at most 100 and not empty.
        let from = path.len().saturating_sub(101);
        let split = path
            .bytes()
            .enumerate()
            .skip(from)
            .take_while(|&(i, _)| i <= 155)
            .find(|&(i, b)| b == b'/' && i > 0 && i + 1 < path.len());
        let Some((split, _)) = split else { return false };
        self.string(345..500, &path[..split]) && self.string(0..100, &path[split + 1..])
    }

    fn sealed(mut self) -> [u8; BLOCK] {
        let sum = format!("{:06o}\0 ", checksum(&self.0));
        self.0[148..156].copy_from_slice(sum.as_bytes());
        self.0
    }
}

fn fits(range: &Range, value: u64) -> bool {
    value < 1 << (3 * (range.len() - 1))
}

/// Adds one record «length key=value\n», whose length counts itself (POSIX pax, «Extended Header»).
fn record(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(format!("{length} {key}=").as_bytes());
    records.extend_from_slice(value);
    records.push(b'\n');
}
