//! Compresses a file: `squeeze gzip|zstd|xz LEVEL THREADS FILE > OUTPUT`.
use std::io::{self, Write};

use landfall_codecs::{Codec, Encoder};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, level, threads, file] = arguments.as_slice() else {
        return Err(io::Error::other("squeeze gzip|zstd|xz LEVEL THREADS FILE"));
    };
    let level: u32 = level.parse().map_err(io::Error::other)?;
    let codec = match kind.as_str() {
        "gzip" => Codec::gzip(level),
        "zstd" => Codec::Zstd { level: level as i32 },
        _ => Codec::Xz { preset: level },
    };
    let mut encoder = Encoder::new(codec, threads.parse().map_err(io::Error::other)?, io::stdout().lock())?;
    io::copy(&mut std::fs::File::open(file)?, &mut encoder)?;
    encoder.finish()?.flush()
}
