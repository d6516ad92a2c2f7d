//! From a report as it was written to a report as a server takes it.

use crate::report::{Kind, Report};
use crate::timestamp;
use serde_json::{Map, Value, json};

/// Header members that servers write and do not read.
const OUTPUT_ONLY: [&str; 5] = ["startUTC", "origin", "productName", "processName", "processCodeFormat"];
/// Members that a repair must carry even without a value.
const ALWAYS_IN_REPAIR: [&str; 5] = ["processCode", "refUUT", "confirmDate", "finalizeDate", "execTime"];
/// Longest step name, in characters, that a server keeps.
const STEP_NAME_LIMIT: usize = 100;

impl Report {
    /// Brings the report into the form a server accepts: spellings are unified, members that only servers write are
    /// left out, as are members without a value. Everything else stays as it is.
    pub fn prepare(&mut self) {
        let members = self.header_mut();
        let kind = members.get("type").and_then(Value::as_str).and_then(Kind::from_text);
        if let Some(kind) = kind {
            members.insert("type".to_owned(), kind.letter().into());
        }
        members.values_mut().for_each(remove_nulls);
        members.retain(|_, value| !value.is_null());
        unify_header(members);
        for name in OUTPUT_ONLY {
            members.shift_remove(name);
        }
        if let Some(root) = members.get_mut("root") {
            prepare_step(root);
        }
        objects(members, "miscInfos").for_each(prepare_misc_info);
        for unit in objects(members, "subUnits") {
            objects(unit, "failures").for_each(|failure| {
                failure.shift_remove("refStepName");
            });
            if let Some(root) = unit.get_mut("root") {
                prepare_step(root);
            }
        }
        if kind == Some(Kind::Repair) {
            prepare_repair(members);
        }
    }
}

fn unify_header(members: &mut Map<String, Value>) {
    if let Some(Value::String(id)) = members.get_mut("id") {
        *id = id.trim().to_lowercase();
    }
    if let Some(code) =
        members.get("processCode").and_then(Value::as_str).and_then(|text| text.trim().parse::<i64>().ok())
    {
        members.insert("processCode".to_owned(), code.into());
    }
    unify_status(members, "result");
    let start = ["start", "startUTC"].into_iter().find_map(|name| {
        members.get(name).and_then(Value::as_str).and_then(timestamp::normalise).map(|text| text.into_owned())
    });
    if let Some(start) = start {
        members.insert("start".to_owned(), start.into());
    }
}

