//! From a watched folder into the queue.
//!
//! Each folder has a thread. A source file is put away only after its reports are safe in the queue; when the
//! program dies in between, the file is found again, recognised by its content, and only put away.

mod archive;
mod convert;
mod filing;
mod hints;
mod pattern;
mod settle;

use crate::config::{PostAction, Watch};
use crate::files;
use crate::queue::{Accepted, Answer, Queue, QueueError};
use crate::status::{SharedStatus, Status};
pub(crate) use archive::Packer;
use convert::Converted;
pub(crate) use convert::to_reports;
use hints::{Hint, Hints};
use landfall_service::Beat;
use settle::{Settling, Stamp};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use wats::{ContentHash, Station};
use wats_converters::Source;

/// Most files read before they are put into the queue together.
const BATCH_FILES: usize = 64;
/// Most bytes read before that.
const BATCH_BYTES: u64 = 32 << 20;
/// Largest source file: no converter takes a larger one.
const FILE_LIMIT: u64 = wats_converters::SOURCE_BYTES as u64;
/// Pause after a file that could not be dealt with, if it does not change.
const PAUSE: Duration = Duration::from_secs(15);
/// Shortest pause after another program was found to have a file open.
const HELD: Duration = Duration::from_secs(1);
/// How long after its last change a file waits for what belongs to it, and for a marker that is not older.
const PATIENCE: Duration = Duration::from_secs(120);
/// Shortest pause between two looks at a folder, so that many news together cause one look.
const BREATH: Duration = Duration::from_millis(30);
/// Longest time without a sign of life.
const TURN: Duration = Duration::from_secs(5);

/// What every folder's thread works with.
#[derive(Clone)]
pub(crate) struct Shared {
    /// Where the reports go.
    pub(crate) queue: Queue,
    /// What fills gaps in reports.
    pub(crate) station: Station,
    /// Where to say how things stand.
    pub(crate) status: SharedStatus,
    /// Rung when there is something new in the queue.
    pub(crate) bell: Arc<Notify>,
}

/// A folder's thread.
pub(crate) struct Intake {
    sender: Sender<Hint>,
    thread: JoinHandle<()>,
}

impl Intake {
    /// Starts to watch.
    pub(crate) fn start(watch: Watch, shared: Shared, beat: Beat) -> io::Result<Self> {
        let (sender, hints) = mpsc::channel();
        let number = shared.status.add_folder(watch.folder.clone());
        let folder = Folder {
            watch,
            number,
            shared,
            beat,
            settling: Settling::default(),
            moved_in: HashMap::new(),
            news: false,
            watcher: Hints::new(sender.clone()),
            listing: Duration::ZERO,
        };
        let thread =
            std::thread::Builder::new().name(format!("folder-{number}")).spawn(move || folder.run(&hints))?;
        Ok(Self { sender, thread })
    }

    /// Tells the thread to end after the files it has in hand.
    pub(crate) fn stop(&self) {
        // It may have ended already.
        let _ = self.sender.send(Hint::Stop);
    }

    /// Whether the thread has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

struct Folder {
    watch: Watch,
    number: usize,
    shared: Shared,
    beat: Beat,
    settling: Settling,
    /// Files that were moved here in one piece since the last look, as they were then.
    moved_in: HashMap<PathBuf, Stamp>,
    /// Something has changed while files were taken: it takes another look.
    news: bool,
    watcher: Hints,
    /// How long it took to list the folder.
    listing: Duration,
}

/// A file whose reports are on their way into the queue.
struct Taken {
    path: PathBuf,
    stamp: Stamp,
    hash: ContentHash,
    /// Whether the folder of the file's name was read too, and goes where the file goes.
    companions: bool,
    answer: Answer<Vec<Accepted>>,
}

impl Folder {
    fn run(mut self, hints: &Receiver<Hint>) {
        loop {
            self.beat.turn();
            let looked = Instant::now();
            let problem = match self.look(hints) {
                Ok(Next::Stop) => return,
                Ok(Next::Wait(problem)) => problem,
                Err(error) => Some(format!("the folder cannot be read: {error}")),
            };
            let waiting = self.settling.len();
            if self.shared.status.set_folder(self.number, problem.clone(), waiting) {
                match problem {
                    Some(problem) => tracing::warn!(folder = %self.watch.folder.display(), "{problem}"),
                    None => tracing::info!(folder = %self.watch.folder.display(), "the folder is watched"),
                }
            }
            let regular = looked + self.watch.rescan;
            let next = self.settling.next().map_or(regular, |ready| ready.min(regular));
            let next = if std::mem::take(&mut self.news) { looked } else { next };
            // A folder with very many files takes long to list; half of that time is left to others.
            let earliest = Instant::now() + BREATH.max(self.listing);
            if self.wait(hints, next.max(earliest), earliest) {
                return;
            }
        }
    }

