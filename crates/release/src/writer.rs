//! Writing one artifact: its file, its size and its digest.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use sha2::{Digest, Sha256};

/// Bytes that are written or read at once.
const BUFFER: usize = 256 << 10;
/// Bytes after which the disk begins to take what was written: at the end little is left to wait for.
const SHARE: u64 = 8 << 20;

/// Writes an artifact and takes its SHA-256: on the way, or, where a format goes back to fill in what it learnt
/// last, from the finished file.
#[derive(Debug)]
pub struct ArtifactWriter {
    file: BufWriter<File>,
    /// Of everything written; none after a seek.
    digest: Option<Sha256>,
    /// Bytes that were written since the disk was last asked.
    pending: u64,
    sync: Option<Syncing>,
}

/// Brings a file to the disk while it is written, in a thread of its own.
#[derive(Debug)]
struct Syncing {
    ask: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Syncing {
    fn start(file: &File) -> io::Result<Self> {
        let file = file.try_clone()?;
        let (ask, asked) = sync_channel(1);
        let thread = thread::Builder::new().name("sync".into()).spawn(move || {
            // An error is told once: it must not be lost here.
            asked.iter().try_for_each(|()| file.sync_data())
        })?;
        Ok(Self { ask, thread })
    }

    fn finish(self) -> io::Result<()> {
        drop(self.ask);
        self.thread.join().map_err(|_| io::Error::other("the thread that syncs the file ended early"))?
    }
}

impl ArtifactWriter {
    /// Creates the file.
    ///
    /// # Errors
    /// When it exists or cannot be created.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::create_new(path)?;
        Ok(Self {
            file: BufWriter::with_capacity(BUFFER, file),
            digest: Some(Sha256::new()),
            pending: 0,
            sync: None,
        })
    }

    /// Takes a file that somebody else has written, to put it on the disk and to take its digest.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn existing(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Self { file: BufWriter::new(file), digest: None, pending: 0, sync: None })
    }

    /// Puts the file on the disk; returns its size in bytes and its SHA-256 in lower-case hexadecimal digits.
    ///
    /// # Errors
    /// When the file cannot be written, or read again.
    pub fn finish(self) -> io::Result<(u64, String)> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let size = file.metadata()?.len();
        let on_disk = file.try_clone()?;
        // The disk and the digest take their time side by side.
        let (synced, digest) = thread::scope(|scope| {
            let syncing = scope.spawn(move || {
                self.sync.map_or(Ok(()), Syncing::finish)?;
                on_disk.sync_all()
            });
            let digest = self.digest.map_or_else(|| digest_of(&mut file), Ok);
            (syncing.join(), digest)
        });
        synced.map_err(|_| io::Error::other("the thread that syncs the file ended early"))??;
        Ok((size, digest?.finalize().iter().map(|b| format!("{b:02x}")).collect()))
    }
}

fn digest_of(file: &mut File) -> io::Result<Sha256> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    file.rewind()?;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(digest),
            count => digest.update(&buffer[..count]),
        }
    }
}

impl Write for ArtifactWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        if let Some(digest) = &mut self.digest {
            digest.update(&bytes[..count]);
        }
        self.pending += count as u64;
        if self.pending >= SHARE {
            self.pending = 0;
            if self.sync.is_none() {
                self.sync = Some(Syncing::start(self.file.get_ref())?);
            }
            // Where it is still at the last share, the next one takes this one along.
            if let Some(sync) = &self.sync {
                let _ = sync.ask.try_send(());
            }
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for ArtifactWriter {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.digest = None;
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let abc = (3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned());
        let mut writer = ArtifactWriter::create(&folder.path().join("forward")).unwrap();
        writer.write_all(b"abc").unwrap();
        assert_eq!(writer.finish().unwrap(), abc);
        // What is filled in later counts where it stands.
        let mut writer = ArtifactWriter::create(&folder.path().join("back")).unwrap();
        writer.seek(SeekFrom::Start(2)).unwrap();
        writer.write_all(b"c").unwrap();
        writer.rewind().unwrap();
        writer.write_all(b"ab").unwrap();
        assert_eq!(writer.finish().unwrap(), abc);
        assert!(ArtifactWriter::create(&folder.path().join("back")).is_err());
    }
}
