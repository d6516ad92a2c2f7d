//! What a service knows about its surroundings, and what it tells them.

use crate::log::event;
use crate::systemd::{self, HandedOver, Notifier};
use crate::{Host, Liveness};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// Why the service is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stop {
    /// The service manager or a person asked for it.
    Requested,
    /// The service itself did, by [`Context::stop`].
    Own,
    /// The machine shuts down: Windows gives all services together 5 s.
    Shutdown,
    /// Windows is about to shut down, and waits as long as was agreed upon at the installation.
    PreShutdown,
}

/// The service's side of the conversation with whoever started it. A clone is the same side.
#[derive(Clone)]
pub struct Context {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    host: Host,
    notifier: Notifier,
    liveness: Liveness,
    stop: watch::Sender<bool>,
    reason: OnceLock<Stop>,
    /// [`Context::tell_stopping`] was here.
    told: AtomicBool,
    ready: AtomicBool,
    reload: Notify,
    /// Somebody waits, or has waited, for [`Context::reload_requested`].
    reloads: AtomicBool,
    status: Mutex<Status>,
    /// A point in time up to which [`Context::need_time`] has asked for patience.
    patience: Mutex<Option<Instant>>,
    #[cfg(windows)]
    scm: Option<super::scm::Scm>,
}

/// The source of the status line.
#[derive(Default)]
enum Status {
    #[default]
    None,
    Text(String),
    Source(Box<dyn Fn() -> String + Send>),
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &self.shared;
        formatter
            .debug_struct("Context")
            .field("name", &shared.name)
            .field("host", &shared.host)
            .field("ready", &self.is_ready())
            .field("stop", &shared.reason.get())
            .finish_non_exhaustive()
    }
}

impl Context {
    pub(super) fn new(name: &str, host: Host) -> Self {
        Self::with(
            name,
            host,
            Notifier::from_environment(),
            #[cfg(windows)]
            None,
        )
    }

    #[cfg(windows)]
    pub(super) fn of_windows_service(name: &str, scm: super::scm::Scm) -> Self {
        Self::with(name, Host::WindowsService, Notifier::default(), Some(scm))
    }

    /// One that nobody listens to: for a service that runs as a part of another program, or of a test. It stops by
    /// [`Context::stop`].
    #[must_use]
    pub fn detached(name: &str) -> Self {
        Self::with(
            name,
            Host::Background,
            Notifier::default(),
            #[cfg(windows)]
            None,
        )
    }

    /// Stops when the process is told to end, by a signal or at a console, for a program that is no service. Must be
    /// called inside the runtime.
    ///
    /// # Errors
    /// When the system lets nobody listen.
    pub fn stop_on_signals(&self) -> io::Result<()> {
        tokio::spawn(super::signals::listen(self)?);
        Ok(())
    }

