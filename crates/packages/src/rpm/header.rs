//! The header structure: an index of tagged entries over a store of data (RPM V4 format, «Header»).
//!
//! All numbers are big-endian. The first index entry is the *region*: it says that everything up to its trailer,
//! which is the last 16 bytes of the store, is as the builder wrote it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

use super::tags::Tag;

/// What a header begins with: magic number, version 1, four reserved bytes.
const MAGIC: [u8; 8] = [0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0];
/// Size of an index entry, and of the region's trailer.
const ENTRY: usize = 16;
/// Most entries in an index (rpm's `hdrchkTags`).
const MAX_ENTRIES: u32 = 0xffff;
/// Largest store in bytes (rpm's `hdrchkData`).
const MAX_STORE: u32 = 0x0fff_ffff;

const NULL: u32 = 0;
const CHAR: u32 = 1;
const INT8: u32 = 2;
const INT16: u32 = 3;
const INT32: u32 = 4;
const INT64: u32 = 5;
const STRING: u32 = 6;
const BINARY: u32 = 7;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// Data of one entry.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Int16(Vec<u16>),
    Int32(Vec<u32>),
    Int64(Vec<u64>),
    String(String),
    StringArray(Vec<String>),
    /// Text in the one locale of the i18n table.
    I18nString(String),
}

impl Value {
    /// Type, alignment and count of the entry.
    fn shape(&self) -> (u32, usize, usize) {
        match self {
            Self::Int16(v) => (INT16, 2, v.len()),
            Self::Int32(v) => (INT32, 4, v.len()),
            Self::Int64(v) => (INT64, 8, v.len()),
            Self::String(_) => (STRING, 1, 1),
            Self::StringArray(v) => (STRING_ARRAY, 1, v.len()),
            Self::I18nString(_) => (I18N_STRING, 1, 1),
        }
    }

    fn write(&self, store: &mut Vec<u8>) {
        match self {
            Self::Int16(v) => v.iter().for_each(|n| store.extend(n.to_be_bytes())),
            Self::Int32(v) => v.iter().for_each(|n| store.extend(n.to_be_bytes())),
            Self::Int64(v) => v.iter().for_each(|n| store.extend(n.to_be_bytes())),
            Self::String(s) | Self::I18nString(s) => write_string(store, s),
            Self::StringArray(v) => v.iter().for_each(|s| write_string(store, s)),
        }
    }
}

/// A string ends with a NUL byte, so one inside would shift everything that follows.
fn write_string(store: &mut Vec<u8>, text: &str) {
    for part in text.split('\0') {
        store.extend_from_slice(part.as_bytes());
    }
    store.push(0);
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int32(vec![number])
    }
}

/// A header that is being written.
#[derive(Debug, Default)]
pub(super) struct HeaderBuilder {
    entries: BTreeMap<Tag, Value>,
}

impl HeaderBuilder {
    /// Sets an entry. An empty array leaves it out: a header has no entry without data.
    pub(super) fn set(&mut self, tag: Tag, value: impl Into<Value>) {
        let value = value.into();
        if value.shape().2 > 0 {
            self.entries.insert(tag, value);
        }
    }

    /// The header's bytes: all entries, sorted by tag, in one region.
    ///
    /// # Errors
    /// When the store exceeds what rpm reads: far too many files.
    pub(super) fn build(&self, region: Tag) -> Result<Vec<u8>, TooLarge> {
        let mut index = Vec::with_capacity((self.entries.len() + 1) * ENTRY);
        let mut store = Vec::new();
        for (&tag, value) in &self.entries {
            let (kind, align, count) = value.shape();
            store.resize(store.len().next_multiple_of(align), 0);
            index.extend(entry(tag, kind, bounded(store.len())?, bounded(count)?));
            value.write(&mut store);
        }
        let total = bounded(self.entries.len() + 1)?;
        let region_entry = entry(region, BINARY, bounded(store.len())?, ENTRY as u32);
        // The trailer's offset is negative and leads from the trailer's start back to the start of the index.
        store.extend(entry(region, BINARY, 0u32.wrapping_sub(total * ENTRY as u32), ENTRY as u32));

        let mut bytes = Vec::with_capacity(16 + ENTRY + index.len() + store.len());
        bytes.extend(MAGIC);
        bytes.extend(total.to_be_bytes());
        bytes.extend(bounded(store.len())?.to_be_bytes());
        bytes.extend(region_entry);
        bytes.extend(index);
        bytes.extend(store);
        Ok(bytes)
    }
}

