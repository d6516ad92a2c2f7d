//! The headers: COFF, optional, sections.

use std::io::{Read, Seek, SeekFrom};

use crate::error::malformed;
use crate::{Error, Result};

/// Largest header that is read, in bytes.
const LARGEST_HEADER: u32 = 1 << 20;
/// Windows loads no program with more sections.
const MOST_SECTIONS: u16 = 96;
/// Size of `IMAGE_SECTION_HEADER`.
pub(crate) const SECTION_SIZE: usize = 40;
/// Offset of the data directories in the optional header of PE32 and PE32+.
const DIRECTORIES: [(u16, usize); 2] = [(0x10b, 96), (0x20b, 112)];
/// Number of the resource directory, and of the certificates.
const RESOURCE: usize = 2;
const SECURITY: usize = 4;

/// A section (`IMAGE_SECTION_HEADER`).
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) virtual_size: u32,
    pub(crate) address: u32,
    pub(crate) raw_size: u32,
    pub(crate) raw: u32,
}

/// The headers of a program.
#[derive(Debug, Clone)]
pub(crate) struct Headers {
    /// Everything up to `SizeOfHeaders`.
    pub(crate) bytes: Vec<u8>,
    /// Offset of the COFF header, behind `PE\0\0`.
    pub(crate) coff: usize,
    /// Offset of the optional header.
    pub(crate) optional: usize,
    /// Offset of the table of sections.
    pub(crate) table: usize,
    /// Offset of the entry of the resource directory.
    pub(crate) resource_entry: usize,
    pub(crate) machine: u16,
    pub(crate) subsystem: u16,
    pub(crate) section_alignment: u32,
    pub(crate) file_alignment: u32,
    /// Address and size of the resources.
    pub(crate) resource: (u32, u32),
    /// Offset and size of the certificates.
    pub(crate) security: (u32, u32),
    pub(crate) sections: Vec<Section>,
    /// Size of the file.
    pub(crate) size: u64,
}

impl Headers {
    pub(crate) fn read(input: &mut (impl Read + Seek)) -> Result<Self> {
        let size = input.seek(SeekFrom::End(0))?;
        let mut bytes = take(input, 0, 64.min(size))?;
        if bytes.get(..2) != Some(b"MZ") {
            return Err(malformed("it does not begin with MZ"));
        }
        let at = u32_at(&bytes, 60)?;
        if !(64..=LARGEST_HEADER).contains(&at) {
            return Err(malformed("the offset of its header is impossible"));
        }
        // As much as tells how much there is.
        let first = u64::from(at) + 24 + 112;
        bytes = take(input, 0, first.min(size))?;
        let coff = at as usize + 4;
        if bytes.get(at as usize..coff) != Some(b"PE\0\0") {
            return Err(malformed("its PE header is missing"));
        }
        let optional = coff + 20;
        let header_size = u32_at(&bytes, optional + 60)?;
        if header_size > LARGEST_HEADER || u64::from(header_size) > size {
            return Err(malformed("its headers are larger than the file"));
        }
        let bytes = take(input, 0, u64::from(header_size))?;
        let count = u16_at(&bytes, coff + 2)?;
        if count > MOST_SECTIONS {
            return Err(malformed(format!("it has {count} sections")));
        }
        let magic = u16_at(&bytes, optional)?;
        let directories = DIRECTORIES.iter().find(|(known, _)| *known == magic).map(|(_, at)| optional + at);
        let directories = directories.ok_or_else(|| malformed(format!("the magic {magic:#x} is unknown")))?;
        let table = optional + usize::from(u16_at(&bytes, coff + 16)?);
        let known = u32_at(&bytes, directories - 4)? as usize;
        let directory = |number: usize| {
            let at = directories + number * 8;
            if number >= known || at + 8 > table {
                return Ok((0, 0));
            }
            Ok::<_, Error>((u32_at(&bytes, at)?, u32_at(&bytes, at + 4)?))
        };
        let (resource, security) = (directory(RESOURCE)?, directory(SECURITY)?);
        if known <= RESOURCE || directories + (RESOURCE + 1) * 8 > table {
            return Err(malformed("its header has no room for resources"));
        }
        let sections = (0..usize::from(count)).map(|number| section(&bytes, table + number * SECTION_SIZE));
        let headers = Self {
            coff,
            optional,
            table,
            resource_entry: directories + RESOURCE * 8,
            machine: u16_at(&bytes, coff)?,
            subsystem: u16_at(&bytes, optional + 68)?,
            section_alignment: u32_at(&bytes, optional + 32)?,
            file_alignment: u32_at(&bytes, optional + 36)?,
            resource,
            security,
            sections: sections.collect::<Result<_>>()?,
            size,
            bytes,
        };
        for alignment in [headers.section_alignment, headers.file_alignment] {
            if !alignment.is_power_of_two() || alignment > 1 << 16 {
                return Err(malformed(format!("the alignment {alignment} is impossible")));
            }
        }
        if headers.sections.iter().any(|s| u64::from(s.raw) + u64::from(s.raw_size) > size) {
            return Err(malformed("a section lies behind its end"));
        }
        Ok(headers)
    }

    /// Offset in the file of an address, and how many bytes of its section follow.
    pub(crate) fn place(&self, address: u32) -> Option<(u64, u32)> {
        self.sections.iter().find_map(|section| {
            let inside = address.checked_sub(section.address).filter(|inside| *inside < section.raw_size)?;
            Some((u64::from(section.raw) + u64::from(inside), section.raw_size - inside))
        })
    }

    /// End of what the sections have in the file.
    pub(crate) fn end_of_sections(&self) -> u64 {
        let ends =
            self.sections.iter().filter(|s| s.raw_size > 0).map(|s| u64::from(s.raw) + u64::from(s.raw_size));
        ends.max().unwrap_or(self.bytes.len() as u64)
    }

    /// Begin of what the sections have in the file.
    pub(crate) fn begin_of_sections(&self) -> u64 {
        let begins = self.sections.iter().filter(|s| s.raw_size > 0).map(|s| u64::from(s.raw));
        begins.min().unwrap_or(self.size)
    }
}

fn section(bytes: &[u8], at: usize) -> Result<Section> {
    let name = bytes.get(at..at + 8).ok_or_else(|| malformed("its table of sections is cut off"))?;
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(8);
    Ok(Section {
        name: String::from_utf8_lossy(&name[..end]).into_owned(),
        virtual_size: u32_at(bytes, at + 8)?,
        address: u32_at(bytes, at + 12)?,
        raw_size: u32_at(bytes, at + 16)?,
        raw: u32_at(bytes, at + 20)?,
    })
}

/// So many bytes of the file.
pub(crate) fn take(input: &mut (impl Read + Seek), at: u64, count: u64) -> Result<Vec<u8>> {
    input.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    input.by_ref().take(count).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != count {
        return Err(malformed("it is cut off"));
    }
    Ok(bytes)
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Result<u16> {
    let bytes = at.checked_add(2).and_then(|end| bytes.get(at..end));
    bytes.map(|b| u16::from_le_bytes([b[0], b[1]])).ok_or_else(|| malformed("it is cut off"))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Result<u32> {
    let bytes = at.checked_add(4).and_then(|end| bytes.get(at..end));
    bytes.map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).ok_or_else(|| malformed("it is cut off"))
}
