//! The version (`VS_VERSIONINFO`): a tree of blocks, each with its length, key and value.

use crate::headers::{u16_at, u32_at};
use crate::{Error, Result};

/// English of the United States, in which the strings are.
pub(crate) const LANGUAGE: u16 = 0x0409;
/// UTF-16.
const CODE_PAGE: u16 = 1200;
/// Begin of `VS_FIXEDFILEINFO`, and its version.
const SIGNATURE: u32 = 0xFEEF_04BD;
const STRUCTURE: u32 = 0x0001_0000;
/// All of 32-bit Windows; a program.
const WINDOWS_NT: u32 = 0x0004_0004;
const PROGRAM: u32 = 1;

/// The version of a program and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// What Windows compares.
    pub number: [u16; 4],
    /// `ProductName`, `CompanyName`, … with their texts, in the order of the file.
    pub strings: Vec<(String, String)>,
}

impl Version {
    /// The number of a semantic version: its three parts and 0.
    ///
    /// # Errors
    /// [`Error::Version`] where a part exceeds 65,535.
    pub fn number(version: &str) -> Result<[u16; 4]> {
        let mut number = [0; 4];
        let release = version.split(['-', '+']).next().unwrap_or_default();
        for (place, part) in number.iter_mut().zip(release.split('.').take(3)) {
            *place = part.parse().map_err(|_| {
                Error::Version(format!(
                    "the version {version} has a part that exceeds 65535, the most that Windows holds"
                ))
            })?;
        }
        Ok(number)
    }

    /// The resource.
    pub(crate) fn data(&self) -> Result<Vec<u8>> {
        let [major, minor, patch, build] = self.number.map(u32::from);
        let (high, low) = (major << 16 | minor, patch << 16 | build);
        let words = [SIGNATURE, STRUCTURE, high, low, high, low, 0x3f, 0, WINDOWS_NT, PROGRAM, 0, 0, 0];
        let fixed: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let strings = self.strings.iter().map(|(name, text)| {
            let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
            let value: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            block(name, Value::Text(&value), &[])
        });
        let strings = strings.collect::<Result<Vec<_>>>()?;
        let table = block(&format!("{LANGUAGE:04x}{CODE_PAGE:04x}"), Value::None, &strings)?;
        let translation = [LANGUAGE.to_le_bytes(), CODE_PAGE.to_le_bytes()].concat();
        let variable = block("Translation", Value::Binary(&translation), &[])?;
        let children = [
            block("StringFileInfo", Value::None, &[table])?,
            block("VarFileInfo", Value::None, &[variable])?,
        ];
        block("VS_VERSION_INFO", Value::Binary(&fixed), &children)
    }

    /// Reads a resource; `None` where it is none.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let root = Block::parse(data)?;
        let fixed = root.value;
        if root.key != "VS_VERSION_INFO" || u32_at(fixed, 0).ok()? != SIGNATURE {
            return None;
        }
        let (high, low) = (u32_at(fixed, 8).ok()?, u32_at(fixed, 12).ok()?);
        let number = [high >> 16, high & 0xffff, low >> 16, low & 0xffff].map(|part| part as u16);
        let mut strings = Vec::new();
        for info in root.children().filter(|info| info.key == "StringFileInfo") {
            for string in info.children().flat_map(|table| table.children().collect::<Vec<_>>()) {
                strings.push((string.key.clone(), text(string.value)));
            }
        }
        Some(Self { number, strings })
    }
}

/// What a block holds, beside further blocks.
enum Value<'a> {
    None,
    Text(&'a [u8]),
    Binary(&'a [u8]),
}

/// A block: length, length of the value, kind, key, value, further blocks; value and blocks begin at multiples of four.
fn block(key: &str, value: Value<'_>, children: &[Vec<u8>]) -> Result<Vec<u8>> {
    let (kind, length, value) = match value {
        Value::None => (1_u16, 0, &[][..]),
        Value::Text(text) => (1, text.len() / 2, text),
        Value::Binary(bytes) => (0, bytes.len(), bytes),
    };
    let too_long = || Error::Version(format!("the text of {key} is too long for a version"));
    let mut block = vec![0; 2];
    block.extend(u16::try_from(length).map_err(|_| too_long())?.to_le_bytes());
    block.extend(kind.to_le_bytes());
    block.extend(key.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    for piece in [value].into_iter().chain(children.iter().map(Vec::as_slice)) {
        if !piece.is_empty() {
            block.resize(block.len().next_multiple_of(4), 0);
            block.extend(piece);
        }
    }
    let length = u16::try_from(block.len()).map_err(|_| too_long())?;
    block[..2].copy_from_slice(&length.to_le_bytes());
    Ok(block)
}

/// A block that was read.
struct Block<'a> {
    key: String,
    value: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Block<'a> {
    fn parse(data: &'a [u8]) -> Option<Self> {
        let length = usize::from(u16_at(data, 0).ok()?);
        let data = data.get(..length)?;
        let value_length = usize::from(u16_at(data, 2).ok()?);
        let is_text = u16_at(data, 4).ok()? == 1;
        let units: Vec<u16> =
            (6..length).step_by(2).map_while(|at| u16_at(data, at).ok()).take_while(|u| *u != 0).collect();
        let value_at = (6 + (units.len() + 1) * 2).next_multiple_of(4).min(length);
        let value_length = if is_text { value_length * 2 } else { value_length };
        let value_end = value_at.checked_add(value_length)?.min(length);
        let rest = data.get(value_end.next_multiple_of(4)..).unwrap_or_default();
        Some(Self { key: String::from_utf16_lossy(&units), value: data.get(value_at..value_end)?, rest })
    }

    fn children(&self) -> impl Iterator<Item = Block<'a>> + use<'a> {
        let mut rest = self.rest;
        std::iter::from_fn(move || {
            let length = usize::from(u16_at(rest, 0).ok()?);
            let child = if length < 6 { None } else { Block::parse(rest) };
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            child
        })
    }
}

/// Text in UTF-16 up to its end.
fn text(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    String::from_utf16_lossy(&units.take_while(|unit| *unit != 0).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_back() {
        let version = Version {
            number: Version::number("1.2.3-rc.1").expect("a number"),
            strings: vec![("ProductName".into(), "Prüfstand".into()), ("CompanyName".into(), String::new())],
        };
        assert_eq!(version.number, [1, 2, 3, 0]);
        let data = version.data().expect("written");
        assert_eq!(Version::parse(&data), Some(version));
        for end in 0..data.len() {
            let _ = Version::parse(&data[..end]);
        }
        assert!(Version::number("1.70000.0").is_err());
        let long = Version { number: [0; 4], strings: vec![("Comments".into(), "x".repeat(40_000))] };
        assert!(long.data().is_err());
    }
}
