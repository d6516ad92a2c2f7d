//! What the server received.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is known of one report id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// How often a report with this id was stored.
    pub count: u64,
    /// The report as last received.
    pub report: Value,
    /// The document it came in, when that was XML.
    pub xml: Option<String>,
    /// `User-Agent` of the last sender.
    pub user_agent: String,
}

/// All that was received, in short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Number of different ids.
    pub distinct: usize,
    /// Number of reports stored, repetitions included.
    pub stored: u64,
    /// Number of requests to the report endpoint, spoilt ones included.
    pub requests: u64,
    /// How often each id was stored.
    pub ids: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) reports: BTreeMap<String, Received>,
    pub(crate) requests: u64,
}

impl Store {
    pub(crate) fn put(&mut self, id: &str, report: Value, xml: Option<String>, user_agent: &str) {
        match self.reports.get_mut(id) {
            Some(received) => {
                received.count += 1;
                received.report = report;
                received.xml = xml;
                user_agent.clone_into(&mut received.user_agent);
            }
            None => {
                let received = Received { count: 1, report, xml, user_agent: user_agent.to_owned() };
                self.reports.insert(id.to_owned(), received);
            }
        }
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary {
            distinct: self.reports.len(),
            stored: self.reports.values().map(|received| received.count).sum(),
            requests: self.requests,
            ids: self.reports.iter().map(|(id, received)| (id.clone(), received.count)).collect(),
        }
    }
}

/// Why a server refuses a report, or its id. A plain second opinion: it shares no code with the client's own check.
pub(crate) fn check(report: &Value) -> Result<String, String> {
    let text =
        |member: &str| report.get(member).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    for member in ["pn", "sn", "rev", "machineName", "location", "purpose", "start"] {
        if text(member).is_none() {
            return Err(format!("The field {member} is required."));
        }
    }
    if !matches!(text("type"), Some("T" | "R")) {
        return Err("The field type must be T or R.".to_owned());
    }
    if !matches!(text("result"), Some("P" | "F" | "D" | "E" | "T")) {
        return Err("The field result is not valid.".to_owned());
    }
    if report.get("processCode").is_none_or(|code| !code.is_i64() && !code.is_u64()) {
        return Err("The field processCode must be a number.".to_owned());
    }
    let id = text("id").ok_or("The field id is required.")?;
    if id.len() != 36 || id.chars().any(|character| character.is_ascii_uppercase()) {
        return Err("The field id must be a lower-case GUID.".to_owned());
    }
    Ok(id.to_owned())
}
