//! Reading compressed streams.

use std::io::{self, BufReader, Read};

use liblzma::stream::{CONCATENATED, Stream};

use crate::Kind;

/// Memory that an xz stream may ask for: enough for the largest preset (64 MiB dictionary).
const XZ_MEMORY: u64 = 80 << 20;
/// The largest Zstandard window, as a power of two: 128 MiB, the limit of the reference decoder.
const ZSTD_WINDOW_LOG: u32 = 27;

/// Decompresses `input`, whatever number of members, frames or streams it holds, in bounded memory.
///
/// # Errors
/// When memory is short. Damage shows when the result is read.
pub fn decoder<'a>(kind: Kind, input: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match kind {
        Kind::None => Box::new(input),
        Kind::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::new(input))),
        Kind::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(input)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
        Kind::Xz => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(BufReader::new(input), stream))
        }
        Kind::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(input)),
    })
}
