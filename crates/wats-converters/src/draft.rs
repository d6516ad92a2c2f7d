//! A test report in the making.

use crate::moment::Moment;
use crate::status::Status;
use crate::step::{Content, Step};
use crate::{Arguments, Refusal, limits, number, text};
use serde_json::{Map, Value, json};
use wats::{Report, Uuid};

/// Name of the step that holds all others, as WATS calls it.
pub(crate) const ROOT_NAME: &str = "MainSequence Callback";

/// What all reports of a file may still cost.
#[derive(Debug)]
pub(crate) struct Budget {
    /// What was read of the file.
    read: Counts,
    /// What was put into reports.
    written: Counts,
    reports: usize,
    items: usize,
}

#[derive(Debug)]
struct Counts {
    steps: usize,
    measurements: usize,
}

impl Default for Budget {
    fn default() -> Self {
        let counts = || Counts { steps: limits::STEPS, measurements: limits::MEASUREMENTS };
        Self { read: counts(), written: counts(), reports: limits::REPORTS, items: limits::ITEMS }
    }
}

impl Budget {
    /// Notes what becomes steps and measurements before memory is spent on it.
    pub(crate) fn reads(&mut self, steps: usize, measurements: usize) -> Result<(), Refusal> {
        self.read.take(steps, measurements)
    }

    /// Takes what stands in lists other than those of steps and measurements.
    pub(crate) fn items(&mut self, count: usize) -> Result<(), Refusal> {
        take(&mut self.items, count, limits::ITEMS, "misc infos, units, failures and series")
    }

    /// Takes a step with this many measurements.
    pub(crate) fn step(&mut self, measurements: usize) -> Result<(), Refusal> {
        self.written.take(1, measurements)
    }

    /// Takes a report.
    pub(crate) fn report(&mut self) -> Result<(), Refusal> {
        take(&mut self.reports, 1, limits::REPORTS, "reports")
    }
}

impl Counts {
    fn take(&mut self, steps: usize, measurements: usize) -> Result<(), Refusal> {
        take(&mut self.steps, steps, limits::STEPS, "steps")?;
        take(&mut self.measurements, measurements, limits::MEASUREMENTS, "measurements")
    }
}

fn take(left: &mut usize, count: usize, limit: usize, what: &str) -> Result<(), Refusal> {
    *left = left
        .checked_sub(count)
        .ok_or_else(|| Refusal::TooLarge(format!("it has more than {limit} {what}")))?;
    Ok(())
}

/// A test report before it becomes JSON. What is empty is left out, or filled from the arguments.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) id: Option<Uuid>,
    pub(crate) serial_number: String,
    pub(crate) part_number: String,
    /// A part number that the file only suggests, such as the name of its test program: an argument goes before it.
    pub(crate) suggested_part_number: String,
    pub(crate) revision: String,
    /// What the file says.
    pub(crate) process_code: Option<i64>,
    /// What holds when neither the file nor an argument says it.
    pub(crate) usual_process_code: i64,
    pub(crate) result: Status,
    pub(crate) start: Option<Moment>,
    pub(crate) station: String,
    pub(crate) location: String,
    pub(crate) purpose: String,
    pub(crate) operator: String,
    pub(crate) comment: String,
    pub(crate) batch: String,
    pub(crate) fixture: String,
    pub(crate) socket: Option<i64>,
    /// Seconds.
    pub(crate) execution_time: Option<Value>,
    pub(crate) error_code: Option<i64>,
    pub(crate) error_message: String,
    /// Name and version of the test program, and where it lies.
    pub(crate) sequence_name: String,
    pub(crate) sequence_version: String,
    pub(crate) sequence_path: String,
    pub(crate) misc: Vec<(String, String)>,
    pub(crate) sub_units: Vec<Value>,
    pub(crate) steps: Vec<Step>,
    /// Text of the root step.
    pub(crate) report_text: String,
    /// The root step where the file has one; its content is `steps`.
    pub(crate) root: Option<Step>,
}

impl Draft {
    pub(crate) fn new(usual_process_code: i64) -> Self {
        Self {
            id: None,
            serial_number: String::new(),
            part_number: String::new(),
            suggested_part_number: String::new(),
            revision: String::new(),
            process_code: None,
            usual_process_code,
            result: Status::Passed,
            start: None,
            station: String::new(),
            location: String::new(),
            purpose: String::new(),
            operator: String::new(),
            comment: String::new(),
            batch: String::new(),
            fixture: String::new(),
            socket: None,
            execution_time: None,
            error_code: None,
            error_message: String::new(),
            sequence_name: String::new(),
            sequence_version: String::new(),
            sequence_path: String::new(),
            misc: Vec::new(),
            sub_units: Vec::new(),
            steps: Vec::new(),
            report_text: String::new(),
            root: None,
        }
    }

    /// Adds a piece of information that has no place of its own; a blank one is left out.
    pub(crate) fn add_misc(&mut self, description: &str, value: &str) {
        // One too many is enough for the file to be refused.
        if !description.trim().is_empty() && !value.trim().is_empty() && self.misc.len() <= limits::ITEMS {
            self.misc.push((description.trim().to_owned(), value.trim().to_owned()));
        }
    }

