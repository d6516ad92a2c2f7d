//! What the service knows about itself, for people and for monitoring.

use crate::pulse::Pulse;
use crate::queue::Queue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How things stand with the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "reason", rename_all = "lowercase")]
pub(crate) enum Connection {
    /// Address or token are not entered yet.
    Unconfigured(String),
    /// The first try is under way.
    Connecting,
    /// The server answers and takes reports.
    Connected,
    /// The server answers and refuses, or is busy.
    Degraded(String),
    /// The server does not answer.
    Offline(String),
}

impl Connection {
    /// The state in one word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Unconfigured(_) => "unconfigured",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Degraded(_) => "degraded",
            Self::Offline(_) => "offline",
        }
    }
}

/// How things stand with a watched folder.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Folder {
    /// The folder.
    pub(crate) path: PathBuf,
    /// What keeps it from being watched; `None` when nothing does.
    pub(crate) problem: Option<String>,
    /// Matching files seen in it and not taken yet.
    pub(crate) waiting: usize,
}

/// Everything that changes while the service runs.
#[derive(Debug, Default)]
pub(crate) struct Status {
    inner: Mutex<Inner>,
    /// How many reports were delivered lately, and how fast.
    pub(crate) pulse: Pulse,
    /// Files of which the reports were taken in.
    pub(crate) files_accepted: AtomicU64,
    /// Files that went to the error folder.
    pub(crate) files_failed: AtomicU64,
    /// Requests that failed in a way that may pass.
    pub(crate) upload_failures: AtomicU64,
}

#[derive(Debug, Default)]
struct Inner {
    connection: Option<Connection>,
    /// By their numbers, which are given once.
    folders: BTreeMap<usize, Folder>,
    next_folder: usize,
    /// What somebody should look at, although the service does its work.
    alarm: Option<String>,
    last_delivery: Option<OffsetDateTime>,
}

impl Status {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connection(&self) -> Connection {
        self.inner().connection.clone().unwrap_or(Connection::Connecting)
    }

    /// Records how things stand with the server; says whether that is news.
    pub(crate) fn set_connection(&self, connection: Connection) -> bool {
        let old = self.inner().connection.replace(connection.clone());
        old != Some(connection)
    }

    /// Adds a folder and gives its number.
    pub(crate) fn add_folder(&self, path: PathBuf) -> usize {
        let mut inner = self.inner();
        let number = inner.next_folder;
        inner.next_folder += 1;
        let folder = Folder { path, problem: Some("not looked at yet".to_owned()), waiting: 0 };
        inner.folders.insert(number, folder);
        number
    }

    /// Forgets a folder that is watched no more.
    pub(crate) fn remove_folder(&self, path: &Path) {
        self.inner().folders.retain(|_, folder| folder.path != path);
    }

    /// Records how things stand with a folder; says whether the problem is news.
    pub(crate) fn set_folder(&self, number: usize, problem: Option<String>, waiting: usize) -> bool {
        let mut inner = self.inner();
        let Some(folder) = inner.folders.get_mut(&number) else { return false };
        folder.waiting = waiting;
        let news = folder.problem != problem;
        folder.problem = problem;
        news
    }

    pub(crate) fn folders(&self) -> Vec<Folder> {
        self.inner().folders.values().cloned().collect()
    }

    /// Says that somebody should look at something although the service does its work, or need not any more.
    pub(crate) fn set_alarm(&self, alarm: Option<String>) {
        self.inner().alarm = alarm;
    }

    /// What somebody should look at.
    pub(crate) fn alarm(&self) -> Option<String> {
        self.inner().alarm.clone()
    }

    /// A report was delivered that was taken in at this time (milliseconds since 1970).
    pub(crate) fn delivered_now(&self, accepted: i64) {
        self.inner().last_delivery = Some(OffsetDateTime::now_utc());
        // A clock that was set back makes no negative time.
        self.pulse.delivered(u64::try_from(crate::queue::now() - accepted).unwrap_or_default());
    }

    /// When the last report arrived.
    pub(crate) fn last_delivery_time(&self) -> Option<OffsetDateTime> {
        self.inner().last_delivery
    }

    /// When the last report arrived, in RFC 3339.
    pub(crate) fn last_delivery(&self) -> Option<String> {
        self.last_delivery_time().and_then(|time| time.format(&Rfc3339).ok())
    }

    /// One line for `systemctl status` and the like.
    pub(crate) fn line(&self, queue: &Queue) -> String {
        let counts = queue.counts();
        let connection = match self.connection() {
            Connection::Unconfigured(reason) => format!("Not configured: {reason}"),
            Connection::Connecting => "Connecting".to_owned(),
            Connection::Connected => "Connected".to_owned(),
            Connection::Degraded(reason) => format!("Server refuses: {reason}"),
            Connection::Offline(reason) => format!("Server does not answer: {reason}"),
        };
        let alarm = self.alarm().map(|alarm| format!("; {}", alarm.lines().next().unwrap_or_default()));
        format!(
            "{connection}; {} waiting, {} delivered, {} refused{}",
            counts.pending,
            counts.delivered,
            counts.quarantined,
            alarm.unwrap_or_default()
        )
    }

    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// The status, shared by all parts of the service.
pub(crate) type SharedStatus = Arc<Status>;
