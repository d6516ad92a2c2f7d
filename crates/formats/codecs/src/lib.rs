//! Compressed streams whose bytes depend on the content and the parameters alone: not on the number of threads,
//! not on how the content is cut into writes, not on the machine.
//!
//! * gzip (RFC 1952): blocks of fixed size, each compressed with the 32 KiB before it as dictionary, one member.
//! * Zstandard (RFC 8878): always through the multi-thread interface, with pinned job size and tables.
//! * xz: blocks of fixed size.
//!
//! Every encoder works in bounded memory; where a codec needs much of it per thread, fewer threads are used.

#![warn(clippy::unwrap_used)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod decode;
mod gzip;
mod xz;
mod zstandard;

use std::io::{self, Write};

pub use decode::decoder;
pub use gzip::gzip_bytes;

/// How to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Not at all.
    None,
    /// gzip.
    Gzip {
        /// 0 (stored) to 9 (smallest).
        level: u32,
        /// The level of every fourth block, for a place between two levels: they lie far apart in time and size.
        fourth: u32,
    },
    /// Zstandard.
    Zstd {
        /// 1 (fastest) to 22 (smallest).
        level: i32,
    },
    /// xz with LZMA2.
    Xz {
        /// 0 (fastest) to 9 (smallest).
        preset: u32,
    },
}

impl Codec {
    /// gzip at one level, 0 (stored) to 9 (smallest).
    pub const fn gzip(level: u32) -> Self {
        Self::Gzip { level, fourth: level }
    }

    /// The kind of stream that this makes.
    pub fn kind(self) -> Kind {
        match self {
            Self::None => Kind::None,
            Self::Gzip { .. } => Kind::Gzip,
            Self::Zstd { .. } => Kind::Zstd,
            Self::Xz { .. } => Kind::Xz,
        }
    }
}

/// A kind of compressed stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Not compressed.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// xz.
    Xz,
    /// bzip2; only read.
    Bzip2,
}

impl Kind {
    /// The kind of a stream that begins with `head`; six bytes are enough. [`Kind::None`] where it is no known one.
    pub fn sniff(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            _ => Self::None,
        }
    }

    /// The codec of this kind for an effort. A kind that is only read gives [`Codec::None`].
    ///
    /// Measured with 98 MB of executables and sources on two cores (2026), in seconds and MB for fast, default and
    /// best: gzip 0.6/30.7, 0.7/29.6, 1.9/28.7; Zstandard 0.2/25.8, 0.3/23.8, 13/20.3; xz 2.7/25.5, 6.1/21.5,
    /// 16/19.6.
    pub fn at(self, effort: Effort) -> Codec {
        use Effort::{Best, Default, Fast};
        match (self, effort) {
            (Self::None | Self::Bzip2, _) => Codec::None,
            (Self::Gzip, Fast) => Codec::gzip(3),
            (Self::Gzip, Default) => Codec::gzip(5),
            (Self::Gzip, Best) => Codec::gzip(9),
            (Self::Zstd, Fast) => Codec::Zstd { level: 2 },
            (Self::Zstd, Default) => Codec::Zstd { level: 5 },
            (Self::Zstd, Best) => Codec::Zstd { level: 19 },
            (Self::Xz, Fast) => Codec::Xz { preset: 0 },
            (Self::Xz, Default) => Codec::Xz { preset: 2 },
            (Self::Xz, Best) => Codec::Xz { preset: 6 },
        }
    }

    /// Its usual name: `none`, `gzip`, `zstd`, `xz`, `bzip2`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }
}

/// How much work to put into compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effort {
    /// For work in progress.
    Fast,
    /// Small at a good speed.
    Default,
    /// The smallest in bounded memory.
    Best,
}

/// A writer that compresses what is written to it. Nothing is complete before [`Encoder::finish`].
pub struct Encoder<W: Write>(Inner<W>);

enum Inner<W: Write> {
    None(W),
    Gzip(gzip::Encoder<W>),
    Zstd(zstandard::Encoder<W>),
    Xz(xz::Encoder<W>),
}

impl<W: Write> Encoder<W> {
    /// Compresses into `output` with up to `threads` threads (0 counts as 1).
    ///
    /// # Errors
    /// When the level is out of range or memory is short.
    pub fn new(codec: Codec, threads: usize, output: W) -> io::Result<Self> {
        Self::with(codec, threads, true, output)
    }

    /// The same for a container that has a digest of its own over the stream: without the checksum of its content,
    /// where the format may go without one (Zstandard).
    ///
    /// # Errors
    /// As [`Encoder::new`].
    pub fn without_checksum(codec: Codec, threads: usize, output: W) -> io::Result<Self> {
        Self::with(codec, threads, false, output)
    }

    fn with(codec: Codec, threads: usize, checksum: bool, output: W) -> io::Result<Self> {
        Ok(Self(match codec {
            Codec::None => Inner::None(output),
            Codec::Gzip { level, fourth } => {
                Inner::Gzip(gzip::Encoder::new([level, fourth], threads, output)?)
            }
            Codec::Zstd { level } => Inner::Zstd(zstandard::encoder(level, threads, checksum, output)?),
            Codec::Xz { preset } => Inner::Xz(xz::encoder(preset, threads, output)?),
        }))
    }

    /// Completes the stream and returns the output.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Inner::None(output) => Ok(output),
            Inner::Gzip(encoder) => encoder.finish(),
            Inner::Zstd(encoder) => encoder.finish(),
            Inner::Xz(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::None(output) => output.write(data),
            Inner::Gzip(encoder) => encoder.write(data),
            Inner::Zstd(encoder) => encoder.write(data),
            Inner::Xz(encoder) => encoder.write(data),
        }
    }

    /// Does nothing to a compressed stream: a flush would end a block early and so change the bytes.
    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::None(output) => output.flush(),
            _ => Ok(()),
        }
    }
}

fn out_of_range(what: &str, value: impl std::fmt::Display, range: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{what} {value} is out of range {range}"))
}
