//! What a converter of somebody else says, as JSON.
//!
//! A list of reports in WATS Standard JSON Format, or one report, or a refusal:
//!
//! ```json
//! {"refusal": "there is no serial number", "line": 3, "wait": false}
//! ```

use crate::limits;
use serde_json::Value;
use wats::Report;
use wats_converters::{Refusal, json_weight};

/// Longest reason that is passed on, in characters.
const REASON: usize = 500;

/// Reads the answer of the converter of this name.
pub(crate) fn read(converter: &str, bytes: &[u8]) -> Result<Vec<Report>, Refusal> {
    let failed = |what: String| Refusal::Failed(format!("the converter {converter} {what}"));
    if json_weight(bytes) > limits::VALUES {
        return Err(failed(format!("answered with more than {} values", limits::VALUES)));
    }
    if bytes.trim_ascii().is_empty() {
        return Err(failed("gave no answer: reports or a refusal are expected, as JSON".into()));
    }
    let answer = serde_json::from_slice(bytes)
        .map_err(|error| failed(format!("gave an answer that is not valid JSON: {error}")))?;
    let reports = match answer {
        Value::Array(reports) => reports,
        Value::Object(members) if members.contains_key("refusal") => {
            let Some(Value::String(reason)) = members.get("refusal") else {
                return Err(failed("refused the file, but its reason is no text".into()));
            };
            let message: String = reason.chars().filter(|letter| !letter.is_control()).take(REASON).collect();
            if members.get("wait") == Some(&Value::Bool(true)) {
                return Err(Refusal::NotYet(message));
            }
            let line =
                members.get("line").and_then(Value::as_u64).and_then(|line| usize::try_from(line).ok());
            return Err(Refusal::Malformed { line, message });
        }
        other => vec![other],
    };
    if reports.is_empty() {
        return Err(failed("gave an empty list of reports".into()));
    }
    if reports.len() > limits::REPORTS {
        return Err(failed(format!("gave {} reports; {} are allowed", reports.len(), limits::REPORTS)));
    }
    let reports = reports.into_iter().enumerate().map(|(index, report)| match report {
        Value::Object(members) => Ok(Report::from_members(members)),
        _ => Err(failed(format!("gave no object as report {}", index + 1))),
    });
    reports.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        match read("plugin:x", text.as_bytes()) {
            Ok(reports) => reports.iter().map(Report::to_json).collect::<Vec<_>>().join(" "),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn reports_and_refusals_are_told_apart() {
        assert_eq!(said(r#"[{"sn":"1","n":1.50},{"sn":"2"}]"#), r#"{"sn":"1","n":1.50} {"sn":"2"}"#);
        assert_eq!(said(r#"{"sn":"1"}"#), r#"{"sn":"1"}"#);
        assert_eq!(said(r#"{"refusal":"no serial\u001b number","line":3}"#), "line 3: no serial number");
        let refusal = read("x", br#"{"refusal":"not all there","wait":true}"#).unwrap_err();
        assert!(matches!(refusal, Refusal::NotYet(_)));
    }

    #[test]
    fn everything_else_is_a_fault_of_the_converter() {
        for (answer, fault) in [
            ("", "gave no answer"),
            (" \n", "gave no answer"),
            ("[]", "gave an empty list of reports"),
            ("[1]", "gave no object as report 1"),
            ("7", "gave no object as report 1"),
            ("[{}", "gave an answer that is not valid JSON"),
            (r#"{"refusal":1}"#, "refused the file, but its reason is no text"),
        ] {
            let text = said(answer);
            assert!(text.starts_with("the converter plugin:x ") && text.contains(fault), "{text}");
        }
        assert!(said(&"[".repeat(1_000_000)).contains("not valid JSON"));
        assert!(said(&"[".repeat(4_000_000)).contains("more than 3000000 values"));
        assert!(said(&format!("[{}{{}}]", "{},".repeat(10_000))).contains("gave 10001 reports"));
        assert!(read("x", b"[{\"a\":\"\xff\"}]").unwrap_err().to_string().contains("not valid JSON"));
    }
}
