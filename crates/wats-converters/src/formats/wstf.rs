//! WATS Standard Text Format: fields separated by tabs.
//!
//! ```text
//! --Header-Start--
//! SerialNumber  TX0001                          key and value; any other key is a misc info
//! Subunit  PCB  PCB-1  S-1  A                   type, part number, serial number, revision
//! --Step-Data-Start--
//! StepType  StepName  MeasureName  Value  …     names of the columns
//! NumericLimitTest  VCC    5.01  4.9  5.1  GELE  V  Passed
//! --Step-Data-End--
//! UUTStatus  Passed                             keys here replace those of the header
//! --UUT-End--
//! ```
//!
//! Several reports may follow each other. Columns are found by name, with or without `Step` before it: `StepType`,
//! `StepName`, `MeasureName`, `Value`, `LowLimit`, `HighLimit`, `CompOperator`, `Unit`, `StepStatus`,
//! `StepExecutionTime`, `StepReportText`, `StepErrorCode`, `StepErrorMessage`, `CausedSequenceFailure`.
//!
//! Step types: `SequenceCall` to `EndSequenceCall`, `NumericLimitTest`, `MultipleNumericLimitTest`, `PassFailTest`,
//! `StringValueTest` (its limit stands under `LowLimit`), `ActionStep`, `Chart` with rows `Series` (name, Y values under
//! `Value`, X values under `LowLimit`). A row with a measure name and an empty or repeated step name is a further
//! measurement of the same step. `UTCStartDateTime` is UTC, `StartDateTime` local. `\r\n` in a comment is a new line.
//!
//! Confidence: 95 for `--Header-Start--` in the first lines.
//!
//! Arguments: the common ones; process code 10 without one.

use crate::draft::{Budget, Draft, at_least_one};
use crate::moment::{Moment, Order};
use crate::status::Status;
use crate::step::{Boolean, Content, Limits, Numeric, Step, Text};
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, limits, number};
use serde_json::{Value, json};
use std::collections::HashMap;
use wats::Report;

pub(super) struct Wstf;

impl Converter for Wstf {
    fn name(&self) -> &'static str {
        "wstf"
    }

    fn describe(&self) -> Description {
        Description {
            title: "WATS Standard Text Format (WSTF)",
            patterns: &["*.txt", "*.wstf"],
            arguments: &[],
        }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let found = source.head().lines().take(10).any(|line| mark(line).as_deref() == Some("header-start"));
        if found { Confidence::SURE } else { Confidence::NONE }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let text = source.text(arguments)?;
        limits::check_parts(&text, b"\t\n", limits::FIELDS, "fields and lines")?;
        let mut budget = Budget::default();
        let mut reports = Vec::new();
        let mut open: Option<Reading> = None;
        for (index, line) in text.lines().enumerate() {
            let at = index + 1;
            let line = line.trim_end_matches(['\r', '\t', ' ']);
            if line.trim().is_empty() {
                continue;
            }
            match (mark(line).as_deref(), &mut open) {
                (Some("header-start"), None) => open = Some(Reading::new(at)),
                (Some("header-start"), Some(reading)) => {
                    let message =
                        format!("a second report before the --UUT-End-- of the one in line {}", reading.line);
                    return Err(Refusal::at(at, message));
                }
                (Some("step-data-start"), Some(reading)) => reading.part = Part::Columns,
                (Some("step-data-end"), Some(reading)) => {
                    reading.part = Part::Header;
                    reading.close_all();
                }
                (Some("uut-end"), Some(_)) => {
                    if let Some(reading) = open.take() {
                        reports.push(reading.draft()?.finish(arguments, &mut budget)?);
                    }
                }
                (Some("header-end"), Some(_)) => {}
                (_, Some(reading)) => reading.line(line, at, &mut budget)?,
                (_, None) => return Err(Refusal::at(at, "text before a --Header-Start--")),
            }
        }
        match open {
            Some(reading) => Err(Refusal::at(
                reading.line,
                "the report that starts here has no --UUT-End--: the file is not complete",
            )),
            None => at_least_one(reports),
        }
    }
}

/// The word of a line such as `--UUT-End--`, in small letters.
fn mark(line: &str) -> Option<String> {
    let inside = line.trim().strip_prefix("--")?.strip_suffix("--")?;
    Some(inside.trim().to_ascii_lowercase())
}

