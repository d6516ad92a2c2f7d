//! The content of one folder, cut into blocks and compressed.

use crate::model::Compression;
use crate::pool::Pool;
use crate::{BLOCK, Result, lzx, mszip};

/// Blocks that are compressed as one job, so that threads meet less often. No part of the bytes.
const BATCH: usize = 16 * BLOCK;

/// Where blocks go: the bytes of the content, and the block.
pub(crate) type Sink<'a> = dyn FnMut(u16, &[u8]) -> Result<()> + 'a;

/// Compresses one folder.
pub(crate) enum Encoder {
    None(Vec<u8>),
    Mszip(Mszip),
    Lzx(Lzx),
}

impl Encoder {
    /// Compresses a folder with `size` bytes of content.
    pub(crate) fn new(compression: Compression, size: u64, threads: usize) -> Result<Self> {
        Ok(match compression {
            Compression::None => Self::None(Vec::with_capacity(BLOCK)),
            Compression::Mszip { level } => Self::Mszip(Mszip::new(level, threads)?),
            Compression::Lzx { window } => Self::Lzx(Lzx::new(window, size, threads)?),
        })
    }

    /// Takes content; blocks that are ready go to `sink`.
    pub(crate) fn write(&mut self, mut data: &[u8], sink: &mut Sink<'_>) -> Result<()> {
        while !data.is_empty() {
            let taken = match self {
                Self::None(block) => {
                    let taken = data.len().min(BLOCK - block.len());
                    block.extend_from_slice(&data[..taken]);
                    if block.len() == BLOCK {
                        sink(BLOCK as u16, block)?;
                        block.clear();
                    }
                    taken
                }
                Self::Mszip(encoder) => encoder.write(data, sink)?,
                Self::Lzx(encoder) => encoder.write(data, sink)?,
            };
            data = &data[taken..];
        }
        Ok(())
    }

    /// Ends the folder.
    pub(crate) fn finish(self, sink: &mut Sink<'_>) -> Result<()> {
        match self {
            Self::None(block) if block.is_empty() => Ok(()),
            Self::None(block) => sink(block.len() as u16, &block),
            Self::Mszip(encoder) => encoder.finish(sink),
            Self::Lzx(encoder) => encoder.finish(sink),
        }
    }
}

/// Blocks as they were compressed, with the bytes of their content.
type Batch = std::io::Result<Vec<(u16, Vec<u8>)>>;

pub(crate) struct Mszip {
    /// The block before, and the content that is gathered.
    data: Vec<u8>,
    start: usize,
    pool: Pool<(Vec<u8>, usize), Batch>,
}

impl Mszip {
    fn new(level: u32, threads: usize) -> Result<Self> {
        let pool = Pool::new(threads, move |(data, start): (Vec<u8>, usize)| {
            let blocks = mszip::compress(level, &data, start)?;
            let sizes = data[start..].chunks(BLOCK).map(|content| content.len() as u16);
            Ok(sizes.zip(blocks).collect())
        })?;
        Ok(Self { data: Vec::with_capacity(BATCH), start: 0, pool })
    }

    fn write(&mut self, data: &[u8], sink: &mut Sink<'_>) -> Result<usize> {
        let taken = data.len().min(BATCH - (self.data.len() - self.start));
        self.data.extend_from_slice(&data[..taken]);
        if self.data.len() - self.start == BATCH {
            self.give_out(sink)?;
        }
        Ok(taken)
    }

    fn give_out(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let mut next = Vec::with_capacity(BLOCK + BATCH);
        next.extend_from_slice(&self.data[self.data.len().saturating_sub(BLOCK)..]);
        let start = std::mem::replace(&mut self.start, next.len());
        let data = std::mem::replace(&mut self.data, next);
        match self.pool.push((data, start))? {
            Some(batch) => emit(batch, sink),
            None => Ok(()),
        }
    }

    fn finish(mut self, sink: &mut Sink<'_>) -> Result<()> {
        if self.data.len() > self.start {
            self.give_out(sink)?;
        }
        while let Some(batch) = self.pool.pop()? {
            emit(batch, sink)?;
        }
        Ok(())
    }
}

fn emit(batch: Batch, sink: &mut Sink<'_>) -> Result<()> {
    batch?.iter().try_for_each(|(content, block)| sink(*content, block))
}

/// A segment as it was parsed, with its content.
type ParsedSegment = (Vec<lzx::Parsed>, Vec<u8>, usize);

pub(crate) struct Lzx {
    /// History as far as the window reaches, and the content that is gathered. The history is translated.
    data: Vec<u8>,
    start: usize,
    /// Where the gathered content begins in the folder.
    position: u64,
    window: u8,
    translated: i32,
    emitter: lzx::Emitter,
    pool: Pool<(Vec<u8>, usize), ParsedSegment>,
}

impl Lzx {
    fn new(window: u8, size: u64, threads: usize) -> Result<Self> {
        // Folders are smaller than 2 GiB.
        let translated = i32::try_from(size).unwrap_or(i32::MAX);
        let pool = Pool::new(threads, move |(data, start): (Vec<u8>, usize)| {
            (lzx::parse(&data, start, window), data, start)
        })?;
        let emitter = lzx::Emitter::new(window, translated);
        Ok(Self { data: Vec::new(), start: 0, position: 0, window, translated, emitter, pool })
    }

    fn write(&mut self, data: &[u8], sink: &mut Sink<'_>) -> Result<usize> {
        let taken = data.len().min(lzx::SEGMENT - (self.data.len() - self.start));
        self.data.extend_from_slice(&data[..taken]);
        if self.data.len() - self.start == lzx::SEGMENT {
            self.give_out(sink)?;
        }
        Ok(taken)
    }

    fn give_out(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        lzx::translate(&mut self.data[self.start..], self.position, self.translated);
        self.position += (self.data.len() - self.start) as u64;
        let history = self.data[self.data.len().saturating_sub(1 << self.window)..].to_vec();
        let start = std::mem::replace(&mut self.start, history.len());
        let data = std::mem::replace(&mut self.data, history);
        match self.pool.push((data, start))? {
            Some(parsed) => self.emit(parsed, sink),
            None => Ok(()),
        }
    }

    fn emit(&mut self, (blocks, data, start): ParsedSegment, sink: &mut Sink<'_>) -> Result<()> {
        let mut rest = &data[start..];
        for block in blocks {
            let (content, next) = rest.split_at(block.size);
            self.emitter.block(&block, content, &mut |size, frame| sink(size as u16, &frame))?;
            rest = next;
        }
        Ok(())
    }

    fn finish(mut self, sink: &mut Sink<'_>) -> Result<()> {
        if self.data.len() > self.start {
            self.give_out(sink)?;
        }
        while let Some(parsed) = self.pool.pop()? {
            self.emit(parsed, sink)?;
        }
        self.emitter.finish(&mut |size, frame| sink(size as u16, &frame))
    }
}
