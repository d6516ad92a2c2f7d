//! Many runs, side by side.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::evidence::{self, Run, Step, Structure, Verdict};
use crate::lab::{Blueprint, LabError};
use crate::scenario::{self, Act, Subject};
use crate::structure;

/// What is to be run.
pub struct Campaign {
    /// The artifacts.
    pub subjects: Vec<Subject>,
    /// The laboratories.
    pub blueprints: Vec<Box<dyn Blueprint>>,
    /// What the files alone say: an artifact is not taken to a laboratory all of whose platforms it rules out.
    pub structure: Vec<Structure>,
    /// Short names of the steps that are wanted; empty: all.
    pub steps: Vec<String>,
    /// How many laboratories may be open at a time.
    pub jobs: usize,
}

/// What happens while a campaign runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// A laboratory's base system is being looked for, and built where it is missing.
    Preparing {
        /// The laboratory.
        laboratory: &'a str,
    },
    /// An act has ended.
    Played {
        /// The artifact.
        artifact: &'a str,
        /// The laboratory.
        laboratory: &'a str,
        /// Its steps.
        steps: &'a [Step],
        /// How long it took.
        time: Duration,
        /// How many acts have ended.
        done: usize,
        /// How many there are.
        of: usize,
    },
}

/// One act of one artifact in one laboratory.
struct Task<'a> {
    subject: &'a Subject,
    blueprint: &'a dyn Blueprint,
    act: Act,
}

impl Campaign {
    /// The pairs of artifact and laboratory that belong together.
    fn pairs(&self) -> impl Iterator<Item = (&Subject, &dyn Blueprint)> {
        self.blueprints.iter().flat_map(move |blueprint| {
            self.subjects
                .iter()
                .filter(move |subject| blueprint.takes(subject.format, &subject.payload.target))
                .map(move |subject| (subject, blueprint.as_ref()))
        })
    }

    /// How many acts there are.
    pub fn acts(&self) -> usize {
        self.pairs().map(|(_, blueprint)| Act::of(blueprint, &self.steps).len()).sum()
    }

    /// Runs everything; the runs in the order of the laboratories, and those laboratories.
    pub fn run(&self, tell: &(dyn Fn(&Event<'_>) + Sync)) -> (Vec<Run>, Vec<evidence::Laboratory>) {
        let mut unprepared = BTreeMap::new();
        let mut laboratories: Vec<evidence::Laboratory> = Vec::new();
        for (_, blueprint) in self.pairs() {
            if laboratories.last().is_some_and(|last| last.id == blueprint.id()) {
                continue;
            }
            tell(&Event::Preparing { laboratory: blueprint.id() });
            // Side by side the acts would all wait for the first one to build it.
            if let Err(error) = blueprint.check().and_then(|()| blueprint.prepare()) {
                unprepared.insert(blueprint.id(), error);
            }
            laboratories.push(blueprint.describe());
        }
        let mut tasks: Vec<Task<'_>> = self
            .pairs()
            .flat_map(|(subject, blueprint)| {
                let acts = Act::of(blueprint, &self.steps).into_iter();
                acts.map(move |act| Task { subject, blueprint, act })
            })
            .collect();
        // What takes longest first, so that no processor waits for it at the end.
        tasks.sort_by_key(|task| task.blueprint.steps().is_none());
        let played = self.play(&tasks, &unprepared, tell);
        let runs = self.pairs().filter_map(|(subject, blueprint)| {
            let own = |task: &&(&Task<'_>, Vec<Step>)| {
                std::ptr::eq(task.0.subject, subject) && task.0.blueprint.id() == blueprint.id()
            };
            let steps: Vec<Step> = played.iter().filter(own).flat_map(|(_, steps)| steps.clone()).collect();
            (!steps.is_empty()).then(|| scenario::run(subject, blueprint, steps))
        });
        (runs.collect(), laboratories)
    }

    fn play<'t>(
        &self,
        tasks: &'t [Task<'t>],
        unprepared: &BTreeMap<&str, LabError>,
        tell: &(dyn Fn(&Event<'_>) + Sync),
    ) -> Vec<(&'t Task<'t>, Vec<Step>)> {
        let next = AtomicUsize::new(0);
        let played: Mutex<Vec<(usize, Vec<Step>)>> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(task) = tasks.get(at) else { break };
                        let start = Instant::now();
                        let mut steps = match (unprepared.get(task.blueprint.id()), self.ruled_out(task)) {
                            (Some(error), _) => task.act.unplayable(task.blueprint, error, start),
                            (None, Some(reason)) => {
                                task.act.not_played(task.blueprint, Verdict::NotApplicable, &reason, start)
                            }
                            (None, None) => task.act.play(task.subject, task.blueprint),
                        };
                        steps.retain(|step| self.wants(step));
                        let mut played = played.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        tell(&Event::Played {
                            artifact: &task.subject.artifact,
                            laboratory: task.blueprint.id(),
                            steps: &steps,
                            time: start.elapsed(),
                            done: played.len() + 1,
                            of: tasks.len(),
                        });
                        played.push((at, steps));
                    }
                });
            }
        });
        let mut played = played.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        played.sort_by_key(|(at, _)| *at);
        played.into_iter().map(|(at, steps)| (&tasks[at], steps)).collect()
    }

    /// Why an artifact is not taken to a laboratory.
    fn ruled_out(&self, task: &Task<'_>) -> Option<String> {
        let speaks_for = task.blueprint.speaks_for();
        let platforms = speaks_for.iter().map(|speaks_for| speaks_for.platform.as_str());
        structure::ruled_out(&self.structure, &task.subject.artifact, platforms)
    }

    fn wants(&self, step: &Step) -> bool {
        self.steps.is_empty() || self.steps.contains(&step.id)
    }
}

/// How many steps came to a verdict.
pub fn count(runs: &[Run], verdict: Verdict) -> usize {
    runs.iter().flat_map(|run| &run.steps).filter(|step| step.verdict == verdict).count()
}