/// A repair names the repaired unit itself as sub-unit 0, and has all members a server insists on.
fn prepare_repair(members: &mut Map<String, Value>) {
    let has_main_unit = objects(members, "subUnits")
        .any(|unit| unit.get("idx").is_some_and(|index| index.as_i64() == Some(0)));
    if !has_main_unit {
        let mut unit = Map::from_iter([("idx".to_owned(), json!(0)), ("partType".to_owned(), json!("Main"))]);
        for name in ["pn", "rev", "sn"] {
            unit.extend(members.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        match members.entry("subUnits").or_insert_with(|| json!([])) {
            Value::Array(units) => units.insert(0, unit.into()),
            other => *other = json!([unit]),
        }
    }
    if let Some(Value::Object(repair)) = members.get_mut("uur") {
        for name in ALWAYS_IN_REPAIR {
            repair.entry(name).or_insert(Value::Null);
        }
    }
}

/// A number is sent as text; servers write the `numeric` member and do not read it.
fn prepare_misc_info(info: &mut Map<String, Value>) {
    if let Some(number) = info.shift_remove("numeric") {
        let text = number.as_str().map_or_else(|| number.to_string(), str::to_owned);
        let has_text = info.get("text").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if !has_text {
            info.insert("text".to_owned(), text.into());
        }
    }
}

/// Works on a step and all steps below it. Depth is bounded by the JSON reader's own limit.
fn prepare_step(step: &mut Value) {
    let Value::Object(step) = step else { return };
    if let Some(Value::String(name)) = step.get_mut("name")
        && let Some((end, _)) = name.char_indices().nth(STEP_NAME_LIMIT)
    {
        name.truncate(end);
    }
    unify_status(step, "status");
    if let Some(Value::Object(looping)) = step.get_mut("loop") {
        for name in ["endingIndex", "passed", "failed"] {
            looping.shift_remove(name);
        }
        for (exported, accepted) in [("idx", "i"), ("num", "n")] {
            if let Some(value) = looping.shift_remove(exported) {
                looping.entry(accepted).or_insert(value);
            }
        }
    }
    for list in ["numericMeas", "stringMeas", "booleanMeas"] {
        for measurement in objects(step, list) {
            unify_status(measurement, "status");
            if let Some(Value::String(operator)) = measurement.get_mut("compOp") {
                operator.make_ascii_uppercase();
            }
        }
    }
    if let Some(Value::Array(steps)) = step.get_mut("steps") {
        steps.iter_mut().for_each(prepare_step);
    }
}

/// Replaces a status word by its letter. An unknown word stays: the server has the last say.
fn unify_status(members: &mut Map<String, Value>, name: &str) {
    if let Some(Value::String(status)) = members.get_mut(name) {
        // The usual case costs nothing.
        if matches!(status.as_str(), "P" | "F" | "D" | "E" | "T" | "S") {
            return;
        }
        let letter = match status.trim().to_ascii_lowercase().as_str() {
            "p" | "pass" | "passed" | "ok" | "success" => "P",
            "f" | "fail" | "failed" | "failure" | "ng" => "F",
            "d" | "done" | "complete" => "D",
            "e" | "err" | "error" => "E",
            "t" | "term" | "terminated" | "abort" | "aborted" => "T",
            "s" | "skip" | "skipped" => "S",
            _ => return,
        };
        letter.clone_into(status);
    }
}

/// The objects in the list called `name`, nothing when there is no such list.
fn objects<'a>(
    members: &'a mut Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    members.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Removes members without a value at all depths. In a list `null` has a place and stays.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            // Most have none, and taking out of an ordered map moves all the rest.
            if members.values().any(Value::is_null) {
                members.retain(|_, value| !value.is_null());
            }
            members.values_mut().for_each(remove_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::read_reports;

    fn prepared(text: &str) -> String {
        let mut report = read_reports(text.as_bytes()).unwrap().remove(0);
        report.prepare();
        report.to_json()
    }

    #[test]
    fn output_only_members_are_left_out() {
        assert_eq!(
            prepared(
                r#"{"type":"T","startUTC":"2026-01-01T00:00:00Z","origin":"o","productName":"p","processName":"n",
                "processCodeFormat":null,"start":"2026-01-01T01:00:00+01:00","unknown":{"a":null,"b":[null]}}"#
            ),
            r#"{"type":"T","start":"2026-01-01T01:00:00+01:00","unknown":{"b":[null]}}"#
        );
    }

    #[test]
    fn header_spellings_are_unified() {
        assert_eq!(
            prepared(
                r#"{"type":"UUT","id":"6F0D8A52-0D3E-4D1A-9B7A-3F6B1F0C0001","processCode":"0100","result":"Passed"}"#
            ),
            r#"{"type":"T","id":"6f0d8a52-0d3e-4d1a-9b7a-3f6b1f0c0001","processCode":100,"result":"P"}"#
        );
    }

    #[test]
    fn start_comes_from_utc_when_missing() {
        assert_eq!(
            prepared(r#"{"startUTC":"2020-01-01T08:00:00.Z"}"#),
            r#"{"start":"2020-01-01T08:00:00Z"}"#
        );
        assert_eq!(
            prepared(r#"{"start":"","startUTC":"2020-01-01T08:00:00.Z"}"#),
            r#"{"start":"2020-01-01T08:00:00Z"}"#
        );
    }

    #[test]
    fn steps_are_prepared_at_every_depth() {
        let long = "x".repeat(120);
        let text = format!(
            r#"{{"root":{{"name":"m","steps":[{{"name":"{long}","status":"Failed","odd":1.50,
            "loop":{{"idx":2,"num":3,"endingIndex":2,"passed":1,"failed":1}},
            "numericMeas":[{{"compOp":"Log","status":"ok","value":1.0}}]}}]}}}}"#
        );
        let cut = "x".repeat(100);
        assert_eq!(
            prepared(&text),
            format!(
                r#"{{"root":{{"name":"m","steps":[{{"name":"{cut}","status":"F","odd":1.50,"loop":{{"i":2,"n":3}},"numericMeas":[{{"compOp":"LOG","status":"P","value":1.0}}]}}]}}}}"#
            )
        );
    }

    #[test]
    fn numbers_of_misc_infos_become_text() {
        assert_eq!(
            prepared(
                r#"{"miscInfos":[{"description":"a","numeric":1.50},{"description":"b","text":"t","numeric":2}]}"#
            ),
            r#"{"miscInfos":[{"description":"a","text":"1.50"},{"description":"b","text":"t"}]}"#
        );
    }

    #[test]
    fn repairs_carry_what_servers_insist_on() {
        assert_eq!(
            prepared(
                r#"{"type":"R","pn":"P","rev":"A","sn":"S","uur":{"processCode":10,"refUUT":null,"user":null},
                "subUnits":[{"idx":1,"failures":[{"code":"C","refStepName":"step"}]}]}"#
            ),
            r#"{"type":"R","pn":"P","rev":"A","sn":"S","uur":{"processCode":10,"refUUT":null,"confirmDate":null,"finalizeDate":null,"execTime":null},"subUnits":[{"idx":0,"partType":"Main","pn":"P","rev":"A","sn":"S"},{"idx":1,"failures":[{"code":"C"}]}]}"#
        );
    }
}