#[derive(PartialEq)]
enum Part {
    Header,
    Columns,
    Steps,
}

/// A report being read.
struct Reading<'a> {
    line: usize,
    part: Part,
    header: Vec<(&'a str, &'a str)>,
    sub_units: Vec<Value>,
    columns: HashMap<String, usize>,
    /// Sequences that have not ended; the first one is the root.
    open: Vec<(Option<Step>, Vec<Step>)>,
    /// The type of the last row that made a step, for rows that go on with it.
    last: &'a str,
}

impl<'a> Reading<'a> {
    fn new(line: usize) -> Self {
        Self {
            line,
            part: Part::Header,
            header: Vec::new(),
            sub_units: Vec::new(),
            columns: HashMap::new(),
            open: vec![(None, Vec::new())],
            last: "",
        }
    }

    fn line(&mut self, line: &'a str, at: usize, budget: &mut Budget) -> Result<(), Refusal> {
        let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
        match self.part {
            Part::Header => {
                let field = |index: usize| fields.get(index).copied().unwrap_or_default();
                if fields[0].eq_ignore_ascii_case("subunit") {
                    budget.items(1)?;
                    self.sub_units
                        .push(json!({"partType": field(1), "pn": field(2), "rev": field(4), "sn": field(3)}));
                } else {
                    self.header.push((fields[0], field(1)));
                }
                Ok(())
            }
            Part::Columns => {
                for (index, name) in fields.iter().enumerate() {
                    let name = name.to_ascii_lowercase();
                    let short = name.strip_prefix("step").unwrap_or(&name);
                    self.columns.entry(short.to_owned()).or_insert(index);
                }
                if !self.columns.contains_key("type") {
                    return Err(Refusal::at(at, "the columns have no StepType"));
                }
                self.part = Part::Steps;
                Ok(())
            }
            Part::Steps => self.row(&fields, at, budget),
        }
    }

