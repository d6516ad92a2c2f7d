//! The thread that owns the database.

use super::database::{self, OpenError};
use super::entry::Counts;
use super::store::Store;
use crate::config;
use landfall_service::Beat;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Most jobs in one transaction.
const BATCH: usize = 256;
/// How long the thread sleeps at most before it shows that it is alive.
const TURN: Duration = Duration::from_secs(5);
/// How often what is delivered is gone through, if nothing is left over from the last time.
const MAINTENANCE: Duration = Duration::from_secs(30);
/// Pause before it is gone on with.
const MAINTENANCE_PAUSE: Duration = Duration::from_millis(200);

/// Why a job failed. The queue is then as if the job had never been.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum QueueError {
    /// There is no room.
    #[error("the queue is full: {0}")]
    Full(String),
    /// The database refuses, for example because the disk is full.
    #[error("the queue's database reports: {0}")]
    Database(String),
    /// The database contradicts itself. It is put aside, and what is readable saved, at the next start.
    #[error("the queue's database is damaged: {0}")]
    Damaged(String),
    /// What somebody wants cannot be done, or not with this report.
    #[error("{0}")]
    Refused(String),
    /// The step was dropped: the database is locked or out of order, or the program is about to end.
    #[error("the queue does not take orders now")]
    Closed,
}

impl From<rusqlite::Error> for QueueError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        if database::is_damage(&error) { Self::Damaged(text) } else { Self::Database(text) }
    }
}

/// A step to take. It gives back what to do once the transaction is safe on the disk or has failed.
type Job = Box<dyn FnOnce(&mut Store) -> Finish + Send>;
type Finish = Box<dyn FnOnce(Result<(), QueueError>)>;

/// Handle to the queue.
#[derive(Clone)]
pub(crate) struct Queue {
    jobs: mpsc::Sender<Job>,
    counts: Arc<Mutex<Counts>>,
    damaged: Arc<AtomicBool>,
}

impl Queue {
    /// Opens the queue and starts its thread.
    pub(crate) fn open(settings: &config::Queue, beat: Beat) -> Result<Self, OpenError> {
        let store = Store::new(database::open(&settings.folder)?, settings.clone())?;
        let (jobs, inbox) = mpsc::channel();
        let counts = Arc::new(Mutex::new(store.counts()));
        let shown = counts.clone();
        let damaged = Arc::new(AtomicBool::new(false));
        let found = damaged.clone();
        std::thread::Builder::new()
            .name("queue".to_owned())
            .spawn(move || work(store, &inbox, &shown, &found, &beat))
            .map_err(OpenError::Folder)?;
        Ok(Self { jobs, counts, damaged })
    }

    /// Runs a step in the next transaction. The answer comes when that is safe on the disk.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Store) -> Result<T, QueueError> + Send + 'static,
    ) -> Answer<T> {
        let (sender, receiver) = oneshot::channel();
        let damaged = self.damaged.clone();
        let job: Job = Box::new(move |store| {
            let result = in_savepoint(store, step);
            if matches!(result, Err(QueueError::Damaged(_))) {
                damaged.store(true, Ordering::Relaxed);
                store.mark_damaged();
            }
            Box::new(move |committed| {
                // Nobody waits any more when the program ends.
                let _ = sender.send(committed.and(result));
            })
        });
        // The thread lives as long as there is a handle; if it is gone, the answer says so.
        let _ = self.jobs.send(job);
        Answer(receiver)
    }

    /// Whether the database was found damaged, so that only a new start helps.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// How many reports there are.
    pub(crate) fn counts(&self) -> Counts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes one step on a queue, also while a service has it open.
pub(crate) fn change<T>(
    settings: &config::Queue,
    step: impl FnOnce(&mut Store) -> Result<T, QueueError>,
) -> Result<T, ChangeError> {
    let connection = database::open_to_change(&settings.folder)?;
    Ok(Store::change(connection, settings.clone(), step)?)
}

/// Why a queue could not be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It refuses.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// The result of a step that is under way.
pub(crate) struct Answer<T>(oneshot::Receiver<Result<T, QueueError>>);

