//! How many reports were delivered lately, and how long each was on its way.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Length of a step.
pub(crate) const STEP: Duration = Duration::from_secs(5);
/// Steps that are remembered: ten minutes.
pub(crate) const STEPS: usize = 120;
/// Upper bounds of the histogram, in milliseconds.
pub(crate) const BOUNDS: [u64; 11] =
    [50, 100, 250, 500, 1000, 2500, 5000, 15_000, 60_000, 600_000, 3_600_000];

/// The deliveries of one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// How many.
    pub(crate) delivered: u32,
    /// Sum of their times from the queue to the server, in milliseconds.
    pub(crate) total: u64,
    /// The longest of these times, in milliseconds.
    pub(crate) slowest: u64,
}

/// All deliveries since the start, by the time they took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Histogram {
    /// How many took no longer than the bound of the same place, and longer than the one before.
    pub(crate) counts: [u64; BOUNDS.len()],
    /// How many there are, including those beyond the last bound.
    pub(crate) count: u64,
    /// Sum of all times in milliseconds.
    pub(crate) total: u64,
}

/// The pulse of the service.
#[derive(Debug)]
pub(crate) struct Pulse {
    start: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// A ring: step number n is at n modulo its length.
    steps: [Step; STEPS],
    /// Number of the newest step in the ring.
    newest: u64,
    histogram: Histogram,
}

impl Default for Pulse {
    fn default() -> Self {
        let inner = Inner { steps: [Step::default(); STEPS], newest: 0, histogram: Histogram::default() };
        Self { start: Instant::now(), inner: Mutex::new(inner) }
    }
}

impl Pulse {
    /// A report was delivered this many milliseconds after it was taken in.
    pub(crate) fn delivered(&self, milliseconds: u64) {
        self.delivered_at(self.start.elapsed(), milliseconds);
    }

    /// The steps of the last ten minutes, the oldest first; the last one is not over yet.
    pub(crate) fn steps(&self) -> [Step; STEPS] {
        self.steps_at(self.start.elapsed())
    }

    /// All deliveries since the start.
    pub(crate) fn histogram(&self) -> Histogram {
        self.inner().histogram
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn delivered_at(&self, since_start: Duration, milliseconds: u64) {
        let mut inner = self.inner();
        let step = inner.turn_to(since_start);
        step.delivered = step.delivered.saturating_add(1);
        step.total = step.total.saturating_add(milliseconds);
        step.slowest = step.slowest.max(milliseconds);
        let histogram = &mut inner.histogram;
        histogram.count += 1;
        histogram.total = histogram.total.saturating_add(milliseconds);
        if let Some(place) = BOUNDS.iter().position(|bound| milliseconds <= *bound) {
            histogram.counts[place] += 1;
        }
    }

    fn steps_at(&self, since_start: Duration) -> [Step; STEPS] {
        let mut inner = self.inner();
        inner.turn_to(since_start);
        let mut steps = inner.steps;
        steps.rotate_left(place(inner.newest + 1));
        steps
    }
}

impl Inner {
    /// Empties the steps that nobody has seen since the newest, and gives the current one.
    fn turn_to(&mut self, since_start: Duration) -> &mut Step {
        let now = since_start.as_secs() / STEP.as_secs();
        let first = self.newest.saturating_add(1).max(now.saturating_sub(STEPS as u64 - 1));
        for number in first..=now {
            self.steps[place(number)] = Step::default();
        }
        self.newest = self.newest.max(now);
        &mut self.steps[place(self.newest)]
    }
}

/// Where a step is in the ring.
fn place(number: u64) -> usize {
    usize::try_from(number % STEPS as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn deliveries_fall_into_their_step_and_out_of_the_window() {
        let pulse = Pulse::default();
        pulse.delivered_at(seconds(1), 40);
        pulse.delivered_at(seconds(4), 100);
        pulse.delivered_at(seconds(11), 7);
        let steps = pulse.steps_at(seconds(12));
        assert_eq!(steps[STEPS - 3], Step { delivered: 2, total: 140, slowest: 100 });
        assert_eq!(steps[STEPS - 2], Step::default());
        assert_eq!(steps[STEPS - 1], Step { delivered: 1, total: 7, slowest: 7 });
        let steps = pulse.steps_at(seconds(5 * STEPS as u64));
        assert_eq!(steps[0], Step::default());
        assert_eq!(steps[1].delivered, 1);
        assert_eq!(pulse.steps_at(seconds(1_000_000)), [Step::default(); STEPS]);
        assert_eq!(pulse.histogram().count, 3);
    }

    #[test]
    fn the_histogram_counts_by_bounds() {
        let pulse = Pulse::default();
        for milliseconds in [0, 50, 51, 100, u64::MAX] {
            pulse.delivered(milliseconds);
        }
        let histogram = pulse.histogram();
        assert_eq!(histogram.counts[..3], [2, 2, 0]);
        assert_eq!((histogram.count, histogram.counts.iter().sum()), (5, 4u64));
    }
}