/// A header that rpm would refuse for its size.
#[derive(Debug)]
pub(super) struct TooLarge;

fn bounded(number: usize) -> Result<u32, TooLarge> {
    u32::try_from(number).ok().filter(|&n| n <= MAX_STORE).ok_or(TooLarge)
}

fn entry(tag: u32, kind: u32, offset: u32, count: u32) -> [u8; ENTRY] {
    let mut bytes = [0; ENTRY];
    for (to, number) in bytes.chunks_exact_mut(4).zip([tag, kind, offset, count]) {
        to.copy_from_slice(&number.to_be_bytes());
    }
    bytes
}

/// A header that was read.
#[derive(Debug)]
pub(super) struct Header {
    index: BTreeMap<Tag, Entry>,
    store: Vec<u8>,
    bytes_before_store: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: u32,
    offset: usize,
    count: usize,
}

impl Header {
    /// Reads a header. Memory grows with what is really there, not with what the header claims.
    ///
    /// # Errors
    /// When it is no header, damaged, or larger than rpm itself allows: says what and where.
    pub(super) fn read(input: &mut dyn Read) -> Result<Self, HeaderError> {
        let mut head = vec![0; 16];
        input.read_exact(&mut head)?;
        if head[..MAGIC.len()] != MAGIC {
            return Err(HeaderError::Bad("no header where one must begin".into()));
        }
        let (entries, size) = (be32(&head[8..]), be32(&head[12..]));
        if entries == 0 || entries > MAX_ENTRIES || size > MAX_STORE {
            return Err(HeaderError::Bad(format!(
                "a header claims {entries} entries and {size} bytes of data"
            )));
        }
        let mut bytes_before_store = head;
        let index_size = entries as usize * ENTRY;
        input.take(index_size as u64).read_to_end(&mut bytes_before_store)?;
        let mut store = Vec::new();
        input.take(u64::from(size)).read_to_end(&mut store)?;
        if bytes_before_store.len() != 16 + index_size || store.len() != size as usize {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }

        let mut index = BTreeMap::new();
        for raw in bytes_before_store[16..].chunks_exact(ENTRY) {
            let (tag, kind, offset, count) = (be32(raw), be32(&raw[4..]), be32(&raw[8..]), be32(&raw[12..]));
            let entry = Entry { kind, offset: offset as usize, count: count as usize };
            let width = match kind {
                NULL => 0,
                CHAR | INT8 | BINARY | STRING | STRING_ARRAY | I18N_STRING => 1,
                INT16 => 2,
                INT32 => 4,
                INT64 => 8,
                _ => return Err(HeaderError::Bad(format!("entry {tag} has the unknown type {kind}"))),
            };
            let fits = entry.count.checked_mul(width).and_then(|n| n.checked_add(entry.offset));
            if fits.is_none_or(|end| end > store.len()) {
                return Err(HeaderError::Bad(format!("entry {tag} lies outside of the header's data")));
            }
            index.entry(tag).or_insert(entry);
        }
        Ok(Self { index, store, bytes_before_store })
    }

    /// The header as it was, for digests.
    pub(super) fn parts(&self) -> [&[u8]; 2] {
        [&self.bytes_before_store, &self.store]
    }

