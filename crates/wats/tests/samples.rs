//! Exports of a real server, where they are at hand.
#![cfg(feature = "wsxf")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use wats::{Report, read_reports, wsxf};

/// `None`, with a word about it, where the samples are not.
fn sample(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples").join(name);
    let found = fs::read(&path).ok();
    if found.is_none() {
        eprintln!("LEFT OUT: {name} is not at hand");
    }
    found
}

fn prepared(mut reports: Vec<Report>) -> Vec<Report> {
    reports.iter_mut().for_each(Report::prepare);
    reports
}

/// Where two values differ. Numbers are compared by value: `0.0` and `0` are the same in two formats. An empty list or
/// text says as much as none.
fn differences(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        _ => false,
    };
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let (one, other) = (one.get(name), other.get(name));
                let path = format!("{path}.{name}");
                differences(&path, one.unwrap_or(&Value::Null), other.unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{path}[{index}]"), one, other, found);
            }
        }
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
        (one, other) if one == other || is_empty(one) && is_empty(other) => {}
        (one, other) => found.push(format!("{path}: {one} is not {other}")),
    }
}

fn assert_same(one: &Report, other: &Report) {
    let mut found = Vec::new();
    differences("", &one.members().clone().into(), &other.members().clone().into(), &mut found);
    assert_eq!(found, [""; 0]);
}

#[test]
fn json_survives_unchanged() {
    for name in ["wsjf/uut-wsjf-export.json", "wsjf/uur_example.json"] {
        let Some(bytes) = sample(name) else { continue };
        let reports = read_reports(&bytes).unwrap();
        let whole: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(Value::from(reports[0].members().clone()), whole, "{name}");
        let again = read_reports(reports[0].to_json().as_bytes()).unwrap();
        assert_eq!(again, reports, "{name}");
    }
}

#[test]
fn xml_survives_being_read_and_written() {
    let Some(bytes) = sample("wsxf/uut-wsxf-export.xml") else { return };
    let reports = wsxf::read(&bytes).unwrap();
    let document = wsxf::write(&reports).unwrap();
    assert_eq!(document.left_out, [""; 0]);
    assert_eq!(wsxf::read(document.xml.as_bytes()).unwrap(), reports);
}

#[test]
fn a_report_exported_in_both_formats_is_the_same_report() {
    let (Some(json), Some(xml)) = (sample("wsjf/uut-wsjf-export.json"), sample("wsxf/uut-wsxf-export.xml"))
    else {
        return;
    };
    assert_same(&prepared(read_reports(&json).unwrap())[0], &prepared(wsxf::read(&xml).unwrap())[0]);
}

#[test]
fn json_survives_the_way_through_xml() {
    for name in ["wsjf/uut-wsjf-export.json", "wsjf/uur_example.json"] {
        let Some(bytes) = sample(name) else { continue };
        let reports = prepared(read_reports(&bytes).unwrap());
        let document = wsxf::write(&reports).unwrap();
        assert_eq!(document.left_out, [""; 0], "{name}");
        assert_same(&prepared(wsxf::read(document.xml.as_bytes()).unwrap())[0], &reports[0]);
    }
}
