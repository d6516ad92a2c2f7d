//! `ar` archives in the common form, as Debian packages use it (deb(5), ar(5)): short names without a slash, no
//! symbol table, members on even offsets.

use std::io::{self, Read, Write};

use crate::{copy_exactly, damaged, inexpressible, read_up_to, skip};

const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER: usize = 60;

/// What an archive says of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Name; at most 16 bytes.
    pub name: String,
    /// Modification time in seconds since 1970.
    pub mtime: u64,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// File type and permissions, as in `st_mode`.
    pub mode: u32,
    /// Size of the content in bytes.
    pub size: u64,
}

impl Header {
    /// A regular file of root with permissions 0644.
    pub fn file(name: &str, mtime: u64, size: u64) -> Self {
        Self { name: name.into(), mtime, uid: 0, gid: 0, mode: 0o100_644, size }
    }
}

/// Writes an archive.
pub struct Writer<W: Write>(W);

impl<W: Write> Writer<W> {
    /// Begins an archive.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn new(mut output: W) -> io::Result<Self> {
        output.write_all(MAGIC)?;
        Ok(Self(output))
    }

    /// Adds a member with its content.
    ///
    /// # Errors
    /// When a field does not fit, the content has another size than the header says, or the output cannot be
    /// written.
    pub fn append(&mut self, header: &Header, content: impl Read) -> io::Result<()> {
        let Header { name, mtime, uid, gid, mode, size } = header;
        let line = format!("{name:<16}{mtime:<12}{uid:<6}{gid:<6}{mode:<8o}{size:<10}`\n");
        if line.len() != HEADER || name.contains(['/', ' ']) || name.is_empty() {
            return Err(inexpressible(format!("{name}: does not fit into an ar header")));
        }
        self.0.write_all(line.as_bytes())?;
        copy_exactly(content, *size, name, &mut self.0)?;
        if size % 2 == 1 {
            self.0.write_all(b"\n")?;
        }
        Ok(())
    }

    /// The output; an archive has no end mark.
    pub fn into_inner(self) -> W {
        self.0
    }
}

/// Reads an archive.
pub struct Reader<R: Read> {
    input: R,
    /// Bytes of the current member that have not been read.
    content: u64,
    /// 1 when a padding byte follows them.
    padding: usize,
}

impl<R: Read> Reader<R> {
    /// Begins to read an archive.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(mut input: R) -> io::Result<Self> {
        let mut magic = [0; 8];
        if read_up_to(&mut input, &mut magic)? != 8 || &magic != MAGIC {
            return Err(damaged("no ar archive: it does not begin with !<arch>"));
        }
        Ok(Self { input, content: 0, padding: 0 })
    }

    /// The next member; its content follows through [`Read`]. `None` at the end.
    ///
    /// # Errors
    /// When the archive is damaged or cannot be read.
    pub fn next_header(&mut self) -> io::Result<Option<Header>> {
        skip(&mut self.input, self.content)?;
        // Some writers leave out the padding of the last member.
        read_up_to(&mut self.input, &mut [0; 1][..self.padding])?;
        (self.content, self.padding) = (0, 0);
        let mut raw = [0; HEADER];
        match read_up_to(&mut self.input, &mut raw)? {
            0 => return Ok(None),
            HEADER if raw.ends_with(b"`\n") && raw.is_ascii() => {}
            _ => return Err(damaged("damaged ar member header")),
        }
        let text = |from: usize, to: usize| String::from_utf8_lossy(&raw[from..to]).trim_end().to_owned();
        let number = |from, to, radix| match text(from, to).as_str() {
            "" => Ok(0),
            digits => u64::from_str_radix(digits, radix)
                .map_err(|_| damaged("damaged number in an ar member header")),
        };
        // GNU ar ends names with a slash.
        let name = text(0, 16).trim_end_matches('/').to_owned();
        let header = Header {
            name,
            mtime: number(16, 28, 10)?,
            // Six decimal or eight octal digits always fit.
            uid: number(28, 34, 10)? as u32,
            gid: number(34, 40, 10)? as u32,
            mode: number(40, 48, 8)? as u32,
            size: number(48, 58, 10)?,
        };
        self.content = header.size;
        self.padding = (header.size % 2) as usize;
        Ok(Some(header))
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
        Ok(count)
    }
}
