//! The content of one folder, cut into blocks and compressed.

use crate::model::Compression;
use crate::pool::Pool;
use crate::{BLOCK, Result, mszip};

/// Blocks that are compressed as one job, so that threads meet less often. No part of the bytes.
const BATCH: usize = 16 * BLOCK;

/// Where blocks go: the bytes of the content, and the block.
pub(crate) type Sink<'a> = dyn FnMut(u16, &[u8]) -> Result<()> + 'a;

/// Compresses one folder.
pub(crate) enum Encoder {
    None(Vec<u8>),
    Mszip(Mszip),
}

impl Encoder {
    pub(crate) fn new(compression: Compression, threads: usize) -> Result<Self> {
        Ok(match compression {
            Compression::None => Self::None(Vec::with_capacity(BLOCK)),
            Compression::Mszip { level } => Self::Mszip(Mszip::new(level, threads)?),
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
