//! NI TestStand XML as WATS's report generator writes it (`TSReport`).
//!
//! The root `TSReport` has `ReportInfo` elements with `key` and `value` (`ID`, `Start`, `SN`, `PN`, `Rev`, `PCode`), and
//! TestStand's own properties: `Prop` with `Name`, and either a `Value` with text, or `Prop` children, or for an array
//! `Value` elements that each hold a `Prop`.
//!
//! * `UUT`: `BatchSerialNumber`, `TestSocketIndex`, `Comment`, `UUT_Fixture_ID`, …
//! * `StationInfo`: `StationID`, `LoginName`, `Location`, `Purpose`
//! * `MainSequenceResults`: a result. A result has `Status`, `ReportText`, `Error`, and `TS` with `StepName`, `StepType`,
//!   `StepGroup`, `StepId`, `TotalTime`; `TS/SequenceCall/ResultList` holds the results below it, `PassFail` a boolean,
//!   `Numeric` with `Limits`, `Comp` and `Units` a number, `String` a text, `Measurement` several of them.
//!
//! TestStand's own report (`Reports` with `<Report Type='UUT'>`) has its header only in the order of printing, and is
//! refused: let TestStand write ATML, or WATS's own report generator write `TSReport`.
//!
//! Confidence: 100 for `TSReport`; 90 for TestStand's own report, in order to refuse it with this reason.
//!
//! Arguments: the common ones; process code 10 without one.

use crate::draft::{Budget, Draft, ROOT_NAME};
use crate::moment::Moment;
use crate::status::Status;
use crate::step::{Boolean, Content, Group, Limits, Numeric, Step, Text};
use crate::xml::Element;
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, limits, number};
use serde_json::Value;
use wats::{Report, Uuid};

pub(super) struct TestStand;

impl Converter for TestStand {
    fn name(&self) -> &'static str {
        "teststand"
    }

    fn describe(&self) -> Description {
        Description { title: "NI TestStand XML (TSReport)", patterns: &["*.xml"], arguments: &[] }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let outline = source.outline();
        let own = outline.first_child.iter().any(|(name, _)| name == "Type");
        match outline.root_name() {
            "TSReport" => Confidence::CERTAIN,
            "Reports" if outline.root_namespace.is_empty() && own => Confidence::percent(90),
            _ => Confidence::NONE,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let root = Element::parse(&source.text(arguments)?)?;
        if root.name != "TSReport" {
            return Err(Refusal::Unsupported(
                "this is TestStand's own XML report, which is made for printing and is not read; let TestStand write its \
                 reports as ATML (IEEE 1636.1), which is read"
                    .to_owned(),
            ));
        }
        let mut budget = Budget::default();
        Ok(vec![report(&root, &mut budget)?.finish(arguments, &mut budget)?])
    }
}

/// A property by its name.
fn prop<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    element.children.iter().find(|child| child.name == "Prop" && child.raw("Name") == Some(name))
}

/// A property by the names on the way to it.
fn at<'a>(element: &'a Element, path: &[&str]) -> Option<&'a Element> {
    path.iter().try_fold(element, |element, name| prop(element, name))
}

/// The text of a property; empty when it is missing.
fn text<'a>(element: &'a Element, path: &[&str]) -> &'a str {
    at(element, path).and_then(|prop| prop.child_text("Value")).unwrap_or_default()
}

/// The properties in an array.
fn items(array: &Element) -> impl Iterator<Item = &Element> {
    array.all("Value").filter_map(|value| value.child("Prop"))
}

fn report(root: &Element, budget: &mut Budget) -> Result<Draft, Refusal> {
    let info = |key: &str| {
        let found = root.all("ReportInfo").find(|info| info.get("key") == Some(key));
        found.and_then(|info| info.get("value")).unwrap_or_default().to_owned()
    };
    let unit = |name: &str| text(root, &["UUT", name]).to_owned();
    let or = |first: String, second: String| if first.is_empty() { second } else { first };
    let mut draft = Draft::new(10);
    draft.id = Uuid::parse_str(&info("ID")).ok().filter(|id| !id.is_nil());
    draft.start = Moment::iso(&info("Start"));
    draft.serial_number = or(info("SN"), unit("SerialNumber"));
    draft.part_number = or(info("PN"), or(unit("UUTPartNumber"), unit("PartNumber")));
    draft.revision = or(info("Rev"), unit("UUTPartRevisionNumber"));
    draft.process_code = or(info("PCode"), unit("UUTOperationType")).parse().ok().filter(|code| *code != 0);
    draft.batch = unit("BatchSerialNumber");
    draft.socket = unit("TestSocketIndex").parse().ok();
    draft.comment = unit("Comment");
    draft.fixture = unit("UUT_Fixture_ID");
    let station = |name: &str| text(root, &["StationInfo", name]).to_owned();
    draft.station = or(station("StationID"), station("StationComputerName"));
    draft.operator = station("LoginName");
    draft.location = station("Location");
    draft.purpose = station("Purpose");

    let main = prop(root, "MainSequenceResults")
        .ok_or_else(|| Refusal::malformed("the file has no MainSequenceResults, so no steps"))?;
    let mut step = step(main, 0, budget)?;
    draft.result = step.status;
    draft.execution_time = step.seconds.clone();
    if let Content::Sequence { path, name, version, steps } =
        std::mem::replace(&mut step.content, Content::Action)
    {
        (draft.sequence_path, draft.sequence_name, draft.sequence_version) = (path, name, version);
        draft.steps = steps;
    }
    draft.error_code = step.error_code.as_ref().and_then(Value::as_i64);
    draft.error_message.clone_from(&step.error_message);
    if step.name.is_empty() {
        step.name = ROOT_NAME.to_owned();
    }
    draft.root = Some(step);
    Ok(draft)
}

