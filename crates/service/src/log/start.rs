//! Which messages go where.

use super::levels::{self, Levels};
use super::{JsonLines, LogLayer, Prefixed, Recent, Record, RotatingFile, Sink, Text, layer};
use crate::Host;
use std::io::{self, IsTerminal};
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

/// How a service logs. Where, its host decides; see `docs/service-library.md`.
#[derive(Debug)]
pub struct Log {
    on: bool,
    level: Level,
    targets: Vec<String>,
    file: Option<RotatingFile>,
    recent: Option<Recent>,
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

impl Log {
    /// From level `INFO` on, where the host looks.
    #[must_use]
    pub fn new() -> Self {
        Self { on: true, level: Level::INFO, targets: Vec::new(), file: None, recent: None }
    }

    /// Not at all: the program logs by its own means.
    #[must_use]
    pub fn off() -> Self {
        Self { on: false, ..Self::new() }
    }

    /// From this level on. [`Context::log_level`](crate::Context::log_level) changes it later.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Takes this crate for the program's own, as the one of the service's name is. Other crates are only heard when
    /// something is wrong.
    #[must_use]
    pub fn own_crate(mut self, name: impl Into<String>) -> Self {
        self.targets.push(name.into());
        self
    }

    /// Into this file as well. On Windows the Event Log then gets only what matters to whoever keeps the machine:
    /// warnings, errors, and messages that name their event.
    #[must_use]
    pub fn file(mut self, file: RotatingFile) -> Self {
        self.file = Some(file);
        self
    }

    /// Into memory as well, for a program that shows its last messages itself.
    #[must_use]
    pub fn recent(mut self, recent: Recent) -> Self {
        self.recent = Some(recent);
        self
    }

