//! Reports that were taken: searched and given back.

use super::query::{PARAMETERS, select};
use super::{Asked, Outcome, Refusal, reply};
use crate::store::Received;
use crate::web::{Shared, locked};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::io::{Cursor, Write};

pub(super) fn answer(shared: &Shared, asked: &Asked, rest: &[&str]) -> Outcome {
    let store = locked(&shared.store);
    let one = |id: &str| store.reports.get(&id.to_lowercase()).ok_or_else(|| Refusal::missing("The report"));
    let bytes = |kind: &'static str, bytes: Vec<u8>| Ok(([(CONTENT_TYPE, kind)], bytes).into_response());
    match (asked.method(), rest) {
        ("GET", ["Query", "Header"]) => {
            asked.only(&[&PARAMETERS[..], &["reportType"]].concat())?;
            let (letter, lists) = match asked.need("reportType")? {
                "U" => ("T", ["subUnits", "miscInfo", "assets", "attachments"].as_slice()),
                "R" => ("R", ["uurSubUnits", "uurMiscInfo", "uurAttachments"].as_slice()),
                _ => return Err(Refusal::bad("The parameter reportType must be U or R.")),
            };
            let expand: Vec<&str> =
                asked.get("$expand").map(|text| text.split(',').collect()).unwrap_or_default();
            if let Some(unknown) = expand.iter().find(|name| !lists.contains(name)) {
                return Err(Refusal::bad(format!("{unknown} cannot be expanded.")));
            }
            let of_kind = store.reports.values().filter(|received| received.report["type"] == letter);
            reply(select(asked, of_kind.map(|received| header(received, &expand)).collect())?)
        }
        ("GET", ["Query", "HeaderByMiscInfo"]) => {
            asked.only(&["description", "stringValue", "$top"])?;
            let (description, value) = (asked.need("description")?, asked.need("stringValue")?);
            let has = |received: &&Received| {
                let infos = received.report["miscInfos"].as_array().into_iter().flatten();
                infos.into_iter().any(|info| info["description"] == description && info["text"] == value)
            };
            reply(select(
                asked,
                store.reports.values().filter(has).map(|received| header(received, &[])).collect(),
            )?)
        }
        ("GET", ["Wsjf", id]) => {
            asked.only(&["detailLevel", "includeChartdata", "includeAttachments"])?;
            asked.truth("includeChartdata")?;
            let mut report = one(id)?.report.clone();
            match asked.number("detailLevel")? {
                Some(8..) => return Err(Refusal::bad("The parameter detailLevel must be 0 to 7.")),
                Some(0) => {
                    report.as_object_mut().map(|members| members.remove("root"));
                }
                _ => {}
            }
            if asked.truth("includeAttachments")? != Some(true) {
                visit(&mut report, &mut |members| {
                    members.remove("attachment");
                });
            }
            reply(report)
        }
        ("GET", ["Wsxf", id]) => {
            asked.only(&["includeAttachments", "includeChartdata", "includeIndexes"])?;
            for name in ["includeAttachments", "includeChartdata", "includeIndexes"] {
                asked.truth(name)?;
            }
            let received = one(id)?;
            let text = received.xml.clone().unwrap_or_else(|| short_xml(&received.report));
            bytes("application/xml", text.into_bytes())
        }
        ("GET", ["Attachment"]) => {
            asked.only(&["attachmentId", "stepId"])?;
            let wanted = match (asked.get("attachmentId"), asked.get("stepId")) {
                (Some(id), None) => ("number", id),
                (None, Some(step)) => ("step", step),
                _ => return Err(Refusal::bad("Either attachmentId or stepId is required.")),
            };
            let mut number = 0;
            for received in store.reports.values() {
                for attachment in attachments(&received.report) {
                    number += 1;
                    if wanted == ("number", number.to_string().as_str())
                        || wanted == ("step", &attachment.step)
                    {
                        return bytes("application/octet-stream", attachment.content);
                    }
                }
            }
            Err(Refusal::missing("The attachment"))
        }
        ("GET", ["Attachments", id]) => {
            asked.only(&[])?;
            bytes(
                "application/zip",
                zip(&attachments(&one(id)?.report)).map_err(|error| Refusal::bad(error.to_string()))?,
            )
        }
        ("GET", ["Certificate", id]) => {
            asked.only(&[])?;
            let text = format!("%PDF-1.4\n% certificate of {}\n%%EOF\n", one(id)?.report["sn"]);
            bytes("application/pdf", text.into_bytes())
        }
        _ => Err(Refusal::missing("The endpoint")),
    }
}

