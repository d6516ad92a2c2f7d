//! Tables as text (CSV), with the meaning of the columns given as arguments.
//!
//! The first line names the columns; fields may be quoted with `"`, and a quote in them is doubled. The delimiter is the
//! one of `;`, tab, `,` and `|` that the first line has most of, or the argument `delimiter`.
//!
//! The arguments `columns.<field>` name the column of a field. Fields of a report: `serial-number`, `part-number`,
//! `part-revision`, `process-code`, `result`, `start`, `operator`, `station-name`, `batch`, `fixture`, `comment`,
//! `execution-time`; fields of a measurement: `step`, `value`, `unit`, `low-limit`, `high-limit`, `comparison`, `status`.
//! Columns that bear such a name, or a usual other one (`SN`, `Date`, …), are found without an argument.
//!
//! * With a column `value`, each row is a measurement, and rows of the same serial number and start that follow each
//!   other are a report.
//! * Without one, each row is a report, and each column that has no field is a measurement: a numeric step where the text
//!   is a number, else a text. `low-limits.<column>`, `high-limits.<column>` and `units.<column>` say the rest.
//!
//! A report without a column `result` passes when its measurements do. Dates as 2026-01-15 10:00:00, or as in 15.01.2026
//! and 01/15/2026 (`date-order = "dmy"` for the day first with slashes).
//!
//! Confidence: 55 when the first line has columns for the serial number, the start and the result by usual names.
//!
//! Arguments: the common ones and those above; process code 10 without one.

use crate::draft::{Budget, Draft, at_least_one};
use crate::moment::{Moment, Order};
use crate::status::Status;
use crate::step::{Content, Limits, Step, Text};
use crate::{Argument, Arguments, Confidence, Converter, Description, Refusal, Source, limits, number};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use wats::Report;

/// The fields, each with other names that are usual for its column.
const FIELDS: [(&str, &[&str]); 19] = [
    ("serial-number", &["serialnumber", "sn", "serial", "serialno"]),
    ("part-number", &["partnumber", "pn", "part", "partno"]),
    ("part-revision", &["partrevision", "revision", "rev"]),
    ("process-code", &["processcode"]),
    ("result", &["result", "verdict", "uutstatus", "testresult"]),
    ("start", &["start", "starttime", "startdate", "timestamp", "date", "datetime"]),
    ("operator", &["operator", "user", "username"]),
    ("station-name", &["stationname", "station", "machinename"]),
    ("batch", &["batch", "lot", "batchsn"]),
    ("fixture", &["fixture", "fixtureid"]),
    ("comment", &["comment"]),
    ("execution-time", &["executiontime", "exectime", "duration"]),
    ("step", &["step", "stepname", "test", "testname", "measurement"]),
    ("value", &["value", "measuredvalue", "measured"]),
    ("unit", &["unit", "units"]),
    ("low-limit", &["lowlimit", "low", "min", "lowerlimit", "lsl"]),
    ("high-limit", &["highlimit", "high", "max", "upperlimit", "usl"]),
    ("comparison", &["comparison", "compoperator", "compop"]),
    ("status", &["status", "stepstatus"]),
];

const ARGUMENTS: &[Argument] = &[
    Argument {
        name: "columns",
        meaning: "columns.<field> names the column of a field",
        default: "usual names",
    },
    Argument {
        name: "delimiter",
        meaning: "what separates fields; tab is the word tab",
        default: "the most frequent one",
    },
    Argument {
        name: "low-limits",
        meaning: "low-limits.<column> is the low limit of a column",
        default: "none",
    },
    Argument {
        name: "high-limits",
        meaning: "high-limits.<column> is the high limit of a column",
        default: "none",
    },
    Argument { name: "units", meaning: "units.<column> is the unit of a column", default: "none" },
    Argument { name: "date-order", meaning: "dmy or mdy for dates with slashes", default: "mdy" },
];

pub(super) struct Csv;

