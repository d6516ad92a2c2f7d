//! Digests of files, taken beside the compression: on two processors the one hides behind the other.

use std::io::{self, Read, Write};
use std::marker::PhantomData;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use sha2::digest::Digest;

/// Bytes handed over at once: many small files, so that the threads seldom wake each other.
const CHUNK: usize = 256 << 10;
/// Chunks that may wait, so that memory is bounded.
const WAITING: usize = 8;

/// A piece of the files' content, one file right behind the other.
struct Chunk {
    /// [`CHUNK`] bytes, of which the first `filled` count.
    bytes: Box<[u8]>,
    filled: usize,
    /// Where files end.
    ends: Vec<usize>,
}

impl Chunk {
    fn new() -> Self {
        Self { bytes: vec![0; CHUNK].into(), filled: 0, ends: Vec::new() }
    }
}

/// Takes the digests of files, one after the other, in a thread of its own.
pub(crate) struct Digests<D> {
    current: Chunk,
    full: SyncSender<Chunk>,
    /// Chunks to use again.
    empty: Receiver<Chunk>,
    thread: JoinHandle<Vec<String>>,
    digest: PhantomData<D>,
}

impl<D: Digest> Digests<D> {
    pub(crate) fn start() -> io::Result<Self> {
        let (full, incoming) = sync_channel::<Chunk>(WAITING);
        let (used, empty) = channel();
        let thread = std::thread::Builder::new().name("digests".into()).spawn(move || {
            let mut all = Vec::new();
            let mut current = D::new();
            for mut chunk in incoming {
                let mut at = 0;
                for end in chunk.ends.drain(..) {
                    current.update(&chunk.bytes[at..end]);
                    all.push(hex::encode(std::mem::replace(&mut current, D::new()).finalize()));
                    at = end;
                }
                current.update(&chunk.bytes[at..chunk.filled]);
                chunk.filled = 0;
                // Nobody wants it any more when the last file has ended.
                let _ = used.send(chunk);
            }
            all
        })?;
        Ok(Self { current: Chunk::new(), full, empty, thread, digest: PhantomData })
    }

    /// Copies more of the current file, to the end of `input`, and returns how many bytes.
    ///
    /// # Errors
    /// When the input cannot be read or the output not written.
    pub(crate) fn copy(&mut self, input: &mut impl Read, output: &mut impl Write) -> io::Result<u64> {
        let mut copied = 0;
        loop {
            let room = &mut self.current.bytes[self.current.filled..];
            let count = match input.read(room) {
                Ok(0) => return Ok(copied),
                Ok(count) => count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            output.write_all(&room[..count])?;
            copied += count as u64;
            self.filled(count);
        }
    }

    /// More of the current file.
    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = &mut self.current.bytes[self.current.filled..];
            let (now, later) = bytes.split_at(bytes.len().min(room.len()));
            room[..now.len()].copy_from_slice(now);
            self.filled(now.len());
            bytes = later;
        }
    }

    /// The current file ends.
    pub(crate) fn end(&mut self) {
        self.current.ends.push(self.current.filled);
    }

    /// That many bytes more are in the current chunk, which always has room.
    fn filled(&mut self, count: usize) {
        self.current.filled += count;
        if self.current.filled == CHUNK {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let next = self.empty.try_recv().unwrap_or_else(|_| Chunk::new());
        // It fails only when the thread has ended, which `finish` reports.
        let _ = self.full.send(std::mem::replace(&mut self.current, next));
    }

    /// The digests in hexadecimal, in the order of the files.
    pub(crate) fn finish(mut self) -> io::Result<Vec<String>> {
        self.hand_over();
        drop(self.full);
        self.thread.join().map_err(|_| io::Error::other("the thread that takes digests ended early"))
    }
}

/// Hands on what is read, and takes its digest.
pub(crate) struct Noted<'a, T, D> {
    pub(crate) inner: T,
    pub(crate) digests: &'a mut Digests<D>,
}

impl<T: Read, D: Digest> Read for Noted<'_, T, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.digests.update(&buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Sha256;

    #[test]
    fn digests_come_in_the_order_of_the_files() {
        let mut digests = Digests::<Sha256>::start().unwrap();
        let large = vec![7; 3 * CHUNK + 5];
        let mut noted = Noted { inner: &large[..], digests: &mut digests };
        io::copy(&mut noted, &mut io::sink()).unwrap();
        digests.end();
        digests.end();
        let mut copied = Vec::new();
        for content in [b"abc", &large[..CHUNK], &large] {
            assert_eq!(digests.copy(&mut &content[..], &mut copied).unwrap(), content.len() as u64);
            digests.end();
        }
        assert_eq!(copied, [b"abc", &large[..CHUNK], &large].concat());
        let expected: Vec<String> = [&large[..], b"", b"abc", &large[..CHUNK], &large]
            .iter()
            .map(|bytes| hex::encode(Sha256::digest(bytes)))
            .collect();
        assert_eq!(digests.finish().unwrap(), expected);
    }
}
