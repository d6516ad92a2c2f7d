//! How many requests a minute.

use std::time::{Duration, Instant};

/// A token bucket: requests flow evenly. A few, a fiftieth of a minute's number, may come at once after a quiet time;
/// they are counted, so that no minute ever has more than it may.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: f64,
    capacity: f64,
    level: f64,
    filled: Instant,
}

impl Rate {
    /// At most this many requests a minute; 0 is no limit.
    pub(super) fn new(per_minute: u32, now: Instant) -> Self {
        let capacity = f64::from((per_minute / 50).max(1));
        let per_second = match per_minute {
            0 => 0.0,
            limit => (f64::from(limit) - (capacity - 1.0)) / 60.0,
        };
        Self { per_second, capacity, level: capacity, filled: now }
    }

    /// How many requests may start now.
    pub(super) fn allowed(&mut self, now: Instant) -> usize {
        if self.per_second == 0.0 {
            return usize::MAX;
        }
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * self.per_second;
        self.level = (self.level + gained).min(self.capacity);
        self.filled = now;
        self.level as usize
    }

    /// Counts requests that were started.
    pub(super) fn spend(&mut self, requests: usize) {
        if self.per_second > 0.0 {
            self.level -= requests as f64;
        }
    }

    /// How long until one more is allowed.
    pub(super) fn wait(&self) -> Duration {
        if self.per_second == 0.0 || self.level >= 1.0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64((1.0 - self.level) / self.per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When requests start that are always wanted, in milliseconds.
    fn starts(per_minute: u32, milliseconds: u64) -> Vec<u64> {
        let start = Instant::now();
        let mut rate = Rate::new(per_minute, start);
        let mut starts = Vec::new();
        for time in 0..milliseconds {
            let allowed = rate.allowed(start + Duration::from_millis(time));
            rate.spend(allowed);
            starts.extend(std::iter::repeat_n(time, allowed));
        }
        starts
    }

    #[test]
    fn no_minute_has_more_than_it_may() {
        for per_minute in [1, 2, 60, 500] {
            let starts = starts(per_minute, 180_000);
            let most = starts
                .iter()
                .map(|from| starts.iter().filter(|time| (*from..from + 60_000).contains(time)).count());
            assert_eq!(most.max(), Some(per_minute as usize));
        }
    }

    #[test]
    fn requests_flow_evenly() {
        let starts = starts(500, 60_000);
        assert_eq!(starts.iter().filter(|time| **time == 0).count(), 10);
        let longest = starts.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(longest <= Some(123), "{longest:?}");
    }

    #[test]
    fn the_wait_ends_when_one_more_may_go() {
        let start = Instant::now();
        let mut rate = Rate::new(60, start);
        assert_eq!((rate.allowed(start), rate.wait()), (1, Duration::ZERO));
        rate.spend(1);
        assert_eq!((rate.allowed(start), rate.wait()), (0, Duration::from_secs(1)));
        assert_eq!(rate.allowed(start + Duration::from_secs(1)), 1);
        assert_eq!(rate.allowed(start + Duration::from_secs(3600)), 1);
    }

    #[test]
    fn nought_is_no_limit() {
        let mut rate = Rate::new(0, Instant::now());
        rate.spend(1_000_000);
        assert_eq!(rate.allowed(Instant::now()), usize::MAX);
        assert_eq!(rate.wait(), Duration::ZERO);
    }
}
