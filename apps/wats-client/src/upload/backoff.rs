//! How long to wait before the next try.

use std::time::Duration;

/// Pauses that double from the first to the longest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    pub(super) first: Duration,
    pub(super) limit: Duration,
}

impl Backoff {
    /// The pause after this many failures in a row (from 1): between half of the full pause and the whole, by
    /// chance, so that stations that failed together do not come back together.
    pub(super) fn pause(&self, failures: u32) -> Duration {
        let full = self.first.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(self.limit);
        full.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit() {
        let backoff = Backoff { first: Duration::from_secs(1), limit: Duration::from_secs(300) };
        for (failures, full) in [(0, 1), (1, 1), (2, 2), (4, 8), (9, 256), (10, 300), (u32::MAX, 300)] {
            let full = Duration::from_secs(full);
            for _ in 0..100 {
                let pause = backoff.pause(failures);
                assert!(pause >= full / 2 && pause <= full, "{failures} {pause:?}");
            }
        }
    }
}
