//! Zstandard through its multi-thread interface.

use std::io::{self, Write};

use zstd::zstd_safe::CParameter;

pub(crate) type Encoder<W> = zstd::stream::write::Encoder<'static, W>;

/// Levels from here on are held to a window of 4 MiB with smaller tables: a tenth of the memory for half a
/// percent of the size. Those below get a window of 32 MiB and long-distance matching instead: a tenth smaller
/// for little time, and readers need no more memory than for the strongest level of the reference program.
const STRONG: i32 = 10;

/// The parameters beside the level. Part of the bytes.
fn parameters(level: i32) -> Vec<CParameter> {
    use CParameter::{
        ChainLog, EnableLongDistanceMatching, HashLog, JobSize, LdmHashRateLog, OverlapSizeLog, WindowLog,
    };
    if level >= STRONG {
        // 9: a job sees the whole window before it.
        return vec![JobSize(4 << 20), OverlapSizeLog(9), WindowLog(22), ChainLog(22), HashLog(21)];
    }
    // 6: an eighth of it; what is farther is found by the long-distance matcher.
    let mut all = vec![JobSize(8 << 20), OverlapSizeLog(6), WindowLog(25), EnableLongDistanceMatching(true)];
    match level {
        1 | 2 => all.extend([HashLog(17), ChainLog(17), LdmHashRateLog(7)]),
        3 => all.extend([HashLog(19), ChainLog(18), LdmHashRateLog(6)]),
        _ => all.push(LdmHashRateLog(7)),
    }
    all
}

pub(crate) fn encoder<W: Write>(level: i32, threads: usize, output: W) -> io::Result<Encoder<W>> {
    if !(1..=22).contains(&level) {
        return Err(crate::out_of_range("zstd level", level, "1 to 22"));
    }
    // Each thread has its own tables: together they stay near 100 MiB.
    let workers = threads.clamp(1, if level >= STRONG { 3 } else { 4 }) as u32;
    let mut encoder = Encoder::new(output, level)?;
    // The single-thread interface cuts the content in another way: even one thread is a worker.
    encoder.set_parameter(CParameter::NbWorkers(workers))?;
    encoder.set_parameter(CParameter::ChecksumFlag(true))?;
    // The size is not known when the frame begins.
    encoder.set_parameter(CParameter::ContentSizeFlag(false))?;
    for parameter in parameters(level) {
        encoder.set_parameter(parameter)?;
    }
    Ok(encoder)
}
