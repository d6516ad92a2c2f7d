//! Zstandard through its multi-thread interface.

use std::io::{self, Write};

use zstd::zstd_safe::CParameter;

pub(crate) type Encoder<W> = zstd::stream::write::Encoder<'static, W>;

/// Content of one job. Part of the bytes.
const JOB: u32 = 4 << 20;

/// Levels from here on are held to a window of 4 MiB with smaller tables: a tenth of the memory for half a
/// percent of the size.
const STRONG: i32 = 10;

pub(crate) fn encoder<W: Write>(level: i32, threads: usize, output: W) -> io::Result<Encoder<W>> {
    if !(1..=22).contains(&level) {
        return Err(crate::out_of_range("zstd level", level, "1 to 22"));
    }
    let strong = level >= STRONG;
    // Each thread has its own tables: together they stay near 100 MiB.
    let workers = threads.clamp(1, if strong { 3 } else { 6 }) as u32;
    let mut encoder = Encoder::new(output, level)?;
    for parameter in [
        // The single-thread interface cuts the content in another way: even one thread is a worker.
        CParameter::NbWorkers(workers),
        CParameter::JobSize(JOB),
        // How much of the window before it a job sees: all of it, or an eighth.
        CParameter::OverlapSizeLog(if strong { 9 } else { 6 }),
        CParameter::ChecksumFlag(true),
        // The size is not known when the frame begins.
        CParameter::ContentSizeFlag(false),
    ] {
        encoder.set_parameter(parameter)?;
    }
    if strong {
        for parameter in [CParameter::WindowLog(22), CParameter::ChainLog(22), CParameter::HashLog(21)] {
            encoder.set_parameter(parameter)?;
        }
    }
    Ok(encoder)
}
