//! What a server would refuse.

use crate::document::kind_of;
use crate::report::{Kind, Report};
use crate::timestamp;
use serde_json::Value;
use std::fmt;
use uuid::Uuid;

/// Longest text, in characters, of the members that identify a report.
const TEXT_LIMIT: usize = 100;
/// The required texts, and what they are in plain words.
const REQUIRED_TEXTS: [(&str, &str); 6] = [
    ("pn", "part number"),
    ("sn", "serial number"),
    ("rev", "revision"),
    ("machineName", "station name"),
    ("location", "station location"),
    ("purpose", "station purpose"),
];

/// One thing wrong with a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Name of the member, for example `sn`.
    pub member: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.member, self.message)
    }
}

/// A report that no server would accept, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// At least one problem, in the order of the members in the format's description.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            write!(formatter, "{}{problem}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

impl Report {
    /// Checks the members a server requires, after [`Report::prepare`].
    ///
    /// Details of steps and measurements are left to the server: it knows more of them than this program.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut problems = Problems(Vec::new());
        let kind = self.kind();
        match self.header("type") {
            None => problems.add("type", "is missing; T for a test or R for a repair is needed"),
            Some(value) if kind.is_none() => problems.add("type", format!("must be T or R, not {value}")),
            Some(_) => {}
        }
        match self.header("id") {
            None => {}
            Some(Value::String(id)) if Uuid::parse_str(id).is_ok() => {}
            Some(value) => problems.add("id", format!("must be a GUID, not {value}")),
        }
        for (member, meaning) in REQUIRED_TEXTS {
            problems.check_text(member, meaning, self.header(member));
        }
        match self.header("processCode") {
            None => problems.add("processCode", "(operation code) is missing"),
            Some(value) if value.as_i64().is_some() => {}
            Some(value) => {
                problems.add("processCode", format!("(operation code) must be a whole number, not {value}"))
            }
        }
        match self.header("result") {
            None => problems.add("result", "is missing; one of P, F, D, E, T is needed"),
            Some(Value::String(result)) if matches!(result.as_str(), "P" | "F" | "D" | "E" | "T") => {}
            Some(value) => problems.add("result", format!("must be one of P, F, D, E, T, not {value}")),
        }
        match self.header("start") {
            None => problems.add("start", "(date and time) is missing, and startUTC too"),
            Some(Value::String(start)) if timestamp::normalise(start).is_some() => {}
            Some(value) => {
                problems.add("start", format!("must be like 2026-01-15T10:00:00+01:00, not {value}"))
            }
        }
        match kind {
            Some(Kind::Test) => {
                problems.check_object("uut", "of a test report", self.header("uut"));
                problems.check_object("root", "(the main sequence) of a test report", self.header("root"));
            }
            Some(Kind::Repair) => problems.check_object("uur", "of a repair report", self.header("uur")),
            None => {}
        }
        if problems.0.is_empty() { Ok(()) } else { Err(Invalid { problems: problems.0 }) }
    }
}

struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, member: &'static str, message: impl Into<String>) {
        self.0.push(Problem { member, message: message.into() });
    }

    fn check_text(&mut self, member: &'static str, meaning: &str, value: Option<&Value>) {
        match value {
            None => self.add(member, format!("({meaning}) is missing")),
            Some(Value::String(text)) if text.trim().is_empty() => {
                self.add(member, format!("({meaning}) is empty"))
            }
            Some(Value::String(text)) => {
                let length = text.chars().count();
                if length > TEXT_LIMIT {
                    let message = format!("({meaning}) has {length} characters, {TEXT_LIMIT} are allowed");
                    self.add(member, message);
                }
            }
            Some(other) => self.add(member, format!("({meaning}) must be a text, not {}", kind_of(other))),
        }
    }

    fn check_object(&mut self, member: &'static str, meaning: &str, value: Option<&Value>) {
        match value {
            None => self.add(member, format!("{meaning} is missing")),
            Some(Value::Object(_)) => {}
            Some(other) => self.add(member, format!("{meaning} must be an object, not {}", kind_of(other))),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::read_reports;
    use serde_json::{Value, json};

    fn problems(change: impl FnOnce(&mut Value)) -> String {
        let mut value = json!({
            "type": "T", "pn": "PSU-100", "sn": "SN0001", "rev": "A", "processCode": 100, "result": "P",
            "machineName": "FCT-01", "location": "Line 1", "purpose": "Production",
            "start": "2026-01-15T10:00:00+01:00", "uut": {}, "root": {"name": "main"}
        });
        change(&mut value);
        let mut report = read_reports(value.to_string().as_bytes()).unwrap().remove(0);
        report.prepare();
        report.validate().err().map(|invalid| invalid.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_whole_report_passes() {
        assert_eq!(problems(|_| ()), "");
        assert_eq!(problems(|report| report["processCode"] = json!(" 100 ")), "");
    }

    #[test]
    fn every_problem_names_its_member() {
        assert_eq!(problems(|report| report["sn"] = json!(null)), "sn (serial number) is missing");
        assert_eq!(problems(|report| report["sn"] = json!(" ")), "sn (serial number) is empty");
        assert_eq!(
            problems(|report| report["pn"] = json!(5)),
            "pn (part number) must be a text, not a number"
        );
        assert_eq!(
            problems(|report| report["rev"] = json!("é".repeat(101))),
            "rev (revision) has 101 characters, 100 are allowed"
        );
        assert_eq!(problems(|report| report["type"] = json!("X")), r#"type must be T or R, not "X""#);
        assert_eq!(problems(|report| report["id"] = json!("12")), r#"id must be a GUID, not "12""#);
        assert_eq!(
            problems(|report| report["processCode"] = json!(1.5)),
            "processCode (operation code) must be a whole number, not 1.5"
        );
        assert_eq!(
            problems(|report| report["result"] = json!("S")),
            r#"result must be one of P, F, D, E, T, not "S""#
        );
        assert_eq!(
            problems(|report| report["start"] = json!("yesterday")),
            r#"start must be like 2026-01-15T10:00:00+01:00, not "yesterday""#
        );
        assert_eq!(
            problems(|report| report["root"] = json!([])),
            "root (the main sequence) of a test report must be an object, not a list"
        );
        assert_eq!(problems(|report| report["type"] = json!("R")), "uur of a repair report is missing");
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let text = problems(|report| *report = json!({"type": "T", "machineName": "X"}));
        assert_eq!(text.matches("is missing").count(), 10, "{text}");
    }
}
