//! Zstandard through its multi-thread interface.

use std::io::{self, BufWriter, Write};

use zstd::zstd_safe::CParameter;

/// Bytes that are gathered before the library sees them: each call of it takes locks and wakes threads.
const GATHERED: usize = 64 << 10;

/// Levels from here on are held to a window of 4 MiB with smaller tables: a tenth of the memory for half a
/// percent of the size. Those below get a window of 16 or 32 MiB and long-distance matching instead: a tenth
/// smaller for little time, and readers need no more memory than for the strongest level of the reference program.
const STRONG: i32 = 10;

/// The parameters beside the level. Part of the bytes.
fn parameters(level: i32) -> Vec<CParameter> {
    use CParameter::{
        ChainLog, EnableLongDistanceMatching, HashLog, JobSize, LdmHashRateLog, LdmMinMatch, OverlapSizeLog,
        WindowLog,
    };
    if level >= STRONG {
        // 9: a job sees the whole window before it.
        return vec![JobSize(4 << 20), OverlapSizeLog(9), WindowLog(22), ChainLog(22), HashLog(21)];
    }
    // An overlap of 6 is an eighth of the window; what is farther is found by the long-distance matcher. The
    // tables of the faster levels would forget so much again: for them a 32nd (4) is enough.
    let mut all = vec![JobSize(8 << 20), EnableLongDistanceMatching(true)];
    all.extend(match level {
        1 | 2 => vec![WindowLog(24), OverlapSizeLog(4), HashLog(17), ChainLog(17), LdmHashRateLog(7)],
        3 => vec![
            WindowLog(25),
            OverlapSizeLog(4),
            HashLog(19),
            ChainLog(18),
            LdmHashRateLog(6),
            LdmMinMatch(32),
        ],
        _ => vec![WindowLog(25), OverlapSizeLog(6), LdmHashRateLog(7)],
    });
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

pub(crate) fn encoder<W: Write>(level: i32, threads: usize, output: W) -> io::Result<Encoder<W>> {
    if !(1..=22).contains(&level) {
        return Err(crate::out_of_range("zstd level", level, "1 to 22"));
    }
    // Each thread has its own tables: together they stay near 100 MiB.
    let workers = threads.clamp(1, if level >= STRONG { 3 } else { 4 }) as u32;
    let mut encoder = zstd::stream::write::Encoder::new(output, level)?;
    // The single-thread interface cuts the content in another way: even one thread is a worker.
    encoder.set_parameter(CParameter::NbWorkers(workers))?;
    encoder.set_parameter(CParameter::ChecksumFlag(true))?;
    // The size is not known when the frame begins.
    encoder.set_parameter(CParameter::ContentSizeFlag(false))?;
    for parameter in parameters(level) {
        encoder.set_parameter(parameter)?;
    }
    Ok(Encoder(BufWriter::with_capacity(GATHERED, encoder)))
}
