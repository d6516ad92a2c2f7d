//! The tree of resources: kind, name, language.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use crate::Result;
use crate::error::malformed;
use crate::headers::{Headers, take, u16_at, u32_at};

/// Most resources that are read.
const MOST: usize = 1 << 16;
/// Largest tree with its data, in bytes.
const LARGEST: u32 = 256 << 20;
/// Set in an entry's first word where a name stands instead of a number, in its second where a table follows.
const FLAG: u32 = 1 << 31;
/// Size of `IMAGE_RESOURCE_DIRECTORY`, of an entry in it, and of `IMAGE_RESOURCE_DATA_ENTRY`.
const DIRECTORY: usize = 16;
const ENTRY: usize = 8;
const DATA: usize = 16;
/// Everything that data begins at is a multiple of this.
const ALIGNMENT: usize = 8;

/// What a kind or a resource is called. Names come before numbers, as the format wants it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// By a text, in UTF-16.
    Text(Vec<u16>),
    /// By a number.
    Number(u16),
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its kind, a number of [`crate::kind`] or another.
    pub kind: Name,
    /// What it is called.
    pub name: Name,
    /// Its language (`LANGID`).
    pub language: u16,
    /// Its code page.
    pub code_page: u32,
    /// What it holds.
    pub data: Vec<u8>,
}

/// Reads all resources; those of a program without any are none.
pub(crate) fn read(input: &mut (impl Read + Seek), headers: &Headers) -> Result<Vec<Resource>> {
    let (address, size) = headers.resource;
    if size == 0 {
        return Ok(Vec::new());
    }
    let place = headers.place(address).ok_or_else(|| malformed("its resources are in no section"))?;
    let (at, left) = place;
    if left > LARGEST {
        return Err(malformed("its resources are larger than 256 MiB"));
    }
    // Data may lie behind the size that the directory names, but not behind the section.
    let bytes = take(input, at, left.into())?;
    let mut all = Vec::new();
    let mut left = Left(LARGEST as usize);
    for (kind, below) in entries(&bytes, 0, &mut left)? {
        for (name, below) in entries(&bytes, table(below)?, &mut left)? {
            for (language, leaf) in entries(&bytes, table(below)?, &mut left)? {
                if all.len() == MOST {
                    return Err(malformed("it has more than 65,536 resources"));
                }
                if leaf & FLAG != 0 {
                    return Err(malformed("its resources are nested too deeply"));
                }
                let leaf = leaf as usize;
                let from = u32_at(&bytes, leaf)?.checked_sub(address).map(|from| from as usize);
                let size = u32_at(&bytes, leaf + 4)? as usize;
                let data = from.and_then(|from| bytes.get(from..from.checked_add(size)?));
                let data = data.ok_or_else(|| malformed("a resource lies outside of their section"))?;
                let language = match language {
                    Name::Number(number) => number,
                    Name::Text(_) => return Err(malformed("the language of a resource is a text")),
                };
                let code_page = u32_at(&bytes, leaf + 8)?;
                left.spend(data.len() + kind.size() + name.size())?;
                all.push(Resource {
                    kind: kind.clone(),
                    name: name.clone(),
                    language,
                    code_page,
                    data: data.to_vec(),
                });
            }
        }
    }
    Ok(all)
}

/// How much may still be taken out of a tree, in bytes: tables, names and data may be in many places of it at once.
struct Left(usize);

impl Left {
    fn spend(&mut self, bytes: usize) -> Result<()> {
        let left = self.0.checked_sub(bytes);
        self.0 = left.ok_or_else(|| malformed("its resources expand to more than 256 MiB"))?;
        Ok(())
    }
}

impl Name {
    /// Bytes of a text.
    fn size(&self) -> usize {
        match self {
            Self::Text(units) => units.len() * 2,
            Self::Number(_) => 0,
        }
    }
}

/// Offset of the table that an entry leads to.
fn table(below: u32) -> Result<usize> {
    if below & FLAG == 0 {
        return Err(malformed("its tree of resources is too flat"));
    }
    Ok((below & !FLAG) as usize)
}

