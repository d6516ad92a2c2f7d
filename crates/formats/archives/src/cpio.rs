//! `cpio` archives in the «new ASCII» form (cpio(5), `070701`), with the stripped form `07070X` that RPM packages
//! with files of 4 GiB and more use: there a member has only the number of its file in the package's header.

use std::io::{self, Read, Write};

use crate::{copy_exactly, damaged, inexpressible, read_up_to, skip};

const TRAILER: &str = "TRAILER!!!";
/// The longest name: `PATH_MAX`.
const MOST_NAME: u64 = 4096;

/// What an archive says of a member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// Path as written.
    pub path: String,
    /// Inode number; hard links share it.
    pub ino: u32,
    /// File type and permissions, as in `st_mode`.
    pub mode: u32,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Number of hard links.
    pub nlink: u32,
    /// Modification time in seconds since 1970.
    pub mtime: u32,
    /// Size of the content in bytes; of a symbolic link, whose content is its target, too.
    pub size: u64,
}

/// Writes an archive.
pub struct Writer<W: Write> {
    output: W,
    /// Bytes written; members and contents begin at multiples of four.
    offset: u64,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    pub fn new(output: W) -> Self {
        Self { output, offset: 0 }
    }

    /// Adds a member with its content.
    ///
    /// # Errors
    /// When the content is 4 GiB or larger or has another size than the header says, or the output cannot be
    /// written.
    pub fn append(&mut self, header: &Header, content: impl Read) -> io::Result<()> {
        let size = u32::try_from(header.size).map_err(|_| {
            inexpressible(format!("{}: too large for a cpio archive that is not stripped", header.path))
        })?;
        self.header(header, size)?;
        self.content(content, header.size, &header.path)
    }

    /// Adds a member in the stripped form: the content of the file with number `index`.
    ///
    /// # Errors
    /// When the content has another size than `size`, or the output cannot be written.
    pub fn append_stripped(&mut self, index: u32, size: u64, content: impl Read) -> io::Result<()> {
        self.put(format!("07070X{index:08x}").as_bytes())?;
        self.pad()?;
        self.content(content, size, &format!("file {index}"))
    }

    /// Ends the archive and returns the output.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.header(&Header { path: TRAILER.into(), nlink: 1, ..Header::default() }, 0)?;
        Ok(self.output)
    }

    /// Bytes written so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn header(&mut self, header: &Header, size: u32) -> io::Result<()> {
        let Header { path, ino, mode, uid, gid, nlink, mtime, .. } = header;
        let name = path.len() + 1;
        let mut text = String::from("070701");
        for field in [*ino, *mode, *uid, *gid, *nlink, *mtime, size, 0, 0, 0, 0, name as u32, 0] {
            text.push_str(&format!("{field:08x}"));
        }
        self.put(text.as_bytes())?;
        self.put(path.as_bytes())?;
        self.put(&[0])?;
        self.pad()
    }

    fn content(&mut self, content: impl Read, size: u64, name: &str) -> io::Result<()> {
        copy_exactly(content, size, name, &mut self.output)?;
        self.offset += size;
        self.pad()
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.offset += bytes.len() as u64;
        self.output.write_all(bytes)
    }

    fn pad(&mut self) -> io::Result<()> {
        self.put(&[0; 3][..padding(self.offset)])
    }
}

fn padding(offset: u64) -> usize {
    (offset.wrapping_neg() % 4) as usize
}

/// A member as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// A member with its own header.
    Full(Header),
    /// A member of a stripped archive: the number of its file. Its size must be told to [`Reader::expect`].
    Stripped(u32),
}

/// Reads an archive.
pub struct Reader<R: Read> {
    input: R,
    offset: u64,
    /// Bytes of the current member that have not been read.
    content: u64,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Begins to read an archive.
    pub fn new(input: R) -> Self {
        Self { input, offset: 0, content: 0, ended: false }
    }

    /// The next member; its content follows through [`Read`]. `None` at the end.
    ///
    /// # Errors
    /// When the archive is damaged or cannot be read.
    pub fn next_member(&mut self) -> io::Result<Option<Member>> {
        if self.ended {
            return Ok(None);
        }
        skip(&mut self.input, self.content)?;
        self.offset = self.offset.wrapping_add(self.content);
        self.content = 0;
        self.align()?;
        let mut magic = [0; 6];
        self.get(&mut magic)?;
        match &magic {
            b"070701" | b"070702" => {}
            b"07070X" => {
                let mut index = [0; 8];
                self.get(&mut index)?;
                let index = hexadecimal(&index)?;
                self.align()?;
                return Ok(Some(Member::Stripped(index)));
            }
            _ => return Err(damaged("damaged cpio member header")),
        }
        let mut fields = [0; 13 * 8];
        self.get(&mut fields)?;
        let mut numbers = [0; 13];
        for (number, field) in numbers.iter_mut().zip(fields.chunks(8)) {
            *number = hexadecimal(field)?;
        }
        let [ino, mode, uid, gid, nlink, mtime, size, .., length, _] = numbers;
        if length == 0 || u64::from(length) > MOST_NAME {
            return Err(damaged(format!("a cpio member's name has {length} bytes")));
        }
        let mut name = vec![0; length as usize];
        self.get(&mut name)?;
        name.pop();
        self.align()?;
        let path = String::from_utf8_lossy(&name).into_owned();
        if path == TRAILER {
            self.ended = true;
            return Ok(None);
        }
        self.content = u64::from(size);
        Ok(Some(Member::Full(Header { path, ino, mode, uid, gid, nlink, mtime, size: u64::from(size) })))
    }

    /// Tells the size of the content of the stripped member just read.
    pub fn expect(&mut self, size: u64) {
        self.content = size;
    }

    fn align(&mut self) -> io::Result<()> {
        let count = padding(self.offset);
        self.get(&mut [0; 3][..count])
    }

    fn get(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        if read_up_to(&mut self.input, buffer)? < buffer.len() {
            return Err(damaged("a cpio archive is cut off"));
        }
        self.offset = self.offset.wrapping_add(buffer.len() as u64);
        Ok(())
    }
}

/// The content of the current member.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.content).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.input.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.content -= count as u64;
        self.offset = self.offset.wrapping_add(count as u64);
        Ok(count)
    }
}

fn hexadecimal(field: &[u8]) -> io::Result<u32> {
    // `from_str_radix` would take a sign.
    if !field.iter().all(u8::is_ascii_hexdigit) {
        return Err(damaged("damaged number in a cpio member header"));
    }
    std::str::from_utf8(field)
        .ok()
        .and_then(|text| u32::from_str_radix(text, 16).ok())
        .ok_or_else(|| damaged("damaged number in a cpio member header"))
}
