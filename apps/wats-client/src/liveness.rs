//! Whether the program's loops still turn.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Watches over all loops of the program.
#[derive(Debug, Clone)]
pub(crate) struct Liveness {
    started: Instant,
    loops: Arc<Mutex<Vec<Loop>>>,
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
pub(crate) struct Beat {
    started: Instant,
    last: Arc<AtomicU64>,
}

impl Liveness {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), loops: Arc::default() }
    }

    /// Adds a loop of which no turn may take longer than `limit`.
    pub(crate) fn watch(&self, name: impl Into<String>, limit: Duration) -> Beat {
        let beat = Beat { started: self.started, last: Arc::default() };
        beat.turn();
        let entry = Loop { name: name.into(), limit, last: beat.last.clone() };
        self.loops.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        beat
    }

    /// Time since the start.
    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// A loop that does not turn any more, in words.
    pub(crate) fn stuck(&self) -> Option<String> {
        let now = self.started.elapsed();
        self.loops.lock().unwrap_or_else(PoisonError::into_inner).iter().find_map(|entry| {
            let silence = now.saturating_sub(Duration::from_millis(entry.last.load(Ordering::Relaxed)));
            let name = &entry.name;
            (silence > entry.limit).then(|| format!("{name} has been stuck for {} s", silence.as_secs()))
        })
    }
}

impl Beat {
    /// The loop has come round.
    pub(crate) fn turn(&self) {
        let milliseconds = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(milliseconds, Ordering::Relaxed);
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
    }
}
