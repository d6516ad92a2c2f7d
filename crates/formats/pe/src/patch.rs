//! A program with resources: its head, what stays of it, and its tail.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::headers::{Headers, SECTION_SIZE};
use crate::tree::{self, Name, Resource};
use crate::version::LANGUAGE;
use crate::{Error, FileVersion, Resources, Result, kind, manifest};

/// Initialised data that is read.
const CHARACTERISTICS: u32 = 0x4000_0040;
/// Offsets in the optional header.
const SIZE_OF_DATA: usize = 8;
const SIZE_OF_IMAGE: usize = 56;
const CHECKSUM: usize = 64;
/// Of COFF's table of symbols in the header.
const SYMBOLS: usize = 8;
/// Read at once.
const PIECE: usize = 1 << 16;

/// What of a program changes: it is `head`, then its own bytes from the end of `head` to `end`, then `tail`.
#[derive(Debug, Clone)]
pub struct Patch {
    head: Arc<[u8]>,
    end: u64,
    tail: Arc<[u8]>,
    version: Option<FileVersion>,
}

impl Patch {
    /// Works out how a program has to change to have these resources.
    ///
    /// # Errors
    /// [`Error::Signed`], [`Error::Malformed`], and [`Error::Unsupported`] where data of unknown meaning stands behind
    /// the sections or the header has no room for another one.
    pub fn new(program: &mut (impl Read + Seek), resources: &Resources) -> Result<Self> {
        let headers = Headers::read(program)?;
        if headers.security.1 != 0 {
            return Err(Error::Signed);
        }
        let mut all = tree::read(program, &headers)?;
        add(resources, &mut all)?;
        let version = crate::file_version(&all);

        let end = headers.size;
        let symbols = crate::headers::u32_at(&headers.bytes, headers.coff + SYMBOLS)?;
        if end > headers.end_of_sections().next_multiple_of(headers.file_alignment.into()) && symbols == 0 {
            return Err(Error::Unsupported(
                "data that is no part of it stands behind its sections, as in an archive that unpacks itself"
                    .into(),
            ));
        }
        let slot = headers.table + headers.sections.len() * SECTION_SIZE;
        let room = headers.begin_of_sections().min(headers.bytes.len() as u64);
        let free = headers
            .bytes
            .get(slot..slot + SECTION_SIZE)
            .is_some_and(|slot| slot.iter().all(|byte| *byte == 0));
        if (slot + SECTION_SIZE) as u64 > room || !free {
            return Err(Error::Unsupported("its header has no room for another section".into()));
        }
        let too_large = || Error::Unsupported("it would be larger than 4 GiB".into());
        let raw =
            u32::try_from(end.next_multiple_of(headers.file_alignment.into())).map_err(|_| too_large())?;
        let after =
            headers.sections.iter().map(|s| u64::from(s.address) + u64::from(s.virtual_size.max(s.raw_size)));
        let address = after.max().unwrap_or(0).next_multiple_of(headers.section_alignment.into());
        let address = u32::try_from(address).map_err(|_| too_large())?;
        let mut section = tree::write(&all, address)?;
        let virtual_size = section.len() as u32;
        section.resize(section.len().next_multiple_of(headers.file_alignment as usize), 0);
        let raw_size = section.len() as u32;

        let mut head = headers.bytes.clone();
        let mut put = |at: usize, value: u32| head[at..at + 4].copy_from_slice(&value.to_le_bytes());
        put(headers.resource_entry, address);
        put(headers.resource_entry + 4, virtual_size);
        let image =
            u64::from(address) + u64::from(virtual_size).next_multiple_of(headers.section_alignment.into());
        put(headers.optional + SIZE_OF_IMAGE, u32::try_from(image).map_err(|_| too_large())?);
        let data = crate::headers::u32_at(&headers.bytes, headers.optional + SIZE_OF_DATA)?;
        put(headers.optional + SIZE_OF_DATA, data.checked_add(raw_size).ok_or_else(too_large)?);
        put(headers.optional + CHECKSUM, 0);
        for (at, value) in
            [(8, virtual_size), (12, address), (16, raw_size), (20, raw), (36, CHARACTERISTICS)]
        {
            put(slot + at, value);
        }
        head[slot..slot + 8].copy_from_slice(b".rsrc\0\0\0");
        let count = headers.sections.len() as u16 + 1;
        head[headers.coff + 2..headers.coff + 4].copy_from_slice(&count.to_le_bytes());
        // What was there keeps its place under another name: other sections lie behind it.
        for number in 0..headers.sections.len() {
            let name = headers.table + number * SECTION_SIZE;
            if head[name..name + 8] == *b".rsrc\0\0\0" {
                head[name..name + 8].copy_from_slice(b".rsrc0\0\0");
            }
        }
        let mut tail = vec![0; (u64::from(raw) - end) as usize];
        tail.extend(section);
        let mut patch = Self { head: head.into(), end, tail: tail.into(), version };
        let sum = patch.checksum(program)?;
        let mut head = patch.head.to_vec();
        head[headers.optional + CHECKSUM..headers.optional + CHECKSUM + 4]
            .copy_from_slice(&sum.to_le_bytes());
        patch.head = head.into();
        Ok(patch)
    }

