//! `tar` archives (POSIX.1-2001 «pax», with the older ustar and GNU forms).

mod reader;
mod writer;

pub use reader::Reader;
pub use writer::{Dialect, Writer};

/// Size of a header and unit of padding.
const BLOCK: usize = 512;

/// What an archive says of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Path, without the slash that ends a directory's.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner's number.
    pub uid: u64,
    /// Group's number.
    pub gid: u64,
    /// Owner's name; may be empty.
    pub uname: String,
    /// Group's name; may be empty.
    pub gname: String,
    /// Size of the content in bytes; 0 for everything but a file.
    pub size: u64,
    /// Modification time in seconds since 1970.
    pub mtime: i64,
    /// Target of a link; empty for everything else.
    pub link: String,
    /// Further pax records in their order; not those that the other fields stand for.
    pub pax: Vec<(String, Vec<u8>)>,
}

impl Header {
    /// A member of root without content.
    pub fn new(path: &str, kind: Kind, mode: u32, mtime: i64) -> Self {
        Self {
            path: path.into(),
            kind,
            mode,
            uid: 0,
            gid: 0,
            uname: "root".into(),
            gname: "root".into(),
            size: 0,
            mtime,
            link: String::new(),
            pax: Vec::new(),
        }
    }

    /// A regular file of root.
    pub fn file(path: &str, mode: u32, mtime: i64, size: u64) -> Self {
        Self { size, ..Self::new(path, Kind::File, mode, mtime) }
    }
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A hard link to an earlier member.
    Hardlink,
    /// A device or a pipe: read, not written.
    Special,
}

/// Sum of a header's bytes with the checksum's own field as spaces.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    block.iter().enumerate().map(|(i, &b)| if (148..156).contains(&i) { 32 } else { u32::from(b) }).sum()
}
