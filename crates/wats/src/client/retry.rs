//! When a call is made again.

use crate::Failure;
use std::time::Duration;

/// How often, and after what pauses, a call that failed in passing is made again.
///
/// Only calls that may be made twice are: questions, and reports that carry an id. A call that consumes something,
/// such as taking serial numbers, is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Most tries, the first included.
    pub attempts: u32,
    /// Longest pause before the second try. It doubles with each further one.
    pub first: Duration,
    /// Longest pause at all. A server that asks for more time than this gets it from the caller: the failure is
    /// returned at once, with the time asked for.
    pub limit: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 3, first: Duration::from_secs(1), limit: Duration::from_secs(30) }
    }
}

impl Retry {
    /// Never: for a caller with a schedule of its own.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// How long to wait before the next try, after `tries` failed ones; `None` when there is none.
    pub(super) fn pause(&self, tries: u32, failure: &Failure) -> Option<Duration> {
        let Failure::Transient { retry_after, .. } = failure else { return None };
        if tries >= self.attempts {
            return None;
        }
        match retry_after {
            Some(asked) => Some(*asked).filter(|asked| *asked <= self.limit),
            None => {
                let full = self.first.saturating_mul(1 << (tries - 1).min(20)).min(self.limit);
                // Any part of it, so that many that failed together do not come back together.
                Some(full.mul_f64(fastrand::f64()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cause;

    fn failure(retry_after: Option<u64>) -> Failure {
        let retry_after = retry_after.map(Duration::from_secs);
        Failure::Transient { cause: Cause::Server, message: String::new(), retry_after }
    }

    #[test]
    fn pauses_double_and_end() {
        let retry = Retry { attempts: 9, first: Duration::from_secs(1), limit: Duration::from_secs(30) };
        for (tries, most) in [(1, 1), (2, 2), (5, 16), (6, 30), (8, 30)] {
            let pause = retry.pause(tries, &failure(None)).unwrap();
            assert!(pause <= Duration::from_secs(most), "{tries}: {pause:?}");
        }
        assert_eq!(retry.pause(9, &failure(None)), None);
        assert_eq!(Retry::never().pause(1, &failure(None)), None);
    }

    #[test]
    fn the_server_may_name_the_time() {
        let retry = Retry::default();
        assert_eq!(retry.pause(1, &failure(Some(7))), Some(Duration::from_secs(7)));
        assert_eq!(retry.pause(1, &failure(Some(31))), None);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let refused = Failure::Access { status: 401, message: String::new() };
        assert_eq!(Retry::default().pause(1, &refused), None);
    }
}
