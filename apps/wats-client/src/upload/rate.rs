//! How many requests a minute.

use std::time::{Duration, Instant};

/// A token bucket: requests flow evenly, and a tenth of a minute's number may come at once after a quiet time.
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
        let capacity = (f64::from(per_minute) / 10.0).max(1.0);
        Self { per_second: f64::from(per_minute) / 60.0, capacity, level: capacity, filled: now }
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

    #[test]
    fn requests_flow_evenly() {
        let start = Instant::now();
        let mut rate = Rate::new(600, start);
        assert_eq!(rate.allowed(start), 60);
        rate.spend(60);
        assert_eq!(rate.allowed(start), 0);
        assert_eq!(rate.wait(), Duration::from_millis(100));
        assert_eq!(rate.allowed(start + Duration::from_secs(2)), 20);
        assert_eq!(rate.allowed(start + Duration::from_secs(3600)), 60);
    }

    #[test]
    fn nought_is_no_limit() {
        let mut rate = Rate::new(0, Instant::now());
        rate.spend(1_000_000);
        assert_eq!(rate.allowed(Instant::now()), usize::MAX);
        assert_eq!(rate.wait(), Duration::ZERO);
    }
}
