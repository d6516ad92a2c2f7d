//! A step of a test report, with its measurements.

use crate::draft::Budget;
use crate::json::Object;
use crate::status::Status;
use crate::{Refusal, limits, number, text};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Longest name, in characters, of a step or measurement.
const NAME_LIMIT: usize = 100;

/// A step.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) status: Status,
    pub(crate) group: Group,
    /// What WATS calls this kind of step, when the content does not decide it.
    pub(crate) step_type: Option<Cow<'static, str>>,
    pub(crate) content: Content,
    /// How long it took.
    pub(crate) seconds: Option<Value>,
    /// ISO 8601.
    pub(crate) start: String,
    pub(crate) report_text: String,
    pub(crate) error_code: Option<Value>,
    pub(crate) error_message: String,
    pub(crate) guid: String,
    pub(crate) caused_sequence_failure: bool,
    pub(crate) caused_unit_failure: bool,
    pub(crate) looping: Option<Value>,
    pub(crate) chart: Option<Value>,
}

/// Which part of a sequence a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Setup,
    Main,
    Cleanup,
}

impl Group {
    /// Reads the word or letter; everything else is main.
    pub(crate) fn from_word(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "setup" | "s" => Self::Setup,
            "cleanup" | "c" => Self::Cleanup,
            _ => Self::Main,
        }
    }

    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Setup => "S",
            Self::Main => "M",
            Self::Cleanup => "C",
        }
    }
}

/// What a step did.
#[derive(Debug)]
pub(crate) enum Content {
    /// Other steps.
    Sequence { path: String, name: String, version: String, steps: Vec<Step> },
    /// Something without a measurement.
    Action,
    /// Numbers against limits.
    Numbers(Vec<Numeric>),
    /// True or false.
    Booleans(Vec<Boolean>),
    /// Texts against texts.
    Texts(Vec<Text>),
}

/// A number with its limits.
#[derive(Debug)]
pub(crate) struct Numeric {
    pub(crate) name: String,
    pub(crate) status: Status,
    /// A number, or a text such as `NaN`.
    pub(crate) value: Value,
    pub(crate) unit: String,
    pub(crate) limits: Limits,
}

/// How a number is compared. The limit of a single comparison is the low one, also for LT and LE.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limits {
    pub(crate) operator: Cow<'static, str>,
    pub(crate) low: Option<Value>,
    pub(crate) high: Option<Value>,
}

impl Limits {
    /// None at all: the number is only written down.
    pub(crate) fn none() -> Self {
        Self { operator: "LOG".into(), low: None, high: None }
    }

    /// Inclusive limits, where they are there.
    pub(crate) fn inclusive(low: Option<Value>, high: Option<Value>) -> Self {
        match (low, high) {
            (None, None) => Self::none(),
            (Some(low), None) => Self { operator: "GE".into(), low: Some(low), high: None },
            (None, Some(high)) => Self { operator: "LE".into(), low: Some(high), high: None },
            (low, high) => Self { operator: "GELE".into(), low, high },
        }
    }

    /// As a file says: an operator of WATS with the limits beside it. A single limit that stands in the high column
    /// is moved to where it belongs.
    pub(crate) fn with_operator(operator: &str, low: Option<Value>, high: Option<Value>) -> Option<Self> {
        let operator = operator.trim().to_ascii_uppercase();
        match operator.as_str() {
            "LOG" => Some(Self { operator: operator.into(), low, high }),
            "EQ" | "NE" | "LT" | "LE" | "GT" | "GE" | "EQT" => {
                let (low, high) = if low.is_none() { (high, None) } else { (low, high) };
                Some(Self { operator: operator.into(), low, high })
            }
            "GTLT" | "GTLE" | "GELT" | "GELE" | "LTGT" | "LTGE" | "LEGT" | "LEGE" => {
                Some(Self { operator: operator.into(), low, high })
            }
            _ => None,
        }
    }

    /// Whether a number passes. Without a limit, and with an operator that only writes down, it does.
    pub(crate) fn pass(&self, value: &Value) -> bool {
        let Some(value) = number::as_f64(value) else { return true };
        let low = self.low.as_ref().and_then(number::as_f64);
        let high = self.high.as_ref().and_then(number::as_f64);
        let compare = |operator: &str, limit: Option<f64>| match (operator, limit) {
            (_, None) => true,
            ("GE", Some(limit)) => value >= limit,
            ("GT", Some(limit)) => value > limit,
            ("LE", Some(limit)) => value <= limit,
            ("LT", Some(limit)) => value < limit,
            ("EQ" | "EQT", Some(limit)) => value == limit,
            ("NE", Some(limit)) => value != limit,
            _ => true,
        };
        match &*self.operator {
            pair if pair.len() == 4 && pair.is_ascii() => {
                let (first, second) = (compare(&pair[..2], low), compare(&pair[2..], high));
                if pair.starts_with('G') { first && second } else { first || second }
            }
            single => compare(single, low),
        }
    }
}