    fn with(
        name: &str,
        host: Host,
        notifier: Notifier,
        #[cfg(windows)] scm: Option<super::scm::Scm>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                name: name.to_owned(),
                host,
                notifier,
                liveness: Liveness::new(),
                stop: watch::Sender::new(false),
                reason: OnceLock::new(),
                told: AtomicBool::new(false),
                ready: AtomicBool::new(false),
                reload: Notify::new(),
                reloads: AtomicBool::new(false),
                status: Mutex::default(),
                patience: Mutex::default(),
                #[cfg(windows)]
                scm,
            }),
        }
    }

    /// The service's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Who started the program.
    #[must_use]
    pub fn host(&self) -> Host {
        self.shared.host
    }

    /// Changes from which level on the program's own messages are logged.
    pub fn log_level(&self, level: tracing::Level) {
        crate::log::set_level(level);
    }

    /// Where the service's loops say that they turn. As long as one is stuck, the service manager gets no sign of
    /// life and starts the service anew, if it was told to watch it.
    #[must_use]
    pub fn liveness(&self) -> &Liveness {
        &self.shared.liveness
    }

    /// The service does its work from now on.
    pub fn ready(&self) {
        self.shared.ready.store(true, Ordering::SeqCst);
        self.send("READY=1");
        match self.shared.host {
            // Nobody else writes that down there.
            Host::WindowsService => tracing::info!(event_id = event::READY, "{} is ready", self.name()),
            _ => tracing::debug!(event_id = event::READY, "{} is ready", self.name()),
        }
        #[cfg(windows)]
        if let Some(scm) = &self.shared.scm {
            scm.running();
        }
    }

    /// Whether [`Context::ready`] was called.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.ready.load(Ordering::SeqCst)
    }

    /// Says in one line what the service is doing, for `systemctl status`.
    pub fn status(&self, text: impl Into<String>) {
        let text = one_line(&text.into());
        self.send(&format!("STATUS={text}"));
        *self.shared.status.lock().unwrap_or_else(PoisonError::into_inner) = Status::Text(text);
    }

    /// Where to ask what the service is doing. Asked every few seconds; has to answer at once.
    pub fn status_from(&self, source: impl Fn() -> String + Send + 'static) {
        *self.shared.status.lock().unwrap_or_else(PoisonError::into_inner) = Status::Source(Box::new(source));
    }

    /// What the service is doing.
    pub(super) fn current_status(&self) -> Option<String> {
        match &*self.shared.status.lock().unwrap_or_else(PoisonError::into_inner) {
            Status::None => None,
            Status::Text(text) => Some(text.clone()),
            Status::Source(source) => Some(one_line(&source())),
        }
    }

    /// Starting or stopping goes on.
    pub(super) fn progress(&self) {
        #[cfg(windows)]
        if let Some(scm) = &self.shared.scm {
            scm.progress();
        }
    }

    #[cfg(windows)]
    pub(super) fn stop_pending(&self) {
        if let Some(scm) = &self.shared.scm {
            scm.stop_pending();
        }
    }

    /// Starting or stopping takes this much longer, counted from now. To be said again and again while it goes on:
    /// a time that is too long hides that the service hangs.
    pub fn need_time(&self, more: Duration) {
        *self.shared.patience.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + more);
        self.send(&format!("EXTEND_TIMEOUT_USEC={}", more.as_micros()));
        #[cfg(windows)]
        if let Some(scm) = &self.shared.scm {
            scm.need_time(more);
        }
    }

    /// Whether the service is to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.shared.stop.borrow()
    }

    /// Returns when the service is to stop; at once, if that was before.
    pub async fn stopped(&self) {
        // The sender lives as long as this context.
        let _ = self.shared.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Becomes true when the service is to stop, for parts that need nothing else.
    #[must_use]
    pub fn stop_flag(&self) -> watch::Receiver<bool> {
        self.shared.stop.subscribe()
    }

    /// Why the service is to stop, if it is.
    #[must_use]
    pub fn stop_reason(&self) -> Option<Stop> {
        self.shared.reason.get().copied()
    }

    /// Stops the service, as if the service manager had asked for it.
    pub fn stop(&self) {
        self.request_stop(Stop::Own);
    }

    /// The first reason counts.
    pub(super) fn request_stop(&self, reason: Stop) {
        let _ = self.shared.reason.set(reason);
        self.tell_stopping();
        self.shared.stop.send_replace(true);
    }

    /// Returns when the service is to read its configuration again: `systemctl reload`, SIGHUP, `sc control NAME
    /// paramchange`. The service manager takes it for done when the answer is dropped.
    pub async fn reload_requested(&self) -> Reload {
        self.shared.reloads.store(true, Ordering::SeqCst);
        self.shared.reload.notified().await;
        self.send(&systemd::reloading());
        Reload { context: self.clone() }
    }

    pub(super) fn request_reload(&self) {
        if self.shared.reloads.load(Ordering::SeqCst) {
            self.shared.reload.notify_one();
        } else {
            // A manager that waits for the answer shall not wait in vain.
            self.send(&systemd::reloading());
            drop(Reload { context: self.clone() });
        }
    }

    /// Sockets that systemd has opened for the service, each given once.
    ///
    /// # Errors
    /// When systemd has announced some that are not there.
    pub fn handed_over(&self) -> io::Result<Vec<HandedOver>> {
        systemd::handed_over()
    }

    /// Says once that the service stops.
    pub(super) fn tell_stopping(&self) {
        if !self.shared.told.swap(true, Ordering::SeqCst) {
            self.send("STOPPING=1\nSTATUS=Stopping");
            if self.shared.host == Host::WindowsService {
                tracing::info!(event_id = event::STOPPING, "{} stops", self.name());
            }
            #[cfg(windows)]
            self.stop_pending();
        }
    }

    pub(super) fn is_told(&self) -> bool {
        self.shared.told.load(Ordering::SeqCst)
    }

    /// Returns after this time, or later if more was asked for.
    pub(super) async fn out_of_time(&self, limit: Duration) {
        let mut end = Instant::now() + limit;
        loop {
            tokio::time::sleep_until(end.into()).await;
            let patience = *self.shared.patience.lock().unwrap_or_else(PoisonError::into_inner);
            match patience {
                Some(later) if later > end => end = later,
                _ => return,
            }
        }
    }

    /// Tells systemd something.
    pub(super) fn send(&self, text: &str) {
        if let Err(error) = self.shared.notifier.send(text) {
            tracing::debug!("the service manager cannot be told: {error}");
        }
    }
}

/// The service reads its configuration. To be dropped when it has.
#[derive(Debug)]
pub struct Reload {
    context: Context,
}

impl Drop for Reload {
    fn drop(&mut self) {
        self.context.send("READY=1");
    }
}

/// A line break would start another assignment.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}
