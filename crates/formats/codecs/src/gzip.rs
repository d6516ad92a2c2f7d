//! gzip in blocks that are compressed side by side.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Content of one block. Part of the bytes: never to be changed without need.
const BLOCK: usize = 512 << 10;
/// How far back deflate can refer.
const WINDOW: usize = 32 << 10;

/// The member header (RFC 1952 §2.3): deflate, no flags, no time, unknown system.
fn header(level: u32) -> [u8; 10] {
    let extra_flags = match level {
        9 => 2,
        1 => 4,
        _ => 0,
    };
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extra_flags, 255]
}

/// One block to compress.
struct Job {
    level: u32,
    /// Up to [`WINDOW`] bytes of history, then the content from `start` on.
    data: Vec<u8>,
    start: usize,
    last: bool,
    reply: SyncSender<io::Result<Block>>,
}

/// One compressed block.
struct Block {
    compressed: Vec<u8>,
    crc: Crc,
}

/// Compresses one block: `data` from `start` on, with what stands before it as dictionary.
fn compress(level: u32, data: &[u8], start: usize, last: bool) -> io::Result<Block> {
    let (history, content) = data.split_at(start);
    // A new state for every block: a reset one keeps traces of earlier blocks that reach the bytes.
    let mut state = Compress::new(Compression::new(level), false);
    if !history.is_empty() {
        state.set_dictionary(history).map_err(io::Error::other)?;
    }
    let mut compressed = Vec::with_capacity(content.len() / 2 + 1024);
    // A sync flush ends on a byte boundary, so that blocks can be joined.
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    loop {
        let rest = content.get(state.total_in() as usize..).unwrap_or_default();
        let status = state.compress_vec(rest, &mut compressed, flush).map_err(io::Error::other)?;
        let done = match flush {
            FlushCompress::Finish => status == Status::StreamEnd,
            _ => state.total_in() == content.len() as u64 && compressed.len() < compressed.capacity(),
        };
        if done {
            break;
        }
        compressed.reserve(compressed.capacity());
    }
    let mut crc = Crc::new();
    crc.update(content);
    Ok(Block { compressed, crc })
}

/// Writes one gzip member.
pub(crate) struct Encoder<W: Write> {
    output: W,
    /// Of most blocks, and of every fourth.
    levels: [u32; 2],
    blocks: u64,
    /// History and the content of the block that is being filled.
    data: Vec<u8>,
    start: usize,
    crc: Crc,
    length: u64,
    work: Work,
}

enum Work {
    Here,
    Threads { jobs: SyncSender<Job>, pending: VecDeque<Receiver<io::Result<Block>>>, most: usize },
}

impl<W: Write> Encoder<W> {
    pub(crate) fn new(levels: [u32; 2], threads: usize, mut output: W) -> io::Result<Self> {
        if let Some(level) = levels.into_iter().find(|level| *level > 9) {
            return Err(crate::out_of_range("gzip level", level, "0 to 9"));
        }
        output.write_all(&header(levels[0]))?;
        let work = if threads <= 1 {
            Work::Here
        } else {
            // Twice the threads: each has the next block waiting while the writer waits for the oldest.
            let most = threads * 2;
            let (jobs, queue) = sync_channel::<Job>(most);
            let queue = Arc::new(Mutex::new(queue));
            for _ in 0..threads {
                let queue = Arc::clone(&queue);
                thread::Builder::new().name("gzip".into()).spawn(move || worker(&queue))?;
            }
            Work::Threads { jobs, pending: VecDeque::with_capacity(most), most }
        };
        Ok(Self {
            output,
            levels,
            blocks: 0,
            data: Vec::with_capacity(BLOCK),
            start: 0,
            crc: Crc::new(),
            length: 0,
            work,
        })
    }

    /// Compresses what has gathered and keeps its end as history.
    fn end_block(&mut self, last: bool) -> io::Result<()> {
        let mut next = Vec::with_capacity(if last { 0 } else { WINDOW + BLOCK });
        if !last {
            next.extend_from_slice(&self.data[self.data.len().saturating_sub(WINDOW)..]);
        }
        let data = std::mem::replace(&mut self.data, next);
        let start = std::mem::replace(&mut self.start, self.data.len());
        self.length += (data.len() - start) as u64;
        let level = self.levels[usize::from(self.blocks % 4 == 3)];
        self.blocks += 1;
        match &mut self.work {
            Work::Here => {
                let block = compress(level, &data, start, last)?;
                self.emit(&block)
            }
            Work::Threads { jobs, pending, most } => {
                let oldest = if pending.len() >= *most { pending.pop_front() } else { None };
                let (reply, answer) = sync_channel(1);
                pending.push_back(answer);
                jobs.send(Job { level, data, start, last, reply }).map_err(|_| ended())?;
                match oldest {
                    Some(oldest) => self.emit(&oldest.recv().map_err(|_| ended())??),
                    None => Ok(()),
                }
            }
        }
    }

    fn emit(&mut self, block: &Block) -> io::Result<()> {
        self.crc.combine(&block.crc);
        self.output.write_all(&block.compressed)
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.end_block(true)?;
        if let Work::Threads { pending, .. } = &mut self.work {
            for answer in std::mem::take(pending) {
                let block = answer.recv().map_err(|_| ended())??;
                self.emit(&block)?;
            }
        }
        self.output.write_all(&self.crc.sum().to_le_bytes())?;
        // RFC 1952: the size modulo 2^32.
        self.output.write_all(&(self.length as u32).to_le_bytes())?;
        Ok(self.output)
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        // A full block waits for one byte more, so that the last block is never empty behind another.
        if self.data.len() - self.start == BLOCK && !data.is_empty() {
            self.end_block(false)?;
        }
        let taken = data.len().min(BLOCK - (self.data.len() - self.start));
        self.data.extend_from_slice(&data[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn worker(queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Nobody waits for the answer when the encoder was dropped.
        let _ = job.reply.send(compress(job.level, &job.data, job.start, job.last));
    }
}

fn ended() -> io::Error {
    io::Error::other("a compression thread ended early")
}

/// Compresses a small piece of data into one gzip member without name or time.
///
/// # Errors
/// When the level is above 9.
pub fn gzip_bytes(data: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let mut encoder = Encoder::new([level; 2], 1, Vec::new())?;
    encoder.write_all(data)?;
    encoder.finish()
}
