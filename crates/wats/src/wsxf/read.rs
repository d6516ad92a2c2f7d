//! From a document to reports.

use super::element::Element;
use super::fields::{self, Field};
use super::{NAMESPACE_WRML, WsxfError};
use crate::Report;
use crate::document::decode;
use serde_json::{Map, Value, json};

/// Reads all reports of a document. UTF-8 with or without byte order mark is accepted, and UTF-16 with one.
pub fn read(bytes: &[u8]) -> Result<Vec<Report>, WsxfError> {
    let root = Element::parse(&decode(bytes)?)?;
    if root.name != "Reports" {
        return Err(WsxfError::Other(format!("the root element is {}, not Reports", root.name)));
    }
    if root.get("xmlns") == Some(NAMESPACE_WRML) {
        return Err(WsxfError::Other("by its name space it is WRML, the older format".to_owned()));
    }
    let reports: Vec<Report> = root.all("Report").map(report).collect();
    if reports.is_empty() { Err(WsxfError::NoReports) } else { Ok(reports) }
}

fn report(element: &Element) -> Report {
    let repair = element.get("type").is_some_and(|kind| kind.eq_ignore_ascii_case("UUR"))
        || element.child("UUR").is_some();
    let mut report = Map::from_iter([("type".to_owned(), if repair { "R" } else { "T" }.into())]);
    members(element, fields::REPORT, &mut report);
    if repair {
        // A repair has a result only in JSON.
        report.entry("result").or_insert_with(|| "P".into());
    }
    if let Some(process) = element.child("Process") {
        members(process, fields::PROCESS, &mut report);
    }
    let (name, member, fields) =
        if repair { ("UUR", "uur", fields::UUR) } else { ("UUT", "uut", fields::UUT) };
    let mut about = Map::new();
    if let Some(element) = element.child(name) {
        members(element, fields, &mut about);
        if let Some(process) = element.child("Process") {
            members(process, fields::PROCESS, &mut about);
        }
        comment(element, &mut about);
    }
    report.insert(member.to_owned(), about.into());
    list(&mut report, "miscInfos", element.all("MiscInfo").map(misc_info));
    list(&mut report, "subUnits", units(element).into_iter());
    if let Some(root) = element.child("Step") {
        report.insert("root".to_owned(), step(root).into());
    }
    Report::from_members(report)
}

fn misc_info(element: &Element) -> Map<String, Value> {
    let mut info = object(element, fields::MISC_INFO);
    if !element.text.is_empty() {
        info.insert("text".to_owned(), element.text.as_str().into());
    }
    info
}

/// Units, each with what was wrong with it.
fn units(report: &Element) -> Vec<Map<String, Value>> {
    let elements = report.all("ReportUnitHierarchy");
    let mut units: Vec<_> = elements.map(|element| object(element, fields::UNIT)).collect();
    for element in report.all("Failures") {
        let wanted = element.get("PartIdx").and_then(|index| index.trim().parse().ok()).unwrap_or(0_i64);
        let found = units.iter().position(|unit| unit.get("idx").and_then(Value::as_i64) == Some(wanted));
        let at = found.unwrap_or_else(|| {
            // What nobody lists is listed, so that the failure is not lost.
            units.push(Map::from_iter([("idx".to_owned(), wanted.into())]));
            units.len() - 1
        });
        let mut failure = object(element, fields::FAILURE);
        comment(element, &mut failure);
        let failures = units[at].entry("failures").or_insert_with(|| json!([]));
        if let Value::Array(failures) = failures {
            failures.push(failure.into());
        }
    }
    units
}

fn step(element: &Element) -> Map<String, Value> {
    let mut step = object(element, fields::STEP);
    for (name, member, fields) in [
        ("SequenceCall", "seqCall", fields::SEQUENCE_CALL),
        ("Loop", "loop", fields::LOOP),
        ("MessagePopup", "messagePopup", fields::POPUP),
        ("Callexe", "callExe", fields::EXECUTABLE),
    ] {
        if let Some(element) = element.child(name) {
            step.insert(member.to_owned(), object(element, fields).into());
        }
    }
    if let Some(text) = element.child("ReportText") {
        step.insert("reportText".to_owned(), text.text.as_str().into());
    }
    for (member, name, fields) in fields::MEASUREMENTS {
        list(&mut step, member, element.all(name).map(|element| object(element, fields)));
    }
    if let Some(element) = element.child("Chart") {
        let mut chart = object(element, fields::CHART);
        list(&mut chart, "series", element.all("Series").map(series));
        step.insert("chart".to_owned(), chart.into());
    }
    if let Some(element) = element.child("Attachment") {
        let mut attachment = object(element, fields::ATTACHMENT);
        let data: String = element.text.split_whitespace().collect();
        attachment.insert("data".to_owned(), data.into());
        step.insert("attachment".to_owned(), attachment.into());
    }
    // The depth of the document is bounded.
    let steps: Vec<Value> = element.all("Step").map(|element| self::step(element).into()).collect();
    let sequence = matches!(element.get("StepType"), Some("SequenceCall" | "WATS_SeqCall"));
    if sequence || !steps.is_empty() {
        step.insert("steps".to_owned(), steps.into());
    }
    step
}

fn series(element: &Element) -> Map<String, Value> {
    let mut series = object(element, fields::SERIES);
    for name in ["xdata", "ydata"] {
        if let Some(data) = element.child(name) {
            series.insert(name.to_owned(), data.text.as_str().into());
        }
    }
    series
}

fn object(element: &Element, fields: &[Field]) -> Map<String, Value> {
    let mut object = Map::new();
    members(element, fields, &mut object);
    object
}

fn members(element: &Element, fields: &[Field], object: &mut Map<String, Value>) {
    for (attribute, member, form) in fields {
        if let Some(value) = element.get(attribute).and_then(|text| form.read(text)) {
            object.insert((*member).to_owned(), value);
        }
    }
}

fn comment(element: &Element, object: &mut Map<String, Value>) {
    if let Some(comment) = element.child("Comment") {
        object.insert("comment".to_owned(), comment.text.as_str().into());
    }
}

/// Adds a list that is not empty.
fn list(object: &mut Map<String, Value>, member: &str, all: impl Iterator<Item = Map<String, Value>>) {
    let all: Vec<Value> = all.map(Value::from).collect();
    if !all.is_empty() {
        object.insert(member.to_owned(), all.into());
    }
}
