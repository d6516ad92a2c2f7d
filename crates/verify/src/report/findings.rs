//! What a reader wants to know first: the sum of it all, what failed, what was not run and why.

use super::readable::readable;
use super::words::{count, list, number};
use crate::evidence::{Evidence, Laboratory, Run, Step, Structure, Verdict};
use crate::steps;
use landfall_lint::platform;
use std::collections::BTreeSet;

/// What came of the steps of some runs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: usize,
    pub(super) failed: usize,
    /// With the steps that have no record.
    pub(super) not_run: usize,
}

impl Tally {
    pub(super) fn of<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Self {
        let mut tally = Self::default();
        for run in runs {
            for step in &run.steps {
                match step.verdict {
                    Verdict::Passed => tally.passed += 1,
                    Verdict::Failed => tally.failed += 1,
                    Verdict::NotRun => tally.not_run += 1,
                    Verdict::NotApplicable => {}
                }
            }
            tally.not_run += without_record(run).count();
        }
        tally
    }

    /// The numbers as part of a sentence: `36 steps passed, none failed, 4 were not run`.
    pub(super) fn sentence(self) -> String {
        let failed = if self.failed == 0 { "none".into() } else { number(self.failed) };
        let mut sentence = format!("{} passed, {failed} failed", count(self.passed, "step", "steps"));
        match self.not_run {
            0 => {}
            1 => sentence.push_str(", 1 was not run"),
            n => sentence.push_str(&format!(", {} were not run", number(n))),
        }
        sentence
    }
}

/// The steps of the scenario that a run says nothing of; it may have been cut short.
pub(super) fn without_record(run: &Run) -> impl Iterator<Item = &'static steps::Definition> {
    steps::ALL.iter().filter(|definition| !run.steps.iter().any(|step| step.id == definition.id))
}

/// All of it in a sentence.
pub(super) fn summary(evidence: &Evidence) -> String {
    let ruled_out = ruled_out_sentence(evidence);
    let artifacts: BTreeSet<_> = evidence.runs.iter().map(|run| &run.artifact).collect();
    let laboratories: BTreeSet<_> = evidence.runs.iter().map(|run| &run.laboratory).collect();
    let runs = match artifacts.len() {
        0 if evidence.structure.is_empty() => "Nothing was run, and no file was examined".into(),
        0 if ruled_out.is_empty() => "Nothing was run; the files alone were examined".into(),
        0 => "Nothing was run".into(),
        packages => format!(
            "{} {} tried in {}: {}",
            count(packages, "package", "packages"),
            if packages == 1 { "was" } else { "were" },
            count(laboratories.len(), "laboratory", "laboratories"),
            Tally::of(&evidence.runs).sentence()
        ),
    };
    format!("{runs}{ruled_out}.")
}

/// The end of the summary's sentence; empty where each file fits.
fn ruled_out_sentence(evidence: &Evidence) -> String {
    let mut titles: Vec<String> = Vec::new();
    for structure in ruled_out(evidence) {
        let title = platform_title(&structure.platform);
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    if titles.is_empty() {
        return String::new();
    }
    let titles: Vec<_> = titles.iter().map(String::as_str).collect();
    let installations = count(ruled_out(evidence).count(), "installation", "installations");
    format!("; the files themselves rule out {installations} on {}", list(&titles))
}

/// A step of a run, by position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) run_index: usize,
    pub(super) step_index: usize,
    pub(super) run: &'a Run,
    pub(super) step: &'a Step,
}

/// Every step of every run.
pub(super) fn places(evidence: &Evidence) -> impl Iterator<Item = Place<'_>> {
    evidence.runs.iter().enumerate().flat_map(|(run_index, run)| {
        let steps = run.steps.iter().enumerate();
        steps.map(move |(step_index, step)| Place { run_index, step_index, run, step })
    })
}

/// The steps that failed.
pub(super) fn failures(evidence: &Evidence) -> impl Iterator<Item = Place<'_>> {
    places(evidence).filter(|place| place.step.verdict == Verdict::Failed)
}

