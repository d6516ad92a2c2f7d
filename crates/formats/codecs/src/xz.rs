//! xz in blocks of fixed size.

use std::io::{self, Write};

use liblzma::stream::{Check, Filters, LzmaOptions, MtStreamBuilder};

pub(crate) type Encoder<W> = liblzma::write::XzEncoder<W>;

/// Content of one block. Part of the bytes.
const BLOCK: u64 = 8 << 20;
/// The largest dictionary; an encoder needs about eleven times as much in each thread.
const DICTIONARY: u32 = 3 << 20;
/// Memory that the threads of one encoder may take together.
const MEMORY: u64 = 128 << 20;

/// The presets' own dictionaries (xz(1)), where they are smaller than [`DICTIONARY`].
fn dictionary(preset: u32) -> u32 {
    match preset {
        0 => 256 << 10,
        1 => 1 << 20,
        2 => 2 << 20,
        _ => DICTIONARY,
    }
}

pub(crate) fn encoder<W: Write>(preset: u32, threads: usize, output: W) -> io::Result<Encoder<W>> {
    if preset > 9 {
        return Err(crate::out_of_range("xz preset", preset, "0 to 9"));
    }
    let mut options = LzmaOptions::new_preset(preset)?;
    options.dict_size(dictionary(preset));
    let mut filters = Filters::new();
    filters.lzma2(&options);
    let mut builder = MtStreamBuilder::new();
    // CRC-32 is the check that every reader knows, the smallest ones included.
    builder.filters(filters).block_size(BLOCK).check(Check::Crc32);
    let mut count = u32::try_from(threads.clamp(1, 64)).unwrap_or(1);
    while count > 1 && builder.threads(count).memusage() > MEMORY {
        count -= 1;
    }
    let stream = builder.threads(count).encoder()?;
    Ok(Encoder::new_stream(output, stream))
}