    /// Takes the execution time from an end.
    pub(crate) fn ends(&mut self, end: Option<Moment>) {
        if let (Some(start), Some(end)) = (self.start, end) {
            self.execution_time = start.seconds_until(&end).map(number::computed);
        }
    }

    /// Makes the report.
    pub(crate) fn finish(mut self, arguments: &Arguments, budget: &mut Budget) -> Result<Report, Refusal> {
        budget.report()?;
        budget.items(self.misc.len() + self.sub_units.len())?;
        if arguments.computes_status()? {
            self.steps.iter_mut().for_each(Step::judge);
            if matches!(self.result, Status::Passed | Status::Failed) {
                self.result = Step::status_of(&self.steps);
                if let Some(root) = &mut self.root {
                    root.status = self.result;
                }
            }
        }
        let or = |own: String, name: &str| match own.trim() {
            "" => arguments.get(name).unwrap_or_default().trim().to_owned(),
            trimmed => trimmed.to_owned(),
        };
        let required = |text: String, what, argument| match text.is_empty() {
            true => Err(Refusal::Missing { what, argument }),
            false => Ok(text),
        };
        let start = self
            .start
            .ok_or(Refusal::Missing { what: "start of the test (date and time)", argument: None })?;
        let start = start.or_zone(arguments.utc_offset()?);
        let code = self.process_code.or(arguments.process_code()?).unwrap_or(self.usual_process_code);
        let result = match self.result {
            Status::Skipped => Status::Done,
            other => other,
        };

        let mut report = Map::new();
        report.insert("type".into(), "T".into());
        if let Some(id) = self.id {
            report.insert("id".into(), id.hyphenated().to_string().into());
        }
        let part_number = match or(self.part_number, "part-number") {
            none if none.is_empty() => self.suggested_part_number.trim().to_owned(),
            part_number => part_number,
        };
        report.insert("pn".into(), required(part_number, "part number", Some("part-number"))?.into());
        report.insert(
            "sn".into(),
            required(self.serial_number.trim().to_owned(), "serial number", None)?.into(),
        );
        let revision = match or(self.revision, "part-revision") {
            revision if revision.is_empty() => "1.0".to_owned(),
            revision => revision,
        };
        report.insert("rev".into(), revision.into());
        report.insert("processCode".into(), code.into());
        report.insert("result".into(), result.letter());
        put(&mut report, "machineName", &or(self.station, "station-name"), 100);
        put(&mut report, "location", &or(self.location, "location"), 100);
        put(&mut report, "purpose", &or(self.purpose, "purpose"), 100);
        report.insert("start".into(), start.to_iso().into());

        let mut uut = Map::new();
        put(&mut uut, "user", &or(self.operator, "operator"), 100);
        put(&mut uut, "comment", &self.comment, 5000);
        put_value(&mut uut, "execTime", self.execution_time);
        put(&mut uut, "fixtureId", &self.fixture, 100);
        put_value(&mut uut, "testSocketIndex", self.socket.map(Value::from));
        put(&mut uut, "batchSN", &self.batch, 100);
        put_value(&mut uut, "errorCode", self.error_code.map(Value::from));
        put(&mut uut, "errorMessage", &self.error_message, 200);
        report.insert("uut".into(), uut.into());

        let name = or(self.sequence_name, "sequence-name");
        let path = if self.sequence_path.trim().is_empty() { name.clone() } else { self.sequence_path };
        let mut root = self.root.unwrap_or_else(|| Step::new(ROOT_NAME, self.result));
        if root.report_text.is_empty() {
            root.report_text = self.report_text;
        }
        root.content = Content::Sequence {
            path,
            name,
            version: or(self.sequence_version, "sequence-version"),
            steps: self.steps,
        };
        if !self.misc.is_empty() {
            let info = |(description, value): (String, String)| json!({"description": text::cut(&description, 100), "text": text::cut(&value, 100)});
            report.insert("miscInfos".into(), self.misc.into_iter().map(info).collect::<Vec<_>>().into());
        }
        if !self.sub_units.is_empty() {
            report.insert("subUnits".into(), self.sub_units.into());
        }
        let mut text = Vec::new();
        root.write(&mut text, &mut 0, 0, budget)?;
        let text = String::from_utf8(text).expect("JSON that was made of texts is text");
        Ok(Report::with_root(report, text))
    }
}

/// A file without any report is refused.
pub(crate) fn at_least_one(reports: Vec<Report>) -> Result<Vec<Report>, Refusal> {
    if reports.is_empty() { Err(Refusal::malformed("the file holds no report")) } else { Ok(reports) }
}

/// Adds a text, cut to what WATS takes, unless it is blank.
pub(crate) fn put(members: &mut Map<String, Value>, name: &str, value: &str, limit: usize) {
    if !value.trim().is_empty() {
        members.insert(name.into(), text::cut(value.trim(), limit).into());
    }
}

/// Adds a value that is there.
pub(crate) fn put_value(members: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        members.insert(name.into(), value);
    }
}