/// The files that cannot work somewhere.
pub(super) fn ruled_out(evidence: &Evidence) -> impl Iterator<Item = &Structure> {
    evidence.structure.iter().filter(|structure| structure.verdict == Verdict::Failed)
}

/// Steps that were not run for the same reason.
#[derive(Debug)]
pub(super) struct NotRun<'a> {
    /// Why, and what would make them run.
    pub(super) reason: String,
    /// What that meant in which runs.
    pub(super) groups: Vec<Alike<'a>>,
}

/// Runs in which exactly the same steps were not run for the same reason.
#[derive(Debug)]
pub(super) struct Alike<'a> {
    /// Short names of the steps.
    pub(super) steps: Vec<&'a str>,
    /// The first of the steps in each run.
    pub(super) places: Vec<Place<'a>>,
}

/// What was not run, by reason, in the order in which the reasons first came up.
pub(super) fn not_run(evidence: &Evidence) -> Vec<NotRun<'_>> {
    let mut by_reason: Vec<(String, Vec<Place<'_>>)> = Vec::new();
    for place in places(evidence).filter(|place| place.step.verdict == Verdict::NotRun) {
        let reason = match place.step.reason.trim() {
            "" => "No reason was recorded.".into(),
            reason => readable(reason),
        };
        match by_reason.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, places)) => places.push(place),
            None => by_reason.push((reason, vec![place])),
        }
    }
    by_reason.into_iter().map(|(reason, places)| NotRun { reason, groups: alike(&places) }).collect()
}

fn alike<'a>(places: &[Place<'a>]) -> Vec<Alike<'a>> {
    let mut groups: Vec<Alike<'a>> = Vec::new();
    for of_run in places.chunk_by(|a, b| a.run_index == b.run_index) {
        let steps: Vec<_> = of_run.iter().map(|place| place.step.id.as_str()).collect();
        match groups.iter_mut().find(|group| group.steps == steps) {
            Some(group) => group.places.push(of_run[0]),
            None => groups.push(Alike { steps, places: vec![of_run[0]] }),
        }
    }
    groups
}

/// What a step of this short name is about, for people.
pub(super) fn step_title(id: &str) -> &str {
    steps::find(id).map_or(id, |definition| definition.title)
}

/// Name of a platform for people.
pub(super) fn platform_title(id: &str) -> String {
    platform::find(id).map_or_else(|| id.to_owned(), |platform| platform.title.to_owned())
}

/// The laboratory of a run, where the evidence describes it.
pub(super) fn laboratory<'a>(evidence: &'a Evidence, run: &Run) -> Option<&'a Laboratory> {
    evidence.laboratories.iter().find(|laboratory| laboratory.id == run.laboratory)
}

/// A run's name for people: `deb in Debian 12`. Where a laboratory tried several packages of one format, the
/// target is part of it.
pub(super) fn run_title(evidence: &Evidence, run: &Run) -> String {
    let place = laboratory(evidence, run).map_or(run.laboratory.as_str(), |laboratory| &laboratory.title);
    format!("{} in {place}", package_title(evidence, run))
}

/// A package's name within its laboratory.
pub(super) fn package_title(evidence: &Evidence, run: &Run) -> String {
    let alike = |other: &&Run| other.laboratory == run.laboratory && other.format == run.format;
    match evidence.runs.iter().filter(alike).count() {
        0 | 1 => run.format.name().into(),
        _ => format!("{} for {}", run.format.name(), run.target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_a_sentence() {
        let tally = |passed, failed, not_run| Tally { passed, failed, not_run }.sentence();
        assert_eq!(tally(36, 0, 0), "36 steps passed, none failed");
        assert_eq!(tally(1, 2, 1), "1 step passed, 2 failed, 1 was not run");
        assert_eq!(tally(0, 0, 1_200), "0 steps passed, none failed, 1,200 were not run");
    }
}
