//! Writing a compound file in one pass: every size is known before the first byte.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::{
    DIFAT_SECTOR, END_OF_CHAIN, ENTRY, FAT_SECTOR, FREE, HEADER_DIFAT, KIND_ROOT, KIND_STREAM, LARGEST,
    LONGEST_NAME, MAGIC, MINI_LIMIT, MINI_SECTOR, NO_STREAM, SECTOR, sort_key,
};
use crate::Guid;

/// A stream to be written.
#[derive(Debug)]
pub struct Stream {
    /// Its name in the container.
    pub name: String,
    /// Its bytes.
    pub content: Content,
}

/// Bytes of a stream.
#[derive(Debug)]
pub enum Content {
    /// Held in memory.
    Bytes(Vec<u8>),
    /// A file from its first byte to its last, such as a spooled cabinet.
    File(File),
}

impl Content {
    /// Size in bytes.
    ///
    /// # Errors
    /// When the file cannot be asked.
    pub fn size(&self) -> io::Result<u64> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
            Self::File(file) => Ok(file.metadata()?.len()),
        }
    }

    fn copy_to(&mut self, size: u64, output: &mut impl Write) -> io::Result<()> {
        let copied = match self {
            Self::Bytes(bytes) => {
                output.write_all(bytes)?;
                bytes.len() as u64
            }
            Self::File(file) => {
                file.seek(SeekFrom::Start(0))?;
                io::copy(&mut file.take(size), output)?
            }
        };
        if copied == size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// Writes a compound file whose root has the class `class` and these streams. The same streams give the same
/// bytes, in whatever order they come; no time is recorded.
///
/// # Errors
/// When a name is too long or occurs twice, when the file would exceed [`LARGEST`], and when content cannot be
/// read or the output not be written.
pub fn write(class: Guid, mut streams: Vec<Stream>, mut output: impl Write) -> io::Result<()> {
    streams.sort_by_cached_key(|stream| sort_key(&stream.name));
    check_names(&streams)?;
    let sizes = streams.iter().map(|s| s.content.size()).collect::<io::Result<Vec<u64>>>()?;
    let plan = Plan::new(&sizes)?;

    output.write_all(&plan.header())?;
    output.write_all(&plan.difat())?;
    output.write_all(&plan.fat(&sizes))?;
    output.write_all(&plan.directory(class, &streams, &sizes))?;
    output.write_all(&plan.mini_fat(&sizes))?;
    for small in [true, false] {
        let mut written = 0;
        let unit = if small { MINI_SECTOR } else { SECTOR } as u64;
        for (stream, &size) in streams.iter_mut().zip(&sizes).filter(|(_, size)| is_small(**size) == small) {
            stream.content.copy_to(size, &mut output)?;
            let end = size.next_multiple_of(unit);
            output.write_all(&[0; SECTOR][..(end - size) as usize])?;
            written += end;
        }
        let padding = written.next_multiple_of(SECTOR as u64) - written;
        output.write_all(&[0; SECTOR][..padding as usize])?;
    }
    output.flush()
}

fn is_small(size: u64) -> bool {
    size < MINI_LIMIT
}

fn check_names(streams: &[Stream]) -> io::Result<()> {
    for stream in streams {
        let length = stream.name.encode_utf16().count();
        if length == 0 || length > LONGEST_NAME || stream.name.contains(['/', '\\', ':', '!']) {
            return Err(refuse(format!(
                "the stream name {:?}; it must have 1 to {LONGEST_NAME} characters and none of / \\ : !",
                stream.name
            )));
        }
    }
    match streams.windows(2).find(|pair| sort_key(&pair[0].name) == sort_key(&pair[1].name)) {
        Some(pair) => Err(refuse(format!("two streams {:?} and {:?}", pair[0].name, pair[1].name))),
        None => Ok(()),
    }
}

fn check_size(bytes: u64) -> io::Result<()> {
    if bytes <= LARGEST {
        return Ok(());
    }
    Err(refuse(format!(
        "{bytes} bytes; Windows Installer opens files of at most 2 GiB, so put the content into cabinets beside the \
         database"
    )))
}

fn refuse(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("a compound file cannot hold {what}"))
}

/// Where everything lies: sector table, directory, mini sector table, mini stream, large streams, in this order.
struct Plan {
    difat_sectors: u32,
    fat_sectors: u32,
    directory_sectors: u32,
    mini_fat_sectors: u32,
    mini_stream_size: u64,
    mini_stream_sectors: u32,
}

