//! Work done side by side whose results come in the order of the jobs.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

type Work<J, R> = Arc<dyn Fn(J) -> R + Send + Sync>;

/// A job and where its result is waited for.
type Order<J, R> = (J, SyncSender<R>);

/// Does jobs in threads of its own, or at once where a single thread is offered.
pub(crate) struct Pool<J, R> {
    work: Work<J, R>,
    /// Jobs that have not been taken; `None` without threads.
    jobs: Option<SyncSender<Order<J, R>>>,
    pending: VecDeque<Receiver<R>>,
    /// Jobs given out before the oldest result is waited for.
    most: usize,
}

impl<J: Send + 'static, R: Send + 'static> Pool<J, R> {
    /// A pool of `threads` threads.
    pub(crate) fn new(threads: usize, work: impl Fn(J) -> R + Send + Sync + 'static) -> io::Result<Self> {
        let work: Work<J, R> = Arc::new(work);
        if threads <= 1 {
            return Ok(Self { work, jobs: None, pending: VecDeque::new(), most: 0 });
        }
        // Each thread has the next job waiting while the oldest result is written.
        let most = threads * 2;
        let (jobs, queue) = sync_channel::<Order<J, R>>(most);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let (queue, work) = (Arc::clone(&queue), Arc::clone(&work));
            thread::Builder::new().name("cabinet".into()).spawn(move || {
                loop {
                    let order = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((job, reply)) = order else { return };
                    // Nobody waits for the result when the writer was dropped.
                    let _ = reply.send(work(job));
                }
            })?;
        }
        Ok(Self { work, jobs: Some(jobs), pending: VecDeque::new(), most })
    }

    /// Gives a job out; returns the oldest result where enough are on their way.
    pub(crate) fn push(&mut self, job: J) -> io::Result<Option<R>> {
        let Some(jobs) = &self.jobs else { return Ok(Some((self.work)(job))) };
        let oldest = if self.pending.len() >= self.most { self.pending.pop_front() } else { None };
        let (reply, result) = sync_channel(1);
        self.pending.push_back(result);
        jobs.send((job, reply)).map_err(|_| ended())?;
        oldest.map(wait).transpose()
    }

    /// The next result that is on its way.
    pub(crate) fn pop(&mut self) -> io::Result<Option<R>> {
        self.pending.pop_front().map(wait).transpose()
    }
}

fn wait<R>(result: Receiver<R>) -> io::Result<R> {
    result.recv().map_err(|_| ended())
}

fn ended() -> io::Error {
    io::Error::other("a compression thread ended early")
}
