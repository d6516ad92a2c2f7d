//! Archives as streams: `ar` as Debian packages use it, and `tar`.
//!
//! Writers are deterministic: they write exactly what they are told and add nothing of the machine. Readers treat
//! their input as hostile: no size in a header is trusted for an allocation, names and extension records are
//! bounded, and content is handed on as a stream.

#![warn(clippy::unwrap_used)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod ar;
pub mod tar;

use std::io::{self, Read, Write};

/// Copies `content` and checks that it has exactly `size` bytes.
fn copy_exactly(mut content: impl Read, size: u64, name: &str, output: &mut impl Write) -> io::Result<()> {
    // `io::copy` would read in pieces of 8 KiB.
    let mut buffer = vec![0; size.clamp(1, 128 << 10) as usize];
    let mut copied = 0;
    while copied < size {
        let most = buffer.len().min(usize::try_from(size - copied).unwrap_or(usize::MAX));
        let count = read_up_to(&mut content, &mut buffer[..most])?;
        output.write_all(&buffer[..count])?;
        copied += count as u64;
        if count < most {
            break;
        }
    }
    if copied < size {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("{name}: the content ends after {copied} of {size} bytes"),
        ));
    }
    if read_up_to(&mut content, &mut [0])? != 0 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{name}: the content has more than {size} bytes"),
        ));
    }
    Ok(())
}

/// Reads and drops `count` bytes.
fn skip(input: &mut impl Read, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut input.by_ref().take(count), &mut io::sink())?;
    if skipped < count { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// Fills `buffer` as far as the input goes and returns how far.
fn read_up_to(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

fn damaged(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

fn inexpressible(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what.into())
}
