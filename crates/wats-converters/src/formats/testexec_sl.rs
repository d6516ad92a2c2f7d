//! Keysight TestExec SL: the XML result.
//!
//! ```xml
//! <TestResults><Header><ProgramName/><StationID/><Operator/><StartTime/><EndTime/></Header>
//! <UUT><SerialNumber/><PartNumber/><Revision/></UUT>
//! <TestSequence><TestGroup name=""><Test name="" status="pass">
//!   <Measurement><Name/><Value/><Units/><LowLimit/><HighLimit/></Measurement></Test></TestGroup></TestSequence>
//! <Summary><Status>Pass</Status><Duration>65.0</Duration></Summary></TestResults>
//! ```
//!
//! The root is `TestResults`, `TestExecResults` or `Results`, without a name space. A test with one measurement is a
//! numeric step, with several a multiple one; a value that is no number is compared as a text; a test without any passes
//! or fails. Times have no zone unless they bring one.
//!
//! Confidence: 95 with `Header` or `UUT` and `TestSequence` near the start, 70 with one of them.
//!
//! Arguments: the common ones; process code 20 without one.

use crate::draft::{Budget, Draft};
use crate::moment::Moment;
use crate::status::Status;
use crate::step::{Content, Limits, Numeric, Step, Text};
use crate::xml::Element;
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, limits, number};
use wats::Report;

const ROOTS: [&str; 3] = ["TestResults", "TestExecResults", "Results"];

pub(super) struct TestExecSl;

impl Converter for TestExecSl {
    fn name(&self) -> &'static str {
        "testexec-sl"
    }

    fn describe(&self) -> Description {
        Description { title: "Keysight TestExec SL", patterns: &["*.xml"], arguments: &[] }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let outline = source.outline();
        if !ROOTS.contains(&outline.root_name()) || !outline.namespaces.is_empty() {
            return Confidence::NONE;
        }
        match (outline.has("Header") || outline.has("UUT"), outline.has("TestSequence")) {
            (true, true) => Confidence::SURE,
            (true, _) | (_, true) => Confidence::LIKELY,
            _ => Confidence::NONE,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let root = Element::parse(&source.text(arguments)?)?;
        if !ROOTS.contains(&root.name.as_str()) {
            return Err(Refusal::malformed(format!("the root element is {}, not TestResults", root.name)));
        }
        let mut budget = Budget::default();
        Ok(vec![report(&root, &mut budget)?.finish(arguments, &mut budget)?])
    }
}

fn report(root: &Element, budget: &mut Budget) -> Result<Draft, Refusal> {
    let text = |path: [&str; 2]| {
        let text = root.at(&path).map(|element| element.text.trim());
        text.unwrap_or_default().to_owned()
    };
    let mut draft = Draft::new(20);
    draft.sequence_name = text(["Header", "ProgramName"]);
    draft.sequence_version = text(["Header", "ProgramVersion"]);
    draft.station = text(["Header", "StationID"]);
    draft.operator = text(["Header", "Operator"]);
    draft.start = Moment::iso(&text(["Header", "StartTime"]));
    draft.ends(Moment::iso(&text(["Header", "EndTime"])));
    draft.execution_time = number::read(&text(["Summary", "Duration"])).or(draft.execution_time);
    draft.serial_number = text(["UUT", "SerialNumber"]);
    draft.part_number = text(["UUT", "PartNumber"]);
    draft.revision = text(["UUT", "Revision"]);
    let sequence = root
        .child("TestSequence")
        .ok_or_else(|| Refusal::malformed("the file has no TestSequence, so no test"))?;
    draft.steps = steps(sequence, 0, budget)?;
    let word = text(["Summary", "Status"]);
    draft.result = match word.as_str() {
        "" => Step::status_of(&draft.steps),
        word => {
            Status::from_word(word).ok_or_else(|| Refusal::malformed(format!("{word:?} is no result")))?
        }
    };
    Ok(draft)
}

fn steps(element: &Element, depth: usize, budget: &mut Budget) -> Result<Vec<Step>, Refusal> {
    if depth > limits::SEQUENCE_DEPTH {
        return Err(Refusal::TooLarge(format!(
            "it has more than {} groups in each other",
            limits::SEQUENCE_DEPTH
        )));
    }
    let mut steps = Vec::new();
    for child in &element.children {
        match child.name.as_str() {
            "TestGroup" => {
                budget.reads(1, 0)?;
                let inner = self::steps(child, depth + 1, budget)?;
                let own = child.get_any_case("status").and_then(Status::from_word);
                let status = own.unwrap_or_else(|| Step::status_of(&inner));
                steps.push(Step::sequence(child.get_any_case("name").unwrap_or("Group"), status, inner));
            }
            "Test" => {
                budget.reads(1, child.all("Measurement").count())?;
                steps.push(test(child));
            }
            _ => {}
        }
    }
    Ok(steps)
}

fn test(element: &Element) -> Step {
    let name = element.get_any_case("name").unwrap_or("Test");
    let own = element.get_any_case("status").and_then(Status::from_word);
    let measurements: Vec<&Element> = element.all("Measurement").collect();
    let single = measurements.len() == 1;
    let judge = |pass: bool| own.filter(|_| single).unwrap_or(Status::passed_if(pass));
    let text = |element: &Element, name: &str| element.child_text(name).unwrap_or_default().to_owned();
    let numeric = measurements.iter().all(|one| number::read(&text(one, "Value")).is_some());
    let content = match () {
        () if measurements.is_empty() => return Step::boolean(name, own.unwrap_or(Status::Done)),
        () if numeric => Content::Numbers(
            measurements
                .iter()
                .filter_map(|one| {
                    let value = number::read(&text(one, "Value"))?;
                    let limit = |name: &str| one.child_text(name).and_then(number::read);
                    let limits = Limits::inclusive(limit("LowLimit"), limit("HighLimit"));
                    let status = judge(limits.pass(&value));
                    Some(Numeric { name: text(one, "Name"), status, value, unit: text(one, "Units"), limits })
                })
                .collect(),
        ),
        () => Content::Texts(
            measurements
                .iter()
                .map(|one| {
                    let (value, limit) = (text(one, "Value"), one.child_text("LowLimit").map(str::to_owned));
                    let status = judge(limit.as_ref().is_none_or(|limit| *limit == value));
                    let operator = Text::operator("", limit.is_some());
                    Text { name: text(one, "Name"), status, value, operator, limit }
                })
                .collect(),
        ),
    };
    Step { content, ..Step::new(name, own.unwrap_or(Status::Done)) }
}
