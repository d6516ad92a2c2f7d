//! Zstandard through its multi-thread interface.

use std::io::{self, BufWriter, Write};

use zstd::zstd_safe::CParameter;

/// Bytes that are gathered before the library sees them: each call of it takes locks and wakes threads.
const GATHERED: usize = 64 << 10;

/// Levels from here on are held to a window of 4 MiB with smaller tables: a tenth of the memory for half a
/// percent of the size.
const STRONG: i32 = 10;
/// Levels from here on, up to the strong ones, get a window of 16 MiB with long-distance matching: 2 % smaller for
/// little time, and readers need no more memory than for the strongest level of the reference program. Its search
/// for matches runs on one thread in front of all others, so that the faster levels are better off without.
const DISTANT: i32 = 5;

/// The parameters beside the level. Part of the bytes.
fn parameters(level: i32) -> Vec<CParameter> {
    use CParameter::{
        ChainLog, EnableLongDistanceMatching, HashLog, JobSize, LdmHashRateLog, LdmMinMatch, OverlapSizeLog,
        SearchLog, WindowLog,
    };
    if level >= STRONG {
        // 9: a job sees the whole window before it.
        return vec![JobSize(4 << 20), OverlapSizeLog(9), WindowLog(22), ChainLog(22), HashLog(21)];
    }
    if level < DISTANT {
        // An overlap of 3 is a 64th of the window, of 4 a 32nd. Tables of this size stay in the processor's own memory.
        // What a small one of short matches forgets, longer jobs make up for, in less time.
        let (job, overlap, short) = if level < 3 { (4 << 20, 3, 17) } else { (6 << 20, 4, 14) };
        return vec![JobSize(job), OverlapSizeLog(overlap), WindowLog(23), HashLog(17), ChainLog(short)];
    }
    // An overlap of 4 is a 32nd of the window; what is farther is found by the long-distance matcher.
    let mut all = vec![JobSize(8 << 20), OverlapSizeLog(4), WindowLog(24)];
    all.extend([EnableLongDistanceMatching(true), LdmHashRateLog(8), LdmMinMatch(64)]);
    if level == DISTANT {
        all.extend([HashLog(18), SearchLog(3)]);
    }
    all
}

/// Writes one frame.
pub(crate) struct Encoder<W: Write>(BufWriter<zstd::stream::write::Encoder<'static, W>>);

impl<W: Write> Encoder<W> {
    pub(crate) fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.write(data)
    }

    /// Does nothing: it would end a block early.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn encoder<W: Write>(
    level: i32,
    threads: usize,
    checksum: bool,
    output: W,
) -> io::Result<Encoder<W>> {
    if !(1..=22).contains(&level) {
        return Err(crate::out_of_range("zstd level", level, "1 to 22"));
    }
    // Each thread has its own tables: together they stay near 100 MiB.
    let workers = threads.clamp(1, if level >= STRONG { 3 } else { 4 }) as u32;
    let mut encoder = zstd::stream::write::Encoder::new(output, level)?;
    // The single-thread interface cuts the content in another way: even one thread is a worker.
    encoder.set_parameter(CParameter::NbWorkers(workers))?;
    encoder.set_parameter(CParameter::ChecksumFlag(checksum))?;
    // The size is not known when the frame begins.
    encoder.set_parameter(CParameter::ContentSizeFlag(false))?;
    for parameter in parameters(level) {
        encoder.set_parameter(parameter)?;
    }
    Ok(Encoder(BufWriter::with_capacity(GATHERED, encoder)))
}
