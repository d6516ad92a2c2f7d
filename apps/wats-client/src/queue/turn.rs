//! Who has the queue next: a service that starts while `wats-client send` works in its place waits in line, and that
//! command lets it go first.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Locked by whoever waits for the queue.
const FILE_NAME: &str = "next";

/// The place in front of the line, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "keeps the lock")] File);

impl Turn {
    /// Stands in line for the queue in this folder; `None` when somebody else does.
    pub(crate) fn take(folder: &Path) -> io::Result<Option<Self>> {
        let file = File::create(folder.join(FILE_NAME))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Whether somebody waits for the queue in this folder.
pub(crate) fn is_wanted(folder: &Path) -> bool {
    let file = File::open(folder.join(FILE_NAME));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stands_in_line() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_wanted(folder.path()));
        let turn = Turn::take(folder.path()).unwrap();
        assert!(turn.is_some() && is_wanted(folder.path()));
        assert!(Turn::take(folder.path()).unwrap().is_none());
        drop(turn);
        assert!(!is_wanted(folder.path()));
        assert!(Turn::take(&folder.path().join("none")).is_err());
    }
}
