//! Whether reports may go out, and when to try when not.

use super::backoff::Backoff;
use std::time::{Duration, Instant};

/// Longest pause between two questions whether the server is back: reports flow again within seconds.
const PROBE_LIMIT: Duration = Duration::from_secs(4);

/// What may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Only the question whether the server is there.
    Probe,
    /// One report at a time, to see whether it gets through.
    Trial,
    /// As many as are allowed.
    Open,
}

/// Lets reports out, closes when the server fails, and opens again by steps.
#[derive(Debug)]
pub(super) struct Gate {
    backoff: Backoff,
    pass: Pass,
    /// Nothing goes out before this time.
    closed_until: Option<Instant>,
    /// When a report may be tried after the last failure, whatever questions are asked before.
    trial_at: Option<Instant>,
    /// Failures of the server in a row.
    failures: u32,
    /// Grows with every change, so that requests sent under other circumstances do not count twice.
    epoch: u64,
}

impl Gate {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { backoff, pass: Pass::Probe, closed_until: None, trial_at: None, failures: 0, epoch: 0 }
    }

    /// What may be sent now.
    pub(super) fn pass(&self) -> Pass {
        self.pass
    }

    /// Marks a request, to be given back with its result.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How long nothing may be sent.
    pub(super) fn closed_for(&self, now: Instant) -> Duration {
        self.closed_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// The server takes reports.
    pub(super) fn open(&mut self) {
        if self.pass != Pass::Open {
            self.epoch += 1;
        }
        self.pass = Pass::Open;
        self.failures = 0;
        self.closed_until = None;
    }

    /// The next request may go out at once, as a try.
    pub(super) fn try_now(&mut self, pass: Pass) {
        self.epoch += 1;
        self.pass = pass;
        self.closed_until = None;
    }

    /// The server failed. Closes for a growing time, at least for `wait`; afterwards `pass` is allowed. Several
    /// requests that fail together count once.
    pub(super) fn fail(&mut self, epoch: u64, pass: Pass, wait: Duration, now: Instant) {
        let asked = now + wait;
        if epoch == self.epoch {
            self.epoch += 1;
            self.failures = self.failures.saturating_add(1);
            self.pass = pass;
            let limit = if pass == Pass::Probe { PROBE_LIMIT } else { Duration::MAX };
            let pause = self.backoff.pause(self.failures);
            self.trial_at = Some(now + pause);
            self.closed_until = Some((now + pause.min(limit)).max(asked));
        } else if !wait.is_zero() && self.closed_until.is_some_and(|until| until < asked) {
            self.closed_until = Some(asked);
        }
    }

    /// The server answers questions again, which it had not done: one report is tried at once.
    pub(super) fn recover(&mut self) {
        self.try_now(Pass::Trial);
        self.failures = 0;
        self.trial_at = None;
    }

    /// The server answers questions and takes no reports. Stays closed until the pause after the failure has passed,
    /// which grows with each; afterwards one report is tried.
    pub(super) fn hold(&mut self) {
        self.try_now(Pass::Trial);
        self.closed_until = self.trial_at;
    }

    /// The server refuses access. Closes for `wait`; afterwards one report is tried.
    pub(super) fn refuse(&mut self, wait: Duration, now: Instant) {
        self.epoch += 1;
        self.pass = Pass::Trial;
        self.closed_until = Some(now + wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn failures_together_count_once() {
        let now = Instant::now();
        let mut gate = Gate::new(Backoff { first: SECOND, limit: 300 * SECOND });
        gate.open();
        let epoch = gate.epoch();
        for _ in 0..5 {
            gate.fail(epoch, Pass::Probe, Duration::ZERO, now);
        }
        assert_eq!(gate.pass(), Pass::Probe);
        assert!(gate.closed_for(now) <= SECOND);
        gate.fail(gate.epoch(), Pass::Probe, Duration::ZERO, now);
        assert!(gate.closed_for(now) >= SECOND && gate.closed_for(now) <= 2 * SECOND);
        gate.open();
        assert_eq!(gate.closed_for(now), Duration::ZERO);
    }

    #[test]
    fn a_server_that_was_away_for_long_is_found_at_once_when_it_is_back() {
        let now = Instant::now();
        let mut gate = Gate::new(Backoff { first: SECOND, limit: 300 * SECOND });
        for _ in 0..20 {
            gate.fail(gate.epoch(), Pass::Probe, Duration::ZERO, now);
            assert!(gate.closed_for(now) <= PROBE_LIMIT);
        }
        // One that is there and fails is given more time.
        gate.hold();
        assert!(gate.pass() == Pass::Trial && gate.closed_for(now) >= 150 * SECOND);
        gate.recover();
        assert!(gate.pass() == Pass::Trial && gate.closed_for(now).is_zero());
        gate.hold();
        assert!(gate.closed_for(now).is_zero());
    }

    #[test]
    fn the_server_may_ask_for_more_time() {
        let now = Instant::now();
        let mut gate = Gate::new(Backoff { first: SECOND, limit: 300 * SECOND });
        gate.open();
        let epoch = gate.epoch();
        gate.fail(epoch, Pass::Trial, 60 * SECOND, now);
        assert_eq!(gate.closed_for(now), 60 * SECOND);
        gate.fail(epoch, Pass::Trial, 90 * SECOND, now);
        assert_eq!(gate.closed_for(now), 90 * SECOND);
    }
}
