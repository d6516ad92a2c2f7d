//! The cpio headers in a payload: `newc` with names that begin with `./`, or, where a file has 4 GiB or more,
//! rpm's stripped form, which refers to the header's list of files instead.

use std::io::{self, Write};

use super::files::File;

/// Alignment of headers and content.
const ALIGN: u64 = 4;

/// Writes the archive's structure; the content of the files goes through [`Write`].
#[derive(Debug)]
pub(super) struct Archive<W> {
    output: W,
    written: u64,
    stripped: bool,
}

impl<W: Write> Archive<W> {
    pub(super) fn new(output: W, stripped: bool) -> Self {
        Self { output, written: 0, stripped }
    }

    /// Begins the file with this index; its content follows.
    pub(super) fn begin(&mut self, index: usize, file: &File<'_>, time: u32) -> io::Result<()> {
        self.pad()?;
        if self.stripped {
            write!(self, "07070X{index:08x}")?;
        } else {
            let name = format!(".{}", file.entry.path);
            // Inodes, owners and devices stand in the package's header; here only what keeps hard links apart.
            let inode = index as u64 + 1;
            self.header(&name, [inode, u64::from(file.mode), 1, u64::from(time), file.size])?;
        }
        self.pad()
    }

    /// Ends the archive and returns the output.
    pub(super) fn finish(mut self) -> io::Result<(W, u64)> {
        self.pad()?;
        self.header("TRAILER!!!", [0, 0, 1, 0, 0])?;
        self.pad()?;
        Ok((self.output, self.written))
    }

    fn header(&mut self, name: &str, [inode, mode, links, time, size]: [u64; 5]) -> io::Result<()> {
        let header = format!(
            "070701{inode:08x}{mode:08x}{0:08x}{0:08x}{links:08x}{time:08x}{size:08x}{0:08x}{0:08x}{0:08x}{0:08x}\
             {1:08x}{0:08x}{name}\0",
            0,
            name.len() + 1
        );
        self.write_all(header.as_bytes())
    }

    fn pad(&mut self) -> io::Result<()> {
        let missing = self.written.next_multiple_of(ALIGN) - self.written;
        self.write_all(&[0; ALIGN as usize][..missing as usize])
    }
}

impl<W: Write> Write for Archive<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.output.write(bytes)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