impl Converter for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn describe(&self) -> Description {
        Description { title: "Table as text (CSV)", patterns: &["*.csv"], arguments: ARGUMENTS }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let Some(line) = source.head().lines().next().filter(|line| line.len() < 8192) else {
            return Confidence::NONE;
        };
        let delimiter = delimiter_of(line);
        let names: Vec<String> = line.split(delimiter).map(|name| plain(name.trim_matches('"'))).collect();
        let has = |field: &str| {
            let usual = FIELDS.iter().find(|(own, _)| *own == field).map_or(&[][..], |(_, names)| names);
            names.iter().any(|name| usual.contains(&name.as_str()))
        };
        let known = has("serial-number") && has("start") && has("result");
        if known { Confidence::percent(55) } else { Confidence::NONE }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let text = source.text(arguments)?;
        let first = text.lines().next().unwrap_or_default();
        let delimiter = match arguments.get("delimiter") {
            None => delimiter_of(first),
            Some("tab" | "\\t") => '\t',
            Some(own) => match own.chars().collect::<Vec<_>>()[..] {
                [one] if one != '"' => one,
                _ => {
                    let message = format!("{own:?} is not one character, nor the word tab");
                    return Err(Refusal::Argument { name: "delimiter".to_owned(), message });
                }
            },
        };
        let mut rows = Rows { rest: &text, line: 1, delimiter };
        let Some((header, _)) = rows.next().transpose()? else { return Err(Refusal::Empty) };
        let table = Table::new(&header, arguments)?;
        at_least_one(if table.fields.contains_key("value") { table.long(rows)? } else { table.wide(rows)? })
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn delimiter_of(line: &str) -> char {
    let count = |delimiter: char| line.matches(delimiter).count();
    // Of equally frequent ones, the last.
    ['|', ',', '\t', ';'].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(';')
}

/// Rows with the line they start in. Blank lines are left out.
struct Rows<'a> {
    rest: &'a str,
    line: usize,
    delimiter: char,
}

impl Iterator for Rows<'_> {
    type Item = Result<(Vec<String>, usize), Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let line = self.line;
            match self.row() {
                Ok(row) if row.iter().all(|field| field.trim().is_empty()) => {}
                Ok(row) => return Some(Ok((row, line))),
                Err(refusal) => {
                    self.rest = "";
                    return Some(Err(refusal));
                }
            }
        }
    }
}

impl Rows<'_> {
    fn row(&mut self) -> Result<Vec<String>, Refusal> {
        let (mut row, mut field, mut quoted) = (Vec::new(), String::new(), false);
        let start = self.line;
        let mut letters = self.rest.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' if quoted && letters.peek().is_some_and(|(_, next)| *next == '"') => {
                    letters.next();
                    field.push('"');
                }
                '"' if quoted => quoted = false,
                '"' if field.trim().is_empty() => {
                    field.clear();
                    quoted = true;
                }
                '\n' => {
                    self.line += 1;
                    if quoted {
                        field.push('\n');
                        continue;
                    }
                    self.rest = &self.rest[at + 1..];
                    row.push(field);
                    return Ok(row);
                }
                '\r' if !quoted => {}
                letter if letter == self.delimiter && !quoted => {
                    row.push(std::mem::take(&mut field));
                    if row.len() == limits::LINE_FIELDS {
                        let message = format!("line {start} has more than {} fields", limits::LINE_FIELDS);
                        return Err(Refusal::TooLarge(message));
                    }
                }
                letter => field.push(letter),
            }
        }
        if quoted {
            return Err(Refusal::at(start, "a quoted field has no end"));
        }
        self.rest = "";
        row.push(field);
        Ok(row)
    }
}

/// What the columns mean.
struct Table<'a> {
    arguments: &'a Arguments,
    order: Order,
    fields: HashMap<&'static str, usize>,
    /// Columns without a field, with their limits and units.
    others: Vec<Other>,
}

