//! Writing and hashing in one pass.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

/// Passes bytes on, counts them and takes their SHA-256.
pub struct HashingWriter<W> {
    inner: W,
    digest: Sha256,
    size: u64,
}

impl<W: Write> HashingWriter<W> {
    /// Begins with nothing written.
    pub fn new(inner: W) -> Self {
        Self { inner, digest: Sha256::new(), size: 0 }
    }

    /// The writer, the number of bytes and their SHA-256 in hexadecimal digits.
    pub fn finish(self) -> (W, u64, String) {
        let digest = self.digest.finalize().iter().map(|b| format!("{b:02x}")).collect();
        (self.inner, self.size, digest)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.digest.update(&bytes[..n]);
        self.size += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_hashes() {
        let mut writer = HashingWriter::new(Vec::new());
        writer.write_all(b"abc").unwrap();
        let (inner, size, digest) = writer.finish();
        assert_eq!((inner.as_slice(), size), (&b"abc"[..], 3));
        assert_eq!(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
