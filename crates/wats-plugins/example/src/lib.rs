//! A converter for the files of a torque station, as a plug-in of the WATS Client:
//!
//! ```text
//! TORQUE;PSU-100;A;SN-1;2026-01-15T10:00:00Z
//! screw 1;1.52;1.40;1.60
//! screw 2;1.71;1.40;1.60
//! ```
//!
//! The functions below are the whole interface; `docs/wats-client-converters.md` describes it.

mod interface;

use serde_json::{Value, json};

/// What the plug-in says of itself.
fn describe() -> Value {
    json!({
        "interface": 1,
        "name": "torque-station",
        "title": "Torque station",
        "patterns": ["*.trq"],
        "arguments": [
            { "name": "unit", "meaning": "unit of the torque", "default": "Nm" }
        ]
    })
}

/// How sure it is, in percent, that a file is its own; it sees the first 16 KiB.
fn confidence(head: &[u8]) -> i32 {
    if head.starts_with(b"TORQUE;") { 95 } else { 0 }
}

/// Makes reports of a file.
fn convert(request: &Value, file: &[u8]) -> Result<Value, Refusal> {
    let text = std::str::from_utf8(file).map_err(|_| Refusal::new("the file is not UTF-8"))?;
    let unit = request["arguments"]["unit"].as_str().unwrap_or("Nm");
    let process_code = match request["arguments"]["process-code"].as_str() {
        Some(code) => code.parse().map_err(|_| Refusal::new("the process code is no number"))?,
        None => 40,
    };
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
    let mut reports = Vec::new();
    while let Some((number, line)) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let head: Vec<&str> = line.split(';').collect();
        let ["TORQUE", part, revision, serial, start] = head[..] else {
            return Err(Refusal::at(number, "expected TORQUE;part;revision;serial number;start"));
        };
        let (mut steps, mut passed) = (Vec::new(), true);
        while let Some((number, line)) = lines.next_if(|(_, line)| !line.starts_with("TORQUE;")) {
            if line.trim().is_empty() {
                continue;
            }
            let (step, good) =
                screw(line, unit).ok_or_else(|| Refusal::at(number, "expected name;torque;low;high"))?;
            passed &= good;
            steps.push(step);
        }
        let status = if passed { "P" } else { "F" };
        reports.push(json!({
            "type": "T", "pn": part, "rev": revision, "sn": serial, "start": start,
            "processCode": process_code, "result": status, "uut": { "user": "torque" },
            "root": { "stepType": "SequenceCall", "name": "Torque", "group": "M", "status": status, "steps": steps }
        }));
    }
    if reports.is_empty() { Err(Refusal::new("the file is empty")) } else { Ok(Value::Array(reports)) }
}

/// A step for a screw, and whether its torque is within the limits.
fn screw(line: &str, unit: &str) -> Option<(Value, bool)> {
    let fields: Vec<&str> = line.split(';').collect();
    let [name, torque, low, high] = fields[..] else { return None };
    let (torque, low, high): (f64, f64, f64) = (torque.parse().ok()?, low.parse().ok()?, high.parse().ok()?);
    let good = low <= torque && torque <= high;
    let status = if good { "P" } else { "F" };
    let measurement = json!({
        "compOp": "GELE", "unit": unit, "value": torque, "lowLimit": low, "highLimit": high, "status": status
    });
    let step = json!({
        "stepType": "ET_NLT", "name": name, "group": "M", "status": status, "numericMeas": [measurement]
    });
    Some((step, good))
}

/// Why a file gives no reports.
struct Refusal {
    reason: &'static str,
    line: Option<usize>,
}

impl Refusal {
    fn new(reason: &'static str) -> Self {
        Self { reason, line: None }
    }

    fn at(line: usize, reason: &'static str) -> Self {
        Self { reason, line: Some(line) }
    }
}

impl From<Refusal> for Value {
    fn from(refusal: Refusal) -> Self {
        json!({ "refusal": refusal.reason, "line": refusal.line })
    }
}
