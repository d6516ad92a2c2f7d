//! A COFF object file with one section: «PE Format», Microsoft Learn.

/// Processor of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// x86-64.
    X64,
    /// ARM with 64 bits.
    Arm64,
    /// x86 with 32 bits.
    X86,
}

impl Machine {
    /// By Rust's name for the architecture.
    #[must_use]
    pub fn from_rust(architecture: &str) -> Option<Self> {
        match architecture {
            "x86_64" => Some(Self::X64),
            "aarch64" => Some(Self::Arm64),
            "x86" => Some(Self::X86),
            _ => None,
        }
    }

    /// `IMAGE_FILE_MACHINE_…`.
    fn number(self) -> u16 {
        match self {
            Self::X64 => 0x8664,
            Self::Arm64 => 0xAA64,
            Self::X86 => 0x014C,
        }
    }

    /// `IMAGE_REL_…_ADDR32NB`: an address counted from the start of the image.
    fn image_relative(self) -> u16 {
        match self {
            Self::X64 => 3,
            Self::Arm64 => 2,
            Self::X86 => 7,
        }
    }
}

/// `RT_MESSAGETABLE`.
const MESSAGE_TABLE: u32 = 11;
/// `MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US)`.
const ENGLISH: u32 = 0x0409;
/// An entry leads to another directory.
const SUBDIRECTORY: u32 = 0x8000_0000;
/// Bytes of a directory with one entry: 16 for itself, 8 for the entry.
const DIRECTORY: u32 = 24;
/// Where the description of the data is, after three directories: type, name, language.
const DESCRIPTION: u32 = 3 * DIRECTORY;
/// Where the data is: the description has 16 bytes.
const DATA: u32 = DESCRIPTION + 16;
/// Bytes of the file's header and of its one section's.
const HEADERS: u32 = 20 + 40;
/// Initialised data, readable, aligned to 8 bytes.
const SECTION_FLAGS: u32 = 0x0000_0040 | 0x4000_0000 | 0x0040_0000;
/// `IMAGE_SYM_CLASS_STATIC`.
const STATIC: u8 = 3;

/// The object file with this message table as resource number 1.
pub(crate) fn object(machine: Machine, table: &[u8]) -> Vec<u8> {
    let section = section(table);
    let length = length(&section);
    let relocation_at = HEADERS + length;
    let mut file = Vec::new();
    // File header: machine, sections, time, where the symbols are and how many, no optional header, no flags.
    file.extend(machine.number().to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(0_u32.to_le_bytes());
    file.extend((relocation_at + 10).to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    file.extend([0; 4]);
    // Section header: name, no place in memory yet, size, where the data and its relocations are.
    file.extend(b".rsrc\0\0\0");
    file.extend([0; 8]);
    file.extend(length.to_le_bytes());
    file.extend(HEADERS.to_le_bytes());
    file.extend(relocation_at.to_le_bytes());
    file.extend(0_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(0_u16.to_le_bytes());
    file.extend(SECTION_FLAGS.to_le_bytes());
    file.extend(section);
    // Relocation: the linker puts in where the data comes to be. Counted from symbol 0, the section.
    file.extend(DESCRIPTION.to_le_bytes());
    file.extend(0_u32.to_le_bytes());
    file.extend(machine.image_relative().to_le_bytes());
    // Symbol 0: name, value, section 1, type, class, no more to it.
    file.extend(b".rsrc\0\0\0");
    file.extend(0_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(0_u16.to_le_bytes());
    file.extend([STATIC, 0]);
    // No long names: a table of only its own length.
    file.extend(4_u32.to_le_bytes());
    file
}

/// Three directories, the description of the data, the data.
fn section(table: &[u8]) -> Vec<u8> {
    let mut section = Vec::new();
    let levels = [
        (MESSAGE_TABLE, DIRECTORY | SUBDIRECTORY),
        (1, (2 * DIRECTORY) | SUBDIRECTORY),
        (ENGLISH, DESCRIPTION),
    ];
    for (id, offset) in levels {
        // Flags, time, version; no entries by name, one by number.
        section.extend([0; 12]);
        section.extend(0_u16.to_le_bytes());
        section.extend(1_u16.to_le_bytes());
        section.extend(id.to_le_bytes());
        section.extend(offset.to_le_bytes());
    }
    // Where (to be relocated), how long, code page, nothing.
    for value in [DATA, length(table), 0, 0] {
        section.extend(value.to_le_bytes());
    }
    section.extend(table);
    section.resize(section.len().next_multiple_of(8), 0);
    section
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
