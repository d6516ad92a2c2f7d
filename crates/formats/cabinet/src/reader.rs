//! Reading cabinets.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use crate::layout::{
    CFDATA, CFFILE, CFFOLDER, CFHEADER, CONTINUED, CfData, MOST_NAME, NEXT_CABINET, PREV_CABINET,
    RESERVE_PRESENT, check_signature, u16_at, u32_at,
};
use crate::model::Method;
use crate::{Attributes, BLOCK, DateTime, Error, Result, error::damaged, mszip};

/// Most bytes of a compressed block: what Quantum, the worst of the methods, may add ([MS-CAB] §2.4).
const MOST_BLOCK: usize = BLOCK + 6144;

/// Reads a cabinet. All numbers in it are checked before they are used.
pub struct Reader<R: Read + Seek> {
    input: BufReader<R>,
    /// Where the cabinet begins in the input.
    origin: u64,
    size: u32,
    set_id: u16,
    index: u16,
    reserved: Vec<u8>,
    /// Bytes reserved in every block (`cbCFData`).
    data_reserve: u8,
    folders: Vec<ReadFolder>,
    members: Vec<Member>,
}

/// A folder of a cabinet that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFolder {
    /// How it is compressed.
    pub method: Method,
    /// Number of its blocks.
    pub blocks: u16,
    /// Area for applications.
    pub reserved: Vec<u8>,
    /// Where its blocks begin in the cabinet.
    offset: u32,
}

/// A file of a cabinet that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name as it is stored, usually with `\` between directories. It may be no safe path: see [`Member::path`].
    pub name: String,
    /// Its size in bytes.
    pub size: u32,
    /// Number of its folder, from 0; `None` where it continues from or in another cabinet.
    pub folder: Option<usize>,
    /// Where it begins in the content of its folder.
    pub offset: u32,
    /// Date and time.
    pub modified: DateTime,
    /// Attributes.
    pub attributes: Attributes,
}

impl Member {
    /// Its name as a relative path with `/` that stays inside the directory in which it is unpacked.
    ///
    /// # Errors
    /// [`Error::Name`] when it would not.
    pub fn path(&self) -> Result<String> {
        let path = self.name.replace('\\', "/");
        let safe = path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains(':');
        let reason = "is not a plain relative path";
        if safe { Ok(path) } else { Err(Error::Name { name: self.name.clone(), reason }) }
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Reads the tables of the cabinet that begins where the input stands.
    ///
    /// # Errors
    /// When it is no cabinet, is damaged, or cannot be read.
    pub fn new(input: R) -> Result<Self> {
        let mut input = BufReader::with_capacity(64 << 10, input);
        let origin = input.stream_position()?;
        let mut head = [0; CFHEADER];
        exactly(&mut input, &mut head)?;
        check_signature(&head)?;
        if head[25] != 1 {
            return Err(Error::Unsupported(format!("its version is {}.{}, not 1", head[25], head[24])));
        }
        let (count, files, flags) = (u16_at(&head, 26), u16_at(&head, 28), u16_at(&head, 30));
        let mut reader = Self {
            input,
            origin,
            size: u32_at(&head, 8),
            set_id: u16_at(&head, 32),
            index: u16_at(&head, 34),
            reserved: Vec::new(),
            data_reserve: 0,
            folders: Vec::new(),
            members: Vec::new(),
        };
        let mut folder_reserve = 0;
        if flags & RESERVE_PRESENT != 0 {
            let mut sizes = [0; 4];
            exactly(&mut reader.input, &mut sizes)?;
            (folder_reserve, reader.data_reserve) = (usize::from(sizes[2]), sizes[3]);
            reader.reserved = bytes(&mut reader.input, usize::from(u16_at(&sizes, 0)))?;
        }
        // Name and disk of the cabinets before and after this one.
        for flag in [PREV_CABINET, PREV_CABINET, NEXT_CABINET, NEXT_CABINET] {
            if flags & flag != 0 {
                string(&mut reader.input)?;
            }
        }
        reader.read_folders(count, folder_reserve)?;
        reader.input.seek(SeekFrom::Start(origin + u64::from(u32_at(&head, 16))))?;
        reader.read_members(files)?;
        Ok(reader)
    }

    /// Its size in bytes, as the header tells it.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Identifier of its set and place in it.
    pub fn set(&self) -> (u16, u16) {
        (self.set_id, self.index)
    }

    /// Area of the header for applications.
    pub fn reserved(&self) -> &[u8] {
        &self.reserved
    }

    /// Its folders.
    pub fn folders(&self) -> &[ReadFolder] {
        &self.folders
    }

    /// Its files.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The content of a folder: that of its files, one after the other.
    ///
    /// # Errors
    /// When there is no such folder or its method is not read here.
    pub fn contents(&mut self, folder: usize) -> Result<Contents<'_, R>> {
        let Some(ReadFolder { method, blocks, offset, .. }) = self.folders.get(folder) else {
            return Err(damaged(format!("there is no folder {folder}")));
        };
        let decoder = Decoder::new(*method)?;
        let blocks = *blocks;
        self.input.seek(SeekFrom::Start(self.origin + u64::from(*offset)))?;
        Ok(Contents {
            reserve: self.data_reserve.into(),
            reader: self,
            blocks,
            decoder,
            block: Vec::new(),
            at: 0,
        })
    }

