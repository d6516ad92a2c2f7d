//! What is known of each platform: the rule by which runs and examined files become the cells of a table.

use crate::evidence::{Evidence, How, Laboratory, Run, SpeaksFor, Structure, Verdict};
use crate::steps::{self, Stage};
use landfall_lint::platform::{self, Platform};
use landfall_manifest::Format;
use landfall_payload::Target;
use std::collections::BTreeSet;

/// Platforms by stages.
#[derive(Debug)]
pub struct Matrix<'a> {
    /// Every platform, in the order of [`platform::ALL`].
    pub rows: Vec<Row<'a>>,
}

/// What is known of a platform.
#[derive(Debug)]
pub struct Row<'a> {
    /// The platform.
    pub platform: &'static Platform,
    /// The packages that something is known of there, in the order in which its users would choose; none where
    /// nothing is known.
    pub packages: Vec<Package<'a>>,
}

/// What is known of a package on a platform.
#[derive(Debug)]
pub struct Package<'a> {
    /// The artifact's path in the release.
    pub artifact: &'a str,
    /// Name of its format, and what else tells it from the platform's other packages.
    pub label: String,
    /// The runs that say something of the platform.
    pub witnesses: Vec<Witness<'a>>,
    /// What the file alone says.
    pub structure: Option<&'a Structure>,
    /// One cell for each of [`Stage::ALL`].
    pub cells: Vec<Cell>,
}

/// A run that says something of a platform.
#[derive(Debug, Clone, Copy)]
pub struct Witness<'a> {
    /// Position in [`Evidence::runs`].
    pub index: usize,
    /// The run.
    pub run: &'a Run,
    /// Where it ran.
    pub laboratory: &'a Laboratory,
    /// How far its word goes; never [`How::Structure`].
    pub speaks: &'a SpeaksFor,
}

/// What is known of a stage of a package's life on a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The stage.
    pub stage: Stage,
    /// What is known.
    pub state: State,
    /// Where the evidence is; `None` where there is none.
    pub link: Option<Link>,
}

/// What is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Every step that applies was seen to hold.
    Passed {
        /// How it is known.
        how: How,
        /// The steps that apply.
        steps: usize,
    },
    /// Some steps were seen to hold, the others were not run.
    Partly {
        /// How it is known.
        how: How,
        /// The steps that were seen to hold.
        passed: usize,
        /// The steps that apply.
        steps: usize,
    },
    /// A step failed.
    Failed {
        /// How it is known.
        how: How,
    },
    /// Nothing in the file speaks against it. Nothing ran.
    Sound,
    /// The file needs what the platform does not have.
    RuledOut,
    /// No step of the stage has a meaning here.
    NotApplicable,
    /// Nobody looked.
    NotKnown,
}

/// Where the evidence of a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// In the steps of a run; its position in [`Evidence::runs`].
    Run(usize),
    /// In what is said of the platform.
    Platform,
}

impl<'a> Matrix<'a> {
    /// What `evidence` says of every platform.
    pub fn new(evidence: &'a Evidence) -> Self {
        Self { rows: platform::ALL.iter().map(|platform| Row::new(evidence, platform)).collect() }
    }
}

impl<'a> Row<'a> {
    fn new(evidence: &'a Evidence, platform: &'static Platform) -> Self {
        let witnesses = witnesses(evidence, platform);
        let structures = || evidence.structure.iter().filter(|s| s.platform == platform.id);
        let artifacts: BTreeSet<&str> = witnesses
            .iter()
            .map(|witness| witness.run.artifact.as_str())
            .chain(structures().map(|s| s.artifact.as_str()))
            .collect();
        let mut packages: Vec<_> = artifacts
            .into_iter()
            .map(|artifact| {
                let witnesses: Vec<_> =
                    witnesses.iter().copied().filter(|witness| witness.run.artifact == artifact).collect();
                // Of two statements on the same file the worse one counts.
                let structure = structures()
                    .filter(|s| s.artifact == artifact)
                    .max_by_key(|s| (s.verdict == Verdict::Failed, s.verdict == Verdict::Passed));
                let cells =
                    Stage::ALL.into_iter().map(|stage| Cell::new(stage, &witnesses, structure)).collect();
                let label = format_name(evidence, artifact);
                Package { artifact, label, witnesses, structure, cells }
            })
            .collect();
        packages.sort_by_key(|package| {
            platform.formats.iter().position(|f| f.name() == package.label).unwrap_or(usize::MAX)
        });
        tell_apart(evidence, &mut packages);
        Self { platform, packages }
    }
}

