//! What the server is told of this client besides reports: that it is there, and how it is.
//!
//! No report depends on it: it happens while reports flow, and a failure changes nothing for them. A server that does
//! not want to know is not told again until the token changes.

use super::gate::Pass;
use crate::config::{Config, PostAction};
use crate::credentials::Token;
use crate::queue::Queue;
use crate::status::{Connection, SharedStatus, Status};
use std::collections::HashMap;
use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use wats::{Client, ClientStatus, Computer, ConverterState, Disk, Failure, Registered};

/// How often the server hears that the client is there.
const PING: Duration = Duration::from_secs(300);
/// How often the server hears how the client is.
const STATUS: Duration = Duration::from_secs(3600);

/// What is told, and when next.
pub(super) struct Presence {
    config: Config,
    queue: Queue,
    status: SharedStatus,
    ping_due: Instant,
    status_due: Instant,
    /// The server takes the status in the old form only.
    legacy: bool,
    refused: bool,
    /// The server knows this client as one: it took a ping.
    known: bool,
}

/// What was told, and how it went.
pub(super) struct Told {
    what: Telling,
    result: Result<(), Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    Ping,
    Status { legacy: bool },
}

impl Presence {
    pub(super) fn new(config: &Config, queue: &Queue, status: &SharedStatus) -> Self {
        let now = Instant::now();
        Self {
            config: config.clone(),
            queue: queue.clone(),
            status: status.clone(),
            ping_due: now,
            status_due: now,
            legacy: false,
            refused: false,
            known: false,
        }
    }

    /// Another token: another client, for the server.
    pub(super) fn restart(&mut self) {
        let now = Instant::now();
        (self.ping_due, self.status_due) = (now, now);
        (self.legacy, self.refused, self.known) = (false, false, false);
    }

    /// What is to be told now, if anything.
    pub(super) fn due(&mut self, client: &Client) -> Option<impl Future<Output = Told> + Send + 'static> {
        let now = Instant::now();
        let what = match () {
            () if self.refused => return None,
            () if now >= self.status_due => {
                self.status_due = now + STATUS;
                Telling::Status { legacy: self.legacy }
            }
            () if now >= self.ping_due => {
                self.ping_due = now + PING;
                Telling::Ping
            }
            () => return None,
        };
        let status = matches!(what, Telling::Status { .. }).then(|| self.describe());
        let client = client.clone();
        Some(async move {
            let result = match (what, &status) {
                (Telling::Status { legacy: true }, Some(status)) => client.update_status_legacy(status).await,
                (Telling::Status { legacy: false }, Some(status)) => client.update_status(status).await,
                _ => client.ping().await,
            };
            Told { what, result }
        })
    }

    pub(super) fn take_note(&mut self, told: Told) {
        let Told { what, result } = told;
        match result {
            Ok(()) => self.known |= what == Telling::Ping,
            Err(Failure::Access { status: 404 | 405, .. }) if what == (Telling::Status { legacy: false }) => {
                self.legacy = true;
                self.status_due = Instant::now();
            }
            Err(failure @ (Failure::Access { .. } | Failure::Permanent { .. })) => {
                (self.refused, self.known) = (true, false);
                tracing::info!("the server does not want to be told how this client is: {failure}");
            }
            Err(failure) => tracing::debug!("the server was not told how this client is: {failure}"),
        }
    }

    /// Tells the server that the client ends, if it is one that the server knows.
    pub(super) async fn good_bye(&self, client: Option<&Client>, token: Option<&Token>, pass: Pass) {
        if self.known
            && pass == Pass::Open
            && let (Some(client), Some(Token::Found(token))) = (client, token)
            && let Some(id) = Registered::id_in(token)
        {
            // Nobody is left who could be told of a failure.
            let _ = client.disconnect(&id).await;
        }
    }

    fn describe(&self) -> ClientStatus {
        let station = &self.config.station;
        ClientStatus {
            name: station.name.clone(),
            location: station.location.clone(),
            purpose: station.purpose.clone(),
            version: numeric(env!("CARGO_PKG_VERSION")).to_owned(),
            online: !matches!(self.status.connection(), Connection::Offline(_)),
            pending: self.queue.counts().pending,
            computer: self.computer(),
            converters: self.converters(),
        }
    }

    fn computer(&self) -> Computer {
        Computer {
            os_version: operating_system(),
            runtime_version: String::new(),
            architecture: std::env::consts::ARCH.to_owned(),
            name: gethostname::gethostname().to_string_lossy().into_owned(),
            domain: std::env::var("USERDNSDOMAIN").unwrap_or_default(),
            memory: memory(),
            disks: self.disk().into_iter().collect(),
        }
    }

    /// The disk that matters: the one with the queue.
    fn disk(&self) -> Option<Disk> {
        let folder = &self.config.queue.folder;
        let facts = fs4::statvfs(folder).ok()?;
        Some(Disk {
            name: folder.display().to_string(),
            kind: "Fixed".to_owned(),
            total: facts.total_space(),
            available: facts.available_space(),
            free: facts.free_space(),
            ..Disk::default()
        })
    }

    fn converters(&self) -> Vec<ConverterState> {
        let folders = self.status.folders();
        let problems: HashMap<_, _> =
            folders.iter().map(|folder| (&folder.path, folder.problem.is_some())).collect();
        let watches = &self.config.watches;
        // Files are counted for all folders together: told only where that is the same.
        let count = |counter: &std::sync::atomic::AtomicU64| match watches.len() {
            1 => counter.load(Ordering::Relaxed),
            _ => 0,
        };
        let Status { files_accepted, files_failed, .. } = &*self.status;
        watches
            .iter()
            .map(|watch| ConverterState {
                name: watch
                    .folder
                    .file_name()
                    .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
                running: problems.get(&watch.folder) == Some(&false),
                version: numeric(env!("CARGO_PKG_VERSION")).to_owned(),
                total: count(files_accepted),
                failed: count(files_failed),
                class: watch.converter.clone(),
                filter: watch.patterns.join(";"),
                path: watch.folder.display().to_string(),
                post_action: word(watch.post_action).to_owned(),
            })
            .collect()
    }
}

fn word(action: PostAction) -> &'static str {
    match action {
        PostAction::Move => "Move",
        PostAction::Archive => "Archive",
        PostAction::Delete => "Delete",
        PostAction::Keep => "Keep",
    }
}

/// The numbers of a version, which are all that the server understands.
fn numeric(version: &str) -> &str {
    version.split(|letter: char| !letter.is_ascii_digit() && letter != '.').next().unwrap_or(version)
}

fn operating_system() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(|| std::env::consts::OS.to_owned(), |name| name.trim_matches('"').to_owned())
}

/// Bytes of memory, where they stand in a file.
fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::numeric;

    #[test]
    fn versions_are_told_in_numbers() {
        assert_eq!(numeric("0.1.0"), "0.1.0");
        assert_eq!(numeric("1.2.3-rc.1"), "1.2.3");
    }
}
