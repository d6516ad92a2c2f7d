//! A report and its header.

use serde_json::{Map, Value};
use std::fmt;
use std::sync::OnceLock;
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

/// The member that holds the main sequence of a test.
const ROOT: &str = "root";

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
#[derive(Clone)]
pub struct Report {
    /// All members; an empty object stands for a root that was written already.
    header: Map<String, Value>,
    root: Option<WrittenRoot>,
}

/// The main sequence as text: many steps take ten times as much memory as values, and most of the time of a conversion.
#[derive(Clone)]
struct WrittenRoot {
    text: String,
    /// All members of the report, read when somebody asks for them.
    members: OnceLock<Map<String, Value>>,
}

impl Report {
    /// Takes over the members of a JSON object.
    pub fn from_members(members: Map<String, Value>) -> Self {
        Self { header: members, root: None }
    }

    /// Takes over the members of a report without its main sequence, and that as the text of a JSON object.
    ///
    /// The steps are not taken apart before somebody asks for them. [`Report::prepare`] does not look at them either:
    /// they must be as a server takes them.
    pub fn with_root(mut members: Map<String, Value>, root: String) -> Self {
        members.insert(ROOT.to_owned(), Map::new().into());
        Self { header: members, root: Some(WrittenRoot { text: root, members: OnceLock::new() }) }
    }

    /// All members of the report, known and unknown.
    ///
    /// # Panics
    ///
    /// When the main sequence was given as text that is no JSON.
    pub fn members(&self) -> &Map<String, Value> {
        match &self.root {
            None => &self.header,
            Some(root) => root.members.get_or_init(|| root.read(self.header.clone())),
        }
    }

    /// The members of the report, for a change that has no method of its own.
    ///
    /// # Panics
    ///
    /// When the main sequence was given as text that is no JSON.
    pub fn members_mut(&mut self) -> &mut Map<String, Value> {
        if let Some(root) = self.root.take() {
            self.header = root.read(std::mem::take(&mut self.header));
        }
        &mut self.header
    }

    /// The value of a member, without reading the steps; for the main sequence any object when it was given as text.
    pub fn header(&self, member: &str) -> Option<&Value> {
        self.header.get(member)
    }

    /// All members but the main sequence, for a change.
    pub(crate) fn header_mut(&mut self) -> &mut Map<String, Value> {
        if let Some(root) = &mut self.root {
            root.members.take();
        }
        &mut self.header
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
        self.header_mut().insert("id".to_owned(), Value::String(id.hyphenated().to_string()));
    }

    /// Fills the members that say where the report comes from, where it leaves them out or empty.
    pub fn fill_station(&mut self, station: &Station) {
        let members =
            [("machineName", &station.name), ("location", &station.location), ("purpose", &station.purpose)];
        for (member, text) in members {
            if self.text(member).is_none() && !text.is_empty() {
                self.header_mut().insert(member.to_owned(), Value::String(text.clone()));
            }
        }
    }

    /// The report as compact JSON.
    pub fn to_json(&self) -> String {
        let Some(root) = &self.root else {
            return serde_json::to_string(&self.header).expect("an object can always be written as text");
        };
        let mut json = String::with_capacity(root.text.len() + 1024);
        for (name, value) in &self.header {
            json.push(if json.is_empty() { '{' } else { ',' });
            json.push_str(&Value::from(name.as_str()).to_string());
            json.push(':');
            if name == ROOT {
                json.push_str(&root.text);
            } else {
                json.push_str(&value.to_string());
            }
        }
        json.push('}');
        json
    }

    /// The text of a header member; `None` when it is missing, blank, or something else than a text.
    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.header.get(member).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }
}

impl WrittenRoot {
    /// The members of the report with what the text says.
    fn read(&self, mut members: Map<String, Value>) -> Map<String, Value> {
        let root = serde_json::from_str(&self.text).expect("whoever gave the text as JSON is to blame");
        members.insert(ROOT.to_owned(), root);
        members
    }
}

impl PartialEq for Report {
    fn eq(&self, other: &Self) -> bool {
        self.members() == other.members()
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Report({})", self.to_json())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Report, Station, read_reports};
    use serde_json::{Map, Value, json};

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
    /// A report whose steps are text is no other than one whose steps are values.
    #[test]
    fn steps_may_be_text() {
        let header: Map<String, Value> = serde_json::from_str(r#"{"type":"T","result":"Passed"}"#).unwrap();
        let root = r#"{"name":"m","steps":[{"id":1,"value":1.50,"name":"\"é\n"}]}"#;
        let mut values = header.clone();
        values.insert("root".to_owned(), serde_json::from_str(root).unwrap());
        let (mut written, mut values) =
            (Report::with_root(header, root.to_owned()), Report::from_members(values));
        let mut same = |change: fn(&mut Report)| {
            change(&mut written);
            change(&mut values);
            assert_eq!(written.to_json(), values.to_json());
            assert_eq!(written.members(), values.members());
            assert_eq!(written, values);
        };
        same(|_| ());
        same(|report| report.set_id(uuid::Uuid::from_u128(1)));
        same(|report| report.fill_station(&Station { name: "N".into(), ..Station::default() }));
        same(Report::prepare);
        same(|report| assert_eq!(report.steps().count(), 2));
        same(|report| report.members_mut()["root"]["steps"][0]["more"] = json!([null]));
        same(|report| drop(report.members_mut().shift_remove("root")));
    }
}
