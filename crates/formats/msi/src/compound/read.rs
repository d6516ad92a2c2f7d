//! Reading compound files of versions 3 and 4, whoever wrote them. No chain or size is trusted.

use std::io::{self, Read, Seek, SeekFrom};

use super::{
    END_OF_CHAIN, ENTRY, FREE, HEADER_DIFAT, KIND_ROOT, KIND_STREAM, MAGIC, MINI_LIMIT, MINI_SECTOR,
    NO_STREAM,
};

/// Most streams that a file may have.
const MOST_ENTRIES: usize = 1 << 16;
/// Largest file that is opened.
const LARGEST_FILE: u64 = 4 << 30;

/// An opened compound file.
#[derive(Debug)]
pub struct CompoundFile<R> {
    input: R,
    sector_size: usize,
    /// Number of sectors in the file.
    sectors: u32,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini_stream: Vec<u32>,
    mini_stream_size: u64,
    class: [u8; 16],
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    name: String,
    start: u32,
    size: u64,
}

impl<R: Read + Seek> CompoundFile<R> {
    /// Opens a compound file and reads its tables.
    ///
    /// # Errors
    /// When it is none, is damaged, or cannot be read.
    pub fn open(mut input: R) -> io::Result<Self> {
        let length = input.seek(SeekFrom::End(0))?;
        input.seek(SeekFrom::Start(0))?;
        let mut header = [0; 512];
        input.read_exact(&mut header).map_err(|_| damaged("it is shorter than a header"))?;
        if header[..8] != MAGIC {
            return Err(damaged("it does not begin as one"));
        }
        let half = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let word = |at: usize| word_at(&header, at);
        let sector_size = match (half(26), half(30)) {
            (3, 9) => 512,
            (4, 12) => 4096,
            _ => return Err(damaged("it is neither of version 3 nor of version 4")),
        };
        if half(32) != 6 || u64::from(word(56)) != MINI_LIMIT {
            return Err(damaged("its mini stream has an unknown shape"));
        }
        if length > LARGEST_FILE {
            return Err(damaged("it is larger than 4 GiB"));
        }
        let sectors = (length / sector_size as u64).saturating_sub(1) as u32
            + u32::from(length % sector_size as u64 != 0 && length > sector_size as u64);
        let mut file = Self {
            input,
            sector_size,
            sectors,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini_stream: Vec::new(),
            mini_stream_size: 0,
            class: [0; 16],
            entries: Vec::new(),
        };
        file.read_fat(&header)?;
        let mini_fat = file.chain(word(60))?;
        file.mini_fat = file.read_numbers(&mini_fat)?;
        let directory = file.chain(word(48))?;
        file.read_directory(&directory)?;
        Ok(file)
    }

    /// Class of the root, as it stands in the file.
    pub fn class(&self) -> [u8; 16] {
        self.class
    }

    /// Names and sizes of the root's streams, in the order of the directory.
    pub fn streams(&self) -> impl Iterator<Item = (&str, u64)> {
        self.entries.iter().map(|entry| (entry.name.as_str(), entry.size))
    }

