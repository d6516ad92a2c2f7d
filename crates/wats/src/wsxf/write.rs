//! From reports to a document.

use super::fields::{self, Field};
use super::{DEPTH_LIMIT, NAMESPACE, WsxfError};
use crate::escape::{escaped, is_character};
use crate::{Kind, Report};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt::Write;

/// A document, and what is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The document, to be sent or stored in UTF-8.
    pub xml: String,
    /// Members of the reports that have no place in WSXF, such as `binaryData` or `step.additionalResults`. Send the
    /// reports as WSJF where they matter.
    pub left_out: Vec<String>,
}

/// Writes reports, best after [`Report::prepare`].
pub fn write(reports: &[Report]) -> Result<Document, WsxfError> {
    let mut writer = Writer::default();
    writer.xml.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Reports xmlns=\"");
    writer.xml.push_str(NAMESPACE);
    writer.xml.push_str("\">");
    for (index, report) in reports.iter().enumerate() {
        let kind = report.kind().ok_or(WsxfError::Kind(index + 1))?;
        writer.report(report.members(), kind)?;
    }
    writer.xml.push_str("</Reports>\n");
    Ok(Document { xml: writer.xml, left_out: writer.left_out.into_iter().collect() })
}

#[derive(Default)]
struct Writer {
    xml: String,
    left_out: BTreeSet<String>,
}

impl Writer {
    fn report(&mut self, report: &Map<String, Value>, kind: Kind) -> Result<(), WsxfError> {
        let (word, member) = if kind == Kind::Repair { ("UUR", "uur") } else { ("UUT", "uut") };
        let elsewhere = ["type", "processCode", "processName", "uut", "uur", "miscInfos", "subUnits", "root"];
        self.open("Report", &[("type", word)]);
        self.attributes("", report, fields::REPORT, &elsewhere);
        self.xml.push('>');
        if let Some(about) = object(report, member) {
            let (fields, elsewhere) = match kind {
                Kind::Test => (fields::UUT, ["comment"].as_slice()),
                Kind::Repair => (fields::UUR, ["comment", "processCode", "processName"].as_slice()),
            };
            self.open(word, &[]);
            self.attributes(member, about, fields, elsewhere);
            self.xml.push('>');
            if kind == Kind::Repair {
                self.process(about);
            }
            self.comment(member, about);
            self.end(word);
        }
        self.process(report);
        for (index, info) in objects(report, "miscInfos").enumerate() {
            let index = index.to_string();
            self.open("MiscInfo", &[("idx", &index), ("order_no", &index)]);
            self.attributes("miscInfos", info, fields::MISC_INFO, &["text"]);
            self.xml.push('>');
            self.text("miscInfos.text", info.get("text"));
            self.end("MiscInfo");
        }
        for unit in objects(report, "subUnits") {
            self.open("ReportUnitHierarchy", &[]);
            self.attributes("subUnits", unit, fields::UNIT, &["failures"]);
            self.xml.push_str("/>");
        }
        for unit in objects(report, "subUnits") {
            let part = unit.get("idx").map_or_else(|| "0".to_owned(), Value::to_string);
            for (index, failure) in objects(unit, "failures").enumerate() {
                let index = index.to_string();
                self.open("Failures", &[("Idx", &index), ("PartIdx", &part)]);
                self.attributes("failures", failure, fields::FAILURE, &["comment"]);
                self.xml.push('>');
                self.comment("failures", failure);
                self.end("Failures");
            }
        }
        if let Some(root) = object(report, "root") {
            self.step(root, 0, 0)?;
        }
        self.end("Report");
        Ok(())
    }

    fn process(&mut self, members: &Map<String, Value>) {
        if members.contains_key("processCode") || members.contains_key("processName") {
            self.open("Process", &[]);
            let values = fields::PROCESS.iter().filter_map(|(attribute, member, form)| {
                Some((*attribute, *member, form.write(members.get(*member)?)?))
            });
            for (attribute, member, text) in values.collect::<Vec<_>>() {
                self.attribute(attribute, &text, member);
            }
            self.xml.push_str("/>");
        }
    }

