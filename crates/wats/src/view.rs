//! What a report says, without its members being looked up by name.
//!
//! A view borrows from the report and looks when it is asked: what is not there, or is not what it should be, is `None`
//! or empty. Everything else is in [`Report::members`] and the views' own `members`.

use crate::Report;
use crate::build::{Group, Status};
use serde_json::{Map, Value};

impl Report {
    /// The step that holds all others.
    pub fn root(&self) -> Option<StepView<'_>> {
        self.members().get("root")?.as_object().map(|members| StepView { members, depth: 0 })
    }

    /// All steps in the order in which they were run, the root first.
    pub fn steps(&self) -> Steps<'_> {
        Steps { open: self.root().into_iter().collect() }
    }

    /// The units that the report is about beside its own, and in a repair all with what was wrong.
    pub fn sub_units(&self) -> impl Iterator<Item = UnitView<'_>> {
        objects(self.members(), "subUnits").map(|members| UnitView { members })
    }

    /// Further facts: description and text.
    pub fn misc_infos(&self) -> impl Iterator<Item = (&str, &str)> {
        objects(self.members(), "miscInfos")
            .filter_map(|info| Some((text(info, "description")?, text(info, "text").unwrap_or_default())))
    }
}

/// See [`Report::steps`].
#[derive(Debug, Clone)]
pub struct Steps<'a> {
    open: Vec<StepView<'a>>,
}

impl<'a> Iterator for Steps<'a> {
    type Item = StepView<'a>;

    fn next(&mut self) -> Option<StepView<'a>> {
        let step = self.open.pop()?;
        let mut below: Vec<StepView<'a>> = step.steps().collect();
        below.reverse();
        self.open.append(&mut below);
        Some(step)
    }
}

/// A step of a test.
#[derive(Debug, Clone, Copy)]
pub struct StepView<'a> {
    members: &'a Map<String, Value>,
    depth: usize,
}

impl<'a> StepView<'a> {
    /// All that stands there.
    pub fn members(&self) -> &'a Map<String, Value> {
        self.members
    }

    /// How many steps it is inside of.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        text(self.members, "name").unwrap_or_default()
    }

    /// What kind of step it is, such as `ET_NLT` or `NI_Wait`.
    pub fn kind(&self) -> &'a str {
        text(self.members, "stepType").unwrap_or_default()
    }

    /// How it ended, after [`Report::prepare`].
    pub fn status(&self) -> Option<Status> {
        Status::from_letter(text(self.members, "status")?)
    }

    /// The part of the sequence it belongs to.
    pub fn group(&self) -> Group {
        match text(self.members, "group") {
            Some("S") => Group::Setup,
            Some("C") => Group::Cleanup,
            _ => Group::Main,
        }
    }

    /// How long it took.
    pub fn seconds(&self) -> Option<f64> {
        self.members.get("totTime").and_then(number)
    }

    /// A remark.
    pub fn report_text(&self) -> Option<&'a str> {
        text(self.members, "reportText")
    }

    /// The steps directly inside of it.
    pub fn steps(&self) -> impl Iterator<Item = StepView<'a>> + use<'a> {
        let depth = self.depth + 1;
        objects(self.members, "steps").map(move |members| StepView { members, depth })
    }

    /// What was measured: numbers first, then truths, then texts. Mostly they are all of one kind.
    pub fn measurements(&self) -> impl Iterator<Item = Measurement<'a>> + use<'a> {
        let members = self.members;
        let numbers = objects(members, "numericMeas").map(|one| {
            Measurement::of(
                one,
                Measured::Number {
                    value: one.get("value").and_then(number),
                    unit: text(one, "unit").unwrap_or_default(),
                    low: one.get("lowLimit").and_then(number),
                    high: one.get("highLimit").and_then(number),
                },
            )
        });
        let truths = objects(members, "booleanMeas").map(|one| Measurement::of(one, Measured::Truth));
        let texts = objects(members, "stringMeas").map(|one| {
            let value = text(one, "value").unwrap_or_default();
            Measurement::of(one, Measured::Text { value, limit: text(one, "limit") })
        });
        numbers.chain(truths).chain(texts)
    }
}

/// One measurement of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement<'a> {
    /// Its name; a step with a single one mostly has none for it.
    pub name: Option<&'a str>,
    /// Passed or failed, after [`Report::prepare`].
    pub status: Option<Status>,
    /// What is compared how, such as `GELE`; truths have none.
    pub operator: Option<&'a str>,
    /// What was measured.
    pub measured: Measured<'a>,
}

impl<'a> Measurement<'a> {
    fn of(members: &'a Map<String, Value>, measured: Measured<'a>) -> Self {
        Self {
            name: text(members, "name"),
            status: text(members, "status").and_then(Status::from_letter),
            operator: text(members, "compOp"),
            measured,
        }
    }
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured<'a> {
    /// A number, perhaps with limits. One limit alone is the low one, whatever the operator.
    Number {
        /// The number; `NaN` and the infinities too, which are texts in JSON.
        value: Option<f64>,
        /// Its unit.
        unit: &'a str,
        /// Low limit.
        low: Option<f64>,
        /// High limit.
        high: Option<f64>,
    },
    /// Its status says it all.
    Truth,
    /// A text.
    Text {
        /// The text.
        value: &'a str,
        /// What it is compared with.
        limit: Option<&'a str>,
    },
}

/// A part of a unit, or in a repair also the unit itself.
#[derive(Debug, Clone, Copy)]
pub struct UnitView<'a> {
    members: &'a Map<String, Value>,
}