impl Plan {
    fn new(sizes: &[u64]) -> io::Result<Self> {
        let total: u64 = sizes.iter().sum();
        // Before sector numbers could overflow; with the tables it is checked again below.
        check_size(total)?;
        let small = sizes.iter().filter(|size| is_small(**size));
        let mini_stream_size: u64 = small.map(|size| size.next_multiple_of(MINI_SECTOR as u64)).sum();
        let mini_sectors = sectors(mini_stream_size, MINI_SECTOR);
        let mut plan = Self {
            difat_sectors: 0,
            fat_sectors: 0,
            directory_sectors: sectors((sizes.len() as u64 + 1) * ENTRY as u64, SECTOR),
            mini_fat_sectors: sectors(u64::from(mini_sectors) * 4, SECTOR),
            mini_stream_size,
            mini_stream_sectors: sectors(mini_stream_size, SECTOR),
        };
        let large: u32 =
            sizes.iter().filter(|size| !is_small(**size)).map(|size| sectors(*size, SECTOR)).sum();
        let content = plan.directory_sectors + plan.mini_fat_sectors + plan.mini_stream_sectors + large;
        // The table lists its own sectors too.
        loop {
            let all = content + plan.fat_sectors + plan.difat_sectors;
            let fat = sectors(u64::from(all) * 4, SECTOR);
            let difat = fat.saturating_sub(HEADER_DIFAT as u32).div_ceil(SECTOR as u32 / 4 - 1);
            if (fat, difat) == (plan.fat_sectors, plan.difat_sectors) {
                break;
            }
            (plan.fat_sectors, plan.difat_sectors) = (fat, difat);
        }
        let all = content + plan.fat_sectors + plan.difat_sectors;
        check_size((u64::from(all) + 1) * SECTOR as u64)?;
        Ok(plan)
    }

    fn first_fat(&self) -> u32 {
        self.difat_sectors
    }

    fn first_directory(&self) -> u32 {
        self.first_fat() + self.fat_sectors
    }

    fn first_mini_fat(&self) -> u32 {
        self.first_directory() + self.directory_sectors
    }

    fn first_mini_stream(&self) -> u32 {
        self.first_mini_fat() + self.mini_fat_sectors
    }

    fn first_large(&self) -> u32 {
        self.first_mini_stream() + self.mini_stream_sectors
    }

    fn header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(SECTOR);
        header.extend(MAGIC);
        header.extend([0; 16]);
        // Minor and major version, byte order, sizes of sectors and mini sectors as powers of two.
        for number in [0x003E_u16, 3, 0xFFFE, 9, 6, 0, 0, 0] {
            header.extend(number.to_le_bytes());
        }
        let first = |count: u32, sector: u32| if count == 0 { END_OF_CHAIN } else { sector };
        for number in [
            0,
            self.fat_sectors,
            self.first_directory(),
            0,
            MINI_LIMIT as u32,
            first(self.mini_fat_sectors, self.first_mini_fat()),
            self.mini_fat_sectors,
            first(self.difat_sectors, 0),
            self.difat_sectors,
        ] {
            header.extend(number.to_le_bytes());
        }
        for index in 0..HEADER_DIFAT as u32 {
            header.extend(self.fat_sector(index).to_le_bytes());
        }
        header
    }

    /// The sector that holds part `index` of the table.
    fn fat_sector(&self, index: u32) -> u32 {
        if index < self.fat_sectors { self.first_fat() + index } else { FREE }
    }

    fn difat(&self) -> Vec<u8> {
        let per_sector = SECTOR as u32 / 4 - 1;
        let mut bytes = Vec::new();
        for sector in 0..self.difat_sectors {
            let start = HEADER_DIFAT as u32 + sector * per_sector;
            for index in start..start + per_sector {
                bytes.extend(self.fat_sector(index).to_le_bytes());
            }
            let next = if sector + 1 < self.difat_sectors { sector + 1 } else { END_OF_CHAIN };
            bytes.extend(next.to_le_bytes());
        }
        bytes
    }

    fn fat(&self, sizes: &[u64]) -> Vec<u8> {
        let mut table = Table::default();
        table.repeat(DIFAT_SECTOR, self.difat_sectors);
        table.repeat(FAT_SECTOR, self.fat_sectors);
        table.chain(self.directory_sectors);
        table.chain(self.mini_fat_sectors);
        table.chain(self.mini_stream_sectors);
        sizes.iter().filter(|s| !is_small(**s)).for_each(|size| table.chain(sectors(*size, SECTOR)));
        table.into_sectors()
    }

    fn mini_fat(&self, sizes: &[u64]) -> Vec<u8> {
        let mut table = Table::default();
        sizes.iter().filter(|s| is_small(**s)).for_each(|size| table.chain(sectors(*size, MINI_SECTOR)));
        table.into_sectors()
    }

    fn directory(&self, class: Guid, streams: &[Stream], sizes: &[u64]) -> Vec<u8> {
        let tree = siblings(streams.len());
        let root = DirectoryEntry {
            name: "Root Entry",
            kind: KIND_ROOT,
            node: Node { left: NO_STREAM, right: NO_STREAM, red: false },
            child: tree.root,
            class: class.to_windows(),
            start: if self.mini_stream_sectors == 0 { END_OF_CHAIN } else { self.first_mini_stream() },
            size: self.mini_stream_size,
        };
        let mut bytes = root.to_bytes();
        let (mut mini, mut large) = (0, self.first_large());
        for ((stream, &size), node) in streams.iter().zip(sizes).zip(tree.nodes) {
            let (next, unit) = if is_small(size) { (&mut mini, MINI_SECTOR) } else { (&mut large, SECTOR) };
            let start = if size == 0 { END_OF_CHAIN } else { *next };
            *next += sectors(size, unit);
            let entry = DirectoryEntry {
                name: &stream.name,
                kind: KIND_STREAM,
                node,
                child: NO_STREAM,
                class: [0; 16],
                start,
                size,
            };
            bytes.extend(entry.to_bytes());
        }
        while !bytes.len().is_multiple_of(SECTOR) {
            bytes.extend(unused_entry());
        }
        bytes
    }
}

