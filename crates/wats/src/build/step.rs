//! The steps of a test.

use super::{Chart, Limits, MakeError, TextLimit, cut, number, put};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// Longest name, in characters, of a step or a measurement.
const NAME_LIMIT: usize = 100;
/// Most bytes of an attached file.
const ATTACHMENT_LIMIT: usize = 10 << 20;
/// Most sequences inside of each other: readers of JSON have an end too.
const DEPTH_LIMIT: usize = 40;

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// Without anything to judge.
    Done,
    /// The test itself went wrong.
    Error,
    /// Somebody stopped it.
    Terminated,
    /// It was left out. Only steps can be.
    Skipped,
}

impl Status {
    /// The letter that stands in a report.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Passed => "P",
            Self::Failed => "F",
            Self::Done => "D",
            Self::Error => "E",
            Self::Terminated => "T",
            Self::Skipped => "S",
        }
    }

    /// The status of this letter, as it stands in a report.
    pub fn from_letter(letter: &str) -> Option<Self> {
        let all = [Self::Passed, Self::Failed, Self::Done, Self::Error, Self::Terminated, Self::Skipped];
        all.into_iter().find(|status| status.letter() == letter)
    }

    fn passed_if(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }

    /// What several come to: the worst counts.
    fn of_all(all: impl Iterator<Item = Self>) -> Self {
        let rank = |status: &Self| match status {
            Self::Skipped | Self::Done | Self::Passed => 0,
            Self::Failed => 1,
            Self::Terminated => 2,
            Self::Error => 3,
        };
        all.max_by_key(rank).filter(|worst| rank(worst) > 0).unwrap_or(Self::Passed)
    }
}

/// The part of a sequence that a step belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Group {
    /// What comes before.
    Setup,
    /// The test.
    #[default]
    Main,
    /// What comes afterwards.
    Cleanup,
}

/// A file attached to a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, without a folder.
    pub name: String,
    /// For example `text/plain`.
    pub content_type: String,
    /// At most 10 MiB.
    pub content: Vec<u8>,
}

impl Attachment {
    pub(super) fn to_json(&self) -> Result<Value, String> {
        let name = cut(&self.name, 256);
        if name.trim().is_empty() || name.contains(['/', '\\']) || matches!(name, "." | "..") {
            return Err(format!("{name:?} is no name of a file"));
        }
        if self.content_type.trim().is_empty() {
            return Err(format!("the kind of the file {name} is not given, such as text/plain"));
        }
        if self.content.len() > ATTACHMENT_LIMIT {
            return Err(format!("{name} has more than {} MiB", ATTACHMENT_LIMIT >> 20));
        }
        let data = STANDARD.encode(&self.content);
        Ok(json!({"name": name, "contentType": cut(&self.content_type, 100), "data": data}))
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Sequence { name: String, path: String, version: String, steps: Vec<Step> },
    Numbers { all: Vec<(String, f64, String, Limits)>, single: bool },
    Truths { all: Vec<(String, bool)>, single: bool },
    Texts { all: Vec<(String, String, TextLimit)>, single: bool },
    Popup { response: String, button: i64 },
    Executable { exit_code: i64 },
    Nothing,
}

/// A step of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    name: String,
    kind: String,
    content: Content,
    status: Option<Status>,
    group: Group,
    seconds: Option<f64>,
    report_text: String,
    error: Option<(i64, String)>,
    chart: Option<Chart>,
    attachment: Option<Attachment>,
    /// Which round, where it is one, of how many.
    looping: Option<(Option<u32>, u32)>,
    caused_failure: bool,
}

impl Step {
    fn with(name: impl Into<String>, kind: &str, content: Content) -> Self {
        Self {
            name: name.into(),
            kind: kind.to_owned(),
            content,
            status: None,
            group: Group::Main,
            seconds: None,
            report_text: String::new(),
            error: None,
            chart: None,
            attachment: None,
            looping: None,
            caused_failure: false,
        }
    }

    /// Steps that belong together.
    pub fn sequence(name: impl Into<String>, steps: Vec<Step>) -> Self {
        let name = name.into();
        let content =
            Content::Sequence { name: name.clone(), path: String::new(), version: String::new(), steps };
        Self::with(name, "SequenceCall", content)
    }

