//! The service: all parts put together, and kept in step with the configuration.

mod folders;
mod line;
mod sending;

use crate::config::{Applied, Config, Live, LogLevel, Reloads};
use crate::control::{self, CHANGED};
use crate::health;
use crate::intake::Shared;
use crate::queue::{OpenError, Queue};
use crate::status::{SharedStatus, Status};
use crate::web;
use folders::Folders;
use landfall_service::log::Recent;
use landfall_service::{Context, Exit, Failure};
pub(crate) use sending::{LAST_CALL, Sending};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::Level;

/// Longest silence of the queue: a slow disk may need a while.
const QUEUE_SILENCE: Duration = Duration::from_secs(60);
/// How often the queue, and the configuration's file, are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Pause before an address that was not free is tried again.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);
/// Time for the folders' threads to put away what they have in hand.
const FOLDER_LAST_CALL: Duration = Duration::from_millis(400);

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// The queue cannot be used, and without it nothing is safe.
    #[error("{folder}: {error}")]
    Queue {
        /// The queue's folder.
        folder: String,
        /// What is wrong with it.
        error: String,
    },
    /// The queue belongs to one that runs already.
    #[error("{folder}: another wats-client is using this queue")]
    Running {
        /// The queue's folder.
        folder: String,
    },
    /// The operating system gives no thread.
    #[error("a thread cannot be started: {0}")]
    Thread(std::io::Error),
}

impl ServiceError {
    /// With the exit code that goes with it.
    pub(crate) fn into_failure(self) -> Failure {
        let exit = match self {
            Self::Running { .. } => Exit::AlreadyRunning,
            Self::Queue { .. } | Self::Thread(_) => Exit::General,
        };
        Failure::new(exit, self)
    }
}

/// Runs the service until it is to stop.
pub(crate) async fn run(
    live: Live,
    mut reloads: Reloads,
    context: Context,
    log: Recent,
) -> Result<(), ServiceError> {
    let turn = line::wait(&live.current(), &context).await;
    if context.is_stopping() {
        return Ok(());
    }
    let mut parts = Parts::start(live, context.clone(), log)?;
    drop(turn);
    context.ready();
    let result = loop {
        parts.tell();
        if parts.queue.is_damaged() {
            let error =
                "the database is damaged: it is put aside, and what is readable saved, at the next start";
            let folder = parts.live.current().queue.folder.display().to_string();
            break Err(ServiceError::Queue { folder, error: error.to_owned() });
        }
        tokio::select! {
            () = context.stopped() => break Ok(()),
            () = tokio::time::sleep(LOOK) => parts.look().await,
            reload = context.reload_requested() => {
                // What is wrong with the file is logged, and shown as the state.
                let _ = parts.read_configuration().await;
                drop(reload);
            }
            Some(asked) = reloads.recv() => {
                // Whoever asked may have gone.
                let _ = asked.send(parts.read_configuration().await);
            }
        }
    };
    parts.end(result.is_ok()).await;
    result
}

/// The running parts.
struct Parts {
    live: Live,
    context: Context,
    queue: Queue,
    status: SharedStatus,
    bell: Arc<Notify>,
    folders: Folders,
    sending: Sending,
    health: Option<JoinHandle<()>>,
    page: Option<JoinHandle<()>>,
    log: Recent,
    events: Option<landfall_service::ipc::Publisher>,
    /// The state that was told last.
    told: String,
    /// The file was seen to be another one; it is read when it stays so for one look.
    changing: bool,
}

