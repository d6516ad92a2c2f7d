//! The time of day, which people and servers set, and the time that passes, which nobody sets.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A difference between the two, in milliseconds, that nobody has set.
const TOLERANCE: i64 = 2000;

/// The time of day as the queue stores it: milliseconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

/// Notices when the clock is set.
#[derive(Debug)]
pub(super) struct Clock {
    seen: (i64, Instant),
    /// Added to the time of day.
    #[cfg(test)]
    pub(super) offset: i64,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            seen: (now(), Instant::now()),
            #[cfg(test)]
            offset: 0,
        }
    }

    /// The time of day, and by how much the clock was set since the last look.
    pub(super) fn look(&mut self) -> (i64, i64) {
        #[cfg(not(test))]
        let time = now();
        #[cfg(test)]
        let time = now() + self.offset;
        let (then, instant) = self.seen;
        let passed = i64::try_from(instant.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.seen = (time, Instant::now());
        let set = time.saturating_sub(then).saturating_sub(passed);
        (time, if set.abs() > TOLERANCE { set } else { 0 })
    }
}
