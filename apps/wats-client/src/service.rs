//! The service: all parts put together.

use crate::config::Config;
use crate::health::Health;
use crate::intake::{Intake, Shared};
use crate::liveness::Liveness;
use crate::queue::Queue;
use crate::service_manager::ServiceManager;
use crate::status::{SharedStatus, Status};
use crate::upload::Uploader;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// Longest silence of the part that sends, which never waits long for anything.
const UPLOADER_SILENCE: Duration = Duration::from_secs(45);
/// Longest silence of the queue: a slow disk may need a while.
const QUEUE_SILENCE: Duration = Duration::from_secs(60);
/// Longest silence of a folder's thread: a network share may take minutes to give up.
const FOLDER_SILENCE: Duration = Duration::from_secs(300);
/// How often the service manager hears from us when it wants no sign of life.
const STATUS_PAUSE: Duration = Duration::from_secs(10);
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
    /// The operating system gives no thread.
    #[error("a thread cannot be started: {0}")]
    Thread(std::io::Error),
}

/// Runs the service until `stop` becomes true.
pub(crate) async fn run(config: Config, mut stop: watch::Receiver<bool>) -> Result<(), ServiceError> {
    let manager = ServiceManager::find();
    let liveness = Liveness::new();
    let status: SharedStatus = Arc::new(Status::default());
    let bell = Arc::new(Notify::new());
    let queue = Queue::open(&config.queue, liveness.watch("the queue", QUEUE_SILENCE)).map_err(|error| {
        ServiceError::Queue { folder: config.queue.folder.display().to_string(), error: error.to_string() }
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
    let beat = liveness.watch("the upload", UPLOADER_SILENCE);
    let uploader = Uploader::new(&config, queue.clone(), status.clone(), bell, beat);
    let uploading = tokio::spawn(uploader.run(stop.clone()));
    if let Some(address) = config.health {
        let health = Health {
            queue: queue.clone(),
            status: status.clone(),
            liveness: liveness.clone(),
            station: config.station.name.clone(),
        };
        tokio::spawn(health.serve(address));
    }
    manager.tell("READY=1");

    let mut result = Ok(());
    let pause = manager.watchdog().map_or(STATUS_PAUSE, |limit| (limit / 4).min(STATUS_PAUSE));
    while !*stop.borrow() {
        if queue.is_damaged() {
            let error =
                "the database is damaged: it is put aside, and what is readable saved, at the next start";
            let folder = config.queue.folder.display().to_string();
            result = Err(ServiceError::Queue { folder, error: error.to_owned() });
            break;
        }
        match liveness.stuck() {
            None => manager.tell(&format!("WATCHDOG=1\nSTATUS={}", status.line(&queue))),
            // No sign of life: the service manager shall start us anew.
            Some(reason) => {
                tracing::error!("{reason}");
                manager.tell(&format!("STATUS={reason}"));
            }
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    manager.tell("STOPPING=1\nSTATUS=Stopping");
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