    fn row(&mut self, fields: &[&'a str], at: usize, budget: &mut Budget) -> Result<(), Refusal> {
        let field = |name: &str| {
            self.columns.get(name).and_then(|index| fields.get(*index)).copied().unwrap_or_default()
        };
        let (kind, name, measure) = (field("type"), field("name"), field("measurename"));
        let status = match field("status") {
            "" => Status::Done,
            word => {
                Status::from_word(word).ok_or_else(|| Refusal::at(at, format!("{word:?} is no status")))?
            }
        };
        let number = |name: &str| match field(name) {
            "" => Ok(None),
            text => {
                number::read(text).map(Some).ok_or_else(|| Refusal::at(at, format!("{text:?} is no number")))
            }
        };
        let mut step = Step::new(name, status);
        step.seconds = number("executiontime")?;
        step.report_text = unescape(field("reporttext"));
        step.error_code = Some(field("errorcode")).filter(|code| !code.is_empty()).map(|code| {
            number::read(code).filter(|code| code.as_i64().is_some()).unwrap_or_else(|| code.into())
        });
        step.error_message = unescape(field("errormessage"));
        step.caused_sequence_failure =
            matches!(field("causedsequencefailure").to_ascii_lowercase().as_str(), "true" | "1");
        let content = match kind {
            "SequenceCall" => {
                if self.open.len() > limits::SEQUENCE_DEPTH {
                    let message = format!("more than {} sequences in each other", limits::SEQUENCE_DEPTH);
                    return Err(Refusal::at(at, message));
                }
                budget.reads(1, 0)?;
                self.open.push((Some(step), Vec::new()));
                self.last = kind;
                return Ok(());
            }
            "EndSequenceCall" => {
                self.last = kind;
                return match self.open.len() {
                    1 => Err(Refusal::at(at, "EndSequenceCall without a SequenceCall")),
                    _ => {
                        self.close();
                        Ok(())
                    }
                };
            }
            "NumericLimitTest" | "MultipleNumericLimitTest" => {
                let (low, high) = (number("lowlimit")?, number("highlimit")?);
                let operator = field("compoperator");
                let limits = match operator {
                    "" => Limits::inclusive(low, high),
                    operator => Limits::with_operator(operator, low, high)
                        .ok_or_else(|| Refusal::at(at, format!("{operator:?} is no comparison")))?,
                };
                let value = number("value")?.unwrap_or_else(|| "NaN".into());
                let unit = field("unit").to_owned();
                Content::Numbers(vec![Numeric { name: measure.to_owned(), status, value, unit, limits }])
            }
            "PassFailTest" | "MultiplePassFailTest" => {
                let status = Status::from_word(field("value")).unwrap_or(status);
                Content::Booleans(vec![Boolean { name: measure.to_owned(), status }])
            }
            "StringValueTest" | "MultipleStringValueTest" => {
                let limit = Some(field("lowlimit")).filter(|limit| !limit.is_empty()).map(str::to_owned);
                let operator = Text::operator(field("compoperator"), limit.is_some());
                let value = field("value").to_owned();
                Content::Texts(vec![Text { name: measure.to_owned(), status, value, operator, limit }])
            }
            "Chart" => {
                step.chart = Some(json!({"chartType": "Line", "label": name, "series": []}));
                step.step_type = Some("Chart".into());
                Content::Action
            }
            "Series" => {
                budget.items(1)?;
                return self.series(if measure.is_empty() { name } else { measure }, fields, at);
            }
            "ActionStep" | "Action" => Content::Action,
            "" => return Err(Refusal::at(at, "a row without a step type")),
            other => {
                step.step_type = Some(other.to_owned().into());
                Content::Action
            }
        };
        step.content = content;
        let same_kind = kind == self.last;
        let steps = self.open.last_mut().map(|(_, steps)| steps);
        match steps.and_then(|steps| steps.last_mut()) {
            Some(last) if same_kind && !measure.is_empty() && (name.is_empty() || name == last.name) => {
                budget.reads(0, 1)?;
                join(last, step);
            }
            _ => {
                if let Some((_, steps)) = self.open.last_mut() {
                    budget.reads(1, 1)?;
                    steps.push(step);
                }
            }
        }
        self.last = kind;
        Ok(())
    }

    /// Adds a series to the chart before it.
    fn series(&mut self, name: &str, fields: &[&str], at: usize) -> Result<(), Refusal> {
        let field = |name: &str| {
            self.columns.get(name).and_then(|index| fields.get(*index)).copied().unwrap_or_default()
        };
        let (x, y) = (field("lowlimit"), field("value"));
        let last = self.open.last_mut().and_then(|(_, steps)| steps.last_mut());
        let chart =
            last.and_then(|step| step.chart.as_mut()).and_then(|chart| chart["series"].as_array_mut());
        let series = chart.ok_or_else(|| Refusal::at(at, "a Series without a Chart before it"))?;
        let mut one = json!({"dataType": "XYG", "name": if name.is_empty() { "series" } else { name }});
        if !x.is_empty() {
            one["xdata"] = x.into();
        }
        one["ydata"] = y.into();
        series.push(one);
        Ok(())
    }

    /// Ends the innermost sequence.
    fn close(&mut self) {
        if let Some((Some(mut sequence), inner)) = self.open.pop() {
            let name = sequence.name.clone();
            sequence.content =
                Content::Sequence { path: String::new(), name, version: String::new(), steps: inner };
            if let Some((_, outer)) = self.open.last_mut() {
                outer.push(sequence);
            }
        }
    }

    fn close_all(&mut self) {
        while self.open.len() > 1 {
            self.close();
        }
    }

    fn draft(mut self) -> Result<Draft, Refusal> {
        self.close_all();
        let mut draft = Draft::new(10);
        draft.sub_units = self.sub_units;
        draft.steps = self.open.pop().map(|(_, steps)| steps).unwrap_or_default();
        let mut result = None;
        for (key, value) in self.header {
            let text = value.to_owned();
            match key {
                "SerialNumber" => draft.serial_number = text,
                "PartNumber" => draft.part_number = text,
                "Revision" => draft.revision = text,
                "OperationTypeCode" if !value.is_empty() => {
                    let code = value.parse();
                    let message =
                        || Refusal::malformed(format!("OperationTypeCode is {value:?}, not a whole number"));
                    draft.process_code = Some(code.map_err(|_| message())?);
                }
                "UUTStatus" => {
                    let message = || Refusal::malformed(format!("UUTStatus is {value:?}, no result"));
                    result = Some(Status::from_word(value).ok_or_else(message)?);
                }
                "ErrorCode" => draft.error_code = value.parse().ok(),
                "ErrorMessage" => draft.error_message = unescape(value),
                "UTCStartDateTime" => {
                    draft.start = moment(value).map(|start| start.or_zone(Some(0))).or(draft.start)
                }
                "StartDateTime" => draft.start = draft.start.or(moment(value)),
                "ExecutionTime" => draft.execution_time = number::read(value),
                "BatchSerialNumber" => draft.batch = text,
                "TestSocketIndex" => draft.socket = value.parse().ok(),
                "FixtureId" => draft.fixture = text,
                "StationName" => draft.station = text,
                "Location" => draft.location = text,
                "Purpose" => draft.purpose = text,
                "OperatorName" => draft.operator = text,
                "SoftwareName" => draft.sequence_name = text,
                "SoftwareVersion" => draft.sequence_version = text,
                "Comment" => draft.comment = unescape(value),
                other => draft.add_misc(other, value),
            }
        }
        draft.result = result.unwrap_or_else(|| Step::status_of(&draft.steps));
        Ok(draft)
    }
}

fn moment(text: &str) -> Option<Moment> {
    Moment::iso(text).or_else(|| {
        let (date, clock) = text.trim().split_once(' ')?;
        let order = if date.contains('/') { Order::MonthFirst } else { Order::DayFirst };
        Moment::numeric(date, clock, order)
    })
}

fn unescape(text: &str) -> String {
    text.replace("\\r\\n", "\n").replace("\\n", "\n")
}

/// Adds the measurement of a further row to a step.
fn join(step: &mut Step, further: Step) {
    match (&mut step.content, further.content) {
        (Content::Numbers(all), Content::Numbers(more)) => all.extend(more),
        (Content::Booleans(all), Content::Booleans(more)) => all.extend(more),
        (Content::Texts(all), Content::Texts(more)) => all.extend(more),
        _ => {}
    }
    if further.status == Status::Failed {
        step.status = Status::Failed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(rows: &str) -> Result<Vec<Report>, Refusal> {
        let text = format!(
            "--Header-Start--\nSerialNumber\tS\nPartNumber\tP\nStartDateTime\t14.03.2025 09:00:00\n--Step-Data-Start--\n\
             StepType\tStepName\tMeasureName\tValue\tLowLimit\tHighLimit\tCompOperator\tUnit\tStepStatus\n{rows}\n\
             --Step-Data-End--\nUUTStatus\tPassed\n-- UUT-End--\n"
        );
        Wstf.convert(&Source::new("a.txt", text.into()), &Arguments::default())
    }

    #[test]
    fn further_measurements_and_charts_stay_with_their_step() {
        let reports = convert(
            "NumericLimitTest\tRails\ta\t3,3\t3\t4\tGELE\tV\tPassed\nNumericLimitTest\tRails\tb\t9\t\t4\tLE\tV\tFailed\n\
             Chart\tSweep\t\t\t\t\t\t\tDone\nSeries\t\trun\t1;2\t0;1\nPassFailTest\tA\t\tFalse\t\t\t\t\tFailed",
        )
        .unwrap();
        let steps = &reports[0].members()["root"]["steps"];
        assert_eq!((&steps[0]["stepType"], &steps[0]["status"]), (&json!("ET_MNLT"), &json!("F")));
        assert_eq!(steps[0]["numericMeas"][0]["value"].to_string(), "3.3");
        assert_eq!(steps[0]["numericMeas"][1]["lowLimit"].to_string(), "4");
        assert_eq!(steps[1]["chart"]["series"][0]["xdata"], "0;1");
        assert_eq!(steps[2]["booleanMeas"][0]["status"], "F");
    }

    #[test]
    fn faults_name_their_line() {
        let refusal = |rows: &str| convert(rows).unwrap_err().to_string();
        assert_eq!(refusal("NumericLimitTest\tA\t\tx"), "line 7: \"x\" is no number");
        assert_eq!(refusal("EndSequenceCall"), "line 7: EndSequenceCall without a SequenceCall");
        assert_eq!(refusal("Series\t\ta\t1"), "line 7: a Series without a Chart before it");
        assert!(refusal(&"SequenceCall\ts\n".repeat(100_000)).contains("more than 50 sequences"));
    }
}
