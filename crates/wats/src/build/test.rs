//! The report of a test.

use super::{Attachment, MakeError, Status, Step, cut, number, put};
use crate::{Report, Station, Uuid};
use serde_json::{Map, Value, json};

/// What every report says: of which unit, where, when, and in which process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// Serial number of the unit.
    pub serial_number: String,
    /// Part number of the unit.
    pub part_number: String,
    /// Revision of the unit.
    pub revision: String,
    /// Number of the process; the server must know it.
    pub process_code: i64,
    /// When it began: ISO 8601 with an offset from UTC, for example `2026-01-15T10:00:00+01:00`.
    pub start: String,
    /// Where.
    pub station: Station,
}

impl Header {
    pub(super) fn put(&self, report: &mut Map<String, Value>) {
        put(report, "pn", &self.part_number);
        put(report, "sn", &self.serial_number);
        put(report, "rev", &self.revision);
        report.insert("processCode".to_owned(), self.process_code.into());
        put(report, "machineName", &self.station.name);
        put(report, "location", &self.station.location);
        put(report, "purpose", &self.station.purpose);
        put(report, "start", &self.start);
    }
}

/// A part of a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubUnit {
    /// What part it is.
    pub part_type: String,
    /// Serial number.
    pub serial_number: String,
    /// Part number.
    pub part_number: String,
    /// Revision.
    pub revision: String,
}

/// Equipment that took part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asset {
    /// Serial number.
    pub serial_number: String,
    /// How often it was used.
    pub usage_count: Option<u32>,
}

/// The report of a test, in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    id: Option<Uuid>,
    header: Header,
    root: Step,
    result: Option<Status>,
    uut: Map<String, Value>,
    misc: Vec<(String, String)>,
    sub_units: Vec<SubUnit>,
    assets: Vec<Asset>,
    files: Vec<Attachment>,
}

impl Test {
    /// A test with its steps.
    pub fn new(header: Header, steps: Vec<Step>) -> Self {
        Self {
            id: None,
            header,
            root: Step::sequence("MainSequence Callback", steps),
            result: None,
            uut: Map::new(),
            misc: Vec::new(),
            sub_units: Vec::new(),
            assets: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The report's id. A report sent twice under the same id is one report: give it one that does not change, from
    /// [`report_id`](crate::report_id) or from a generator of your own.
    pub fn id(mut self, id: Uuid) -> Self {
        self.id = Some(id);
        self
    }

    /// Says how the test ended, whatever the steps say.
    pub fn result(mut self, result: Status) -> Self {
        self.result = Some(result);
        self
    }

    /// The test program: its file and version.
    pub fn program(mut self, file: impl Into<String>, version: impl Into<String>) -> Self {
        self.root = self.root.program(file.into(), version.into());
        self
    }

    /// Who did it.
    pub fn operator(self, name: &str) -> Self {
        self.text("user", name, 100)
    }

    /// A remark.
    pub fn comment(self, text: &str) -> Self {
        self.text("comment", text, 5000)
    }

    /// The batch of the unit.
    pub fn batch(self, number: &str) -> Self {
        self.text("batchSN", number, 100)
    }

    /// The fixture the unit was in.
    pub fn fixture(self, id: &str) -> Self {
        self.text("fixtureId", id, 100)
    }

    /// The socket the unit was in.
    pub fn socket(mut self, index: i64) -> Self {
        self.uut.insert("testSocketIndex".to_owned(), index.into());
        self
    }

    /// How long it took.
    pub fn seconds(mut self, seconds: f64) -> Self {
        self.uut.insert("execTime".to_owned(), number(seconds));
        self
    }

    /// What went wrong.
    pub fn error(mut self, code: i64, message: &str) -> Self {
        self.uut.insert("errorCode".to_owned(), code.into());
        self.text("errorMessage", message, 200)
    }

    fn text(mut self, member: &str, text: &str, limit: usize) -> Self {
        put(&mut self.uut, member, cut(text, limit));
        self
    }

    /// A further fact.
    pub fn misc(mut self, description: impl Into<String>, text: impl Into<String>) -> Self {
        self.misc.push((description.into(), text.into()));
        self
    }

    /// A part of the unit.
    pub fn sub_unit(mut self, unit: SubUnit) -> Self {
        self.sub_units.push(unit);
        self
    }

    /// Equipment that took part.
    pub fn asset(mut self, asset: Asset) -> Self {
        self.assets.push(asset);
        self
    }

    /// A file that belongs to the whole report.
    pub fn file(mut self, file: Attachment) -> Self {
        self.files.push(file);
        self
    }

    /// The report, when a server would take it.
    ///
    /// # Errors
    /// All that the header lacks, or the first step that cannot be as it is.
    pub fn finish(self) -> Result<Report, MakeError> {
        let mut report = Map::new();
        report.insert("type".to_owned(), "T".into());
        if let Some(id) = self.id {
            report.insert("id".to_owned(), id.to_string().into());
        }
        self.header.put(&mut report);
        let result = self.result.unwrap_or_else(|| self.root.outcome());
        report.insert("result".to_owned(), result.letter().into());
        report.insert("uut".to_owned(), self.uut.into());
        let list = |report: &mut Map<String, Value>, name: &str, all: Vec<Value>| {
            if !all.is_empty() {
                report.insert(name.to_owned(), all.into());
            }
        };
        list(&mut report, "miscInfos", super::repair::misc_infos(&self.misc));
        let units = self.sub_units.iter().map(|unit| {
            json!({
                "partType": cut(&unit.part_type, 50), "pn": unit.part_number, "rev": unit.revision,
                "sn": unit.serial_number,
            })
        });
        list(&mut report, "subUnits", units.collect());
        let assets = self.assets.iter().map(|asset| match asset.usage_count {
            Some(count) => json!({"sn": asset.serial_number, "usageCount": count}),
            None => json!({"sn": asset.serial_number}),
        });
        list(&mut report, "assets", assets.collect());
        let files: Result<Vec<Value>, String> = self.files.iter().map(Attachment::to_json).collect();
        let of_report = |message| MakeError::Step { step: self.root.name().to_owned(), message };
        list(&mut report, "binaryData", files.map_err(of_report)?);
        report.insert("root".to_owned(), self.root.status(result).to_json(&mut 0, 0)?);
        let report = Report::from_members(report);
        report.validate()?;
        Ok(report)
    }
}
