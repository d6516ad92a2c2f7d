//! A report and its header.

use serde_json::{Map, Value};
use std::fmt;
use uuid::Uuid;

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A test of a unit (UUT), type `T`.
    Test,
    /// A repair of a unit (UUR), type `R`.
    Repair,
}

impl Kind {
    /// Reads the type member in any of the spellings found in files.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "t" | "test" | "uut" => Some(Self::Test),
            "r" | "repair" | "uur" | "u" => Some(Self::Repair),
            _ => None,
        }
    }

    /// The letter a server takes.
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Test => "T",
            Self::Repair => "R",
        }
    }
}

/// Where reports come from. Fills the members a report leaves out; an empty text fills nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Station {
    /// Name of the tester, at most 100 characters.
    pub name: String,
    /// Where it stands, at most 100 characters.
    pub location: String,
    /// What it is used for, at most 100 characters.
    pub purpose: String,
}

/// A test or repair report: a WSJF document with all its members, known and unknown.
#[derive(Clone, PartialEq)]
pub struct Report {
    pub(crate) members: Map<String, Value>,
}

impl Report {
    /// Takes over the members of a JSON object.
    pub fn from_members(members: Map<String, Value>) -> Self {
        Self { members }
    }

    /// All members of the report, known and unknown.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// The members of the report, for a change that has no method of its own.
    pub fn members_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.members
    }

    /// Test or repair; `None` when the report does not say, or says something unknown.
    pub fn kind(&self) -> Option<Kind> {
        self.text("type").and_then(Kind::from_text)
    }

    /// The id the report carries, when it is a usable one. A nil id counts as none.
    pub fn id(&self) -> Option<Uuid> {
        self.text("id").and_then(|text| Uuid::parse_str(text.trim()).ok()).filter(|id| !id.is_nil())
    }

    /// Serial number of the unit.
    pub fn serial_number(&self) -> Option<&str> {
        self.text("sn")
    }

    /// Part number of the unit.
    pub fn part_number(&self) -> Option<&str> {
        self.text("pn")
    }

    /// Result of the test: one letter after [`Report::prepare`].
    pub fn result(&self) -> Option<&str> {
        self.text("result")
    }

    /// Name of the station the report was made at.
    pub fn station_name(&self) -> Option<&str> {
        self.text("machineName")
    }

    /// Gives the report its id.
    pub fn set_id(&mut self, id: Uuid) {
        self.members.insert("id".to_owned(), Value::String(id.hyphenated().to_string()));
    }

    /// Fills the members that say where the report comes from, where it leaves them out or empty.
    pub fn fill_station(&mut self, station: &Station) {
        let members =
            [("machineName", &station.name), ("location", &station.location), ("purpose", &station.purpose)];
        for (member, text) in members {
            if self.text(member).is_none() && !text.is_empty() {
                self.members.insert(member.to_owned(), Value::String(text.clone()));
            }
        }
    }

    /// The report as compact JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.members).expect("a JSON document can always be written as text")
    }

    /// The text of a header member; `None` when it is missing, blank, or something else than a text.
    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Report({})", self.to_json())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Station, read_reports};

    /// Unknown members, odd numbers and the order of members survive.
    #[test]
    fn documents_survive_unchanged() {
        let text = r#"{"type":"T","zeta":{"new":[1,null,1.10,-0,123456789012345678901234567890]},"alpha":0.1000,"sn":"é"}"#;
        assert_eq!(read_reports(text.as_bytes()).unwrap()[0].to_json(), text);
    }

    #[test]
    fn the_station_fills_only_gaps() {
        let station = Station { name: "FCT-01".into(), location: "Line 1".into(), purpose: String::new() };
        let mut report =
            read_reports(br#"{"machineName":"OWN","location":"  ","purpose":null}"#).unwrap().remove(0);
        report.fill_station(&station);
        assert_eq!(report.to_json(), r#"{"machineName":"OWN","location":"Line 1","purpose":null}"#);
    }
}
