//! Digests of files, taken beside the compression: on two processors the one hides behind the other.

use std::io::{self, Read, Write};
use std::marker::PhantomData;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use sha2::digest::Digest;

/// Bytes handed over at once.
const CHUNK: usize = 128 << 10;
/// Chunks that may wait, so that memory is bounded.
const WAITING: usize = 8;

enum Piece {
    Content(Vec<u8>),
    End,
}

/// Takes the digests of files, one after the other, in a thread of its own.
pub(crate) struct Digests<D> {
    pending: Vec<u8>,
    pieces: SyncSender<Piece>,
    thread: JoinHandle<Vec<String>>,
    digest: PhantomData<D>,
}

impl<D: Digest> Digests<D> {
    pub(crate) fn start() -> io::Result<Self> {
        let (pieces, incoming) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("digests".into()).spawn(move || {
            let mut all = Vec::new();
            let mut current = D::new();
            for piece in incoming {
                match piece {
                    Piece::Content(bytes) => current.update(&bytes),
                    Piece::End => all.push(hex::encode(std::mem::replace(&mut current, D::new()).finalize())),
                }
            }
            all
        })?;
        Ok(Self { pending: Vec::with_capacity(CHUNK), pieces, thread, digest: PhantomData })
    }

    /// More of the current file.
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.pending.len()));
            self.pending.extend_from_slice(now);
            bytes = later;
            if self.pending.len() == CHUNK {
                self.hand_over();
            }
        }
    }

    /// The current file ends.
    pub(crate) fn end(&mut self) {
        self.hand_over();
        // It fails only when the thread has ended, which `finish` reports.
        let _ = self.pieces.send(Piece::End);
    }

    fn hand_over(&mut self) {
        if !self.pending.is_empty() {
            let full = std::mem::replace(&mut self.pending, Vec::with_capacity(CHUNK));
            let _ = self.pieces.send(Piece::Content(full));
        }
    }

    /// The digests in hexadecimal, in the order of the files.
    pub(crate) fn finish(self) -> io::Result<Vec<String>> {
        drop(self.pieces);
        self.thread.join().map_err(|_| io::Error::other("the thread that takes digests ended early"))
    }
}

/// Hands on what is read or written, and takes its digest.
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

impl<T: Write, D: Digest> Write for Noted<'_, T, D> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.digests.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
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
        digests.update(b"abc");
        digests.end();
        let expected: Vec<String> =
            [&large[..], b"", b"abc"].iter().map(|bytes| hex::encode(Sha256::digest(bytes))).collect();
        assert_eq!(digests.finish().unwrap(), expected);
    }
}