    /// Steps that belong together, from a file of their own with its version.
    pub fn sequence_of(
        name: impl Into<String>,
        file: impl Into<String>,
        version: impl Into<String>,
        steps: Vec<Step>,
    ) -> Self {
        Self::sequence(name, steps).program(file.into(), version.into())
    }

    /// One number.
    pub fn numeric(name: impl Into<String>, value: f64, unit: impl Into<String>, limits: Limits) -> Self {
        let all = vec![(String::new(), value, unit.into(), limits)];
        Self::with(name, "ET_NLT", Content::Numbers { all, single: true })
    }

    /// Several numbers, each with its name and unit. A name that occurs twice gets a number.
    pub fn numerics<N: Into<String>, U: Into<String>>(
        name: impl Into<String>,
        all: impl IntoIterator<Item = (N, f64, U, Limits)>,
    ) -> Self {
        let all =
            all.into_iter().map(|(name, value, unit, limits)| (name.into(), value, unit.into(), limits));
        Self::with(name, "ET_MNLT", Content::Numbers { all: all.collect(), single: false })
    }

    /// Passed or failed.
    pub fn pass_fail(name: impl Into<String>, passed: bool) -> Self {
        let all = vec![(String::new(), passed)];
        Self::with(name, "ET_PFT", Content::Truths { all, single: true })
    }

    /// Several things that passed or failed, each with its name.
    pub fn pass_fails<N: Into<String>>(
        name: impl Into<String>,
        all: impl IntoIterator<Item = (N, bool)>,
    ) -> Self {
        let all = all.into_iter().map(|(name, passed)| (name.into(), passed)).collect();
        Self::with(name, "ET_MPFT", Content::Truths { all, single: false })
    }

    /// One text.
    pub fn text(name: impl Into<String>, value: impl Into<String>, limit: TextLimit) -> Self {
        let all = vec![(String::new(), value.into(), limit)];
        Self::with(name, "ET_SVT", Content::Texts { all, single: true })
    }

    /// Several texts, each with its name and limit.
    pub fn texts<N: Into<String>, V: Into<String>>(
        name: impl Into<String>,
        all: impl IntoIterator<Item = (N, V, TextLimit)>,
    ) -> Self {
        let all = all.into_iter().map(|(name, value, limit)| (name.into(), value.into(), limit)).collect();
        Self::with(name, "ET_MSVT", Content::Texts { all, single: false })
    }

    /// Something that was done and not judged.
    pub fn action(name: impl Into<String>) -> Self {
        Self::generic(name, "Action")
    }

    /// A step of any kind without measurements, for example `NI_Wait` or `Statement`.
    pub fn generic(name: impl Into<String>, kind: &str) -> Self {
        Self::with(name, kind, Content::Nothing)
    }

    /// A question to the operator, and the answer.
    pub fn message_popup(name: impl Into<String>, response: impl Into<String>, button: i64) -> Self {
        Self::with(name, "MessagePopup", Content::Popup { response: response.into(), button })
    }

    /// A program that was run: it passes when it ends with 0.
    pub fn call_executable(name: impl Into<String>, exit_code: i64) -> Self {
        Self::with(name, "CallExecutable", Content::Executable { exit_code })
    }

    /// A chart alone.
    pub fn chart_only(name: impl Into<String>, chart: Chart) -> Self {
        Self::generic(name, "Chart").chart(chart)
    }

    /// A file alone.
    pub fn file(name: impl Into<String>, attachment: Attachment) -> Self {
        Self::generic(name, "WATS_AttachFile").attachment(attachment)
    }

