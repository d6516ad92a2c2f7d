//! The one scenario that every package of every format goes through.
//!
//! It is told in [acts](Act), each in a fresh laboratory, so that they can run side by side and none suffers from
//! what another did. The steps of all acts, in the order of [`steps::ALL`], are the run.

mod bench;
mod expected;
mod failures;
mod faulty;
mod history;
mod machine;
mod windows;

use std::path::PathBuf;
use std::time::Instant;

use landfall_packages::packager;
use landfall_payload::{Definition, EntryKind, Format, Payload, Role};

use crate::evidence::{Run, Step, Verdict};
use crate::lab::{Blueprint, LabError};
use crate::steps;
use bench::Bench;

/// One artifact of a release, with what is declared of it.
pub struct Subject {
    /// Its path in the release.
    pub artifact: String,
    /// The file.
    pub file: PathBuf,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// Its format.
    pub format: Format,
    /// What is declared: files, service, settings.
    pub payload: Payload,
    /// The same artifact of the release to upgrade from.
    pub previous: Option<PathBuf>,
    /// Folder for packages that are made to fail.
    pub scratch: PathBuf,
}

impl Subject {
    /// Name of the package.
    fn name(&self) -> &str {
        &self.payload.product.name
    }

    /// The service, where this format brings one.
    fn service(&self) -> Option<&Definition> {
        self.payload.service.as_ref()
    }

    /// Paths of the configuration files that people edit.
    fn configuration(&self) -> Vec<&str> {
        let edited = |path: &str| !path.starts_with("/etc/init.d/");
        self.payload
            .entries(self.format)
            .filter(|e| e.role == Role::Config && matches!(e.kind, EntryKind::File(_)) && edited(&e.path))
            .map(|e| e.path.as_str())
            .collect()
    }
}

/// A part of the scenario that needs a laboratory of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A fresh installation and the running service.
    Fresh,
    /// The whole life, from the previous release to the purge.
    History,
    /// A script of the package fails.
    ScriptFails,
    /// The disk fills during an upgrade.
    DiskFull,
    /// An upgrade is killed.
    Killed,
    /// An installation is refused, and a release comes whose service never becomes ready.
    NotReady,
    /// A machine with a running system: restarts, power cuts, SELinux.
    Machine,
}

impl Act {
    /// Every act, the longest first.
    pub const ALL: [Self; 7] = [
        Self::Machine,
        Self::History,
        Self::Killed,
        Self::NotReady,
        Self::DiskFull,
        Self::ScriptFails,
        Self::Fresh,
    ];

    /// The steps that it takes.
    pub fn steps(self) -> &'static [&'static str] {
        match self {
            Self::Fresh => &[
                "layout", "install", "files", "registry", "service", "health", "check", "secrets", "restart",
                "recovery",
            ],
            Self::History => &[
                "upgrade",
                "upgrade-configuration",
                "upgrade-service",
                "upgrade-work",
                "reinstall",
                "repair",
                "downgrade",
                "remove",
                "remove-keeps",
                "remove-leaves",
                "return",
                "purge",
            ],
            Self::ScriptFails => &["script-fails"],
            Self::DiskFull => &["disk-full"],
            Self::Killed => &["killed"],
            Self::NotReady => &["wrong-setting", "not-ready"],
            Self::Machine => &["reboot", "power-cut", "selinux"],
        }
    }

    /// The steps that it takes in a laboratory. One that takes only some goes through all of them in one act, because
    /// it takes long to start.
    fn steps_in(self, blueprint: &dyn Blueprint) -> &'static [&'static str] {
        match (self, blueprint.steps()) {
            (_, None) => self.steps(),
            (Self::Machine, Some(all)) => all,
            (_, Some(_)) => &[],
        }
    }

    /// The acts that belong to a laboratory, if only some steps are wanted; an empty list wants all.
    pub fn of(blueprint: &dyn Blueprint, wanted: &[String]) -> Vec<Self> {
        let asked = |step: &&str| wanted.is_empty() || wanted.iter().any(|w| w == step);
        Self::ALL.into_iter().filter(|act| act.steps_in(blueprint).iter().any(asked)).collect()
    }

    /// Goes through it and tells what was seen.
    pub fn play(self, subject: &Subject, blueprint: &dyn Blueprint) -> Vec<Step> {
        let start = Instant::now();
        let mut bench = match Bench::open(subject, blueprint) {
            Ok(bench) => bench,
            Err(error) => return self.unplayable(blueprint, &error, start),
        };
        match self {
            Self::Fresh => history::fresh(&mut bench),
            Self::History => history::history(&mut bench),
            Self::ScriptFails => failures::script_fails(&mut bench),
            Self::DiskFull => failures::disk_full(&mut bench),
            Self::Killed => failures::killed(&mut bench),
            Self::NotReady => failures::not_ready(&mut bench),
            Self::Machine => machine::machine(&mut bench),
        }
        bench.into_steps()
    }

    /// The steps of an act whose laboratory did not open.
    pub(crate) fn unplayable(self, blueprint: &dyn Blueprint, error: &LabError, start: Instant) -> Vec<Step> {
        let verdict = match error {
            LabError::Missing(_) => Verdict::NotRun,
            _ => Verdict::Failed,
        };
        self.not_played(blueprint, verdict, &error.to_string(), start)
    }

    /// The steps of an act that was not begun.
    pub(crate) fn not_played(
        self,
        blueprint: &dyn Blueprint,
        verdict: Verdict,
        reason: &str,
        start: Instant,
    ) -> Vec<Step> {
        let step = |id: &&str| Step {
            id: (*id).to_owned(),
            verdict,
            duration_ms: bench::milliseconds(start),
            reason: reason.to_owned(),
            commands: Vec::new(),
        };
        self.steps_in(blueprint).iter().map(step).collect()
    }
}

/// Puts the steps of all acts of one artifact in one laboratory together, and says of the others that they were not
/// run, and why.
pub fn run(subject: &Subject, blueprint: &dyn Blueprint, steps: Vec<Step>) -> Run {
    let mut steps = steps;
    for definition in steps::ALL {
        if steps.iter().any(|step| step.id == definition.id) {
            continue;
        }
        let left_out = blueprint.steps().is_some_and(|all| !all.contains(&definition.id));
        let reason =
            if left_out { "this laboratory is slow and leaves it to others" } else { "it was not asked for" };
        steps.push(Step {
            id: definition.id.to_owned(),
            verdict: Verdict::NotRun,
            duration_ms: 0,
            reason: reason.to_owned(),
            commands: Vec::new(),
        });
    }
    let place = |id: &str| steps::ALL.iter().position(|step| step.id == id);
    steps.sort_by_key(|step| place(&step.id));
    Run {
        artifact: subject.artifact.clone(),
        format: subject.format,
        target: subject.payload.target.to_string(),
        sha256: subject.sha256.clone(),
        laboratory: blueprint.id().to_owned(),
        duration_ms: steps.iter().map(|step| step.duration_ms).sum(),
        steps,
    }
}

/// The file name that an artifact's packages have.
fn file_name(subject: &Subject, payload: &Payload) -> Result<String, landfall_packages::Error> {
    packager(subject.format).file_name(payload)
}