impl Cell {
    /// A failed step outweighs everything. Else the best way in which anything was seen wins, and only what was
    /// seen in that way counts. A file that cannot work on the platform outweighs whatever stood in for it, and
    /// says something only of the installation.
    fn new(stage: Stage, witnesses: &[Witness<'_>], structure: Option<&Structure>) -> Self {
        let cell = |state, link| Self { stage, state, link };
        let by_how = |how| witnesses.iter().filter(move |witness| witness.speaks.how == how);

        for how in [How::Native, How::StandIn] {
            if let Some(witness) = by_how(how).find(|witness| failed(stage, witness.run)) {
                return cell(State::Failed { how }, Some(Link::Run(witness.index)));
            }
        }

        let verdict = structure.map(|s| s.verdict);
        let ruled_out = verdict == Some(Verdict::Failed);
        let seen = |how| {
            let runs: Vec<_> = by_how(how).collect();
            let (passed, steps) = tally(stage, &runs);
            let best = runs.iter().max_by_key(|w| (tally(stage, &[w]).0, std::cmp::Reverse(w.index)))?;
            let state = match passed {
                0 => return None,
                _ if passed == steps => State::Passed { how, steps },
                _ => State::Partly { how, passed, steps },
            };
            Some(cell(state, Some(Link::Run(best.index))))
        };
        if let Some(seen) = seen(How::Native) {
            return seen;
        }
        if ruled_out {
            let state = if stage == Stage::Install { State::RuledOut } else { State::NotKnown };
            return cell(state, Some(Link::Platform));
        }
        if let Some(seen) = seen(How::StandIn) {
            return seen;
        }
        if stage == Stage::Install && verdict == Some(Verdict::Passed) {
            return cell(State::Sound, Some(Link::Platform));
        }
        let Some(first) = witnesses.first() else { return cell(State::NotKnown, None) };
        let all: Vec<_> = witnesses.iter().collect();
        let state = if tally(stage, &all).1 == 0 { State::NotApplicable } else { State::NotKnown };
        cell(state, Some(Link::Run(first.index)))
    }
}

/// The runs that say something of a platform: their laboratory speaks for it, and its users could have installed
/// the package.
fn witnesses<'a>(evidence: &'a Evidence, platform: &Platform) -> Vec<Witness<'a>> {
    let mut found = Vec::new();
    for (index, run) in evidence.runs.iter().enumerate() {
        let fits = platform.formats.contains(&run.format)
            && run.target.parse::<Target>().is_ok_and(|target| target.architecture == platform.architecture);
        let Some(laboratory) = evidence.laboratories.iter().find(|l| l.id == run.laboratory) else {
            continue;
        };
        // Of two statements on the same platform the weaker one counts.
        let speaks = laboratory
            .speaks_for
            .iter()
            .filter(|speaks| speaks.platform == platform.id && speaks.how != How::Structure)
            .min_by_key(|speaks| speaks.how);
        if let (true, Some(speaks)) = (fits, speaks) {
            found.push(Witness { index, run, laboratory, speaks });
        }
    }
    found
}

fn failed(stage: Stage, run: &Run) -> bool {
    let of_stage = |id: &str| steps::find(id).is_some_and(|definition| definition.stage == stage);
    run.steps.iter().any(|step| step.verdict == Verdict::Failed && of_stage(&step.id))
}

/// How many steps of a stage were seen to hold in any of `runs`, and how many apply. A step without a record was
/// not run: a run may have been cut short.
fn tally(stage: Stage, runs: &[&Witness<'_>]) -> (usize, usize) {
    let (mut passed, mut applicable) = (0, 0);
    for definition in steps::ALL.iter().filter(|definition| definition.stage == stage) {
        let verdicts: Vec<_> = runs.iter().map(|witness| verdict(witness.run, definition.id)).collect();
        if verdicts.contains(&Verdict::Passed) {
            passed += 1;
        }
        if verdicts.iter().any(|verdict| *verdict != Verdict::NotApplicable) {
            applicable += 1;
        }
    }
    (passed, applicable)
}

/// What a run says of a step. If it says several things, the worst counts.
fn verdict(run: &Run, id: &str) -> Verdict {
    let said = |verdict| run.steps.iter().any(|step| step.id == id && step.verdict == verdict);
    [Verdict::Failed, Verdict::NotRun, Verdict::Passed, Verdict::NotApplicable]
        .into_iter()
        .find(|verdict| said(*verdict))
        .unwrap_or(Verdict::NotRun)
}

/// Name of an artifact's format: from a run of it, else from its file name.
fn format_name(evidence: &Evidence, artifact: &str) -> String {
    if let Some(run) = evidence.runs.iter().find(|run| run.artifact == artifact) {
        return run.format.name().into();
    }
    if artifact.ends_with(".pkg.tar.zst") {
        return Format::Arch.name().into();
    }
    let by_name = Format::ALL.into_iter().find(|f| artifact.ends_with(&format!(".{}", f.name())));
    by_name.map_or_else(|| artifact.to_owned(), |format| format.name().into())
}

/// Adds to labels that several packages have what tells these packages apart: the C library, if that does, else
/// the name of the file.
fn tell_apart(evidence: &Evidence, packages: &mut [Package<'_>]) {
    let repeated = |labels: &[String], label: &str| labels.iter().filter(|l| *l == label).count() > 1;
    let library = |artifact: &str| {
        let run = evidence.runs.iter().find(|run| run.artifact == artifact);
        let text = run.map_or(artifact, |run| &run.target);
        if text.contains("musl") { "musl" } else { "gnu" }
    };
    let formats: Vec<_> = packages.iter().map(|package| package.label.clone()).collect();
    for package in packages.iter_mut().filter(|package| repeated(&formats, &package.label)) {
        package.label = format!("{} {}", package.label, library(package.artifact));
    }
    let labels: Vec<_> = packages.iter().map(|package| package.label.clone()).collect();
    for package in packages.iter_mut().filter(|package| repeated(&labels, &package.label)) {
        package.label = package.artifact.to_owned();
    }
}