    /// Size in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes_before_store.len() + self.store.len()
    }

    /// Whether the header has such an entry.
    pub(super) fn has(&self, tag: Tag) -> bool {
        self.index.contains_key(&tag)
    }

    /// How many values an entry has; 0 where there is none.
    pub(super) fn count(&self, tag: Tag) -> usize {
        self.index.get(&tag).map_or(0, |e| e.count)
    }

    /// The strings of an entry, the first of them where it is in several languages; nothing where there is none.
    pub(super) fn strings(&self, tag: Tag) -> impl Iterator<Item = Cow<'_, str>> {
        let (mut rest, mut left): (&[u8], usize) = match self.index.get(&tag) {
            Some(e) if e.kind == STRING_ARRAY => (&self.store[e.offset..], e.count),
            Some(e) if e.kind == STRING || e.kind == I18N_STRING => (&self.store[e.offset..], 1),
            _ => (&[], 0),
        };
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let end = rest.iter().position(|&b| b == 0)?;
            let text = String::from_utf8_lossy(&rest[..end]);
            rest = &rest[end + 1..];
            Some(text)
        })
    }

    /// The first string of an entry.
    pub(super) fn string(&self, tag: Tag) -> Option<Cow<'_, str>> {
        self.strings(tag).next()
    }

    /// The numbers of an entry; nothing where there is none.
    pub(super) fn numbers(&self, tag: Tag) -> impl Iterator<Item = u64> {
        let (data, width): (&[u8], usize) = match self.index.get(&tag) {
            Some(e) => {
                let width = match e.kind {
                    INT8 | CHAR => 1,
                    INT16 => 2,
                    INT32 => 4,
                    INT64 => 8,
                    _ => 0,
                };
                (&self.store[e.offset..e.offset + e.count * width], width.max(1))
            }
            None => (&[], 1),
        };
        data.chunks_exact(width).map(|raw| raw.iter().fold(0, |n, &b| n << 8 | u64::from(b)))
    }

    /// The first number of an entry.
    pub(super) fn number(&self, tag: Tag) -> Option<u64> {
        self.numbers(tag).next()
    }
}

fn be32(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |n, &b| n << 8 | u32::from(b))
}

/// Why a header cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum HeaderError {
    /// It is not one, or is damaged.
    #[error("{0}")]
    Bad(String),
    /// It ends too early, or cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::super::tags;
    use super::*;

    fn sample() -> HeaderBuilder {
        let mut h = HeaderBuilder::default();
        h.set(tags::NAME, "demo");
        h.set(tags::EPOCH, 3);
        h.set(tags::FILEMODES, Value::Int16(vec![1, 2, 3]));
        h.set(tags::LONGSIZE, Value::Int64(vec![1 << 40]));
        h.set(tags::BASENAMES, Value::StringArray(vec!["a".into(), String::new(), "ü".into()]));
        h.set(tags::DIRNAMES, Value::StringArray(vec![]));
        h.set(tags::SUMMARY, Value::I18nString("s".into()));
        h
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = sample().build(tags::HEADERIMMUTABLE).unwrap();
        let h = Header::read(&mut bytes.as_slice()).unwrap();
        assert_eq!(h.size(), bytes.len());
        assert_eq!(h.parts().concat(), bytes);
        assert_eq!(h.string(tags::NAME).unwrap(), "demo");
        assert_eq!(h.number(tags::EPOCH), Some(3));
        assert_eq!(h.numbers(tags::FILEMODES).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(h.number(tags::LONGSIZE), Some(1 << 40));
        assert_eq!(h.strings(tags::BASENAMES).collect::<Vec<_>>(), ["a", "", "ü"]);
        assert_eq!(h.string(tags::SUMMARY).unwrap(), "s");
        assert!(!h.has(tags::DIRNAMES));
        assert_eq!(h.strings(tags::DIRNAMES).count(), 0);
        assert_eq!(h.numbers(tags::NAME).count(), 0);
    }

    #[test]
    fn numbers_are_aligned_in_the_store() {
        let bytes = sample().build(tags::HEADERIMMUTABLE).unwrap();
        let h = Header::read(&mut bytes.as_slice()).unwrap();
        for (tag, align) in [(tags::FILEMODES, 2), (tags::EPOCH, 4), (tags::LONGSIZE, 8)] {
            assert_eq!(h.index[&tag].offset % align, 0, "{tag}");
        }
    }

    #[test]
    fn claims_beyond_the_limits_are_refused() {
        let mut bytes = sample().build(tags::HEADERIMMUTABLE).unwrap();
        bytes[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(matches!(Header::read(&mut bytes.as_slice()), Err(HeaderError::Bad(_))));
        bytes[8..12].copy_from_slice(&1u32.to_be_bytes());
        bytes[12..16].copy_from_slice(&0x0fff_0000u32.to_be_bytes());
        assert!(matches!(Header::read(&mut bytes.as_slice()), Err(HeaderError::Io(_))));
    }
}