    /// What installers compare, where the whole program has a version.
    pub fn file_version(&self) -> Option<FileVersion> {
        self.version
    }

    /// Size of the whole program.
    pub fn size(&self) -> u64 {
        self.end + self.tail.len() as u64
    }

    /// The whole program; `source` is the one that it is made from.
    ///
    /// # Errors
    /// When `source` cannot be read.
    pub fn open<R: Read + Seek>(&self, mut source: R) -> io::Result<impl Read + use<R>> {
        let head = self.head.len() as u64;
        source.seek(SeekFrom::Start(head))?;
        let body = source.take(self.end - head);
        Ok(Cursor::new(Arc::clone(&self.head)).chain(body).chain(Cursor::new(Arc::clone(&self.tail))))
    }

    /// The checksum of the format: the sum of all words with the carries added, and the size.
    fn checksum(&self, source: &mut (impl Read + Seek)) -> Result<u32> {
        let mut program = self.open(source)?;
        // Carries that are added in the end give the same sum, also of two words at once: it is one modulo 2^16 - 1.
        let mut sum = 0_u64;
        let mut piece = vec![0; PIECE];
        loop {
            // Whole words, except at the end.
            let mut filled = 0;
            while filled < PIECE {
                match program.read(&mut piece[filled..])? {
                    0 => break,
                    count => filled += count,
                }
            }
            let (words, rest) = piece[..filled].as_chunks::<4>();
            sum += words.iter().map(|word| u64::from(u32::from_le_bytes(*word))).sum::<u64>();
            let mut last = [0; 4];
            last[..rest.len()].copy_from_slice(rest);
            sum += u64::from(u32::from_le_bytes(last));
            if filled < PIECE {
                break;
            }
        }
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        let size = u32::try_from(self.size())
            .map_err(|_| Error::Unsupported("it would be larger than 4 GiB".into()))?;
        Ok((sum as u32).wrapping_add(size))
    }
}

/// Puts new resources in the place of those of the same kinds.
fn add(resources: &Resources, all: &mut Vec<Resource>) -> Result<()> {
    let of = |resource: &Resource, number: u16| resource.kind == Name::Number(number);
    let single = |number, data, code_page| Resource {
        kind: Name::Number(number),
        name: Name::Number(1),
        language: LANGUAGE,
        code_page,
        data,
    };
    if let Some(version) = &resources.version {
        all.retain(|resource| !of(resource, kind::VERSION));
        all.push(single(kind::VERSION, version.data()?, 0));
    }
    if let Some(manifest) = &resources.manifest {
        let own = |r: &Resource| {
            of(r, kind::MANIFEST) && manifest::asks_for_rights(&String::from_utf8_lossy(&r.data))
        };
        if !all.iter().any(own) {
            all.retain(|resource| !of(resource, kind::MANIFEST));
            all.push(single(kind::MANIFEST, manifest.text().into_bytes(), 65_001));
        }
    }
    if let Some(icon) = &resources.icon {
        all.retain(|resource| !of(resource, kind::ICON) && !of(resource, kind::GROUP_ICON));
        all.extend(icon.resources());
    }
    Ok(())
}