struct Other {
    index: usize,
    name: String,
    limits: Limits,
    unit: String,
}

impl<'a> Table<'a> {
    fn new(header: &[String], arguments: &'a Arguments) -> Result<Self, Refusal> {
        let order = match arguments.get("date-order") {
            None | Some("mdy") => Order::MonthFirst,
            Some("dmy") => Order::DayFirst,
            Some(other) => {
                let message = format!("{other:?} is neither mdy nor dmy");
                return Err(Refusal::Argument { name: "date-order".to_owned(), message });
            }
        };
        let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
        let mut fields = HashMap::new();
        for (field, column) in arguments.below("columns") {
            let argument = || format!("columns.{field}");
            let known = FIELDS.iter().find(|(own, _)| plain(own) == plain(field)).map(|(own, _)| *own);
            let known = known.ok_or_else(|| Refusal::Argument {
                name: argument(),
                message: format!(
                    "there is no such field; the fields are {}",
                    FIELDS.map(|(own, _)| own).join(", ")
                ),
            })?;
            let wanted = column.trim();
            let index = header
                .iter()
                .position(|name| name.trim() == wanted)
                .or_else(|| names.iter().position(|name| *name == plain(wanted)))
                .ok_or_else(|| Refusal::Argument {
                    name: argument(),
                    message: format!(
                        "the file has no column {wanted:?}; its columns are {}",
                        header.join(", ")
                    ),
                })?;
            fields.insert(known, index);
        }
        let mut used: HashSet<usize> = fields.values().copied().collect();
        for (field, usual) in FIELDS {
            if !fields.contains_key(field)
                && let Some(index) = names.iter().position(|name| usual.contains(&name.as_str()))
                && used.insert(index)
            {
                fields.insert(field, index);
            }
        }
        let of = |kind: &str, name: &str| {
            arguments
                .below(kind)
                .find(|(own, _)| plain(own) == plain(name))
                .map(|(_, value)| value.to_owned())
        };
        let limit = |kind: &str, name: &str| {
            of(kind, name)
                .map(|text| {
                    number::read(&text).ok_or_else(|| Refusal::Argument {
                        name: format!("{kind}.{name}"),
                        message: format!("{text:?} is no number"),
                    })
                })
                .transpose()
        };
        let mut others = Vec::new();
        for (index, name) in header.iter().enumerate().filter(|(index, _)| !used.contains(index)) {
            let name = name.trim().to_owned();
            let limits = Limits::inclusive(limit("low-limits", &name)?, limit("high-limits", &name)?);
            let unit = of("units", &name).unwrap_or_default();
            others.push(Other { index, name, limits, unit });
        }
        Ok(Self { arguments, order, fields, others })
    }

