//! The threads of the watched folders, as the configuration wants them.

use crate::config::{Config, PostAction, Watch};
use crate::intake::{Intake, Packer, Shared};
use landfall_service::{Beat, Liveness};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wats::Station;

/// Longest silence of a folder's thread: a network share may take minutes to give up.
const SILENCE: Duration = Duration::from_secs(300);

/// All folders' threads.
pub(super) struct Folders {
    shared: Shared,
    liveness: Liveness,
    running: Vec<Running>,
    /// Told to end; what they have in hand is put away first.
    leaving: Vec<Running>,
    /// The archives' folders, and who packs them.
    packer: Option<(Vec<PathBuf>, Packer)>,
}

struct Running {
    watch: Watch,
    station: Station,
    intake: Intake,
    beat: Beat,
}

impl Running {
    fn is_of(&self, folder: &Path) -> bool {
        self.watch.folder == folder
    }
}

impl Folders {
    pub(super) fn new(shared: Shared, liveness: Liveness) -> Self {
        Self { shared, liveness, running: Vec::new(), leaving: Vec::new(), packer: None }
    }

    /// Stops what is not wanted any more, and starts what is. To be called again and again: a folder is not given to
    /// a second thread before the first has ended, and a thread that has ended by itself is started anew.
    pub(super) fn follow(&mut self, config: &Config) -> std::io::Result<()> {
        let wanted = |running: &Running| {
            running.station == config.station
                && config.watches.contains(&running.watch)
                && !running.intake.is_finished()
        };
        let (stay, go) = std::mem::take(&mut self.running).into_iter().partition(wanted);
        self.running = stay;
        let go: Vec<Running> = go;
        go.iter().for_each(|running| running.intake.stop());
        self.leaving.extend(go);
        let (gone, leaving) =
            std::mem::take(&mut self.leaving).into_iter().partition(|running| running.intake.is_finished());
        self.leaving = leaving;
        let gone: Vec<Running> = gone;
        for Running { watch, beat, .. } in gone {
            beat.end();
            self.shared.status.remove_folder(&watch.folder);
            tracing::debug!(folder = %watch.folder.display(), "the folder is watched no more");
        }
        for watch in &config.watches {
            let taken = |running: &Running| running.is_of(&watch.folder);
            if self.running.iter().any(taken) || self.leaving.iter().any(taken) {
                continue;
            }
            let beat = self.liveness.watch(format!("folder {}", watch.folder.display()), SILENCE);
            let shared = Shared { station: config.station.clone(), ..self.shared.clone() };
            let intake = Intake::start(watch.clone(), shared, beat.clone())?;
            let station = config.station.clone();
            self.running.push(Running { watch: watch.clone(), station, intake, beat });
        }
        self.pack(config)
    }

    /// Has the archives packed that the configuration names.
    fn pack(&mut self, config: &Config) -> std::io::Result<()> {
        let archives = config.watches.iter().filter(|watch| watch.post_action == PostAction::Archive);
        let archives: Vec<PathBuf> = archives.map(|watch| watch.done.clone()).collect();
        if self.packer.as_ref().is_none_or(|(packed, _)| *packed != archives) {
            self.packer = None;
            let packer = Packer::start(archives.clone())?;
            self.packer = Some((archives, packer));
        }
        Ok(())
    }

    /// Tells all to end.
    pub(super) fn stop(&mut self) {
        self.packer = None;
        self.running.iter().for_each(|running| running.intake.stop());
    }

    /// Whether all have ended.
    pub(super) fn have_ended(&self) -> bool {
        self.running.iter().chain(&self.leaving).all(|running| running.intake.is_finished())
    }
}