/// Passed or failed.
#[derive(Debug)]
pub(crate) struct Boolean {
    pub(crate) name: String,
    pub(crate) status: Status,
}

/// A text with its limit.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) name: String,
    pub(crate) status: Status,
    pub(crate) value: String,
    pub(crate) operator: &'static str,
    pub(crate) limit: Option<String>,
}

impl Text {
    /// Whether the text is what its limit wants.
    pub(crate) fn passes(&self) -> bool {
        let Some(limit) = &self.limit else { return true };
        match self.operator {
            "EQ" | "CASESENSIT" => *limit == self.value,
            "NE" => *limit != self.value,
            "IGNORECASE" => limit.to_lowercase() == self.value.to_lowercase(),
            _ => true,
        }
    }

    /// The operator of WATS for one of a file; unknown ones only write the text down.
    pub(crate) fn operator(word: &str, has_limit: bool) -> &'static str {
        match word.trim().to_ascii_uppercase().as_str() {
            "EQ" => "EQ",
            "NE" => "NE",
            "CASESENSIT" => "CASESENSIT",
            "IGNORECASE" | "CIEQ" => "IGNORECASE",
            "" if has_limit => "EQ",
            _ => "LOG",
        }
    }
}

impl Step {
    /// A step without a measurement.
    pub(crate) fn new(name: impl Into<String>, status: Status) -> Self {
        Self {
            name: name.into(),
            status,
            group: Group::Main,
            step_type: None,
            content: Content::Action,
            seconds: None,
            start: String::new(),
            report_text: String::new(),
            error_code: None,
            error_message: String::new(),
            guid: String::new(),
            caused_sequence_failure: false,
            caused_unit_failure: false,
            looping: None,
            chart: None,
        }
    }

    /// A sequence of steps.
    pub(crate) fn sequence(name: impl Into<String>, status: Status, steps: Vec<Step>) -> Self {
        let name = name.into();
        let content =
            Content::Sequence { path: String::new(), name: name.clone(), version: String::new(), steps };
        Self { content, ..Self::new(name, status) }
    }

    /// One number.
    pub(crate) fn numeric(
        name: impl Into<String>,
        status: Status,
        value: Value,
        unit: &str,
        limits: Limits,
    ) -> Self {
        let measurement =
            Numeric { name: String::new(), status, value, unit: unit.trim().to_owned(), limits };
        Self { content: Content::Numbers(vec![measurement]), ..Self::new(name, status) }
    }

    /// Passed or failed, nothing else.
    pub(crate) fn boolean(name: impl Into<String>, status: Status) -> Self {
        let measurement =
            Boolean { name: String::new(), status: Status::passed_if(status != Status::Failed) };
        let measured = matches!(status, Status::Passed | Status::Failed);
        let content = Content::Booleans(if measured { vec![measurement] } else { Vec::new() });
        Self { content, ..Self::new(name, status) }
    }

    /// The status of this step from those of its steps, for a file that gives none.
    pub(crate) fn status_of(steps: &[Step]) -> Status {
        Status::of_all(steps.iter().map(|step| step.status))
    }

    /// Computes the statuses of this step and all below it from their limits. A step that did not come to an end, or
    /// was not run, stays as it is. Depth is bounded by the converters.
    pub(crate) fn judge(&mut self) {
        let judged = match &mut self.content {
            Content::Sequence { steps, .. } => {
                steps.iter_mut().for_each(Step::judge);
                Step::status_of(steps)
            }
            Content::Action => return,
            Content::Numbers(all) => {
                for one in all.iter_mut() {
                    one.status = Status::passed_if(one.limits.pass(&one.value));
                }
                Status::of_all(all.iter().map(|one| one.status))
            }
            Content::Booleans(all) => Status::of_all(all.iter().map(|one| one.status)),
            Content::Texts(all) => {
                for one in all.iter_mut() {
                    one.status = Status::passed_if(one.passes());
                }
                Status::of_all(all.iter().map(|one| one.status))
            }
        };
        if matches!(self.status, Status::Passed | Status::Failed | Status::Done) {
            self.status = judged;
        }
    }