    /// Waits for the next look: until `next`, or until `earliest` after a hint. True when it is time to end.
    fn wait(&mut self, hints: &Receiver<Hint>, mut next: Instant, earliest: Instant) -> bool {
        loop {
            self.beat.turn();
            let now = Instant::now();
            if now >= next {
                return false;
            }
            match hints.recv_timeout((next - now).min(TURN)) {
                Ok(Hint::Stop) | Err(RecvTimeoutError::Disconnected) => return true,
                Ok(Hint::MovedIn(path, stamp)) => {
                    self.moved_in.insert(path, stamp);
                    next = next.min(earliest);
                }
                Ok(Hint::Changed) => {
                    // A file that has just changed is not ready before it has settled.
                    next = next.min(earliest);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Looks at the folder and takes what is ready.
    fn look(&mut self, hints: &Receiver<Hint>) -> io::Result<Next> {
        let folder = self.watch.folder.clone();
        if !folder.is_dir() {
            fs::create_dir_all(&folder)?;
        }
        self.watcher.follow(&folder);
        let moved_in = std::mem::take(&mut self.moved_in);
        let now = Instant::now();
        let mut present = HashSet::new();
        let mut ready = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if pattern::is_unfinished(&name)
                || (!self.watch.marker.is_empty() && name.ends_with(&self.watch.marker))
                || !self.watch.patterns.iter().any(|wanted| pattern::matches(wanted, &name))
            {
                continue;
            }
            let path = entry.path();
            // Through links: a tester may link to where it keeps its files. Vanished ones are none of our business.
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if !metadata.is_file() {
                continue;
            }
            let stamp = Stamp::of(&metadata);
            let (settle, whole) = match self.mark(&path, stamp) {
                Mark::Missing => continue,
                Mark::Old => (PATIENCE, false),
                Mark::Complete => (self.watch.settle, true),
                Mark::NotUsed => (self.watch.settle, moved_in.get(&path) == Some(&stamp)),
            };
            if self.settling.look(&path, stamp, settle, whole, now) {
                ready.push((path.clone(), stamp));
            }
            present.insert(path);
        }
        self.listing = now.elapsed();
        self.settling.keep_only(&present);
        ready.sort_by(|(path, stamp), (other_path, other)| {
            stamp.modified.cmp(&other.modified).then_with(|| path.cmp(other_path))
        });
        self.take(&ready, hints)
    }

    /// What a file's marker says.
    fn mark(&self, path: &Path, stamp: Stamp) -> Mark {
        if self.watch.marker.is_empty() {
            return Mark::NotUsed;
        }
        match fs::metadata(self.marker(path)).and_then(|metadata| metadata.modified()) {
            Ok(marked) if stamp.modified.is_none_or(|modified| marked >= modified) => Mark::Complete,
            Ok(_) => Mark::Old,
            Err(_) => Mark::Missing,
        }
    }

    fn marker(&self, path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(&self.watch.marker);
        name.into()
    }

    /// A marker has done its work when its file is put away.
    fn remove_marker(&self, path: &Path) {
        if self.watch.marker.is_empty() {
            return;
        }
        let marker = self.marker(path);
        if let Err(error) = fs::remove_file(&marker) {
            tracing::warn!(file = %marker.display(), "the marker cannot be deleted: {error}");
        }
    }

    /// Takes ready files in, oldest first. Gives what keeps the rest from being taken.
    fn take(&mut self, ready: &[(PathBuf, Stamp)], hints: &Receiver<Hint>) -> io::Result<Next> {
        let mut rest = ready.iter();
        let mut problem = None;
        while problem.is_none() && !rest.as_slice().is_empty() {
            if let Err(error) = self.shared.queue.call(|store| store.room()).wait() {
                problem = Some(error.to_string());
                break;
            }
            let (mut taken, mut bytes) = (Vec::new(), 0);
            while taken.len() < BATCH_FILES && bytes < BATCH_BYTES {
                let Some((path, stamp)) = rest.next() else { break };
                self.beat.turn();
                bytes += stamp.size;
                taken.extend(self.read(path, *stamp));
            }
            for file in taken {
                problem = self.settle_up(file).or(problem);
                self.beat.turn();
            }
            self.shared.bell.notify_one();
            loop {
                match hints.try_recv() {
                    Ok(Hint::Stop) => return Ok(Next::Stop),
                    Ok(Hint::MovedIn(path, stamp)) => {
                        self.moved_in.insert(path, stamp);
                    }
                    Ok(Hint::Changed) => {}
                    Err(_) => break,
                }
                self.news = true;
            }
        }
        // What was not taken because of the problem is looked at again after a pause, not all the time.
        if problem.is_some() {
            let now = Instant::now();
            for (path, stamp) in rest {
                self.settling.rest(path, *stamp, Some(self.watch.rescan), now);
            }
        }
        Ok(Next::Wait(problem))
    }

    /// Reads a file and hands its reports to the queue. `None` when it went to the error folder, or must wait.
    fn read(&mut self, path: &Path, stamp: Stamp) -> Option<Taken> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if stamp.size > FILE_LIMIT {
            let why = format!("the file has {} MiB, {} are allowed", stamp.size >> 20, FILE_LIMIT >> 20);
            self.refuse(path, stamp, "too-large", &why);
            return None;
        }
        let bytes = match read_whole(path) {
            Ok(bytes) => bytes,
            Err(error) if files::is_held(&error) => {
                // Whoever writes it is not ready, even if nothing has changed for a while.
                tracing::debug!(file = %path.display(), "another program still has the file open");
                let pause = self.watch.settle.max(HELD);
                self.settling.rest(path, stamp, Some(pause), Instant::now());
                return None;
            }
            Err(error) => {
                // Its rights are wrong, or the share is gone: not a fault of the content.
                tracing::warn!(file = %path.display(), "the file cannot be read: {error}");
                self.settling.rest(path, stamp, Some(PAUSE), Instant::now());
                return None;
            }
        };
        if bytes.len() as u64 != stamp.size
            || fs::metadata(path).map(|now| Stamp::of(&now)).ok() != Some(stamp)
        {
            // It changed while it was read.
            self.settling.forget(path);
            return None;
        }
        let source = Source::new(name, bytes).beside(path);
        match convert::reports(&source, &self.watch, &self.shared.station) {
            Ok(converted) => Some(self.hand_over(path, stamp, converted)),
            Err(error) if self.watch.leave_unknown && error.is_foreign() => {
                tracing::warn!(file = %path.display(), "{error}: it stays where it is");
                self.settling.rest(path, stamp, None, Instant::now());
                None
            }
            Err(error) if error.may_pass() && self.settling.waited(path, Instant::now()) < PATIENCE => {
                tracing::info!(file = %path.display(), "it waits: {error}");
                self.settling.rest(path, stamp, Some(self.watch.rescan.min(PAUSE)), Instant::now());
                None
            }
            Err(error) => {
                let hash = ContentHash::of(source.bytes()).to_string();
                self.refuse(path, stamp, &hash, &error.to_string());
                None
            }
        }
    }

    fn hand_over(&self, path: &Path, stamp: Stamp, converted: Converted) -> Taken {
        let Converted { content, companions, reports } = converted;
        let answer = self.shared.queue.call(move |store| store.accept(&reports));
        Taken { path: path.to_owned(), stamp, hash: content, companions, answer }
    }

    /// Puts a file away when the queue has its reports. Gives what kept the queue from taking them.
    fn settle_up(&mut self, file: Taken) -> Option<String> {
        let Taken { path, stamp, hash, companions, answer } = file;
        let accepted = match answer.wait() {
            Ok(accepted) => accepted,
            Err(QueueError::Closed) => return None,
            Err(error) => {
                self.settling.rest(&path, stamp, Some(self.watch.rescan), Instant::now());
                return Some(error.to_string());
            }
        };
        let count = accepted.len();
        if accepted.contains(&Accepted::New) {
            tracing::info!(file = %path.display(), "{count} report(s) taken into the queue");
            Status::count(&self.shared.status.files_accepted);
        } else if accepted.contains(&Accepted::Again) {
            tracing::info!(file = %path.display(), "dropped again after the server refused it: it is tried again");
        } else {
            tracing::debug!(file = %path.display(), "already in the queue or delivered: not sent again");
        }
        if fs::metadata(&path).map(|now| Stamp::of(&now)).ok() != Some(stamp) {
            // Written anew in the meantime: that is another report, to be read in its turn.
            self.settling.forget(&path);
            return None;
        }
        // The file goes first: without its folder it would be refused, the folder alone is nothing to convert.
        let done = match self.watch.post_action {
            PostAction::Move => filing::put_away(&path, &self.watch.done, &hash.to_string()).map(Some),
            PostAction::Archive => {
                filing::put_away(&path, &archive::of_today(&self.watch.done), &hash.to_string()).map(Some)
            }
            PostAction::Delete => fs::remove_file(&path).map(|()| None),
            PostAction::Keep => {
                self.settling.rest(&path, stamp, None, Instant::now());
                return None;
            }
        };
        match done {
            Ok(target) => {
                self.settling.forget(&path);
                self.remove_marker(&path);
                if companions && let Err(error) = filing::follow(&path, target.as_deref()) {
                    tracing::warn!(file = %path.display(), "its folder of measurements stays where it is: {error}");
                }
                None
            }
            Err(error) => {
                self.settling.rest(&path, stamp, Some(PAUSE), Instant::now());
                Some(format!("{} is in the queue, but cannot be put away: {error}", path.display()))
            }
        }
    }

    /// Puts a file into the error folder with the reason beside it.
    fn refuse(&mut self, path: &Path, stamp: Stamp, hash: &str, why: &str) {
        Status::count(&self.shared.status.files_failed);
        let text =
            format!("{why}\n\nCorrect the file and put it into {} again.\n", self.watch.folder.display());
        match filing::put_aside(path, &self.watch.error, hash, &text) {
            Ok(target) => {
                tracing::error!(file = %path.display(), moved_to = %target.display(), "{why}");
                self.settling.forget(path);
                self.remove_marker(path);
            }
            Err(error) => {
                tracing::error!(file = %path.display(), "{why}; and it cannot be put into the error folder: {error}");
                self.settling.rest(path, stamp, Some(PAUSE), Instant::now());
            }
        }
    }
}

fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    files::open_finished(path)?.take(FILE_LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the file beside a file says about it.
enum Mark {
    /// Files of this folder have none.
    NotUsed,
    /// It is not there yet: the file is not complete.
    Missing,
    /// It is older than the file: left from one before, or the clock was set back in between.
    Old,
    /// The file is complete.
    Complete,
}

/// What a folder's thread does after a look.
enum Next {
    /// Ends.
    Stop,
    /// Waits, perhaps because of a problem.
    Wait(Option<String>),
}