    /// Starts logging. A program that has already started to log goes on as it does.
    pub fn start(self, name: &str, host: Host) {
        if !self.on {
            return;
        }
        levels::set(self.level);
        let mut own = self.targets;
        own.push(name.replace('-', "_"));
        own.push("landfall_service".to_owned());
        let sink = destination(name, host, self.file.is_some());
        let registry = tracing_subscriber::registry()
            .with(Levels { own })
            .with(layer(sink).boxed_layer())
            .with(self.file.map(layer))
            .with(self.recent.map(layer));
        // Fails only when the program logs already.
        let _ = tracing::subscriber::set_global_default(registry);
    }
}

/// Changes the level of the program's own messages.
pub(crate) fn set_level(level: Level) {
    levels::set(level);
}

impl<S: Sink> LogLayer<S> {
    fn boxed_layer<T>(self) -> Box<dyn Layer<T> + Send + Sync>
    where
        T: Subscriber + for<'a> LookupSpan<'a>,
    {
        Box::new(self)
    }
}

/// Where the host looks for messages.
fn destination(name: &str, host: Host, has_file: bool) -> Box<dyn Sink> {
    match host {
        Host::WindowsService => event_log(name, has_file),
        Host::Systemd => journal(name),
        // A person who tries the container out.
        Host::Container if io::stderr().is_terminal() => Box::new(Text::stderr()),
        Host::Container => Box::new(JsonLines::stderr()),
        Host::OpenRc | Host::Background if leads_nowhere() => syslog(name),
        Host::Launchd | Host::OpenRc | Host::Supervised | Host::Terminal | Host::Background => stderr(name),
    }
}

/// Where standard error leads.
fn stderr(name: &str) -> Box<dyn Sink> {
    match own_file(name) {
        Some(file) => Box::new(OrElse(file, Text::stderr())),
        None => Box::new(Text::stderr()),
    }
}

/// A destination, and another one for what does not arrive there. Who is only busy is not passed by: the second way
/// mostly leads to the same one, and would wait.
struct OrElse<A, B>(A, B);

impl<A: Sink, B: Sink> Sink for OrElse<A, B> {
    fn write(&self, record: &Record<'_>) -> io::Result<()> {
        self.0.write(record).or_else(|error| match error.kind() {
            io::ErrorKind::WouldBlock => Err(error),
            _ => self.1.write(record),
        })
    }
}

/// By its native protocol, unless somebody has sent standard error elsewhere: then that is wanted. Others await
/// readiness as systemd does, such as `start-stop-daemon` in the scripts of System V init.
#[cfg(target_os = "linux")]
fn journal(name: &str) -> Box<dyn Sink> {
    let stream = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    if !is_standard_error(&stream) {
        return stderr(name);
    }
    match super::Journal::new(name) {
        Some(journal) => Box::new(OrElse(journal, Prefixed::stderr())),
        None => Box::new(Prefixed::stderr()),
    }
}

#[cfg(not(target_os = "linux"))]
fn journal(_: &str) -> Box<dyn Sink> {
    Box::new(Prefixed::stderr())
}

/// Whether standard error is this file, named by device and inode: `JOURNAL_STREAM`, systemd.exec(5).
#[cfg(target_os = "linux")]
fn is_standard_error(stream: &str) -> bool {
    let Ok(standard_error) = rustix::fs::fstat(io::stderr()) else { return false };
    stream == format!("{}:{}", standard_error.st_dev, standard_error.st_ino)
}

/// The file of the service's own folder, where its service manager has sent standard error there: nobody else keeps it
/// from growing for ever, launchd and init scripts have no word for that. What does not come this way, such as the words
/// of a panic, goes where standard error leads.
#[cfg(unix)]
fn own_file(name: &str) -> Option<RotatingFile> {
    let folder = |variable| std::env::var_os(variable).map(std::path::PathBuf::from);
    let id = crate::ipc::instance_name(name, folder("RUNTIME_DIRECTORY").as_deref());
    let path = folder("LOGS_DIRECTORY")?.join(format!("{id}.log"));
    let (standard_error, there) = (rustix::fs::fstat(io::stderr()).ok()?, rustix::fs::stat(&path).ok()?);
    let same = (standard_error.st_dev, standard_error.st_ino) == (there.st_dev, there.st_ino);
    same.then(|| RotatingFile::new(path))
}

/// Windows' services have no standard error.
#[cfg(not(unix))]
fn own_file(_: &str) -> Option<RotatingFile> {
    None
}

/// Standard error is `/dev/null`, as daemons often have it.
#[cfg(unix)]
fn leads_nowhere() -> bool {
    match (rustix::fs::fstat(io::stderr()), rustix::fs::stat("/dev/null")) {
        (Ok(standard_error), Ok(null)) => standard_error.st_rdev == null.st_rdev && null.st_rdev != 0,
        // Closed.
        (Err(_), _) => true,
        _ => false,
    }
}

#[cfg(not(unix))]
fn leads_nowhere() -> bool {
    false
}

#[cfg(unix)]
fn syslog(name: &str) -> Box<dyn Sink> {
    match super::Syslog::new(name) {
        Ok(syslog) => Box::new(OrElse(syslog, Text::stderr())),
        Err(_) => Box::new(Text::stderr()),
    }
}

#[cfg(not(unix))]
fn syslog(_: &str) -> Box<dyn Sink> {
    Box::new(Text::stderr())
}

#[cfg(windows)]
fn event_log(name: &str, has_file: bool) -> Box<dyn Sink> {
    /// What matters to whoever keeps the machine.
    struct Notable(super::EventLog);
    impl Sink for Notable {
        fn write(&self, record: &Record<'_>) -> io::Result<()> {
            if record.event_id.is_some() || record.level() <= Level::WARN {
                self.0.write(record)
            } else {
                Ok(())
            }
        }
    }
    // The source that the installation has registered; among the services of Windows an instance has a dollar sign.
    let folder = std::env::var_os("RUNTIME_DIRECTORY").map(std::path::PathBuf::from);
    let source = crate::ipc::instance_name(name, folder.as_deref()).replace('@', "$");
    match super::EventLog::new(&source) {
        Ok(log) if has_file => Box::new(Notable(log)),
        Ok(log) => Box::new(OrElse(log, Text::stderr())),
        Err(_) => Box::new(Text::stderr()),
    }
}

#[cfg(not(windows))]
fn event_log(_: &str, _: bool) -> Box<dyn Sink> {
    Box::new(Text::stderr())
}