impl<'a> UnitView<'a> {
    /// All that stands there.
    pub fn members(&self) -> &'a Map<String, Value> {
        self.members
    }

    /// Its number in a repair; 0 is the unit that is repaired.
    pub fn index(&self) -> Option<i64> {
        self.members.get("idx")?.as_i64()
    }

    /// What part it is.
    pub fn part_type(&self) -> Option<&'a str> {
        text(self.members, "partType")
    }

    /// Serial number.
    pub fn serial_number(&self) -> Option<&'a str> {
        text(self.members, "sn")
    }

    /// Part number.
    pub fn part_number(&self) -> Option<&'a str> {
        text(self.members, "pn")
    }

    /// Revision.
    pub fn revision(&self) -> Option<&'a str> {
        text(self.members, "rev")
    }

    /// What was wrong with it.
    pub fn failures(&self) -> impl Iterator<Item = FailureView<'a>> + use<'a> {
        objects(self.members, "failures").map(|members| FailureView { members })
    }
}

/// What was wrong with a repaired unit.
#[derive(Debug, Clone, Copy)]
pub struct FailureView<'a> {
    members: &'a Map<String, Value>,
}

impl<'a> FailureView<'a> {
    /// All that stands there.
    pub fn members(&self) -> &'a Map<String, Value> {
        self.members
    }

    /// Kind of failure.
    pub fn category(&self) -> &'a str {
        text(self.members, "category").unwrap_or_default()
    }

    /// The failure.
    pub fn code(&self) -> &'a str {
        text(self.members, "code").unwrap_or_default()
    }

    /// Where it was, for example `C12`.
    pub fn component(&self) -> Option<&'a str> {
        text(self.members, "comRef")
    }

    /// A remark.
    pub fn comment(&self) -> Option<&'a str> {
        text(self.members, "comment")
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str()
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    }
}

fn objects<'a>(
    members: &'a Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> + use<'a> {
    members.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_reports;

    fn report(text: &str) -> Report {
        read_reports(text.as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn a_test_is_walked_in_its_order() {
        let report = report(include_str!("../tests/reports/test.json"));
        let steps: Vec<_> = report.steps().map(|step| (step.depth(), step.name())).collect();
        assert_eq!(steps.len(), 16);
        assert_eq!(steps[..3], [(0, "MainSequence Callback"), (1, "Power on"), (1, "VCC")]);
        assert_eq!(steps[12..15], [(1, "Loop"), (2, "w"), (1, "Noise")]);
        let failed: Vec<_> = report
            .steps()
            .filter(|step| step.status() == Some(Status::Failed))
            .map(|step| step.name())
            .collect();
        assert_eq!(failed, ["MainSequence Callback", "Ripple"]);
        let step = report.steps().nth(1).unwrap();
        assert_eq!((step.kind(), step.group(), step.seconds()), ("Action", Group::Setup, Some(0.25)));
        assert_eq!(step.measurements().count(), 0);
        assert_eq!(report.misc_infos().collect::<Vec<_>>(), [("Firmware", "1.2.3")]);
    }

    #[test]
    fn measurements_have_their_limits() {
        let report = report(include_str!("../tests/reports/test.json"));
        let of = |name: &str| {
            let step = report.steps().find(|step| step.name() == name).unwrap();
            step.measurements().collect::<Vec<_>>()
        };
        let number = |value, unit, low, high| Measured::Number { value: Some(value), unit, low, high };
        let ripple = of("Ripple")[0];
        assert_eq!((ripple.operator, ripple.status, ripple.name), (Some("LE"), Some(Status::Failed), None));
        assert_eq!(ripple.measured, number(61.5, "mV", Some(50.0), None));
        let rails = of("Rails");
        assert_eq!((rails.len(), rails[0].name), (2, Some("3V3")));
        assert_eq!(rails[0].measured, number(3.3, "V", Some(3.2), Some(3.4)));
        assert_eq!(of("LED")[0].measured, Measured::Truth);
        assert_eq!(of("FW")[0].measured, Measured::Text { value: "v1.2", limit: Some("V1.2") });
    }

    #[test]
    fn a_repair_names_what_was_wrong() {
        let report = report(include_str!("../tests/reports/repair.json"));
        let units: Vec<_> = report.sub_units().map(|unit| (unit.index(), unit.serial_number())).collect();
        assert_eq!(units, [(Some(0), Some("SN0001")), (Some(1), Some("S-1")), (Some(2), Some("S-2"))]);
        let failure = report.sub_units().next().unwrap().failures().next().unwrap();
        assert_eq!((failure.category(), failure.code()), ("Component", "Defect Component"));
        assert_eq!((failure.component(), failure.comment()), (Some("C12"), Some("short")));
        assert_eq!(report.steps().count(), 0);
    }

    #[test]
    fn odd_documents_give_nothing_and_do_no_harm() {
        let report = report(
            r#"{"root":{"name":5,"steps":[7,{"numericMeas":[null,{"value":"NaN","lowLimit":"x"}]}]},"subUnits":{}}"#,
        );
        assert_eq!(report.steps().count(), 2);
        assert_eq!((report.root().unwrap().name(), report.sub_units().count()), ("", 0));
        let measured = report.steps().nth(1).unwrap().measurements().next().unwrap().measured;
        assert!(matches!(measured, Measured::Number { value: Some(value), low: None, .. } if value.is_nan()));
    }
}
