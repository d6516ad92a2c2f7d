//! News from the operating system about a folder. They only make things faster: every folder is also looked at
//! regularly, because news get lost, and network shares send none.

use super::settle::Stamp;
use crate::files::{self, Identity};
use notify::event::{ModifyKind, RenameMode};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

/// What a folder's thread is told.
#[derive(Debug)]
pub(super) enum Hint {
    /// Something has changed.
    Changed,
    /// This file was moved into the folder, and so is there as a whole, as long as it looks like this.
    MovedIn(PathBuf, Stamp),
    /// The service is about to end.
    Stop,
}

/// Watches one folder as long as that is possible.
pub(super) struct Hints {
    sender: Sender<Hint>,
    watching: Option<(RecommendedWatcher, Identity)>,
    complained: bool,
}

impl Hints {
    pub(super) fn new(sender: Sender<Hint>) -> Self {
        Self { sender, watching: None, complained: false }
    }

    /// Starts to watch, also again when the folder was replaced by a new one.
    pub(super) fn follow(&mut self, folder: &Path) {
        let Ok(identity) = files::identity(folder) else {
            self.watching = None;
            return;
        };
        if self.watching.as_ref().is_some_and(|(_, watched)| *watched == identity) {
            return;
        }
        let sender = self.sender.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| tell(&sender, event))
            .and_then(|mut watcher| watcher.watch(folder, RecursiveMode::NonRecursive).map(|()| watcher));
        match watcher {
            Ok(watcher) => {
                self.watching = Some((watcher, identity));
                self.complained = false;
            }
            Err(error) => {
                self.watching = None;
                if !self.complained {
                    let why = explain(&error);
                    tracing::warn!(folder = %folder.display(), "no news from the operating system ({why}): the folder is only looked at regularly");
                    self.complained = true;
                }
            }
        }
    }
}

/// Why a folder gives no news, and what can be done about it.
fn explain(error: &notify::Error) -> String {
    /// `EMFILE`: every watched folder is an inotify instance of its own.
    const TOO_MANY: i32 = 24;
    let limit = match &error.kind {
        ErrorKind::MaxFilesWatch => "fs.inotify.max_user_watches",
        ErrorKind::Io(error) if cfg!(target_os = "linux") && error.raw_os_error() == Some(TOO_MANY) => {
            "fs.inotify.max_user_instances, or the open files of the service"
        }
        _ => return error.to_string(),
    };
    format!("a limit of this account is reached: raise {limit}")
}

fn tell(sender: &Sender<Hint>, event: notify::Result<Event>) {
    let hints = match event {
        // Our own reading and moving away needs no look.
        Ok(event) if matches!(event.kind, EventKind::Access(_) | EventKind::Remove(_)) => return,
        Ok(event) => match event.kind {
            EventKind::Modify(ModifyKind::Name(RenameMode::From)) => return,
            EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => {
                event.paths.into_iter().next_back().and_then(moved_in).unwrap_or(Hint::Changed)
            }
            _ => Hint::Changed,
        },
        // News were lost.
        Err(_) => Hint::Changed,
    };
    // The thread may have ended.
    let _ = sender.send(hints);
}

/// `None` when the file is gone already.
fn moved_in(path: PathBuf) -> Option<Hint> {
    let stamp = Stamp::of(&fs::metadata(&path).ok()?);
    Some(Hint::MovedIn(path, stamp))
}