    /// Says how it ended, whatever the measurements say.
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// The part of the sequence it belongs to.
    pub fn group(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    /// How long it took.
    pub fn seconds(mut self, seconds: f64) -> Self {
        self.seconds = Some(seconds);
        self
    }

    /// A remark.
    pub fn report_text(mut self, text: impl Into<String>) -> Self {
        self.report_text = text.into();
        self
    }

    /// What went wrong.
    pub fn error(mut self, code: i64, message: impl Into<String>) -> Self {
        self.error = Some((code, message.into()));
        self
    }

    /// A chart that goes with it.
    pub fn chart(mut self, chart: Chart) -> Self {
        if let Content::Numbers { single: false, .. } = self.content {
            // What WATS calls several numbers with a chart.
            "WATS_XYGMNLT".clone_into(&mut self.kind);
        }
        self.chart = Some(chart);
        self
    }

    /// A file that goes with it.
    pub fn attachment(mut self, attachment: Attachment) -> Self {
        self.attachment = Some(attachment);
        self
    }

    /// It was run in a loop: this is round `index` (from 0) of `count`.
    pub fn iteration(mut self, index: u32, count: u32) -> Self {
        self.looping = Some((Some(index), count));
        self
    }

    /// It stands for all rounds of a loop, of which there were `count`.
    pub fn rounds(mut self, count: u32) -> Self {
        self.looping = Some((None, count));
        self
    }

    /// It is why the unit failed.
    pub fn caused_failure(mut self) -> Self {
        self.caused_failure = true;
        self
    }

    /// The test program of the main sequence.
    pub(super) fn program(mut self, file: String, its_version: String) -> Self {
        if let Content::Sequence { path, version, .. } = &mut self.content {
            (*path, *version) = (file, its_version);
        }
        self
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How it ended: as was said, else as its measurements say.
    pub(super) fn outcome(&self) -> Status {
        if let Some(status) = self.status {
            return status;
        }
        match &self.content {
            Content::Sequence { steps, .. } => Status::of_all(steps.iter().map(Step::outcome)),
            Content::Numbers { all, .. } => {
                Status::passed_if(all.iter().all(|(_, value, _, limits)| limits.pass(*value)))
            }
            Content::Truths { all, .. } => Status::passed_if(all.iter().all(|(_, passed)| *passed)),
            Content::Texts { all, .. } => {
                Status::passed_if(all.iter().all(|(_, text, limit)| limit.pass(text)))
            }
            Content::Executable { exit_code } => Status::passed_if(*exit_code == 0),
            Content::Popup { .. } | Content::Nothing => Status::Done,
        }
    }

    fn problem(&self, depth: usize) -> Option<String> {
        let none_measured = match &self.content {
            Content::Numbers { all, .. } => all.is_empty(),
            Content::Truths { all, .. } => all.is_empty(),
            Content::Texts { all, .. } => all.is_empty(),
            _ => false,
        };
        if self.name.trim().is_empty() {
            return Some("it has no name".to_owned());
        }
        if self.kind.trim().is_empty() {
            return Some("it has no kind".to_owned());
        }
        if none_measured {
            return Some("it has no measurement".to_owned());
        }
        if depth > DEPTH_LIMIT {
            return Some(format!("it is inside of more than {DEPTH_LIMIT} sequences"));
        }
        if matches!(self.looping, Some((Some(index), count)) if index >= count) {
            return Some("its round is not one of those of the loop, which are counted from 0".to_owned());
        }
        let limits = match &self.content {
            Content::Numbers { all, .. } => all.iter().find_map(|(.., limits)| limits.problem()),
            _ => None,
        };
        limits.or_else(|| self.chart.as_ref().and_then(Chart::problem))
    }

    /// As JSON. Steps are numbered in the order in which they appear.
    pub(super) fn to_json(&self, next_id: &mut u64, depth: usize) -> Result<Value, MakeError> {
        if let Some(message) = self.problem(depth) {
            return Err(MakeError::Step { step: self.name.clone(), message });
        }
        let mut step = Map::new();
        step.insert("id".to_owned(), (*next_id).into());
        *next_id += 1;
        let group = match self.group {
            Group::Setup => "S",
            Group::Main => "M",
            Group::Cleanup => "C",
        };
        step.insert("group".to_owned(), group.into());
        step.insert("stepType".to_owned(), self.kind.as_str().into());
        step.insert("name".to_owned(), cut(&self.name, NAME_LIMIT).into());
        step.insert("status".to_owned(), self.outcome().letter().into());
        if let Some(seconds) = self.seconds {
            step.insert("totTime".to_owned(), number(seconds));
        }
        put(&mut step, "reportText", &self.report_text);
        if let Some((code, message)) = &self.error {
            step.insert("errorCode".to_owned(), (*code).into());
            put(&mut step, "errorMessage", cut(message, 200));
        }
        if self.caused_failure {
            step.insert("causedUUTFailure".to_owned(), true.into());
        }
        match self.looping {
            Some((Some(index), count)) => {
                drop(step.insert("loop".to_owned(), json!({"i": index, "n": count})))
            }
            Some((None, count)) => drop(step.insert("loop".to_owned(), json!({"n": count}))),
            None => {}
        }
        self.put_content(&mut step, next_id, depth)?;
        if let Some(chart) = &self.chart {
            step.insert("chart".to_owned(), chart.to_json());
        }
        if let Some(attachment) = &self.attachment {
            let attachment = attachment
                .to_json()
                .map_err(|message| MakeError::Step { step: self.name.clone(), message })?;
            step.insert("attachment".to_owned(), attachment);
        }
        Ok(step.into())
    }

    fn put_content(
        &self,
        step: &mut Map<String, Value>,
        next_id: &mut u64,
        depth: usize,
    ) -> Result<(), MakeError> {
        let mut names = Names::default();
        let mut put_all = |list: &str, all: Vec<(&str, bool, Map<String, Value>)>, single: bool| {
            let all = all.into_iter().map(|(name, passed, mut measurement)| {
                if !single {
                    measurement.insert("name".to_owned(), names.unique(name).into());
                }
                measurement.insert("status".to_owned(), Status::passed_if(passed).letter().into());
                Value::from(measurement)
            });
            step.insert(list.to_owned(), all.collect());
        };
        match &self.content {
            Content::Numbers { all, single } => {
                let all = all.iter().map(|(name, value, unit, limits)| {
                    let mut measurement = Map::new();
                    limits.put(&mut measurement);
                    measurement.insert("unit".to_owned(), unit.as_str().into());
                    measurement.insert("value".to_owned(), number(*value));
                    (name.as_str(), limits.pass(*value), measurement)
                });
                put_all("numericMeas", all.collect(), *single);
            }
            Content::Truths { all, single } => {
                let all = all.iter().map(|(name, passed)| (name.as_str(), *passed, Map::new()));
                put_all("booleanMeas", all.collect(), *single);
            }
            Content::Texts { all, single } => {
                let all = all.iter().map(|(name, text, limit)| {
                    let mut measurement = Map::new();
                    limit.put(&mut measurement);
                    measurement.insert("value".to_owned(), text.as_str().into());
                    (name.as_str(), limit.pass(text), measurement)
                });
                put_all("stringMeas", all.collect(), *single);
            }
            Content::Sequence { name, path, version, steps } => {
                let mut call = Map::new();
                put(&mut call, "path", cut(path, 500));
                put(&mut call, "name", cut(name, 200));
                put(&mut call, "version", cut(version, 30));
                step.insert("seqCall".to_owned(), call.into());
                let steps: Result<Vec<Value>, MakeError> =
                    steps.iter().map(|step| step.to_json(next_id, depth + 1)).collect();
                step.insert("steps".to_owned(), steps?.into());
            }
            Content::Popup { response, button } => {
                step.insert("messagePopup".to_owned(), json!({"response": response, "button": button}));
            }
            Content::Executable { exit_code } => {
                step.insert("callExe".to_owned(), json!({"exitCode": exit_code}));
            }
            Content::Nothing => {}
        }
        Ok(())
    }
}

/// Gives each measurement of a step a name of its own.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    fn unique(&mut self, name: &str) -> String {
        let name = match cut(name.trim(), NAME_LIMIT) {
            "" => (self.0.len() + 1).to_string(),
            name => name.to_owned(),
        };
        let mut candidate = name.clone();
        let mut number = 2;
        while !self.0.insert(candidate.clone()) {
            let suffix = format!("#{number}");
            candidate = format!("{}{suffix}", cut(&name, NAME_LIMIT - suffix.len()));
            number += 1;
        }
        candidate
    }
}
