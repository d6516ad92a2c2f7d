//! What is looked at in an executable.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use landfall_payload::Architecture;
use landfall_payload::binary::{Binary, elf_needs};

/// Type of a relocatable object (`ET_REL`): symbols are its purpose.
const RELOCATABLE: u64 = 1;
/// Type of a section with symbols (`SHT_SYMTAB`).
const SYMBOL_TABLE: u64 = 2;

/// An ELF file: program, library or object.
#[derive(Debug, Clone)]
pub struct Elf {
    /// What it runs on; `None`: an architecture that is not known here.
    pub architecture: Option<Architecture>,
    /// Program interpreter; `None` for a static program.
    pub interpreter: Option<String>,
    /// Needed libraries with the symbol versions asked of each.
    pub libraries: BTreeMap<String, Vec<String>>,
    /// Whether it still has its symbol table.
    pub has_symbols: bool,
}

impl Elf {
    /// Reads a file that begins with the ELF mark.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        let Some(binary) = Binary::read(path)? else { return Ok(None) };
        let libraries = elf_needs(path, "")?.map(|needs| needs.libraries).unwrap_or_default();
        Ok(Some(Self {
            architecture: binary.architectures.first().copied(),
            interpreter: binary.interpreter,
            libraries,
            has_symbols: has_symbols(&mut File::open(path)?)?,
        }))
    }

    /// The newest version of the GNU C library that it asks for.
    pub fn glibc(&self) -> Option<(u32, u32)> {
        self.libraries.values().flatten().filter_map(|version| glibc_version(version)).max()
    }
}

/// The version in `GLIBC_2.34`.
pub(crate) fn glibc_version(symbol: &str) -> Option<(u32, u32)> {
    let (major, rest) = symbol.strip_prefix("GLIBC_")?.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Whether the section headers name a symbol table (System V ABI, «Sections»).
fn has_symbols(file: &mut File) -> io::Result<bool> {
    let mut head = [0; 64];
    file.read_exact(&mut head)?;
    let (wide, little) = (head[4] == 2, head[5] == 1);
    let number = |bytes: &[u8]| {
        let digit = |n: u64, b: &u8| n << 8 | u64::from(*b);
        if little { bytes.iter().rev().fold(0, digit) } else { bytes.iter().fold(0, digit) }
    };
    let (start, size, count) = if wide {
        (number(&head[40..48]), number(&head[58..60]), number(&head[60..62]))
    } else {
        (number(&head[32..36]), number(&head[46..48]), number(&head[48..50]))
    };
    if start == 0 || size < 8 || number(&head[16..18]) == RELOCATABLE {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(start))?;
    let mut sections = Vec::new();
    file.take(size * count).read_to_end(&mut sections)?;
    Ok(sections.chunks_exact(size as usize).any(|section| number(&section[4..8]) == SYMBOL_TABLE))
}
