//! What a converter of somebody else may use.

use std::time::Duration;

/// What converting one file may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time that it may take. For a command, by the clock. For a module, by the instructions that it runs, which is
    /// the same on every machine; by the clock much more, for machines that are slow or busy.
    pub time: Duration,
    /// Most bytes of memory.
    pub memory: u64,
    /// Most bytes of the answer.
    pub output: u64,
}

impl Default for Limits {
    /// 10 s, 256 MiB of memory, 32 MiB of answer.
    fn default() -> Self {
        Self { time: Duration::from_secs(10), memory: 256 << 20, output: 32 << 20 }
    }
}

/// Most reports in an answer.
pub(crate) const REPORTS: usize = 10_000;
/// Most values in an answer, objects counted several times. In memory, each takes many times its shortest text.
pub(crate) const VALUES: usize = 3_000_000;