fn header(received: &Received, expand: &[&str]) -> Value {
    let report = &received.report;
    let mut header = json!({
        "uuid": report["id"], "serialNumber": report["sn"], "partNumber": report["pn"], "revision": report["rev"],
        "processCode": report["processCode"], "result": report["result"], "start": report["start"],
        "stationName": report["machineName"], "location": report["location"], "purpose": report["purpose"],
        "reportType": report["type"], "receiveCount": received.count,
    });
    for name in expand {
        header[*name] = match *name {
            "subUnits" | "uurSubUnits" => listed(
                report,
                "subUnits",
                |unit| json!({"serialNumber": unit["sn"], "partNumber": unit["pn"], "revision": unit["rev"], "partType": unit["partType"]}),
            ),
            "miscInfo" | "uurMiscInfo" => listed(
                report,
                "miscInfos",
                |info| json!({"description": info["description"], "value": info["text"]}),
            ),
            "attachments" | "uurAttachments" => {
                let all = attachments(report);
                let described = all.iter().enumerate().map(|(index, attachment)| {
                    json!({"attachmentId": index + 1, "fileName": attachment.name, "size": attachment.content.len()})
                });
                described.collect()
            }
            _ => report[*name].clone(),
        };
    }
    header
}

fn listed(report: &Value, member: &str, each: fn(&Value) -> Value) -> Value {
    report[member].as_array().into_iter().flatten().map(each).collect()
}

struct Attached {
    step: String,
    name: String,
    content: Vec<u8>,
}

/// The files attached to the steps of a report and to the report itself.
fn attachments(report: &Value) -> Vec<Attached> {
    let mut all = Vec::new();
    let attached = |step: &Value, file: &Value| Attached {
        step: step.to_string().trim_matches('"').to_owned(),
        name: file["name"].as_str().unwrap_or("file").to_owned(),
        content: decoded(file["data"].as_str().unwrap_or_default()),
    };
    let mut report = report.clone();
    visit(&mut report, &mut |members| {
        if let Some(file) = members.get("attachment") {
            all.push(attached(members.get("id").unwrap_or(&Value::Null), file));
        }
    });
    all.extend(
        report["binaryData"].as_array().into_iter().flatten().map(|file| attached(&Value::Null, file)),
    );
    all
}

fn visit(value: &mut Value, each: &mut dyn FnMut(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            each(members);
            members.values_mut().for_each(|value| visit(value, each));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| visit(value, each)),
        _ => {}
    }
}

/// From Base64; what is none counts as nothing.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for value in text.bytes().filter_map(digit) {
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

fn zip(files: &[Attached]) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        archive.start_file(&*file.name, zip::write::SimpleFileOptions::default())?;
        archive.write_all(&file.content)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// The header of a report that came as JSON, as XML.
fn short_xml(report: &Value) -> String {
    let text = |member: &str| {
        report[member].as_str().unwrap_or_default().replace('&', "&amp;").replace('"', "&quot;")
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Reports xmlns=\"http://wats.virinco.com/schemas/WATS/Report/wsxf\">\
         <Report ID=\"{}\" SN=\"{}\" PN=\"{}\"/></Reports>",
        text("id"),
        text("sn"),
        text("pn")
    )
}