    /// Calls `take` with every file and its content, folder after folder. What `take` leaves unread is skipped.
    ///
    /// # Errors
    /// When the cabinet is damaged, when a file continues in another one, or when `take` fails.
    pub fn each(&mut self, mut take: impl FnMut(&Member, &mut dyn Read) -> Result<()>) -> Result<()> {
        if let Some(part) = self.members.iter().find(|member| member.folder.is_none()) {
            return Err(Error::Unsupported(format!("{:?} continues in another cabinet", part.name)));
        }
        let mut members = self.members.clone();
        members.sort_by_key(|member| (member.folder, member.offset));
        for members in members.chunk_by(|one, next| one.folder == next.folder) {
            let mut contents = self.contents(members[0].folder.unwrap_or_default())?;
            let mut end = 0;
            for member in members {
                let Some(gap) = u64::from(member.offset).checked_sub(end) else {
                    return Err(damaged(format!("{:?} begins inside another file", member.name)));
                };
                end = u64::from(member.offset) + u64::from(member.size);
                Piece { contents: &mut contents, left: gap }.skip()?;
                let mut piece = Piece { contents: &mut contents, left: member.size.into() };
                take(member, &mut piece)?;
                piece.skip()?;
            }
        }
        Ok(())
    }

    /// Gives the input back, wherever it stands.
    pub fn into_inner(self) -> R {
        self.input.into_inner()
    }

    fn read_folders(&mut self, count: u16, reserve: usize) -> Result<()> {
        for _ in 0..count {
            let mut folder = [0; CFFOLDER];
            exactly(&mut self.input, &mut folder)?;
            self.folders.push(ReadFolder {
                method: Method::from_code(u16_at(&folder, 6)),
                blocks: u16_at(&folder, 4),
                reserved: bytes(&mut self.input, reserve)?,
                offset: u32_at(&folder, 0),
            });
        }
        Ok(())
    }

    fn read_members(&mut self, count: u16) -> Result<()> {
        for _ in 0..count {
            let mut file = [0; CFFILE];
            exactly(&mut self.input, &mut file)?;
            let name = string(&mut self.input)?;
            let folder = u16_at(&file, 8);
            let known = usize::from(folder) < self.folders.len();
            if folder < CONTINUED && !known {
                return Err(damaged(format!("a file is in folder {folder} of {}", self.folders.len())));
            }
            let attributes = Attributes(u16_at(&file, 14));
            self.members.push(Member {
                name: text(name, attributes)?,
                size: u32_at(&file, 0),
                folder: known.then_some(folder.into()),
                offset: u32_at(&file, 4),
                modified: DateTime { date: u16_at(&file, 10), time: u16_at(&file, 12) },
                attributes,
            });
        }
        Ok(())
    }
}

/// What is needed to expand the next block.
enum Decoder {
    None,
    Mszip { history: Vec<u8> },
    Lzx(Box<lzxd::Lzxd>),
}

impl Decoder {
    fn new(method: Method) -> Result<Self> {
        match method {
            Method::None => Ok(Self::None),
            Method::Mszip => Ok(Self::Mszip { history: Vec::new() }),
            Method::Lzx { window } => {
                use lzxd::WindowSize::{KB32, KB64, KB128, KB256, KB512, MB1, MB2};
                let sizes = [KB32, KB64, KB128, KB256, KB512, MB1, MB2];
                match sizes.get(usize::from(window).wrapping_sub(15)) {
                    Some(size) => Ok(Self::Lzx(Box::new(lzxd::Lzxd::new(*size)))),
                    None => Err(damaged(format!("an LZX window of 2^{window} bytes"))),
                }
            }
            Method::Quantum => Err(Error::Unsupported("it is compressed with Quantum".into())),
            Method::Unknown(code) => Err(Error::Unsupported(format!("it is compressed with method {code}"))),
        }
    }