fn step(result: &Element, depth: usize, budget: &mut Budget) -> Result<Step, Refusal> {
    budget.reads(1, prop(result, "Measurement").map_or(1, |array| items(array).count()))?;
    if depth > limits::SEQUENCE_DEPTH {
        return Err(Refusal::TooLarge(format!(
            "it has more than {} sequences in each other",
            limits::SEQUENCE_DEPTH
        )));
    }
    let word = match text(result, &["Status"]) {
        "" => text(result, &["TS", "SequenceCall", "Status"]),
        word => word,
    };
    let status = Status::from_word(word).unwrap_or(Status::Done);
    let mut step = Step::new(text(result, &["TS", "StepName"]), status);
    step.group = Group::from_word(text(result, &["TS", "StepGroup"]));
    step.guid = text(result, &["TS", "StepId"]).to_owned();
    step.seconds = number::read(text(result, &["TS", "TotalTime"]));
    step.report_text = text(result, &["ReportText"]).to_owned();
    if text(result, &["Error", "Occurred"]).eq_ignore_ascii_case("true") {
        step.error_code = number::read(text(result, &["Error", "Code"]));
        step.error_message = text(result, &["Error", "Msg"]).to_owned();
    }
    step.caused_sequence_failure =
        text(result, &["TS", "StepCausedSequenceFailure"]).eq_ignore_ascii_case("true");
    let kind = text(result, &["TS", "StepType"]);
    if let Some(call) = at(result, &["TS", "SequenceCall"]) {
        let list = prop(call, "ResultList");
        let steps: Result<Vec<Step>, Refusal> =
            list.into_iter().flat_map(items).map(|result| self::step(result, depth + 1, budget)).collect();
        step.content = Content::Sequence {
            path: text(call, &["SequenceFile"]).to_owned(),
            name: text(call, &["Sequence"]).to_owned(),
            version: text(call, &["SequenceFileVersion"]).to_owned(),
            steps: steps?,
        };
        return Ok(step);
    }
    step.content = content(result, kind, status);
    let by_content = matches!(
        kind,
        "NumericLimitTest" | "NI_MultipleNumericLimitTest" | "PassFailTest" | "StringValueTest"
    );
    if matches!(step.content, Content::Action) || !(by_content || kind.is_empty()) {
        step.step_type = Some(kind.to_owned()).filter(|kind| !kind.is_empty()).map(Into::into);
    }
    Ok(step)
}

fn content(result: &Element, kind: &str, status: Status) -> Content {
    if let Some(array) = prop(result, "Measurement") {
        let measurements: Vec<&Element> = items(array).collect();
        let name = |item: &Element| match text(item, &["MeasName"]) {
            "" => item.raw("Name").unwrap_or_default().to_owned(),
            name => name.to_owned(),
        };
        let own = |item: &Element| Status::from_word(text(item, &["Status"])).unwrap_or(status);
        return match kind {
            "ET_MPFT" => Content::Booleans(
                measurements.iter().map(|item| Boolean { name: name(item), status: own(item) }).collect(),
            ),
            "ET_MSVT" => Content::Texts(
                measurements.iter().map(|item| string(item, name(item), "MeasValue", own(item))).collect(),
            ),
            _ => Content::Numbers(
                measurements.iter().map(|item| numeric(item, name(item), "Data", own(item))).collect(),
            ),
        };
    }
    match () {
        () if prop(result, "Numeric").is_some() => {
            Content::Numbers(vec![numeric(result, String::new(), "Numeric", status)])
        }
        () if prop(result, "String").is_some() => {
            Content::Texts(vec![string(result, String::new(), "String", status)])
        }
        () if prop(result, "PassFail").is_some() => {
            let status = Status::from_word(text(result, &["PassFail"])).unwrap_or(status);
            Content::Booleans(vec![Boolean { name: String::new(), status }])
        }
        () => Content::Action,
    }
}

fn numeric(item: &Element, name: String, value: &str, status: Status) -> Numeric {
    let limit = |name: &str| number::read(text(item, &["Limits", name]));
    let (low, high) = (limit("Low"), limit("High"));
    let limits = Limits::with_operator(text(item, &["Comp"]), low.clone(), high.clone())
        .unwrap_or_else(|| Limits::inclusive(low, high));
    let value = number::read(text(item, &[value])).unwrap_or_else(|| "NaN".into());
    Numeric { name, status, value, unit: text(item, &["Units"]).to_owned(), limits }
}

fn string(item: &Element, name: String, value: &str, status: Status) -> Text {
    let limit = at(item, &["Limits", "String"])
        .and_then(|limit| limit.child("Value"))
        .map(|value| value.text.clone());
    let operator = Text::operator(text(item, &["Comp"]), limit.is_some());
    Text { name, status, value: text(item, &[value]).to_owned(), operator, limit }
}
