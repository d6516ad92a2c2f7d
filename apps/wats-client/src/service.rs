//! The service: all parts put together.

use crate::config::{Config, PostAction};
use crate::control::{self, CHANGED};
use crate::health;
use crate::intake::{Intake, Packer, Shared};
use crate::queue::{OpenError, Queue};
use crate::status::{SharedStatus, Status};
use crate::upload::Uploader;
use landfall_service::{Context, Exit, Failure};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Longest silence of the part that sends, which never waits long for anything.
const UPLOADER_SILENCE: Duration = Duration::from_secs(45);
/// Longest silence of the queue: a slow disk may need a while.
const QUEUE_SILENCE: Duration = Duration::from_secs(60);
/// Longest silence of a folder's thread: a network share may take minutes to give up.
const FOLDER_SILENCE: Duration = Duration::from_secs(300);
/// How often the queue is looked at.
const LOOK: Duration = Duration::from_secs(1);
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
pub(crate) async fn run(config: Config, context: Context) -> Result<(), ServiceError> {
    let liveness = context.liveness();
    let status: SharedStatus = Arc::new(Status::default());
    let bell = Arc::new(Notify::new());
    let queue = Queue::open(&config.queue, liveness.watch("the queue", QUEUE_SILENCE)).map_err(|error| {
        let folder = config.queue.folder.display().to_string();
        match error {
            OpenError::InUse => ServiceError::Running { folder },
            error => ServiceError::Queue { folder, error: error.to_string() },
        }
    })?;
    let counts = queue.counts();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        server = config.server.as_ref().map_or("none", |server| server.as_str()),
        station = config.station.name,
        waiting = counts.pending,
        "wats-client starts"
    );
    let shared = Shared {
        queue: queue.clone(),
        station: config.station.clone(),
        status: status.clone(),
        bell: bell.clone(),
    };
    let mut folders = Vec::new();
    for watch in &config.watches {
        let beat = liveness.watch(format!("folder {}", watch.folder.display()), FOLDER_SILENCE);
        folders.push(Intake::start(watch.clone(), shared.clone(), beat).map_err(ServiceError::Thread)?);
    }
    let archives = config.watches.iter().filter(|watch| watch.post_action == PostAction::Archive);
    let packer =
        Packer::start(archives.map(|watch| watch.done.clone()).collect()).map_err(ServiceError::Thread)?;
    let beat = liveness.watch("the upload", UPLOADER_SILENCE);
    let uploader = Uploader::new(&config, queue.clone(), status.clone(), bell, beat);
    let uploading = tokio::spawn(uploader.run(context.stop_flag()));
    if let Some(address) = config.health {
        let health = health::health(&context, &queue, &status, &config.station);
        tokio::spawn(async move {
            // Without it the service goes on.
            if let Err(error) = health.serve(address).await {
                tracing::warn!(%address, "health endpoints are off, the address cannot be used ({error}): set health.listen");
            }
        });
    }
    let events = control::open(&context, &queue, &status, &config.station);
    context.status_from({
        let (queue, status) = (queue.clone(), status.clone());
        move || status.line(&queue)
    });
    context.ready();

    let mut result = Ok(());
    let mut told = String::new();
    while !context.is_stopping() {
        if let Some(events) = &events {
            let line = status.line(&queue);
            if line != told {
                events.publish(CHANGED, line.as_bytes());
                told = line;
            }
        }
        if queue.is_damaged() {
            let error =
                "the database is damaged: it is put aside, and what is readable saved, at the next start";
            let folder = config.queue.folder.display().to_string();
            result = Err(ServiceError::Queue { folder, error: error.to_owned() });
            break;
        }
        tokio::select! {
            () = context.stopped() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }

    drop(packer);
    folders.iter().for_each(Intake::stop);
    // It ends in bounded time; what it was doing is in the queue anyway.
    if result.is_ok() {
        let _ = uploading.await;
    }
    let deadline = Instant::now() + FOLDER_LAST_CALL;
    while Instant::now() < deadline && !folders.iter().all(Intake::is_finished) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tracing::info!(waiting = queue.counts().pending, "wats-client ends");
    result
}
