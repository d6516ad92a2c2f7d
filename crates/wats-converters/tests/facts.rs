//! Converters against sample files of real equipment, and a list of what each file holds that was counted by other
//! means. Both lie beside the repository and are not part of it.

use serde_json::Value;
use std::path::{Path, PathBuf};
use wats::{Report, Station};
use wats_converters::{AUTO, Arguments, Source, convert};

mod support;

/// The folder of samples; `None` where it does not exist.
fn samples() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    if !folder.join("facts.json").is_file() {
        support::left_out("the sample files are not beside the repository");
        return None;
    }
    Some(folder)
}

fn reports_of(file: &Path) -> (&'static str, Vec<Report>) {
    let source = Source::open(file).unwrap();
    let conversion = convert(AUTO, &source, &Arguments::default())
        .unwrap_or_else(|refusal| panic!("{}: {refusal}", file.display()));
    (conversion.converter, conversion.reports)
}

/// All steps with the root first.
fn steps(report: &Value) -> Vec<&Value> {
    let mut open: Vec<&Value> = report.get("root").into_iter().collect();
    let mut all = Vec::new();
    while let Some(step) = open.pop() {
        all.push(step);
        if let Some(steps) = step["steps"].as_array() {
            open.extend(steps.iter().rev());
        }
    }
    all
}

fn count(steps: &[&Value], member: &str) -> usize {
    steps.iter().filter_map(|step| step[member].as_array()).map(Vec::len).sum()
}

/// Compares one fact with a report. False for a fact that has another place, and is checked by its format's own test.
fn holds(converter: &str, report: &Value, fact: &str, expected: &Value) -> bool {
    let steps = steps(report);
    let real_steps = &steps[steps.len().min(1)..];
    let leaves = || real_steps.iter().filter(|step| step.get("steps").is_none());
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let same = |actual: String| {
        assert_eq!(actual.to_lowercase(), text(expected).to_lowercase(), "{fact} of {}", report["sn"]);
        true
    };
    let number = |actual: usize| {
        assert_eq!(Some(actual as u64), expected.as_u64(), "{fact} of {}", report["sn"]);
        true
    };
    match fact {
        "id" | "uuid" => same(text(&report["id"])),
        "type" | "pn" | "sn" | "rev" | "result" | "machineName" | "location" | "purpose" | "processCode"
        | "processName" => same(text(&report[fact])),
        "station" => same(text(&report["machineName"])),
        "user" | "operator" => same(text(&report["uut"]["user"])),
        "batch" | "batchSN" => same(text(&report["uut"]["batchSN"])),
        "sequenceName" => same(text(&report["root"]["seqCall"]["name"])),
        "sequenceVersion" => same(text(&report["root"]["seqCall"]["version"])),
        "execTime" => {
            let actual: f64 = text(&report["uut"]["execTime"]).parse().unwrap();
            assert!(
                (actual - text(expected).parse::<f64>().unwrap()).abs() < 1e-9,
                "{fact}: {actual} {expected}"
            );
            true
        }
        "steps" => number(real_steps.len()),
        "steps_incl_root" => number(steps.len()),
        "numeric" => number(count(&steps, "numericMeas")),
        "boolean" | "passfail" => number(count(&steps, "booleanMeas")),
        "string" => number(count(&steps, "stringMeas")),
        "charts" => number(steps.iter().filter(|step| !step["chart"].is_null()).count()),
        "attachments" => number(steps.iter().filter(|step| !step["attachment"].is_null()).count()),
        "misc" => number(report["miscInfos"].as_array().map_or(0, Vec::len)),
        "subunits" | "units" => number(report["subUnits"].as_array().map_or(0, Vec::len)),
        "rows" | "measure_lines" | "functions" => number(match fact {
            "measure_lines" => {
                leaves().filter(|step| !matches!(step["name"].as_str(), Some("Shorts" | "Opens"))).count()
            }
            _ => leaves().count(),
        }),
        "start" | "start_local" | "startUTC" if text(expected).contains('T') => {
            let (start, expected) = (text(&report["start"]), text(expected));
            // A file with both has its own zone in the start.
            let same_zone = fact != "startUTC" || converter == "wstf";
            assert!(!same_zone || start.starts_with(&expected), "{fact}: {start} {expected}");
            same_zone
        }
        "measurements" => number(count(&steps, "numericMeas")),
        "blocks" => number(real_steps.iter().filter(|step| step.get("steps").is_some()).count()),
        "tests" if converter == "testexec-sl" => number(leaves().count()),
        "passed" | "failed" | "skipped" | "failed_steps" | "failed_rows" if expected.is_u64() => {
            let letter = match &fact[..4] {
                "pass" => "P",
                "fail" => "F",
                _ => "S",
            };
            let all: Vec<&Value> = match (converter, fact) {
                ("wsxf", _) => steps.clone(),
                ("wsjf", _) => real_steps.to_vec(),
                _ => leaves().copied().collect(),
            };
            number(all.iter().filter(|step| step["status"] == letter).count())
        }
        "passed" | "failed" => {
            let letter = if fact == "passed" { "P" } else { "F" };
            for name in expected.as_array().unwrap() {
                let found =
                    leaves().find(|step| step["name"] == *name).unwrap_or_else(|| panic!("no step {name}"));
                assert_eq!(found["status"], letter, "{name}");
            }
            true
        }
        "groups" => number(real_steps.iter().filter(|step| step.get("steps").is_some()).count()),
        _ => false,
    }
}

