//! The report of a repair.

use super::{Header, MakeError, Status, cut, number, put};
use crate::{Report, Uuid};
use serde_json::{Map, Value, json};

/// What was wrong with a unit. Category and code must be a pair that the repair process offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fault {
    /// Kind of failure.
    pub category: String,
    /// The failure.
    pub code: String,
    /// Where it was, for example `C12`.
    pub component: String,
    /// A remark.
    pub comment: String,
    /// Number of the step that found it, in the report of the test.
    pub step: Option<i64>,
    /// Article number of the part.
    pub article: String,
}

/// A unit, or a part of it, with what was wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepairUnit {
    /// What part it is.
    pub part_type: String,
    /// Serial number.
    pub serial_number: String,
    /// Part number.
    pub part_number: String,
    /// Revision.
    pub revision: String,
    /// Number of the unit that it was put in the place of.
    pub replaces: Option<u32>,
    /// What was wrong.
    pub faults: Vec<Fault>,
}

/// The report of a repair, in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    id: Option<Uuid>,
    header: Header,
    uur: Map<String, Value>,
    main: Vec<Fault>,
    parts: Vec<RepairUnit>,
    misc: Vec<(String, String)>,
}

impl Repair {
    /// A repair: `header.process_code` is that of the repair, `tested` the process in which the unit failed.
    pub fn new(header: Header, tested: i64) -> Self {
        let uur = Map::from_iter([
            ("processCode".to_owned(), tested.into()),
            ("refUUT".to_owned(), Value::Null),
            ("confirmDate".to_owned(), Value::Null),
            ("finalizeDate".to_owned(), Value::Null),
            ("execTime".to_owned(), Value::Null),
        ]);
        Self { id: None, header, uur, main: Vec::new(), parts: Vec::new(), misc: Vec::new() }
    }

    /// The report's id; see [`Test::id`](super::Test::id).
    pub fn id(mut self, id: Uuid) -> Self {
        self.id = Some(id);
        self
    }

    /// The report of the test that failed.
    pub fn test(mut self, id: Uuid) -> Self {
        self.uur.insert("refUUT".to_owned(), id.to_string().into());
        self
    }

    /// Who did it.
    pub fn operator(mut self, name: &str) -> Self {
        put(&mut self.uur, "user", cut(name, 100));
        self
    }

    /// A remark.
    pub fn comment(mut self, text: &str) -> Self {
        put(&mut self.uur, "comment", cut(text, 5000));
        self
    }

    /// When the failure was seen and when the repair was done: UTC, ISO 8601.
    pub fn dates(mut self, confirmed: &str, finalized: &str) -> Self {
        self.uur.insert("confirmDate".to_owned(), confirmed.into());
        self.uur.insert("finalizeDate".to_owned(), finalized.into());
        self
    }

    /// How long it took.
    pub fn seconds(mut self, seconds: f64) -> Self {
        self.uur.insert("execTime".to_owned(), number(seconds));
        self
    }

    /// What was wrong with the unit itself.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.main.push(fault);
        self
    }

    /// A part of the unit. The first one has the number 1.
    pub fn part(mut self, unit: RepairUnit) -> Self {
        self.parts.push(unit);
        self
    }

    /// A further fact.
    pub fn misc(mut self, description: impl Into<String>, text: impl Into<String>) -> Self {
        self.misc.push((description.into(), text.into()));
        self
    }

    /// The report, when a server would take it.
    pub fn finish(self) -> Result<Report, MakeError> {
        let mut report = Map::new();
        report.insert("type".to_owned(), "R".into());
        if let Some(id) = self.id {
            report.insert("id".to_owned(), id.to_string().into());
        }
        self.header.put(&mut report);
        report.insert("result".to_owned(), Status::Passed.letter().into());
        report.insert("uur".to_owned(), self.uur.into());
        let infos = misc_infos(&self.misc);
        if !infos.is_empty() {
            report.insert("miscInfos".to_owned(), infos.into());
        }
        let main = RepairUnit {
            part_type: "Main".to_owned(),
            serial_number: self.header.serial_number,
            part_number: self.header.part_number,
            revision: self.header.revision,
            replaces: None,
            faults: self.main,
        };
        let count = self.parts.len() as u32;
        let units = std::iter::once(main).chain(self.parts).zip(0..);
        let units: Result<Vec<Value>, MakeError> =
            units.map(|(unit, index)| unit.to_json(index, count)).collect();
        report.insert("subUnits".to_owned(), units?.into());
        let report = Report::from_members(report);
        report.validate()?;
        Ok(report)
    }
}

impl RepairUnit {
    fn to_json(&self, index: u32, count: u32) -> Result<Value, MakeError> {
        let problem = |message: String| MakeError::Unit { unit: index, message };
        let mut unit = Map::from_iter([("idx".to_owned(), json!(index))]);
        if index > 0 {
            unit.insert("parentIdx".to_owned(), json!(0));
        }
        put(&mut unit, "partType", cut(&self.part_type, 50));
        put(&mut unit, "pn", &self.part_number);
        put(&mut unit, "rev", &self.revision);
        unit.insert("sn".to_owned(), self.serial_number.as_str().into());
        if let Some(replaced) = self.replaces {
            if replaced == index || replaced > count {
                return Err(problem(format!("there is no other unit {replaced} that it could replace")));
            }
            unit.insert("replacedIdx".to_owned(), replaced.into());
        }
        let mut faults = Vec::new();
        for fault in &self.faults {
            if fault.category.is_empty() || fault.code.is_empty() {
                return Err(problem("a failure needs a category and a code".to_owned()));
            }
            faults.push(fault.to_json());
        }
        if !faults.is_empty() {
            unit.insert("failures".to_owned(), faults.into());
        }
        Ok(unit.into())
    }
}

impl Fault {
    fn to_json(&self) -> Value {
        let mut fault = Map::new();
        put(&mut fault, "category", &self.category);
        put(&mut fault, "code", &self.code);
        put(&mut fault, "comment", &self.comment);
        put(&mut fault, "comRef", &self.component);
        put(&mut fault, "artNumber", &self.article);
        if let Some(step) = self.step {
            fault.insert("refStepId".to_owned(), step.into());
        }
        fault.into()
    }
}

pub(super) fn misc_infos(all: &[(String, String)]) -> Vec<Value> {
    let info = |(description, text): &(String, String)| json!({"description": cut(description, 100), "text": cut(text, 100)});
    all.iter().map(info).collect()
}