    /// Writes it as JSON. Steps are numbered in the order in which they appear.
    pub(crate) fn write(
        self,
        out: &mut Vec<u8>,
        next_id: &mut u64,
        depth: usize,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        if depth > limits::SEQUENCE_DEPTH {
            return Err(Refusal::TooLarge(format!(
                "it has more than {} sequences in each other",
                limits::SEQUENCE_DEPTH
            )));
        }
        let measurements = match &self.content {
            Content::Sequence { .. } | Content::Action => 0,
            Content::Numbers(all) => all.len(),
            Content::Booleans(all) => all.len(),
            Content::Texts(all) => all.len(),
        };
        budget.step(measurements)?;
        let multiple = measurements > 1;
        let own_type = match &self.content {
            Content::Sequence { .. } => "SequenceCall",
            Content::Action => "Action",
            Content::Numbers(_) if multiple => "ET_MNLT",
            Content::Numbers(_) => "ET_NLT",
            Content::Booleans(_) if multiple => "ET_MPFT",
            Content::Booleans(_) => "ET_PFT",
            Content::Texts(_) if multiple => "ET_MSVT",
            Content::Texts(_) => "ET_SVT",
        };
        let mut step = Object::open(out);
        step.number("id", *next_id);
        *next_id += 1;
        step.text("group", self.group.letter());
        step.text("stepType", self.step_type.as_deref().unwrap_or(own_type));
        let name = match text::cut(self.name.trim(), NAME_LIMIT) {
            "" => own_type,
            name => name,
        };
        step.text("name", name);
        step.text("status", self.status.as_str());
        step.put("start", &self.start, 40);
        step.put_value("totTime", self.seconds.as_ref());
        step.put_value("errorCode", self.error_code.as_ref());
        step.put("errorMessage", &self.error_message, 200);
        step.put("reportText", &self.report_text, usize::MAX);
        step.put("tsGuid", &self.guid, 100);
        if self.caused_sequence_failure {
            step.yes("causedSeqFailure");
        }
        if self.caused_unit_failure {
            step.yes("causedUUTFailure");
        }
        step.put_value("loop", self.looping.as_ref());
        match self.content {
            Content::Sequence { path, name, version, steps } => {
                let mut call = Object::open(step.member("seqCall"));
                call.put("path", &path, 500);
                call.put("name", &name, 200);
                call.put("version", &version, 30);
                call.close();
                let out = step.member("steps");
                out.push(b'[');
                for (index, child) in steps.into_iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    child.write(out, next_id, depth + 1, budget)?;
                }
                out.push(b']');
            }
            Content::Action => {}
            Content::Numbers(all) => write_measurements(&mut step, "numericMeas", &all, Numeric::write),
            Content::Booleans(all) => write_measurements(&mut step, "booleanMeas", &all, Boolean::write),
            Content::Texts(all) => write_measurements(&mut step, "stringMeas", &all, Text::write),
        }
        step.put_value("chart", self.chart.as_ref());
        step.close();
        Ok(())
    }
}

/// Writes a list of measurements; they have names when they are several.
fn write_measurements<M>(
    step: &mut Object<'_>,
    member: &str,
    all: &[M],
    write: fn(&M, Object<'_>, Option<&mut Names>),
) {
    if all.is_empty() {
        return;
    }
    let mut names = (all.len() > 1).then(Names::default);
    let out = step.member(member);
    out.push(b'[');
    for (index, one) in all.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(one, Object::open(out), names.as_mut());
    }
    out.push(b']');
}

/// Names inside a step with several measurements: each once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
    /// The number that a name gets when it comes again.
    next: HashMap<String, usize>,
    count: usize,
}