    fn expand(&mut self, block: Vec<u8>, size: usize) -> Result<Vec<u8>> {
        match self {
            Self::None if block.len() == size => Ok(block),
            Self::None => Err(damaged("a stored block has two sizes")),
            Self::Mszip { history } => {
                let content = mszip::expand(history, &block, size)?;
                history.clone_from(&content);
                Ok(content)
            }
            Self::Lzx(state) => match state.decompress_next(&block, size) {
                Ok(content) if content.len() == size => Ok(content.to_vec()),
                Ok(_) => Err(damaged(format!("an LZX block does not have the {size} bytes of its head"))),
                Err(error) => Err(damaged(format!("an LZX block: {error}"))),
            },
        }
    }
}

/// The content of a folder, expanded as it is read. Errors of the cabinet come as `InvalidData`.
pub struct Contents<'a, R: Read + Seek> {
    reader: &'a mut Reader<R>,
    reserve: usize,
    /// Blocks that have not been read.
    blocks: u16,
    decoder: Decoder,
    block: Vec<u8>,
    at: usize,
}

impl<R: Read + Seek> Contents<'_, R> {
    fn next_block(&mut self) -> Result<()> {
        let mut head = [0; CFDATA];
        exactly(&mut self.reader.input, &mut head)?;
        let head = CfData::from_bytes(&head);
        let (compressed, size) = (usize::from(head.compressed), usize::from(head.content));
        if compressed > MOST_BLOCK || size > BLOCK {
            return Err(damaged(format!("a block of {size} bytes in {compressed}")));
        }
        if size == 0 {
            return Err(Error::Unsupported("a block continues in another cabinet".into()));
        }
        let reserved = bytes(&mut self.reader.input, self.reserve)?;
        let block = bytes(&mut self.reader.input, compressed)?;
        if head.checksum != 0 && head.sum(&reserved, &block) != head.checksum {
            return Err(damaged("the checksum of a block is wrong"));
        }
        self.blocks -= 1;
        self.at = 0;
        self.block = self.decoder.expand(block, size)?;
        Ok(())
    }
}

impl<R: Read + Seek> Read for Contents<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() && self.blocks > 0 {
            self.next_block().map_err(invalid)?;
        }
        let taken = buffer.len().min(self.block.len() - self.at);
        buffer[..taken].copy_from_slice(&self.block[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

fn invalid(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        error => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

/// The content of one file.
struct Piece<'a, 'b, R: Read + Seek> {
    contents: &'a mut Contents<'b, R>,
    left: u64,
}

impl<R: Read + Seek> Piece<'_, '_, R> {
    fn skip(&mut self) -> Result<()> {
        io::copy(self, &mut io::sink())?;
        Ok(())
    }
}

impl<R: Read + Seek> Read for Piece<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.contents.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(invalid(damaged("a folder has less content than its files")));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

fn exactly(input: &mut impl Read, buffer: &mut [u8]) -> Result<()> {
    input.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it is cut off"),
        _ => error.into(),
    })
}

/// Reads `count` bytes; `count` is at most 16 bits.
fn bytes(input: &mut impl Read, count: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    exactly(input, &mut bytes)?;
    Ok(bytes)
}

/// Reads a string that a NUL ends.
fn string(input: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MOST_NAME as u64 + 1).read_until(0, &mut bytes)?;
    match bytes.pop() {
        Some(0) => Ok(bytes),
        _ => Err(damaged("a name is longer than 255 bytes or cut off")),
    }
}

/// The characters of a name. What is neither said to be UTF-8 nor is, is in a code page that nobody noted: each byte
/// becomes the character of that number.
fn text(name: Vec<u8>, attributes: Attributes) -> Result<String> {
    match String::from_utf8(name) {
        Ok(name) => Ok(name),
        Err(_) if attributes.contains(Attributes::NAME_IS_UTF8) => Err(damaged("a name is not UTF-8")),
        Err(error) => Ok(error.as_bytes().iter().map(|byte| char::from(*byte)).collect()),
    }
}
