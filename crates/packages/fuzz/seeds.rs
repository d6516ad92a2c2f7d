//! Writes a package of each format, and what packages are made of, into `seeds/TARGET`, for the readers to start from.

use landfall_codecs::{Effort, Encoder, Kind};
use landfall_packages::all;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

mod demo;

fn main() -> io::Result<()> {
    for package in all() {
        match demo::write(package, &demo::for_format(package.format())) {
            Ok(bytes) => put(&package.format().to_string(), "demo", &bytes)?,
            Err(error) => eprintln!("{}: {error}", package.format()),
        }
    }
    for kind in [Kind::Gzip, Kind::Zstd, Kind::Xz] {
        let mut encoder = Encoder::new(kind.at(Effort::Fast), 1, Vec::new())?;
        encoder.write_all(b"some content, some content")?;
        put("codecs", kind.name(), &encoder.finish()?)?;
    }
    put("codecs", "bzip2", EMPTY_BZIP2)?;
    put("program", "smallest.exe", &smallest_program())
}

/// bzip2 is only read.
const EMPTY_BZIP2: &[u8] = b"BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0";

fn put(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = Path::new("seeds").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

/// A program of 64-bit Windows with one section, and room for another one in its header.
fn smallest_program() -> Vec<u8> {
    let mut program = vec![0; 0x400];
    let mut put = |at: usize, bytes: &[u8]| program[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &[0x40]);
    put(0x40, b"PE\0\0\x64\x86\x01");
    put(0x54, &[240, 0, 0x22, 0, 0x0b, 0x02]);
    put(0x9c, &[3]);
    for (at, value) in [
        (0x68, 0x1000_u32),
        (0x78, 0x1000),
        (0x7c, 0x200),
        (0x90, 0x2000),
        (0x94, 0x200),
        (0xc4, 16),
        (0x150, 6),
        (0x154, 0x1000),
        (0x158, 0x200),
        (0x15c, 0x200),
        (0x16c, 0x6000_0020),
    ] {
        put(at, &value.to_le_bytes());
    }
    put(0x148, b".text");
    program
}