impl Parts {
    fn start(live: Live, context: Context, log: Recent) -> Result<Self, ServiceError> {
        let config = live.current();
        let liveness = context.liveness().clone();
        context.log_level(level(config.log.level));
        config.unknown.iter().for_each(|unknown| tracing::warn!("this key is left out: {}", unknown.error));
        let status: SharedStatus = Arc::new(Status::default());
        let bell = Arc::new(Notify::new());
        let queue =
            Queue::open(&config.queue, liveness.watch("the queue", QUEUE_SILENCE)).map_err(|error| {
                let folder = config.queue.folder.display().to_string();
                match error {
                    OpenError::InUse => ServiceError::Running { folder },
                    error => ServiceError::Queue { folder, error: error.to_string() },
                }
            })?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            server = config.server.as_ref().map_or("none", |server| server.as_str()),
            station = config.station.name,
            waiting = queue.counts().pending,
            "wats-client starts"
        );
        let shared = Shared {
            queue: queue.clone(),
            station: config.station.clone(),
            status: status.clone(),
            bell: bell.clone(),
        };
        let mut folders = Folders::new(shared, liveness.clone());
        folders.follow(&config).map_err(ServiceError::Thread)?;
        let sending = Sending::start(&config, &queue, &status, &bell, &liveness);
        let events = control::open(&context, &queue, &status, &bell, &live);
        context.status_from({
            let (queue, status) = (queue.clone(), status.clone());
            move || status.line(&queue)
        });
        let mut parts = Self {
            live,
            context,
            queue,
            status,
            bell,
            folders,
            sending,
            health: None,
            page: None,
            log,
            events,
            told: String::new(),
            changing: false,
        };
        parts.listen(&config);
        parts.show_page(&config);
        Ok(parts)
    }

    /// Tells whoever listens what has changed.
    fn tell(&mut self) {
        let Some(events) = &self.events else { return };
        let line = self.status.line(&self.queue);
        if line != self.told {
            events.publish(CHANGED, line.as_bytes());
            self.told = line;
        }
    }

    /// Looks after everything that needs no order.
    async fn look(&mut self) {
        // An editor may still be at it: the file has to look the same twice.
        let changed = self.live.file_has_changed();
        if changed && self.changing {
            let _ = self.read_configuration().await;
        }
        self.changing = changed && !self.changing;
        if let Err(error) = self.folders.follow(&self.live.current()) {
            tracing::error!("a folder cannot be watched for now, a thread cannot be started: {error}");
        }
    }

    /// Reads the configuration anew and puts it into force, or says why it stays as it is.
    async fn read_configuration(&mut self) -> Result<Applied, String> {
        self.changing = false;
        let (old, changes) = match self.live.read_again() {
            Ok(read) => read,
            Err(fault) => {
                tracing::error!("the changed configuration is not used, the one before still holds: {fault}");
                self.status.set_alarm(Some(format!("the configuration is not used: {fault}")));
                return Err(fault);
            }
        };
        self.status.set_alarm(None);
        let new = self.live.current();
        let applied = Applied::of(&changes);
        if !applied.changed.is_empty() {
            tracing::info!(changed = applied.changed.join(", "), "the configuration has changed");
        }
        if !applied.after_restart.is_empty() {
            tracing::warn!("{}: changed after the next start", applied.after_restart.join(", "));
        }
        new.unknown.iter().for_each(|unknown| tracing::warn!("this key is left out: {}", unknown.error));
        self.context.log_level(level(new.log.level));
        if new.queue != old.queue {
            let limits = new.queue.clone();
            // If the queue does not take orders now, it is about to end.
            let set = self.queue.call(move |store| {
                store.set_limits(limits);
                Ok(())
            });
            let _ = set.ready().await;
        }
        if Sending::differs(&old, &new) {
            // The next one knows nothing of what is on its way: it would send that too.
            self.sending.end(sending::HANDOVER).await;
            let liveness = self.context.liveness();
            self.sending = Sending::start(&new, &self.queue, &self.status, &self.bell, liveness);
        }
        if new.health != old.health {
            self.listen(&new);
        }
        if new.web.listen != old.web.listen {
            self.show_page(&new);
        }
        if let Err(error) = self.folders.follow(&new) {
            tracing::error!("a folder cannot be watched for now, a thread cannot be started: {error}");
        }
        Ok(applied)
    }

    /// Lets monitoring ask at the address that is configured, and no more at the one before.
    fn listen(&mut self, config: &Config) {
        if let Some(task) = self.health.take() {
            task.abort();
        }
        let Some(address) = config.health else { return };
        let health = health::health(&self.context, &self.queue, &self.status, &self.live);
        let serve = |listener| health.serve_listener(listener);
        self.health = Some(serve_at(address, "health endpoints are", "health.listen", serve));
    }

    /// Shows the web page at the address that is configured, and no more at the one before.
    fn show_page(&mut self, config: &Config) {
        if let Some(task) = self.page.take() {
            task.abort();
        }
        let Some(address) = config.web.listen else { return };
        let parts = web::Parts {
            live: self.live.clone(),
            queue: self.queue.clone(),
            status: self.status.clone(),
            bell: self.bell.clone(),
            liveness: self.context.liveness().clone(),
            log: self.log.clone(),
        };
        let serve = move |listener| web::serve(listener, address, parts);
        self.page = Some(serve_at(address, "the web page is", "web.listen", serve));
    }

    async fn end(mut self, in_order: bool) {
        self.folders.stop();
        // It ends in bounded time; what it was doing is in the queue anyway.
        if in_order {
            self.sending.end(LAST_CALL).await;
        }
        let deadline = Instant::now() + FOLDER_LAST_CALL;
        while Instant::now() < deadline && !self.folders.have_ended() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tracing::info!(waiting = self.queue.counts().pending, "wats-client ends");
    }
}

/// Serves at an address. Without it the service goes on; whoever has the address may let go of it.
fn serve_at<F>(
    address: SocketAddr,
    what: &'static str,
    key: &'static str,
    serve: impl FnOnce(TcpListener) -> F + Send + 'static,
) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send,
{
    // Not left to the task: who was told that the service is ready finds it there.
    let mut listener = bind(address);
    tokio::spawn(async move {
        let mut told = false;
        loop {
            match listener {
                Ok(listener) => return serve(listener).await,
                Err(error) if !std::mem::replace(&mut told, true) => {
                    tracing::warn!(%address, "{what} off, the address cannot be used ({error}): set {key}");
                }
                Err(_) => {}
            }
            tokio::time::sleep(LISTEN_AGAIN).await;
            listener = bind(address);
        }
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

fn level(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
    }
}