    fn field<'r>(&self, row: &'r [String], field: &str) -> &'r str {
        self.fields.get(field).and_then(|index| row.get(*index)).map_or("", |text| text.trim())
    }

    /// Each row is a report.
    fn wide(&self, rows: Rows<'_>) -> Result<Vec<Report>, Refusal> {
        let mut budget = Budget::default();
        let mut reports = Vec::new();
        for row in rows {
            let (row, line) = row?;
            let mut draft = self.draft(&row, line)?;
            // A row may be short.
            for other in self.others.iter().take_while(|other| other.index < row.len()) {
                let text = row[other.index].trim();
                if !text.is_empty() {
                    budget.reads(1, 1)?;
                    draft.steps.push(self.measurement(
                        &other.name,
                        text,
                        other.limits.clone(),
                        &other.unit,
                        None,
                    ));
                }
            }
            reports.push(self.finish(draft, line, &mut budget)?);
        }
        Ok(reports)
    }

    /// Each row is a measurement.
    fn long(&self, rows: Rows<'_>) -> Result<Vec<Report>, Refusal> {
        let mut budget = Budget::default();
        let mut reports = Vec::new();
        let mut open: Option<(Draft, usize, [String; 3])> = None;
        for row in rows {
            let (row, line) = row?;
            let key =
                ["serial-number", "part-number", "start"].map(|field| self.field(&row, field).to_owned());
            if !matches!(&open, Some((.., known)) if *known == key)
                && let Some((done, start, _)) = open.replace((self.draft(&row, line)?, line, key))
            {
                reports.push(self.finish(done, start, &mut budget)?);
            }
            let limit = |field: &str| match self.field(&row, field) {
                "" => Ok(None),
                text => number::read(text)
                    .map(Some)
                    .ok_or_else(|| Refusal::at(line, format!("the {field} {text:?} is no number"))),
            };
            let (low, high) = (limit("low-limit")?, limit("high-limit")?);
            let limits = match self.field(&row, "comparison") {
                "" => Limits::inclusive(low, high),
                word => Limits::with_operator(word, low, high)
                    .ok_or_else(|| Refusal::at(line, format!("{word:?} is no comparison")))?,
            };
            let status = match self.field(&row, "status") {
                "" => None,
                word => Some(
                    Status::from_word(word)
                        .ok_or_else(|| Refusal::at(line, format!("{word:?} is no status")))?,
                ),
            };
            let (name, value) = (self.field(&row, "step"), self.field(&row, "value"));
            let step = self.measurement(name, value, limits, self.field(&row, "unit"), status);
            if let Some((draft, ..)) = &mut open {
                budget.reads(1, 1)?;
                draft.steps.push(step);
            }
        }
        if let Some((done, start, _)) = open {
            reports.push(self.finish(done, start, &mut budget)?);
        }
        Ok(reports)
    }

    fn measurement(
        &self,
        name: &str,
        text: &str,
        limits: Limits,
        unit: &str,
        status: Option<Status>,
    ) -> Step {
        if let Some(value) = number::read(text) {
            let status = status.unwrap_or_else(|| Status::passed_if(limits.pass(&value)));
            return Step::numeric(name, status, value, unit, limits);
        }
        match (status, text) {
            (Some(status), "") => Step::boolean(name, status),
            (status, text) => {
                let status = status.unwrap_or(Status::Passed);
                let value = Text {
                    name: String::new(),
                    status,
                    value: text.to_owned(),
                    operator: "LOG",
                    limit: None,
                };
                Step { content: Content::Texts(vec![value]), ..Step::new(name, status) }
            }
        }
    }

    fn draft(&self, row: &[String], line: usize) -> Result<Draft, Refusal> {
        let text = |field: &str| self.field(row, field).to_owned();
        let mut draft = Draft::new(10);
        draft.serial_number = text("serial-number");
        draft.part_number = text("part-number");
        draft.revision = text("part-revision");
        draft.operator = text("operator");
        draft.station = text("station-name");
        draft.batch = text("batch");
        draft.fixture = text("fixture");
        draft.comment = text("comment");
        draft.execution_time = number::read(&text("execution-time")).filter(Value::is_number);
        let code = text("process-code");
        if !code.is_empty() {
            let message = || Refusal::at(line, format!("the process-code {code:?} is not a whole number"));
            draft.process_code = Some(code.parse().map_err(|_| message())?);
        }
        let start = text("start");
        if !start.is_empty() {
            let message = || Refusal::at(line, format!("the start {start:?} is no date and time"));
            draft.start = Some(self.moment(&start).ok_or_else(message)?);
        }
        let result = text("result");
        // Skipped stands for: the measurements tell.
        draft.result = match result.as_str() {
            "" => Status::Skipped,
            word => match Status::from_word(word) {
                None => return Err(Refusal::at(line, format!("{word:?} is no result"))),
                Some(Status::Skipped) => Status::Done,
                Some(result) => result,
            },
        };
        Ok(draft)
    }

    fn moment(&self, text: &str) -> Option<Moment> {
        Moment::iso(text).or_else(|| {
            let (date, clock) = text.split_once(' ')?;
            let order = if date.contains('/') { self.order } else { Order::DayFirst };
            Moment::numeric(date, clock, order)
        })
    }

    fn finish(&self, mut draft: Draft, line: usize, budget: &mut Budget) -> Result<Report, Refusal> {
        if draft.result == Status::Skipped {
            draft.result = Step::status_of(&draft.steps);
        }
        draft.finish(self.arguments, budget).map_err(|refusal| match refusal {
            Refusal::Missing { what, .. } => {
                Refusal::at(line, format!("there is no {what}; name its column under columns"))
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(text: &str, arguments: &[(&str, &str)]) -> Result<Vec<Report>, Refusal> {
        Csv.convert(&Source::new("a.csv", text.into()), &arguments.iter().copied().collect())
    }

    #[test]
    fn each_row_is_a_report_without_a_column_for_values() {
        let text = "SN,PN,Date,\"VCC, \"\"main\"\"\",Colour\r\nA1,P,15.01.2026 10:00:00,5.3,red\r\n\r\nA2,P,2026-01-15 11:00,4.9,\"blue\ngreen\"\r\n";
        let arguments =
            [("low-limits.VCC main", "4.8"), ("high-limits.VCC main", "5.2"), ("units.vcc-main", "V")];
        let reports = convert(text, &arguments).unwrap();
        let results: Vec<_> = reports.iter().filter_map(Report::result).collect();
        assert_eq!(results, ["F", "P"]);
        let steps = &reports[0].members()["root"]["steps"];
        assert_eq!(
            steps[0]["numericMeas"][0].to_string(),
            r#"{"compOp":"GELE","status":"F","unit":"V","value":5.3,"lowLimit":4.8,"highLimit":5.2}"#
        );
        assert_eq!(reports[1].members()["root"]["steps"][1]["stringMeas"][0]["value"], "blue\ngreen");
        assert_eq!(reports[0].members()["start"], "2026-01-15T10:00:00");
    }

    #[test]
    fn rows_are_measurements_with_a_column_for_values() {
        let text = "Unit id\tWhat\tMeasured\tLSL\tUSL\tWhen\nA1\tVCC\t5,0\t4,8\t5,2\t01/02/2026 10:00\nA1\tLED\ton\t\t\t01/02/2026 10:00\nA2\tVCC\t6\t4,8\t5,2\t01/02/2026 10:01";
        let arguments = [
            ("columns.serial-number", "Unit id"),
            ("columns.start", "When"),
            ("columns.step", "What"),
            ("part-number", "P"),
            ("date-order", "dmy"),
        ];
        let reports = convert(text, &arguments).unwrap();
        let found: Vec<_> = reports
            .iter()
            .map(|report| (report.serial_number().unwrap(), report.result().unwrap()))
            .collect();
        assert_eq!(found, [("A1", "P"), ("A2", "F")]);
        assert_eq!(reports[0].members()["start"], "2026-02-01T10:00:00");
        assert_eq!(reports[0].members()["root"]["steps"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn faults_say_what_to_do() {
        let refusal =
            |text: &str, arguments: &[(&str, &str)]| convert(text, arguments).unwrap_err().to_string();
        assert_eq!(
            refusal("a;b\n1;2", &[("columns.serial-number", "c")]),
            "the converter's argument columns.serial-number: the file has no column \"c\"; its columns are a, b"
        );
        assert!(
            refusal("a;b\n1;2", &[("columns.colour", "a")])
                .contains("there is no such field; the fields are serial-number")
        );
        assert_eq!(refusal("SN;b\n1;\"2", &[]), "line 2: a quoted field has no end");
        assert_eq!(refusal("SN;PN;start\n1;2;3", &[]), "line 2: the start \"3\" is no date and time");
        assert_eq!(
            refusal("SN;start\n1;2026-01-01 10:00", &[]),
            "line 2: there is no part number; name its column under columns"
        );
    }
}
