//! What a cabinet consists of.

use crate::DateTime;

/// A cabinet: folders of files, and where it stands in a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cabinet {
    /// Identifier that the cabinets of one set share (`setID`).
    pub set_id: u16,
    /// Place in the set, from 0 (`iCabinet`).
    pub index: u16,
    /// Area of the header for applications (`abReserve`), at most 60,000 bytes. Signatures stand there.
    pub reserved: Vec<u8>,
    /// Its folders; each is one compressed stream.
    pub folders: Vec<Folder>,
}

impl Cabinet {
    /// A cabinet that stands alone.
    pub fn new(folders: Vec<Folder>) -> Self {
        Self { set_id: 0, index: 0, reserved: Vec::new(), folders }
    }
}

/// A folder: files that are compressed as one stream. Not a directory; those are part of the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// How it is compressed.
    pub compression: Compression,
    /// Area for applications (`abReserve`), at most 255 bytes and equally many in every folder.
    pub reserved: Vec<u8>,
    /// Its files, in the order of their content.
    pub files: Vec<File>,
}

impl Folder {
    /// A folder without files.
    pub fn new(compression: Compression) -> Self {
        Self { compression, reserved: Vec::new(), files: Vec::new() }
    }
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, with `/` or `\` between directories; stored with `\`. At most 255 bytes, relative.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Date and time.
    pub modified: DateTime,
    /// Attributes.
    pub attributes: Attributes,
}

impl File {
    /// A file with the attribute that every ordinary file has.
    pub fn new(name: impl Into<String>, size: u64, modified: DateTime) -> Self {
        Self { name: name.into(), size, modified, attributes: Attributes::ARCHIVE }
    }
}

/// Attributes of a file, as in `attribs` ([MS-CAB] §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Attributes(pub u16);

impl Attributes {
    /// `_A_RDONLY`: not to be written.
    pub const READ_ONLY: Self = Self(0x01);
    /// `_A_HIDDEN`: not shown.
    pub const HIDDEN: Self = Self(0x02);
    /// `_A_SYSTEM`: part of the system.
    pub const SYSTEM: Self = Self(0x04);
    /// `_A_ARCH`: changed since the last backup; set for ordinary files.
    pub const ARCHIVE: Self = Self(0x20);
    /// `_A_EXEC`: run after extraction.
    pub const EXECUTE: Self = Self(0x40);
    /// `_A_NAME_IS_UTF`: the name is UTF-8. The writer sets it where a name needs it.
    pub const NAME_IS_UTF8: Self = Self(0x80);

    /// Whether all attributes of `other` are among these.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::BitOr for Attributes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How a folder is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// MSZIP: deflate in blocks of 32 KiB, each with the block before it as history.
    Mszip {
        /// 1 (fastest) to 9 (smallest).
        level: u32,
    },
}

impl Compression {
    /// `typeCompress` ([MS-CAB] §2.2).
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Mszip { .. } => 1,
        }
    }
}

/// The method by which a folder that is read was compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Not compressed.
    None,
    /// MSZIP.
    Mszip,
    /// Quantum; not read here.
    Quantum,
    /// LZX.
    Lzx {
        /// Size of the window as a power of two.
        window: u8,
    },
    /// A method that the specification does not know.
    Unknown(u16),
}

impl Method {
    pub(crate) fn from_code(code: u16) -> Self {
        match code & 0xf {
            0 => Self::None,
            1 => Self::Mszip,
            2 => Self::Quantum,
            3 => Self::Lzx { window: (code >> 8 & 0x1f) as u8 },
            _ => Self::Unknown(code),
        }
    }
}