    /// Opens the stream `name`; `None` when there is none.
    ///
    /// # Errors
    /// When its chain of sectors is damaged.
    pub fn stream(&mut self, name: &str) -> io::Result<Option<StreamReader<'_, R>>> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name).cloned() else {
            return Ok(None);
        };
        let small = entry.size < MINI_LIMIT;
        let (chain, unit) = if entry.size == 0 {
            (Vec::new(), 1)
        } else if small {
            let wanted = entry.size.div_ceil(MINI_SECTOR as u64) as usize;
            (follow(&self.mini_fat, entry.start, wanted)?, MINI_SECTOR)
        } else {
            let wanted = entry.size.div_ceil(self.sector_size as u64) as usize;
            (follow(&self.fat, entry.start, wanted)?, self.sector_size)
        };
        if entry.size > (chain.len() * unit) as u64 {
            return Err(damaged(&format!("the stream {name:?} is shorter than it says")));
        }
        Ok(Some(StreamReader { file: self, chain, unit, small, size: entry.size, position: 0 }))
    }

    fn read_fat(&mut self, header: &[u8; 512]) -> io::Result<()> {
        let mut places: Vec<u32> = (0..HEADER_DIFAT).map(|i| word_at(header, 76 + i * 4)).collect();
        let mut next = word_at(header, 68);
        let mut seen = 0;
        while next != END_OF_CHAIN && next != FREE {
            seen += 1;
            if seen > self.sectors {
                return Err(damaged("its sector table runs in a circle"));
            }
            let mut numbers = self.read_numbers(&[next])?;
            next = numbers.pop().unwrap_or(END_OF_CHAIN);
            places.extend(numbers);
        }
        places.retain(|place| *place != FREE);
        // A table longer than the file lists nothing that could be read.
        if places.len() > self.sectors as usize {
            return Err(damaged("its sector table is larger than itself"));
        }
        self.fat = self.read_numbers(&places)?;
        Ok(())
    }

    fn read_directory(&mut self, sectors: &[u32]) -> io::Result<()> {
        let mut raw_entries = Vec::new();
        for &sector in sectors {
            let mut bytes = vec![0; self.sector_size];
            self.read_sector(sector, 0, &mut bytes)?;
            raw_entries.extend(bytes.chunks_exact(ENTRY).map(<[u8]>::to_vec));
            if raw_entries.len() > MOST_ENTRIES {
                return Err(damaged("it has more than 65,536 streams"));
            }
        }
        let Some(root) = raw_entries.first().filter(|root| root[66] == KIND_ROOT) else {
            return Err(damaged("its directory has no root"));
        };
        self.class.copy_from_slice(&root[80..96]);
        self.mini_stream_size = size_of(root);
        let start = word_at(root, 116);
        let first = word_at(root, 76);
        self.mini_stream = if self.mini_stream_size == 0 { Vec::new() } else { self.chain(start)? };

        let mut seen = vec![false; raw_entries.len()];
        let mut open = vec![first];
        while let Some(index) = open.pop() {
            if index == NO_STREAM {
                continue;
            }
            let Some(raw) = raw_entries.get(index as usize) else {
                return Err(damaged("its directory points outside itself"));
            };
            if std::mem::replace(&mut seen[index as usize], true) {
                return Err(damaged("its directory runs in a circle"));
            }
            open.extend([word_at(raw, 68), word_at(raw, 72)]);
            if raw[66] == KIND_STREAM {
                let name = name_of(raw)?;
                self.entries.push(Entry { name, start: word_at(raw, 116), size: size_of(raw) });
            }
        }
        // Streams that share their sectors would be more to read than the file is long.
        let size_of_all = |small: bool| {
            let sizes = self.entries.iter().map(|entry| entry.size);
            sizes.filter(|size| (*size < MINI_LIMIT) == small).sum::<u64>()
        };
        let size = u64::from(self.sectors) * self.sector_size as u64;
        if size_of_all(true) > self.mini_stream_size || size_of_all(false) + self.mini_stream_size > size {
            return Err(damaged("its streams are larger than itself"));
        }
        // In the order in which the names are sorted, however the tree is shaped.
        self.entries.sort_by_cached_key(|entry| super::sort_key(&entry.name));
        Ok(())
    }

    /// A whole chain.
    fn chain(&self, start: u32) -> io::Result<Vec<u32>> {
        let most = self.sectors as usize;
        let chain = follow(&self.fat, start, most + 1)?;
        if chain.len() > most { Err(damaged("a chain of sectors runs in a circle")) } else { Ok(chain) }
    }

    /// Reads whole sectors of numbers.
    fn read_numbers(&mut self, sectors: &[u32]) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        let mut bytes = vec![0; self.sector_size];
        for &sector in sectors {
            self.read_sector(sector, 0, &mut bytes)?;
            numbers.extend(bytes.chunks_exact(4).map(|chunk| word_at(chunk, 0)));
        }
        Ok(numbers)
    }

    /// Reads within one sector. The last sector of a file may be cut short; what is missing is zero.
    fn read_sector(&mut self, sector: u32, offset: usize, bytes: &mut [u8]) -> io::Result<()> {
        if sector >= self.sectors {
            return Err(damaged("a chain leaves the file"));
        }
        let start = (u64::from(sector) + 1) * self.sector_size as u64 + offset as u64;
        self.input.seek(SeekFrom::Start(start))?;
        let mut filled = 0;
        while filled < bytes.len() {
            match self.input.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        bytes[filled..].fill(0);
        Ok(())
    }
}

