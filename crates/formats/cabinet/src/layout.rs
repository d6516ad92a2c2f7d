//! The structures of a cabinet, with the specification's names ([MS-CAB] §2).

use crate::checksum::checksum;
use crate::{BLOCK, Result, error::damaged};

/// `signature` of every cabinet.
pub(crate) const SIGNATURE: [u8; 4] = *b"MSCF";
/// `CFHEADER` without its optional fields.
pub(crate) const CFHEADER: usize = 36;
/// `CFFOLDER` without its reserved area.
pub(crate) const CFFOLDER: usize = 8;
/// `CFFILE` without its name.
pub(crate) const CFFILE: usize = 16;
/// `CFDATA` without its reserved area and its content.
pub(crate) const CFDATA: usize = 8;

/// A cabinet comes before this one (`cfhdrPREV_CABINET`).
pub(crate) const PREV_CABINET: u16 = 1;
/// A cabinet follows this one (`cfhdrNEXT_CABINET`).
pub(crate) const NEXT_CABINET: u16 = 2;
/// There are reserved areas (`cfhdrRESERVE_PRESENT`).
pub(crate) const RESERVE_PRESENT: u16 = 4;

/// `iFolder` from here on says that a file continues from or in another cabinet.
pub(crate) const CONTINUED: u16 = 0xfffd;
/// Most folders, so that none has a number with a meaning of its own.
pub(crate) const MOST_FOLDERS: usize = CONTINUED as usize;
/// Most files.
pub(crate) const MOST_FILES: usize = u16::MAX as usize;
/// Longest name in bytes, without the NUL that ends it.
pub(crate) const MOST_NAME: usize = 255;
/// Most content of a folder: its blocks are counted in 16 bits.
pub(crate) const MOST_CONTENT: u64 = u16::MAX as u64 * BLOCK as u64;
/// Most bytes of a cabinet: programs count in signed 32 bits.
pub(crate) const MOST_CABINET: u64 = i32::MAX as u64;
/// Most bytes reserved in the header.
pub(crate) const MOST_HEADER_RESERVE: usize = 60_000;
/// Most bytes reserved in a folder.
pub(crate) const MOST_FOLDER_RESERVE: usize = u8::MAX as usize;

/// The head of a block.
pub(crate) struct CfData {
    /// Checksum of everything behind it; 0 where there is none.
    pub(crate) checksum: u32,
    /// Bytes of the compressed content.
    pub(crate) compressed: u16,
    /// Bytes of the content; 0 where it continues in another cabinet.
    pub(crate) content: u16,
}

impl CfData {
    /// The head of a block whose reserved area is empty.
    pub(crate) fn new(compressed: &[u8], content: u16) -> Self {
        let mut head = Self { checksum: 0, compressed: compressed.len() as u16, content };
        head.checksum = head.sum(&[], compressed);
        head
    }

    /// The checksum that the block must have.
    pub(crate) fn sum(&self, reserved: &[u8], compressed: &[u8]) -> u32 {
        let sizes = u32::from(self.compressed) | u32::from(self.content) << 16;
        // The specification sums reserved area and content as one run; the area comes first and rarely exists.
        let data = if reserved.is_empty() {
            checksum(compressed, 0)
        } else {
            checksum(&[reserved, compressed].concat(), 0)
        };
        data ^ sizes
    }

    /// The bytes of the head.
    pub(crate) fn to_bytes(&self) -> [u8; CFDATA] {
        let mut bytes = [0; CFDATA];
        bytes[..4].copy_from_slice(&self.checksum.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.compressed.to_le_bytes());
        bytes[6..].copy_from_slice(&self.content.to_le_bytes());
        bytes
    }

    /// Takes a head from its bytes.
    pub(crate) fn from_bytes(bytes: &[u8; CFDATA]) -> Self {
        Self { checksum: u32_at(bytes, 0), compressed: u16_at(bytes, 4), content: u16_at(bytes, 6) }
    }
}

/// The little-endian number at `offset`.
pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes([bytes[offset], bytes[offset + 1]])
}

/// The little-endian number at `offset`.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from(u16_at(bytes, offset)) | u32::from(u16_at(bytes, offset + 2)) << 16
}

/// Fails unless `bytes` begins with the signature.
pub(crate) fn check_signature(bytes: &[u8]) -> Result<()> {
    if bytes.get(..4) == Some(&SIGNATURE[..]) { Ok(()) } else { Err(damaged("it does not begin with MSCF")) }
}