    fn step(&mut self, step: &Map<String, Value>, index: usize, depth: usize) -> Result<(), WsxfError> {
        if depth > DEPTH_LIMIT {
            return Err(WsxfError::Depth);
        }
        let mut elsewhere =
            vec!["seqCall", "reportText", "loop", "messagePopup", "callExe", "chart", "attachment", "steps"];
        elsewhere.extend(fields::MEASUREMENTS.iter().map(|(member, ..)| *member));
        let index = index.to_string();
        self.open("Step", &[("StepIndex", &index)]);
        self.attributes("step", step, fields::STEP, &elsewhere);
        self.xml.push('>');
        if let Some(call) = object(step, "seqCall") {
            self.open("SequenceCall", &[("MeasIndex", "0")]);
            self.attributes("seqCall", call, fields::SEQUENCE_CALL, &[]);
            if let Some(path) = call.get("path").and_then(Value::as_str) {
                self.attribute("Filename", path, "seqCall.path");
            }
            self.xml.push_str("/>");
        }
        if step.get("reportText").is_some_and(|text| !text.is_null()) {
            self.xml.push_str("<ReportText>");
            self.text("step.reportText", step.get("reportText"));
            self.end("ReportText");
        }
        if let Some(looping) = object(step, "loop") {
            // Both spellings of a round and of the number of rounds mean the same.
            let mut looping = looping.clone();
            for (short, long) in [("i", "idx"), ("n", "num")] {
                if let Some(value) = looping.remove(short) {
                    looping.entry(long).or_insert(value);
                }
            }
            self.open("Loop", &[]);
            self.attributes("loop", &looping, fields::LOOP, &[]);
            self.xml.push_str("/>");
        }
        for (member, name, fields) in fields::MEASUREMENTS {
            for (index, measurement) in objects(step, member).enumerate() {
                let index = index.to_string();
                self.open(name, &[("MeasIndex", &index)]);
                self.attributes(member, measurement, fields, &[]);
                self.xml.push_str("/>");
            }
        }
        for (member, name, fields) in
            [("messagePopup", "MessagePopup", fields::POPUP), ("callExe", "Callexe", fields::EXECUTABLE)]
        {
            if let Some(part) = object(step, member) {
                self.open(name, &[("MeasIndex", "0")]);
                self.attributes(member, part, fields, &[]);
                self.xml.push_str("/>");
            }
        }
        if let Some(chart) = object(step, "chart") {
            self.chart(chart);
        }
        if let Some(attachment) = object(step, "attachment") {
            self.open("Attachment", &[]);
            self.attributes("attachment", attachment, fields::ATTACHMENT, &["data"]);
            self.xml.push('>');
            self.text("attachment.data", attachment.get("data"));
            self.end("Attachment");
        }
        for (index, child) in objects(step, "steps").enumerate() {
            self.step(child, index, depth + 1)?;
        }
        self.end("Step");
        Ok(())
    }

    fn chart(&mut self, chart: &Map<String, Value>) {
        self.open("Chart", &[("idx", "0")]);
        self.attributes("chart", chart, fields::CHART, &["series"]);
        self.xml.push('>');
        for series in objects(chart, "series") {
            self.open("Series", &[]);
            self.attributes("series", series, fields::SERIES, &["xdata", "ydata"]);
            self.xml.push('>');
            for name in ["ydata", "xdata"] {
                if series.get(name).is_some_and(|data| !data.is_null()) {
                    self.open(name, &[]);
                    self.xml.push('>');
                    self.text("series", series.get(name));
                    self.end(name);
                }
            }
            self.end("Series");
        }
        self.end("Chart");
    }

    fn comment(&mut self, place: &str, members: &Map<String, Value>) {
        if members.get("comment").is_some_and(|comment| !comment.is_null()) {
            self.xml.push_str("<Comment>");
            self.text(&format!("{place}.comment"), members.get("comment"));
            self.end("Comment");
        }
    }

    /// Begins an element. Its attributes may follow, and then `>` or `/>` must.
    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.xml.push('<');
        self.xml.push_str(name);
        for (name, value) in attributes {
            self.attribute(name, value, "");
        }
    }

    fn end(&mut self, name: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.xml, "</{name}>");
    }

    /// Writes what has an attribute, and notes what has a place neither here nor `elsewhere`.
    fn attributes(
        &mut self,
        place: &str,
        members: &Map<String, Value>,
        fields: &[Field],
        elsewhere: &[&str],
    ) {
        let path =
            |member: &str| if place.is_empty() { member.to_owned() } else { format!("{place}.{member}") };
        let mut written = 0;
        for (attribute, member, form) in fields {
            if let Some(text) = members.get(*member).and_then(|value| form.write(value)) {
                self.attribute(attribute, &text, &path(member));
                written += 1;
            }
        }
        if written == members.len() {
            return;
        }
        for (member, value) in members {
            let empty = match value {
                Value::Null => true,
                Value::Array(all) => all.is_empty(),
                Value::Object(all) => all.is_empty(),
                _ => false,
            };
            let known = fields.iter().any(|(_, own, form)| own == member && form.write(value).is_some());
            if !empty && !known && !elsewhere.contains(&member.as_str()) {
                self.left_out.insert(path(member));
            }
        }
    }

    fn attribute(&mut self, name: &str, value: &str, path: &str) {
        self.check(value, path);
        let _ = write!(self.xml, " {name}=\"{}\"", escaped(value));
    }

    /// The text of an element; a value that is none is noted.
    fn text(&mut self, path: &str, value: Option<&Value>) {
        match value {
            Some(Value::String(text)) => {
                self.check(text, path);
                self.xml.push_str(&escaped(text));
            }
            Some(value @ (Value::Number(_) | Value::Bool(_))) => self.xml.push_str(&value.to_string()),
            Some(Value::Array(_) | Value::Object(_)) => {
                self.left_out.insert(path.to_owned());
            }
            Some(Value::Null) | None => {}
        }
    }

    fn check(&mut self, text: &str, path: &str) {
        if !text.chars().all(is_character) {
            self.left_out.insert(format!("{path}: characters that XML does not know"));
        }
    }
}

fn object<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    members.get(name).and_then(Value::as_object)
}

/// The objects in the list called `name`; nothing when there is no such list.
fn objects<'a>(members: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    members.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}