/// Every fact that has a member of the report, of every file in the list, found by `auto`.
#[test]
fn facts_hold() {
    let Some(folder) = samples() else { return };
    let facts: Value = serde_json::from_slice(&std::fs::read(folder.join("facts.json")).unwrap()).unwrap();
    for (file, facts) in facts.as_object().unwrap() {
        let (converter, reports) = reports_of(&folder.join(file));
        assert!(file.split('/').next().unwrap().contains(converter), "{file} was taken by {converter}");
        assert_eq!(reports.len() as u64, facts["reports"].as_u64().unwrap(), "{file}");
        let mut checked = 0;
        for (report, facts) in reports.iter().zip(facts["items"].as_array().unwrap()) {
            let report: Value = serde_json::from_str(&report.to_json()).unwrap();
            for (fact, expected) in facts.as_object().unwrap() {
                // In tables of rows and of WSTF the word counts lines, which are not all steps.
                let other = file.starts_with("wstf/") && matches!(fact.as_str(), "rows" | "steps");
                if !other && holds(converter, &report, fact, expected) {
                    checked += 1;
                }
            }
        }
        assert!(checked >= 3, "{file}: only {checked} facts checked");
        for mut report in reports {
            let station = Station { name: "N".into(), location: "L".into(), purpose: "P".into() };
            report.fill_station(&station);
            report.prepare();
            report.validate().unwrap_or_else(|problems| panic!("{file}: {problems}"));
        }
    }
}

/// The same report as WSXF and as WSJF, both written by WATS, is the same report for a server.
#[test]
fn wsxf_says_the_same_as_wsjf() {
    let Some(folder) = samples() else { return };
    let report = |file: &str| {
        let mut report = reports_of(&folder.join(file)).1.remove(0);
        report.prepare();
        let mut value: Value = serde_json::from_str(&report.to_json()).unwrap();
        plain(&mut value);
        value
    };
    let (xml, json) = (report("wsxf/uut-wsxf-export.xml"), report("wsjf/uut-wsjf-export.json"));
    compare("report", &xml, &json);
}

/// Leaves out what only one of the two formats can say: empty texts and lists, and line breaks as they are written.
fn plain(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(plain);
            members.retain(|_, value| *value != "" && *value != Value::Array(Vec::new()));
        }
        Value::Array(values) => values.iter_mut().for_each(plain),
        Value::String(text) => *text = text.replace('\r', "").trim().to_owned(),
        _ => {}
    }
}

/// Compares numbers by value: 10 is 10.0.
fn compare(place: &str, left: &Value, right: &Value) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let names = |members: &serde_json::Map<String, Value>| {
                let mut names: Vec<String> = members.keys().cloned().collect();
                names.sort();
                names
            };
            assert_eq!(names(left), names(right), "{place}");
            for (name, value) in left {
                compare(&format!("{place}.{name}"), value, &right[name]);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            assert_eq!(left.len(), right.len(), "{place}");
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                compare(&format!("{place}[{index}]"), left, right);
            }
        }
        (Value::Number(left), Value::Number(right)) => assert_eq!(left.as_f64(), right.as_f64(), "{place}"),
        _ => assert_eq!(left, right, "{place}"),
    }
}

/// Every result of TestStand that the file counts itself is a step.
#[test]
fn atml_loses_no_step() {
    let Some(folder) = samples() else { return };
    for file in ["atml/atml-2.02.xml", "atml/atml-5.00.xml"] {
        let report: Value = serde_json::from_str(&reports_of(&folder.join(file)).1[0].to_json()).unwrap();
        let steps = steps(&report);
        assert_eq!(steps.len() - 1, 23, "{file}");
        let statuses = |letter: &str| steps[1..].iter().filter(|step| step["status"] == letter).count();
        assert_eq!((statuses("P"), statuses("F"), statuses("S"), statuses("D")), (9, 2, 4, 8), "{file}");
        let video = steps.iter().find(|step| step["name"] == "Video Test").unwrap();
        assert_eq!(
            video["numericMeas"][0].to_string(),
            r#"{"compOp":"GTLT","status":"P","unit":"microseconds","value":5,"lowLimit":0,"highLimit":10}"#
        );
        assert!(report["root"]["seqCall"]["path"].as_str().unwrap().ends_with("VIC.seq"));
    }
}

/// Files that are cut are refused with the place; the rest of what lies there is read.
#[test]
fn other_samples() {
    let Some(folder) = samples() else { return };
    let refusal = |file: &str| {
        let source = Source::open(&folder.join(file)).unwrap();
        convert(AUTO, &source, &Arguments::default()).unwrap_err().to_string()
    };
    assert_eq!(
        refusal("spea/spea-3030-first-300-lines.csv"),
        "line 300: the file ends before the END of a START: it is not complete"
    );
    assert!(
        refusal("teradyne-spectrum/first-400-lines.txt").ends_with("has no end: the file is not complete")
    );
    let (converter, reports) = reports_of(&folder.join("teststand/TSWithWats.xml"));
    assert_eq!(
        (converter, reports[0].serial_number(), reports[0].result()),
        ("teststand", Some("12345"), Some("P"))
    );
}
