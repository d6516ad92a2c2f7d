//! Reports in XML: what a server looks at before it takes them.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value, json};

/// The ids and headers of all reports of a document, or why it is refused.
pub(crate) fn reports(text: &str) -> Result<Vec<(String, Value)>, String> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut reports: Vec<Map<String, Value>> = Vec::new();
    let mut depth = 0_usize;
    loop {
        let event = reader.read_event().map_err(|error| format!("The body is not XML: {error}"))?;
        match event {
            Event::Eof if depth == 0 => break,
            Event::Eof => return Err("The document is cut off.".to_owned()),
            Event::End(_) => depth -= 1,
            Event::Start(start) => {
                look(&start, depth, &mut reports)?;
                depth += 1;
            }
            Event::Empty(start) => look(&start, depth, &mut reports)?,
            _ => {}
        }
    }
    if reports.is_empty() {
        return Err("The document holds no report.".to_owned());
    }
    reports.into_iter().map(check).collect()
}

fn look(start: &BytesStart<'_>, depth: usize, reports: &mut Vec<Map<String, Value>>) -> Result<(), String> {
    let name = start.local_name();
    match (depth, name.as_ref()) {
        (0, "Reports") => Ok(()),
        (0, other) => Err(format!("The root element is {other}, not Reports.")),
        (1, "Report") => {
            reports.push(attributes(start)?);
            Ok(())
        }
        (2, "Process") => {
            if let Some(report) = reports.last_mut() {
                let code = attributes(start)?.get("Code").and_then(|code| code.as_str()?.parse::<i64>().ok());
                report.insert("processCode".to_owned(), json!(code));
            }
            Ok(())
        }
        _ => attributes(start).map(drop),
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Map<String, Value>, String> {
    start
        .attributes()
        .map(|attribute| {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?;
            Ok((attribute.key.local_name().as_ref().to_owned(), Value::from(value.into_owned())))
        })
        .collect()
}

/// The header as JSON, with everything in it that a server wants.
fn check(report: Map<String, Value>) -> Result<(String, Value), String> {
    let text = |name: &str| report.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    for name in ["ID", "SN", "PN", "Rev", "MachineName", "Start"] {
        if text(name).is_none() {
            return Err(format!("The attribute {name} is required."));
        }
    }
    let repair = text("type") == Some("UUR");
    let result = text("Result").map(|word| &word[..1]);
    if !repair && result.is_none() {
        return Err("The attribute Result is required.".to_owned());
    }
    if report.get("processCode").is_none_or(Value::is_null) {
        return Err("The element Process with a Code is required.".to_owned());
    }
    let id = text("ID").unwrap_or_default().to_lowercase();
    let header = json!({
        "type": if repair { "R" } else { "T" }, "id": id, "sn": report["SN"], "pn": report["PN"], "rev": report["Rev"],
        "machineName": report["MachineName"], "start": report["Start"], "processCode": report["processCode"],
        "result": result.unwrap_or("P"), "location": text("Location"), "purpose": text("Purpose"),
    });
    Ok((id, header))
}
