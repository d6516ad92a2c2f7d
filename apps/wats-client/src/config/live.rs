//! The configuration of the running service, which follows its file.

use super::edit::{Change, Editor, differences};
use super::{Config, ConfigError, Environment};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tokio::sync::{mpsc, oneshot};

/// The configuration in force. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Live(Arc<Shared>);

struct Shared {
    /// The file as it was named on the command line; without one the usual file, which need not be there.
    named: Option<PathBuf>,
    environment: Environment,
    state: Mutex<State>,
    requests: mpsc::Sender<oneshot::Sender<Answer>>,
}

struct State {
    config: Arc<Config>,
    /// What the file looked like when it was read last.
    stamp: Option<Stamp>,
}

/// What became of a new configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Applied {
    /// Keys whose values are others now.
    pub(crate) changed: Vec<String>,
    /// Those of them that hold only after the service has started again.
    pub(crate) after_restart: Vec<String>,
}

/// The keys, for a line of the log.
impl fmt::Display for Applied {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.changed.as_slice() {
            [] => formatter.write_str("nothing is different"),
            changed => formatter.write_str(&changed.join(", ")),
        }
    }
}

/// Why a new configuration is not in force, in words.
type Answer = Result<Applied, String>;

/// The service's side: who wants the file to be read now.
pub(crate) type Reloads = mpsc::Receiver<oneshot::Sender<Answer>>;

/// Keys that are read at the start and held from then on.
const AT_START: [&str; 5] = ["queue.folder", "log.file", "log.format", "log.max-size", "log.keep"];

/// Time and size of a file, and which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    size: u64,
    identity: Option<crate::files::Identity>,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            modified: metadata.modified().ok(),
            size: metadata.len(),
            identity: crate::files::identity(path).ok(),
        })
    }
}

impl Live {
    /// Starts from the file, and gives what the service needs to answer [`Live::reload`]. `named` is the file of the
    /// command line.
    pub(crate) fn load(
        named: Option<&Path>,
        environment: &Environment,
    ) -> Result<(Self, Reloads), ConfigError> {
        let config = Config::load(named, environment)?;
        let stamp = Stamp::of(&config.path);
        let (requests, reloads) = mpsc::channel(8);
        let state = Mutex::new(State { config: Arc::new(config), stamp });
        let shared =
            Shared { named: named.map(Path::to_owned), environment: environment.clone(), state, requests };
        Ok((Self(Arc::new(shared)), reloads))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration in force.
    pub(crate) fn current(&self) -> Arc<Config> {
        self.state().config.clone()
    }

    /// The file, to be changed; [`Live::reload`] puts into force what was saved.
    pub(crate) fn edit(&self) -> Result<Editor, ConfigError> {
        Editor::open(&self.current().path, &self.0.environment)
    }

    /// Has the service read the file now, and waits until it has; says what became of it.
    pub(crate) async fn reload(&self) -> Answer {
        let (sender, answer) = oneshot::channel();
        let ends = || "the service is about to end".to_owned();
        self.0.requests.send(sender).await.map_err(|_| ends())?;
        answer.await.map_err(|_| ends())?
    }

    /// Whether the file is another one than when it was read last.
    pub(crate) fn file_has_changed(&self) -> bool {
        let state = self.state();
        Stamp::of(&state.config.path) != state.stamp
    }

    /// Reads the file. A configuration that holds becomes the current one; else the one before stays. Gives that one
    /// and the keys that are different, or what is wrong with the file.
    pub(crate) fn read_again(&self) -> Result<(Arc<Config>, Vec<Change>), String> {
        let old = self.current();
        // First, so that what is written meanwhile is noticed the next time.
        let stamp = Stamp::of(&old.path);
        // A file that was there and has gone is a mishap, not the wish for the defaults.
        let named = self.0.named.clone().or_else(|| old.file.clone());
        let read = Config::load(named.as_deref(), &self.0.environment);
        let mut state = self.state();
        state.stamp = stamp;
        match read {
            Ok(new) => {
                let changes = differences(&old.given, &new.given);
                state.config = Arc::new(new);
                Ok((old, changes))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Applied {
    /// Says which of these keys hold at once, and which only after a new start.
    pub(crate) fn of(changes: &[Change]) -> Self {
        let changed: Vec<String> = changes.iter().map(|change| change.key.clone()).collect();
        let after_restart = changed.iter().filter(|key| AT_START.contains(&key.as_str())).cloned().collect();
        Self { changed, after_restart }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_does_not_hold_leaves_the_one_before_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, "[station]\nname = \"A\"\n").unwrap();
        let (live, _reloads) = Live::load(Some(&path), &Environment::default()).unwrap();
        assert!(!live.file_has_changed());
        fs::write(&path, "[station]\nname = \"Bee\"\n[queue]\nfolder = \"/q\"\n").unwrap();
        assert!(live.file_has_changed());
        let (old, changes) = live.read_again().unwrap();
        assert_eq!((old.station.name.as_str(), live.current().station.name.as_str()), ("A", "Bee"));
        let applied = Applied::of(&changes);
        assert_eq!(applied.changed, ["queue.folder", "station.name"]);
        assert_eq!(applied.after_restart, ["queue.folder"]);
        fs::write(&path, "[station\n").unwrap();
        assert!(live.read_again().is_err() && !live.file_has_changed());
        assert_eq!(live.current().station.name, "Bee");
        fs::remove_file(&path).unwrap();
        assert!(live.file_has_changed() && live.read_again().is_err());
        fs::write(&path, "").unwrap();
        assert_eq!(live.read_again().unwrap().1.len(), 2);
        live.edit().unwrap();
    }
}
