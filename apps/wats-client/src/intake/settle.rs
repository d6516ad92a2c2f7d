//! When a file is ready to be read: when it has not changed for a while.

use std::collections::{HashMap, HashSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// What a change to a file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size: u64,
    pub(super) modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// The files of a folder that wait until they are ready.
#[derive(Debug, Default)]
pub(super) struct Settling {
    files: HashMap<PathBuf, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    stamp: Stamp,
    since: Instant,
    /// How long it must stay unchanged.
    settle: Duration,
    /// Not to be looked at before this time, because it was read already and could not be dealt with.
    not_before: Option<Instant>,
}

impl Settling {
    /// Notes how a file looks now; says whether it is ready. `whole` is set when it was moved here in one piece.
    pub(super) fn look(
        &mut self,
        path: &Path,
        stamp: Stamp,
        settle: Duration,
        whole: bool,
        now: Instant,
    ) -> bool {
        match self.files.get_mut(path) {
            Some(waiting) if waiting.stamp == stamp => {
                waiting.settle = settle;
                let due = waiting.not_before.unwrap_or(waiting.since + settle);
                now >= due || (whole && waiting.not_before.is_none())
            }
            _ => {
                let waiting = Waiting { stamp, since: now, settle, not_before: None };
                self.files.insert(path.to_owned(), waiting);
                whole || settle.is_zero()
            }
        }
    }

    /// Leaves a file alone for a while, or until it changes. Without a pause: as long as it does not change.
    pub(super) fn rest(&mut self, path: &Path, stamp: Stamp, pause: Option<Duration>, now: Instant) {
        // An instant this far away never comes.
        let until = now + pause.unwrap_or(Duration::from_secs(10 * 365 * 86_400));
        let before = self.files.get(path).filter(|waiting| waiting.stamp == stamp);
        let (since, settle) = before.map_or((now, Duration::ZERO), |waiting| (waiting.since, waiting.settle));
        self.files.insert(path.to_owned(), Waiting { stamp, since, settle, not_before: Some(until) });
    }

    /// How long a file has been seen as it is now.
    pub(super) fn waited(&self, path: &Path, now: Instant) -> Duration {
        self.files.get(path).map_or(Duration::ZERO, |waiting| now.saturating_duration_since(waiting.since))
    }

    /// Forgets one file.
    pub(super) fn forget(&mut self, path: &Path) {
        self.files.remove(path);
    }

    /// Forgets all files but these.
    pub(super) fn keep_only(&mut self, present: &HashSet<PathBuf>) {
        self.files.retain(|path, _| present.contains(path));
    }

    /// Number of files that wait.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// When the next file may be ready.
    pub(super) fn next(&self) -> Option<Instant> {
        self.files.values().map(|waiting| waiting.not_before.unwrap_or(waiting.since + waiting.settle)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_waited_is_that_since_the_last_change() {
        let (mut settling, start, path) = (Settling::default(), Instant::now(), Path::new("a"));
        let stamp = Stamp { size: 1, modified: None };
        let later = start + Duration::from_secs(60);
        assert_eq!(settling.waited(path, later), Duration::ZERO);
        settling.look(path, stamp, SETTLE, false, start);
        settling.rest(path, stamp, Some(SETTLE), start + SETTLE);
        assert_eq!(settling.waited(path, later), Duration::from_secs(60));
        settling.look(path, Stamp { size: 2, ..stamp }, SETTLE, false, later);
        assert_eq!(settling.waited(path, later), Duration::ZERO);
    }

    const SETTLE: Duration = Duration::from_secs(2);

    fn stamp(size: u64) -> Stamp {
        Stamp { size, modified: None }
    }

    #[test]
    fn a_file_is_ready_when_unchanged() {
        let (mut settling, path, start) = (Settling::default(), Path::new("a"), Instant::now());
        let second = Duration::from_secs(1);
        assert!(!settling.look(path, stamp(1), SETTLE, false, start));
        assert!(!settling.look(path, stamp(1), SETTLE, false, start + second));
        assert!(!settling.look(path, stamp(2), SETTLE, false, start + 2 * second));
        assert!(!settling.look(path, stamp(2), SETTLE, false, start + 3 * second));
        assert!(settling.look(path, stamp(2), SETTLE, false, start + 4 * second));
        assert_eq!(settling.next(), Some(start + 4 * second));
    }

    #[test]
    fn a_file_moved_into_place_is_ready_at_once() {
        let mut settling = Settling::default();
        assert!(settling.look(Path::new("a"), stamp(1), SETTLE, true, Instant::now()));
    }

    #[test]
    fn a_resting_file_wakes_when_it_changes_or_in_time() {
        let (mut settling, path, start) = (Settling::default(), Path::new("a"), Instant::now());
        settling.rest(path, stamp(1), Some(SETTLE), start);
        assert!(!settling.look(path, stamp(1), Duration::ZERO, true, start));
        assert!(settling.look(path, stamp(1), Duration::ZERO, false, start + SETTLE));
        assert!(settling.look(path, stamp(2), Duration::ZERO, false, start));
        settling.rest(path, stamp(1), None, start);
        assert!(!settling.look(path, stamp(1), Duration::ZERO, false, start + 1000 * SETTLE));
        settling.keep_only(&HashSet::new());
        assert_eq!(settling.next(), None);
    }
}