/// How many units of `unit` bytes hold `size` bytes; sizes are checked before.
fn sectors(size: u64, unit: usize) -> u32 {
    size.div_ceil(unit as u64) as u32
}

/// A table of chains under construction.
#[derive(Default)]
struct Table {
    entries: Vec<u32>,
}

impl Table {
    fn repeat(&mut self, mark: u32, count: u32) {
        self.entries.extend((0..count).map(|_| mark));
    }

    /// Adds the next `count` sectors as one chain.
    fn chain(&mut self, count: u32) {
        let start = self.entries.len() as u32;
        self.entries.extend((0..count).map(|i| if i + 1 < count { start + i + 1 } else { END_OF_CHAIN }));
    }

    fn into_sectors(mut self) -> Vec<u8> {
        self.entries.resize(self.entries.len().next_multiple_of(SECTOR / 4), FREE);
        self.entries.into_iter().flat_map(u32::to_le_bytes).collect()
    }
}

struct DirectoryEntry<'a> {
    name: &'a str,
    kind: u8,
    node: Node,
    child: u32,
    class: [u8; 16],
    start: u32,
    size: u64,
}

impl DirectoryEntry<'_> {
    fn to_bytes(&self) -> Vec<u8> {
        let mut name: Vec<u8> = self.name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        // The length counts the final zero.
        let length = name.len() as u16 + 2;
        name.resize(64, 0);
        let mut bytes = name;
        bytes.extend(length.to_le_bytes());
        bytes.extend([self.kind, u8::from(!self.node.red)]);
        for number in [self.node.left, self.node.right, self.child] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.class);
        // State bits, creation and modification time.
        bytes.extend([0; 4 + 8 + 8]);
        bytes.extend(self.start.to_le_bytes());
        bytes.extend(self.size.to_le_bytes());
        bytes
    }
}

fn unused_entry() -> Vec<u8> {
    let mut bytes = vec![0; ENTRY];
    bytes[68..80].fill(0xFF);
    bytes
}

/// A place in the tree of names.
#[derive(Clone, Copy)]
struct Node {
    left: u32,
    right: u32,
    red: bool,
}

struct Siblings {
    root: u32,
    nodes: Vec<Node>,
}

/// A red-black tree over `count` names in order, whose entries begin at 1. Halving keeps every level but the last
/// full, so that all nodes are black but those of an unfinished last level.
fn siblings(count: usize) -> Siblings {
    let mut nodes = vec![Node { left: NO_STREAM, right: NO_STREAM, red: false }; count];
    let full_levels = (count + 1).ilog2();
    let root = halve(&mut nodes, 0, count, 0, full_levels);
    Siblings { root, nodes }
}

fn halve(nodes: &mut [Node], from: usize, to: usize, depth: u32, full_levels: u32) -> u32 {
    if from == to {
        return NO_STREAM;
    }
    let middle = from.midpoint(to);
    let left = halve(nodes, from, middle, depth + 1, full_levels);
    let right = halve(nodes, middle + 1, to, depth + 1, full_levels);
    nodes[middle] = Node { left, right, red: depth >= full_levels };
    // The root entry comes before them.
    middle as u32 + 1
}
