//! Whether the program's loops still turn.
//!
//! A process that exists is not a process that works. Each loop of a service says whenever it has come round; as soon
//! as one is silent for longer than it may be, the service manager's watchdog gets no more food and the health
//! endpoint says so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// In place of the time of the last turn: there will be no other.
const ENDED: u64 = u64::MAX;

/// Watches over all loops of the program. A clone watches over the same ones.
#[derive(Debug, Clone)]
pub struct Liveness {
    started: Instant,
    loops: Arc<Mutex<Vec<Loop>>>,
}

impl Default for Liveness {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug)]
struct Loop {
    name: String,
    /// How long a turn may take.
    limit: Duration,
    last: Arc<AtomicU64>,
}

/// One loop's way to say that it turns.
#[derive(Debug, Clone)]
pub struct Beat {
    started: Instant,
    last: Arc<AtomicU64>,
}

impl Liveness {
    /// With no loops yet.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now(), loops: Arc::default() }
    }

    /// Adds a loop of which no turn may take longer than `limit`. It is watched until it says
    /// [`Beat::end`]: one that ended by a panic stays in the list, and is found.
    pub fn watch(&self, name: impl Into<String>, limit: Duration) -> Beat {
        let beat = Beat { started: self.started, last: Arc::default() };
        beat.turn();
        let entry = Loop { name: name.into(), limit, last: beat.last.clone() };
        self.loops.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        beat
    }

    /// Time since the start.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// A loop that does not turn any more, in words.
    #[must_use]
    pub fn stuck(&self) -> Option<String> {
        let now = self.started.elapsed();
        let mut loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
        loops.retain(|entry| entry.last.load(Ordering::Relaxed) != ENDED);
        loops.iter().find_map(|entry| {
            let silence = now.saturating_sub(Duration::from_millis(entry.last.load(Ordering::Relaxed)));
            let name = &entry.name;
            (silence > entry.limit).then(|| format!("{name} has been stuck for {} s", silence.as_secs()))
        })
    }
}

impl Beat {
    /// The loop has come round.
    pub fn turn(&self) {
        let milliseconds = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(ENDED - 1);
        self.last.store(milliseconds, Ordering::Relaxed);
    }

    /// The loop has ended as it should.
    pub fn end(self) {
        self.last.store(ENDED, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_loop_is_found() {
        let liveness = Liveness::new();
        let slow = liveness.watch("slow", Duration::ZERO);
        let _fast = liveness.watch("fast", Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
        assert!(liveness.stuck().is_some_and(|text| text.starts_with("slow has been stuck")));
        slow.turn();
        assert!(Duration::from_millis(slow.last.load(Ordering::Relaxed)) >= Duration::from_millis(20));
        std::thread::sleep(Duration::from_millis(20));
        assert!(liveness.stuck().is_some());
        slow.end();
        assert_eq!(liveness.stuck(), None);
    }
}