impl Names {
    /// The name, or the name with a number behind it when it was there before.
    pub(crate) fn unique(&mut self, name: &str) -> String {
        self.count += 1;
        let name = match text::cut(name.trim(), NAME_LIMIT) {
            "" => self.count.to_string(),
            name => name.to_owned(),
        };
        if self.taken.insert(name.clone()) {
            return name;
        }
        let number = self.next.entry(name.clone()).or_insert(2);
        loop {
            let candidate = numbered(&name, *number);
            *number += 1;
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}

fn numbered(name: &str, number: usize) -> String {
    let suffix = format!("#{number}");
    format!("{}{suffix}", text::cut(name, NAME_LIMIT - suffix.len()))
}

impl Numeric {
    fn write(&self, mut measurement: Object<'_>, names: Option<&mut Names>) {
        measurement.text("compOp", &self.limits.operator);
        if let Some(names) = names {
            measurement.text("name", &names.unique(&self.name));
        }
        measurement.text("status", self.status.as_str());
        measurement.text("unit", &self.unit);
        measurement.value("value", &self.value);
        measurement.put_value("lowLimit", self.limits.low.as_ref());
        measurement.put_value("highLimit", self.limits.high.as_ref());
        measurement.close();
    }
}

impl Boolean {
    fn write(&self, mut measurement: Object<'_>, names: Option<&mut Names>) {
        if let Some(names) = names {
            measurement.text("name", &names.unique(&self.name));
        }
        measurement.text("status", self.status.as_str());
        measurement.close();
    }
}

impl Text {
    fn write(&self, mut measurement: Object<'_>, names: Option<&mut Names>) {
        measurement.text("compOp", self.operator);
        if let Some(names) = names {
            measurement.text("name", &names.unique(&self.name));
        }
        measurement.text("status", self.status.as_str());
        measurement.text("value", &self.value);
        if let Some(limit) = &self.limit {
            measurement.text("limit", limit);
        }
        measurement.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_single_limit_is_the_low_one() {
        assert_eq!(
            Limits::inclusive(None, Some(json!(5))),
            Limits::with_operator("le", None, Some(json!(5))).unwrap()
        );
        assert_eq!(Limits::inclusive(None, Some(json!(5))).low, Some(json!(5)));
        assert_eq!(Limits::with_operator("between", None, None), None);
    }

    #[test]
    fn limits_compare() {
        let pass = |operator, value: Value| {
            Limits::with_operator(operator, Some(json!(1)), Some(json!(2))).unwrap().pass(&value)
        };
        assert!(pass("GELE", json!(1)) && pass("GELE", json!(2)) && !pass("GELE", json!(2.5)));
        assert!(!pass("GTLT", json!(1)) && pass("GTLT", json!(1.5)) && !pass("GELE", json!("NaN")));
        assert!(pass("LTGT", json!(0)) && pass("LTGT", json!(3)) && !pass("LTGT", json!(1)));
        assert!(pass("LEGE", json!(1)) && pass("LOG", json!(9)) && pass("GELE", json!("text")));
        assert!(pass("LE", json!(1)) && !pass("LT", json!(1)) && pass("NE", json!(2)));
    }

    #[test]
    fn statuses_can_be_computed() {
        let number = |value: Value, status| {
            let limits = Limits::inclusive(Some(json!(1)), Some(json!(2)));
            Step::numeric("n", status, value, "", limits)
        };
        let text = |value: &str| {
            let (value, limit) = (value.to_owned(), Some("V1".to_owned()));
            let text =
                Text { name: String::new(), status: Status::Failed, value, operator: "IGNORECASE", limit };
            Step { content: Content::Texts(vec![text]), ..Step::new("t", Status::Failed) }
        };
        let judged = |step: Step| {
            let mut sequence = Step::sequence("s", Status::Passed, vec![step]);
            sequence.judge();
            let Content::Sequence { steps, .. } = &sequence.content else { unreachable!() };
            (sequence.status, steps[0].status)
        };
        assert_eq!(judged(number(json!(3), Status::Passed)), (Status::Failed, Status::Failed));
        assert_eq!(judged(number(json!(2), Status::Failed)), (Status::Passed, Status::Passed));
        assert_eq!(judged(number(json!(3), Status::Skipped)), (Status::Passed, Status::Skipped));
        assert_eq!(judged(text("v1")), (Status::Passed, Status::Passed));
        assert_eq!(judged(text("v2")), (Status::Failed, Status::Failed));
        assert_eq!(judged(Step::boolean("b", Status::Failed)), (Status::Failed, Status::Failed));
    }

    #[test]
    fn names_of_several_measurements_are_unique() {
        let mut names = Names::default();
        let all: Vec<String> =
            ["a", "a", "", "a", &"x".repeat(200), &"x".repeat(200)].map(|name| names.unique(name)).into();
        assert_eq!(all[..4], ["a", "a#2", "3", "a#3"].map(str::to_owned));
        assert!(all[5].ends_with("x#2") && all[5].chars().count() == 100);
    }
}