/// The content of a stream.
#[derive(Debug)]
pub struct StreamReader<'f, R> {
    file: &'f mut CompoundFile<R>,
    chain: Vec<u32>,
    unit: usize,
    small: bool,
    size: u64,
    position: u64,
}

impl<R> StreamReader<'_, R> {
    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl<R: Read + Seek> Read for StreamReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let within = (self.position % self.unit as u64) as usize;
        let left = usize::try_from(self.size - self.position).unwrap_or(usize::MAX);
        let count = buffer.len().min(left).min(self.unit - within);
        if count == 0 {
            return Ok(0);
        }
        let unit = self.chain[(self.position / self.unit as u64) as usize];
        let bytes = &mut buffer[..count];
        if self.small {
            let at = unit as usize * MINI_SECTOR + within;
            let sector = self.file.mini_stream.get(at / self.file.sector_size).copied();
            let sector = sector.ok_or_else(|| damaged("its mini stream is shorter than it says"))?;
            self.file.read_sector(sector, at % self.file.sector_size, bytes)?;
        } else {
            self.file.read_sector(unit, within, bytes)?;
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for StreamReader<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.position = position.min(self.size);
        Ok(self.position)
    }
}

/// The first sectors of a chain, as many as are wanted or there are.
fn follow(table: &[u32], start: u32, wanted: usize) -> io::Result<Vec<u32>> {
    let mut chain = Vec::new();
    let mut next = start;
    while next != END_OF_CHAIN && next != FREE && chain.len() < wanted {
        chain.push(next);
        next = *table.get(next as usize).ok_or_else(|| damaged("a chain of sectors leaves the table"))?;
    }
    Ok(chain)
}

fn word_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn size_of(raw: &[u8]) -> u64 {
    // Version 3 leaves the upper half undefined, and no file of version 4 is opened that needs it.
    u64::from(word_at(raw, 120))
}

fn name_of(raw: &[u8]) -> io::Result<String> {
    let length = usize::from(u16::from_le_bytes([raw[64], raw[65]]));
    if !(2..=64).contains(&length) || length % 2 != 0 {
        return Err(damaged("a stream's name has an impossible length"));
    }
    let units: Vec<u16> =
        raw[..length - 2].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).map_err(|_| damaged("a stream's name is no text"))
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not a readable compound file: {what}"))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{Content, Stream, write};
    use super::*;
    use crate::Guid;

    /// Offset of the directory entry with this name.
    fn entry(file: &[u8], name: u8) -> usize {
        file.chunks(ENTRY).position(|entry| entry.starts_with(&[name, 0, 0, 0])).unwrap() * ENTRY
    }

    #[test]
    fn streams_that_share_their_sectors_are_refused() {
        for size in [1000, 10_000] {
            let stream = |name: &str| Stream { name: name.into(), content: Content::Bytes(vec![1; size]) };
            let mut file = Vec::new();
            let class: Guid = "{000C1084-0000-0000-C000-000000000046}".parse().unwrap();
            write(class, vec![stream("a"), stream("b")], &mut file).unwrap();
            assert_eq!(CompoundFile::open(Cursor::new(&file)).unwrap().streams().count(), 2);
            // The same file, but the first stream says that it is as long as both, and takes what is the other's.
            let at = entry(&file, b'a') + 120;
            file[at..at + 4].copy_from_slice(&(3 * size as u32).to_le_bytes());
            let refusal = CompoundFile::open(Cursor::new(&file)).unwrap_err().to_string();
            assert!(refusal.ends_with("its streams are larger than itself"), "{refusal}");
        }
    }
}