impl<T> Answer<T> {
    /// Waits for it in a task.
    pub(crate) async fn ready(self) -> Result<T, QueueError> {
        self.0.await.unwrap_or(Err(QueueError::Closed))
    }

    /// Waits for it in a thread.
    pub(crate) fn wait(self) -> Result<T, QueueError> {
        self.0.blocking_recv().unwrap_or(Err(QueueError::Closed))
    }
}

fn in_savepoint<T>(
    store: &mut Store,
    step: impl FnOnce(&mut Store) -> Result<T, QueueError>,
) -> Result<T, QueueError> {
    let before = store.counts();
    store.connection().execute_batch("SAVEPOINT step")?;
    let result = step(store);
    if result.is_err() {
        store.connection().execute_batch("ROLLBACK TO step")?;
        store.reset_counts(before);
    }
    store.connection().execute_batch("RELEASE step")?;
    result
}

fn work(
    mut store: Store,
    inbox: &mpsc::Receiver<Job>,
    counts: &Mutex<Counts>,
    damaged: &AtomicBool,
    beat: &Beat,
) {
    let mut maintained = Instant::now();
    let mut more = true;
    loop {
        beat.turn();
        let pause = if more { MAINTENANCE_PAUSE } else { MAINTENANCE };
        if maintained.elapsed() >= pause {
            more = maintain(&mut store);
            *counts.lock().unwrap_or_else(PoisonError::into_inner) = store.counts();
            maintained = Instant::now();
        }
        let first = match inbox.recv_timeout(TURN.min(pause)) {
            Ok(job) => job,
            Err(mpsc::RecvTimeoutError::Timeout) => continue,
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        };
        let begun = begin(&mut store);
        let before = store.counts();
        let jobs = std::iter::once(first).chain(inbox.try_iter().take(BATCH - 1));
        let finishes: Vec<Finish> = match begun {
            Ok(()) => jobs.map(|job| job(&mut store)).collect(),
            // Those who wait for the jobs learn that nobody took them.
            Err(error) => {
                drop(jobs);
                tracing::error!("{error}");
                continue;
            }
        };
        let committed = commit(&mut store, before);
        if let Err(error) = &committed {
            tracing::error!("what was to be stored is not stored: {error}");
            if matches!(error, QueueError::Damaged(_)) {
                damaged.store(true, Ordering::Relaxed);
                store.mark_damaged();
            }
        }
        *counts.lock().unwrap_or_else(PoisonError::into_inner) = store.counts();
        for finish in finishes {
            finish(committed.clone());
        }
    }
}

/// Begins a transaction, with the numbers as they are now: the command line may have changed them.
fn begin(store: &mut Store) -> Result<(), QueueError> {
    store.connection().execute_batch("BEGIN IMMEDIATE")?;
    store.recount().map_err(|error| {
        let _ = store.connection().execute_batch("ROLLBACK");
        error.into()
    })
}

/// Makes a transaction durable, with the numbers it has changed. When that fails, everything is as before it.
fn commit(store: &mut Store, before: Counts) -> Result<(), QueueError> {
    let saved = if store.counts() == before { Ok(()) } else { store.save_counts() };
    let committed = saved.and_then(|()| store.connection().execute_batch("COMMIT"));
    committed.map_err(|error| {
        // Fails when the database has rolled back by itself, which is what is wanted.
        let _ = store.connection().execute_batch("ROLLBACK");
        let _ = store.recount();
        error.into()
    })
}

/// Lets go of what need not be kept any longer. True when there is more of it.
fn maintain(store: &mut Store) -> bool {
    let begun = begin(store);
    let before = store.counts();
    let done = begun.and_then(|()| store.maintain());
    let result = match done {
        Ok(more) => commit(store, before).map(|()| more),
        Err(error) => {
            let _ = store.connection().execute_batch("ROLLBACK");
            store.reset_counts(before);
            Err(error)
        }
    };
    result.unwrap_or_else(|error| {
        tracing::warn!("what was delivered long ago cannot be let go of now: {error}");
        false
    })
}
