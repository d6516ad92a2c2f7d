//! Compound files, version 3 ([MS-CFB]): the container of an installer database, and of its streams.
//!
//! Only what a database needs: one storage, the root, with streams in it.

mod read;
mod write;

pub use read::{CompoundFile, StreamReader};
pub use write::{Content, Stream, write};

/// First bytes of a compound file.
pub const MAGIC: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Size of a sector of version 3.
const SECTOR: usize = 512;
/// Size of a sector of the mini stream.
const MINI_SECTOR: usize = 64;
/// Streams below this size lie in the mini stream.
const MINI_LIMIT: u64 = 4096;
/// Size of a directory entry.
const ENTRY: usize = 128;
/// Entries of the sector table that the header itself holds.
const HEADER_DIFAT: usize = 109;

const FREE: u32 = 0xFFFF_FFFF;
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
const FAT_SECTOR: u32 = 0xFFFF_FFFD;
const DIFAT_SECTOR: u32 = 0xFFFF_FFFC;
const NO_STREAM: u32 = 0xFFFF_FFFF;

/// Kinds of directory entries.
const KIND_STREAM: u8 = 2;
const KIND_ROOT: u8 = 5;

/// Longest name of a stream in UTF-16 units, without the final zero.
pub const LONGEST_NAME: usize = 31;

/// Largest stream, and largest file that Windows Installer opens, in bytes.
pub const LARGEST: u64 = 0x7FFF_FFFF;

/// The order of names within a storage ([MS-CFB] 2.6.4): by length, then by their upper-case form.
fn sort_key(name: &str) -> (usize, Vec<u16>) {
    let upper = name.chars().map(|c| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(single), None) => single,
            _ => c,
        }
    });
    (name.encode_utf16().count(), upper.collect::<String>().encode_utf16().collect())
}