/// Names of a table's entries with what each leads to.
fn entries(bytes: &[u8], at: usize, left: &mut Left) -> Result<Vec<(Name, u32)>> {
    let at = at.min(bytes.len());
    let count = usize::from(u16_at(bytes, at + 12)?) + usize::from(u16_at(bytes, at + 14)?);
    let mut all = Vec::new();
    for number in 0..count {
        let entry = at + DIRECTORY + number * ENTRY;
        left.spend(ENTRY)?;
        let (name, below) = (u32_at(bytes, entry)?, u32_at(bytes, entry + 4)?);
        let name = if name & FLAG == 0 {
            Name::Number(u16::try_from(name).map_err(|_| malformed("the number of a resource is too large"))?)
        } else {
            let at = (name & !FLAG) as usize;
            let length = usize::from(u16_at(bytes, at)?);
            left.spend(length * 2)?;
            Name::Text((0..length).map(|unit| u16_at(bytes, at + 2 + unit * 2)).collect::<Result<_>>()?)
        };
        all.push((name, below));
    }
    Ok(all)
}

/// The section of these resources at an address.
pub(crate) fn write(resources: &[Resource], address: u32) -> Result<Vec<u8>> {
    let mut tree: BTreeMap<&Name, BTreeMap<&Name, BTreeMap<u16, &Resource>>> = BTreeMap::new();
    for resource in resources {
        let names = tree.entry(&resource.kind).or_default();
        names.entry(&resource.name).or_default().insert(resource.language, resource);
    }
    let names: usize = tree.values().map(BTreeMap::len).sum();
    let leaves: usize = tree.values().flat_map(BTreeMap::values).map(BTreeMap::len).sum();
    let tables = 1 + tree.len() + names;
    let texts_at = tables * DIRECTORY + (tree.len() + names + leaves) * ENTRY + leaves * DATA;
    let mut texts = Vec::new();
    let mut data = Vec::new();
    // Tables first, level by level; then what describes data; then texts; then data.
    let mut tables_by_level: [Vec<u8>; 3] = Default::default();
    let mut described = Vec::new();
    let level_at = [
        0,
        DIRECTORY + tree.len() * ENTRY,
        DIRECTORY + tree.len() * ENTRY + tree.len() * DIRECTORY + names * ENTRY,
    ];
    let described_at = tables * DIRECTORY + (tree.len() + names + leaves) * ENTRY;
    let mut name = |name: &Name| match name {
        Name::Number(number) => u32::from(*number),
        Name::Text(units) => {
            let at = texts_at + texts.len();
            texts.extend(u16::try_from(units.len()).unwrap_or(u16::MAX).to_le_bytes());
            texts.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
            at as u32 | FLAG
        }
    };
    let head = |names: &mut dyn Iterator<Item = &Name>| {
        let (mut texts, mut numbers) = (0_u16, 0_u16);
        names.for_each(|name| if matches!(name, Name::Text(_)) { texts += 1 } else { numbers += 1 });
        let mut head = [0; DIRECTORY];
        head[12..14].copy_from_slice(&texts.to_le_bytes());
        head[14..16].copy_from_slice(&numbers.to_le_bytes());
        head
    };
    let entry = |name: u32, below: usize, flag: u32| {
        [name.to_le_bytes(), (below as u32 | flag).to_le_bytes()].concat()
    };
    let mut pieces = Vec::new();
    tables_by_level[0].extend(head(&mut tree.keys().copied()));
    for (kind, names) in &tree {
        let below = level_at[1] + tables_by_level[1].len();
        tables_by_level[0].extend(entry(name(kind), below, FLAG));
        tables_by_level[1].extend(head(&mut names.keys().copied()));
        for (one, languages) in names {
            let below = level_at[2] + tables_by_level[2].len();
            tables_by_level[1].extend(entry(name(one), below, FLAG));
            let numbers: Vec<Name> = languages.keys().map(|language| Name::Number(*language)).collect();
            tables_by_level[2].extend(head(&mut numbers.iter()));
            for (language, resource) in languages {
                let below = described_at + described.len();
                tables_by_level[2].extend(entry(u32::from(*language), below, 0));
                described.extend([0; DATA]);
                pieces.push(*resource);
            }
        }
    }
    let data_at = (texts_at + texts.len()).next_multiple_of(ALIGNMENT);
    for (number, resource) in pieces.iter().enumerate() {
        data.resize(data.len().next_multiple_of(ALIGNMENT), 0);
        let size = resource.data.len();
        if data_at + data.len() + size > LARGEST as usize {
            return Err(malformed("its resources would be larger than 256 MiB"));
        }
        let from = address + (data_at + data.len()) as u32;
        let words = [from, size as u32, resource.code_page, 0];
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        described.splice(number * DATA..(number + 1) * DATA, bytes);
        data.extend(&resource.data);
    }
    let mut section = [tables_by_level.concat(), described, texts].concat();
    section.resize(data_at, 0);
    section.extend(data);
    Ok(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(kind: u16, name: Name, language: u16, data: &[u8]) -> Resource {
        Resource { kind: Name::Number(kind), name, language, code_page: 65_001, data: data.to_vec() }
    }

    fn entries(bytes: &[u8], at: usize) -> Result<Vec<(Name, u32)>> {
        super::entries(bytes, at, &mut Left(LARGEST as usize))
    }

    /// A program with nothing but this section of resources, at address 0.
    fn read(section: Vec<u8>) -> Result<Vec<Resource>> {
        let size = section.len() as u32;
        let headers = Headers {
            bytes: Vec::new(),
            coff: 0,
            optional: 0,
            table: 0,
            resource_entry: 0,
            machine: 0,
            subsystem: 0,
            section_alignment: 1,
            file_alignment: 1,
            resource: (0, size),
            security: (0, 0),
            sections: vec![crate::headers::Section {
                name: String::new(),
                virtual_size: size,
                address: 0,
                raw_size: size,
                raw: 0,
            }],
            size: size.into(),
        };
        super::read(&mut std::io::Cursor::new(section), &headers)
    }

    #[test]
    fn what_is_in_many_places_is_not_taken_without_end() {
        // Every entry of a table leads to the same table of the next level, and all to the same data.
        let entries = 1000;
        let size = DIRECTORY + entries * ENTRY;
        let mut section = Vec::new();
        for below in [size as u32 | FLAG, (2 * size as u32) | FLAG, 3 * size as u32] {
            let mut head = [0; DIRECTORY];
            head[14..].copy_from_slice(&(entries as u16).to_le_bytes());
            section.extend(head);
            section.extend([1_u32.to_le_bytes(), below.to_le_bytes()].concat().repeat(entries));
        }
        section.extend([0, 1 << 20, 0, 0_u32].iter().flat_map(|word| word.to_le_bytes()));
        section.resize(section.len() + (1 << 20), 0);
        assert!(read(section).expect_err("a bomb").to_string().contains("256 MiB"));
        // All entries of a table have the same long name.
        let mut section = vec![0; DIRECTORY];
        section[12..14].copy_from_slice(&u16::MAX.to_le_bytes());
        section.extend([(1 << 16 | FLAG).to_le_bytes(), FLAG.to_le_bytes()].concat().repeat(u16::MAX.into()));
        section[1 << 16..][..2].fill(0xff);
        let refusal = super::entries(&section, 0, &mut Left(1 << 20)).expect_err("a bomb").to_string();
        assert!(refusal.contains("256 MiB"));
    }

    #[test]
    fn a_table_that_leads_nowhere_is_refused() {
        assert!(entries(&[0; 15], 0).is_err());
        let mut bytes = vec![0; 16];
        bytes[14] = 9;
        assert!(entries(&bytes, 0).is_err());
        assert!(entries(&bytes, usize::MAX - 20).is_err());
    }

    #[test]
    fn names_come_before_numbers_in_their_order() {
        let text = Name::Text("ABOUT".encode_utf16().collect());
        let all = [
            resource(24, Name::Number(1), 1033, b"x"),
            resource(11, Name::Number(2), 1033, b"yy"),
            resource(11, text.clone(), 0, b"zzz"),
        ];
        let section = write(&all, 0x1000).expect("written");
        let kinds = entries(&section, 0).expect("read");
        assert_eq!(
            kinds.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(),
            [Name::Number(11), Name::Number(24)]
        );
        let below = entries(&section, table(kinds[0].1).expect("a table")).expect("read");
        assert_eq!(below[0].0, text);
        assert_eq!(below[1].0, Name::Number(2));
    }
}
