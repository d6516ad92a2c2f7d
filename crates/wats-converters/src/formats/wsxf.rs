//! WATS's XML formats: WSXF and the older WRML.
//!
//! Both have the root `Reports` with one or more `Report`; the name space tells them apart:
//! `http://wats.virinco.com/schemas/WATS/Report/wsxf` is WSXF, `http://wats.virinco.com/schemas/WATS/Report` WRML.
//! A report has its header in attributes (`SN`, `PN`, `Rev`, `Result`, `Start`, …), `UUT` or `UUR`, `Process`,
//! `MiscInfo`, and the units (`ReportUnitHierarchy` in WSXF, `PartInfo` in WRML). Status words are whole (`Passed`).
//!
//! In WSXF steps stand inside of each other, and measurements (`NumericLimit`, `PassFail`, `StringValue`, `Chart`,
//! `Loop`, …) inside of their step. In WRML all stand side by side in the report: a step names its parent in
//! `ParentStepID`, a measurement its step in `StepID`. The points of a WRML chart are base64 of a form that is not
//! described: they are kept as a binary attachment of the report.
//!
//! Confidence: 100 by name space; 80 for a `Reports` without one whose first `Report` has the attributes `type` and
//! `SN`, which is taken as WSXF.
//!
//! Arguments: the common ones fill what a report leaves out.

use crate::draft::{Budget, at_least_one};
use crate::status::Status;
use crate::step::{Group, Names};
use crate::xml::Element;
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, limits, number};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use wats::Report;

const NAMESPACE_WSXF: &str = "http://wats.virinco.com/schemas/WATS/Report/wsxf";
const NAMESPACE_WRML: &str = "http://wats.virinco.com/schemas/WATS/Report";

/// Reads WSXF.
pub(super) struct Wsxf;
/// Reads WRML.
pub(super) struct Wrml;

impl Converter for Wsxf {
    fn name(&self) -> &'static str {
        "wsxf"
    }

    fn describe(&self) -> Description {
        Description {
            title: "WATS Standard XML Format (WSXF)",
            patterns: &["*.xml", "*.wsxf"],
            arguments: &[],
        }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let outline = source.outline();
        let has = |name: &str| outline.first_child.iter().any(|(own, _)| own == name);
        match outline.root_name() {
            "Reports" if outline.root_namespace == NAMESPACE_WSXF => Confidence::CERTAIN,
            "Reports" if outline.root_namespace.is_empty() && has("type") && has("SN") => {
                Confidence::percent(80)
            }
            _ => Confidence::NONE,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        reports(source, arguments, nested)
    }
}

impl Converter for Wrml {
    fn name(&self) -> &'static str {
        "wrml"
    }

    fn describe(&self) -> Description {
        Description {
            title: "WATS Report Markup Language (WRML)",
            patterns: &["*.xml", "*.wrml"],
            arguments: &[],
        }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let outline = source.outline();
        match outline.root_name() {
            "Reports" if outline.root_namespace == NAMESPACE_WRML => Confidence::CERTAIN,
            _ => Confidence::NONE,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        reports(source, arguments, flat)
    }
}

/// Finds the root step of a report. Adds what has no place in a step to the report's members.
type FindRoot = fn(&Element, &mut Map<String, Value>, &mut Budget) -> Result<Option<Value>, Refusal>;

fn reports(source: &Source, arguments: &Arguments, find_root: FindRoot) -> Result<Vec<Report>, Refusal> {
    let root = Element::parse(&source.text(arguments)?)?;
    if root.name != "Reports" {
        return Err(Refusal::malformed(format!("the root element is {}, not Reports", root.name)));
    }
    let mut budget = Budget::default();
    let reports = root.all("Report").map(|element| {
        budget.report()?;
        report(element, arguments, find_root, &mut budget)
    });
    at_least_one(reports.collect::<Result<_, _>>()?)
}

fn report(
    element: &Element,
    arguments: &Arguments,
    find_root: FindRoot,
    budget: &mut Budget,
) -> Result<Report, Refusal> {
    let mut report = Map::new();
    let kind = element.get_any_case("type").unwrap_or("UUT");
    let repair = kind.eq_ignore_ascii_case("uur") || element.child("UUR").is_some();
    report.insert("type".into(), if repair { "R" } else { "T" }.into());
    let or = |attribute: &str, argument: &str| element.get(attribute).or_else(|| arguments.get(argument));
    put(&mut report, "id", element.get("ID").map(str::to_lowercase));
    put(&mut report, "pn", or("PN", "part-number"));
    put(&mut report, "sn", element.get("SN"));
    put(&mut report, "rev", or("Rev", "part-revision"));
    put(&mut report, "productName", element.get("ProductName"));
    let process = element.child("Process");
    let code = process
        .and_then(|process| process.get("Code"))
        .map(whole)
        .or(arguments.process_code()?.map(Value::from));
    put(&mut report, "processCode", code.or((!repair).then(|| json!(10))));
    put(&mut report, "processName", process.and_then(|process| process.get("Name")));
    let result = element.get("Result").map(status).or(repair.then(|| Status::Passed.letter()));
    put(&mut report, "result", result);
    put(&mut report, "machineName", or("MachineName", "station-name"));
    put(&mut report, "location", or("Location", "location"));
    put(&mut report, "purpose", or("Purpose", "purpose"));
    put(&mut report, "origin", element.get("origin"));
    put(&mut report, "start", element.get("Start"));
    put(&mut report, "startUTC", element.get("Start_utc"));
    if repair {
        report.insert("uur".into(), uur(element.child("UUR").unwrap_or(element)).into());
    } else {
        report.insert("uut".into(), element.child("UUT").map(uut).unwrap_or_default().into());
    }
    budget.items(element.all("MiscInfo").count() + units(element).count())?;
    let infos: Vec<Value> = element.all("MiscInfo").filter_map(misc_info).collect();
    put(&mut report, "miscInfos", (!infos.is_empty()).then_some(infos));
    let units = if repair { repaired_units(element, &report, budget)? } else { sub_units(element) };
    put(&mut report, "subUnits", (!units.is_empty()).then_some(units));
    let root = find_root(element, &mut report, budget)?;
    if !repair && root.is_none() {
        return Err(Refusal::malformed("a test report in the file has no step"));
    }
    put(&mut report, "root", root);
    Ok(Report::from_members(report))
}

fn uut(element: &Element) -> Map<String, Value> {
    let mut uut = Map::new();
    put(&mut uut, "user", element.get("UserLoginName"));
    put(&mut uut, "comment", element.child_text("Comment"));
    put(&mut uut, "execTime", element.get("ExecutionTime").and_then(number::read));
    put(&mut uut, "fixtureId", element.get("FixtureId"));
    put(&mut uut, "testSocketIndex", element.get("TestSocketIndex").map(whole));
    put(&mut uut, "batchSN", element.get("BatchSN"));
    put(&mut uut, "batchFailCount", element.get("BatchFailCount").map(whole));
    put(&mut uut, "batchLoopIndex", element.get("BatchLoopIndex").map(whole));
    put(&mut uut, "errorCode", element.get("ErrorCode").map(whole));
    put(&mut uut, "errorMessage", element.get("ErrorMessage"));
    put(&mut uut, "stepIdCausedUUTFailure", element.get("StepIdCausedUUTFailure").map(whole));
    uut
}

fn uur(element: &Element) -> Map<String, Value> {
    let mut uur = Map::new();
    let process = element.child("Process");
    put(&mut uur, "user", element.get("UserLoginName"));
    put(&mut uur, "comment", element.child_text("Comment"));
    put(&mut uur, "processCode", process.and_then(|process| process.get("Code")).map(whole));
    put(&mut uur, "processName", process.and_then(|process| process.get("Name")));
    let tested = element.get("ReferencedUUT").map(str::to_lowercase);
    put(&mut uur, "refUUT", tested.filter(|id| !id.starts_with("00000000-")));
    put(&mut uur, "confirmDate", element.get("ConfirmDate"));
    put(&mut uur, "finalizeDate", element.get("FinalizeDate"));
    put(&mut uur, "execTime", element.get("ExecutionTime").and_then(number::read));
    put(&mut uur, "active", element.get("Active").map(truth));
    uur
}

fn misc_info(element: &Element) -> Option<Value> {
    let mut info = Map::new();
    put(&mut info, "description", Some(element.get("Description")?));
    match element.text.trim() {
        "" => put(&mut info, "numeric", element.get("Numeric").and_then(number::read)),
        text => put(&mut info, "text", Some(text)),
    }
    Some(info.into())
}

fn units(element: &Element) -> impl Iterator<Item = &Element> {
    element.children.iter().filter(|child| matches!(child.name.as_str(), "ReportUnitHierarchy" | "PartInfo"))
}

fn unit(element: &Element) -> Map<String, Value> {
    let mut unit = Map::new();
    put(&mut unit, "partType", element.get("PartType"));
    put(&mut unit, "pn", element.get("PN"));
    put(&mut unit, "rev", element.get("Rev"));
    put(&mut unit, "sn", element.get("SN"));
    put(&mut unit, "position", element.get("Position").map(whole));
    unit
}

fn sub_units(element: &Element) -> Vec<Value> {
    units(element).map(|element| unit(element).into()).collect()
}

/// The units of a repair with their failures. A failure of a unit that is not listed goes to the main unit.
fn repaired_units(
    element: &Element,
    report: &Map<String, Value>,
    budget: &mut Budget,
) -> Result<Vec<Value>, Refusal> {
    let mut all: Vec<(i64, Map<String, Value>, Vec<Value>)> = Vec::new();
    for (position, element) in units(element).enumerate() {
        let index = index_of(element, "Idx").unwrap_or(position as i64);
        let mut unit = Map::from_iter([("idx".to_owned(), json!(index)), ("sn".to_owned(), json!(""))]);
        unit.extend(self::unit(element));
        put(&mut unit, "parentIdx", index_of(element, "ParentIDX").filter(|parent| *parent >= 0));
        put(&mut unit, "replacedIdx", index_of(element, "ReplacedIDX").filter(|replaced| *replaced >= 0));
        all.push((index, unit, Vec::new()));
    }
    if !all.iter().any(|(index, ..)| *index == 0) {
        let mut main = Map::from_iter([("idx".to_owned(), json!(0)), ("partType".to_owned(), json!("Main"))]);
        for name in ["pn", "rev", "sn"] {
            put(&mut main, name, report.get(name).cloned());
        }
        all.insert(0, (0, main, Vec::new()));
    }
    let mut places = HashMap::new();
    for (place, (index, ..)) in all.iter().enumerate() {
        places.entry(*index).or_insert(place);
    }
    for failure in element.descendants().filter(|child| matches!(child.name.as_str(), "Failures" | "Failure"))
    {
        budget.items(1)?;
        let wanted = index_of(failure, "PartIdx").unwrap_or(0);
        if let Some(place) = places.get(&wanted).or_else(|| places.get(&0)) {
            all[*place].2.push(self::failure(failure).into());
        }
    }
    let with_failures = all.into_iter().map(|(_, mut unit, failures)| {
        put(&mut unit, "failures", (!failures.is_empty()).then_some(failures));
        Value::from(unit)
    });
    Ok(with_failures.collect())
}

fn failure(element: &Element) -> Map<String, Value> {
    let mut failure = Map::new();
    put(&mut failure, "category", element.get("Category"));
    put(&mut failure, "code", element.get("Code").or_else(|| element.get("Failcode")));
    put(&mut failure, "comment", element.child_text("Comment").or_else(|| element.get("Comment")));
    put(&mut failure, "comRef", element.get("CompRef"));
    put(&mut failure, "funcBlock", element.get("FuncBlock"));
    put(&mut failure, "refStepId", element.get("StepID").map(whole).filter(|id| id.as_i64() != Some(-1)));
    for (attribute, member) in [
        ("ArticleNumber", "artNumber"),
        ("ArticleRevision", "artRev"),
        ("ArticleVendor", "artVendor"),
        ("ArticleDescription", "artDescription"),
    ] {
        put(&mut failure, member, element.get(attribute));
    }
    failure
}

/// The root step of WSXF.
fn nested(
    report: &Element,
    _: &mut Map<String, Value>,
    budget: &mut Budget,
) -> Result<Option<Value>, Refusal> {
    report.child("Step").map(|step| nested_step(step, 0, budget)).transpose()
}

fn nested_step(element: &Element, depth: usize, budget: &mut Budget) -> Result<Value, Refusal> {
    if depth > limits::SEQUENCE_DEPTH {
        return Err(too_deep());
    }
    let parts: Vec<&Element> = element.children.iter().filter(|child| child.name != "Step").collect();
    let mut step = step(element, &parts, budget)?;
    let steps: Result<Vec<Value>, Refusal> =
        element.all("Step").map(|child| nested_step(child, depth + 1, budget)).collect();
    put_steps(&mut step, steps?);
    Ok(step.into())
}

/// The root step of WRML: the first step whose parent is not there. Later ones of this kind become its children, so
/// that nothing is lost.
fn flat(
    report: &Element,
    members: &mut Map<String, Value>,
    budget: &mut Budget,
) -> Result<Option<Value>, Refusal> {
    let id_of = |element: &Element| element.get("StepID").or_else(|| element.get("Id")).map(str::to_owned);
    let steps: Vec<(&Element, String)> = report
        .descendants()
        .filter(|element| element.name == "Step")
        .enumerate()
        .map(|(position, element)| (element, id_of(element).unwrap_or_else(|| format!("?{position}"))))
        .collect();
    let Some((_, root)) = steps.first() else { return Ok(None) };
    let known: HashSet<&str> = steps.iter().map(|(_, id)| id.as_str()).collect();
    if known.len() != steps.len() {
        return Err(Refusal::malformed("two steps of a report have the same StepID"));
    }
    let mut parts: HashMap<&str, Vec<&Element>> = HashMap::new();
    for (element, id) in &steps {
        parts.entry(id).or_default().extend(element.children.iter().filter(|child| child.name != "Step"));
    }
    let beside = report.children.iter().filter(|child| !matches!(child.name.as_str(), "Step" | "Failures"));
    for element in beside.flat_map(Element::descendants) {
        if let Some(step) = element.get("StepID").filter(|id| known.contains(id)) {
            parts.entry(step).or_default().push(element);
        }
    }
    let mut children: HashMap<&str, Vec<usize>> = HashMap::new();
    for (position, (element, id)) in steps.iter().enumerate().skip(1) {
        let parent = element.get("ParentStepID").filter(|parent| known.contains(parent) && parent != id);
        children.entry(parent.unwrap_or(root)).or_default().push(position);
    }
    let mut tree = Flat { steps: &steps, parts, children, binaries: Vec::new(), used: 0 };
    let root = tree.step(0, 0, budget)?;
    if tree.used != steps.len() {
        return Err(Refusal::malformed("steps of a report are parents of each other"));
    }
    let binaries = tree.binaries;
    put(members, "binaryData", (!binaries.is_empty()).then_some(binaries));
    Ok(Some(root))
}

struct Flat<'a> {
    steps: &'a [(&'a Element, String)],
    /// What belongs to a step.
    parts: HashMap<&'a str, Vec<&'a Element>>,
    /// The positions of the steps below a step.
    children: HashMap<&'a str, Vec<usize>>,
    binaries: Vec<Value>,
    used: usize,
}

impl Flat<'_> {
    fn step(&mut self, position: usize, depth: usize, budget: &mut Budget) -> Result<Value, Refusal> {
        if depth > limits::SEQUENCE_DEPTH {
            return Err(too_deep());
        }
        self.used += 1;
        let (element, id) = &self.steps[position];
        let parts = self.parts.remove(id.as_str()).unwrap_or_default();
        let mut step = step(element, &parts, budget)?;
        for chart in parts.iter().filter(|part| part.name == "Chart") {
            self.keep_points(chart, id);
        }
        let children = self.children.remove(id.as_str()).unwrap_or_default();
        let steps: Result<Vec<Value>, Refusal> =
            children.into_iter().map(|child| self.step(child, depth + 1, budget)).collect();
        put_steps(&mut step, steps?);
        Ok(step.into())
    }

    /// Points of a chart in a form that is not described.
    fn keep_points(&mut self, chart: &Element, step: &str) {
        for (number, series) in chart.all("Series").enumerate() {
            if let Some(data) = series.child_text("Data") {
                let data: String = data.chars().filter(|letter| !letter.is_whitespace()).collect();
                self.binaries.push(json!({
                    "contentType": "application/octet-stream",
                    "name": format!("step {} chart series {}.bin", file_name(step), number + 1),
                    "data": data,
                }));
            }
        }
    }
}

fn too_deep() -> Refusal {
    Refusal::TooLarge(format!("it has more than {} sequences in each other", limits::SEQUENCE_DEPTH))
}

fn put_steps(step: &mut Map<String, Value>, steps: Vec<Value>) {
    let sequence =
        matches!(step.get("stepType").and_then(Value::as_str), Some("SequenceCall" | "WATS_SeqCall"));
    put(step, "steps", (sequence || !steps.is_empty()).then_some(steps));
}

/// A step without the steps below it.
fn step(element: &Element, parts: &[&Element], budget: &mut Budget) -> Result<Map<String, Value>, Refusal> {
    budget.step(parts.len())?;
    let mut step = Map::new();
    put(&mut step, "id", element.get("Id").or_else(|| element.get("StepID")).map(whole));
    put(&mut step, "group", Some(Group::from_word(element.get("Group").unwrap_or_default()).letter()));
    put(&mut step, "stepType", Some(element.get("StepType").unwrap_or("Action")));
    put(&mut step, "name", Some(element.get("Name").unwrap_or("Step")));
    put(&mut step, "status", Some(status(element.get("Status").unwrap_or("Done"))));
    put(&mut step, "start", element.get("Start"));
    put(&mut step, "totTime", element.get("total_time").and_then(number::read));
    put(&mut step, "causedUUTFailure", element.get("StepCausedUUTFailure").map(truth));
    put(&mut step, "causedSeqFailure", element.get("StepCausedSequenceFailure").map(truth));
    put(&mut step, "errorCode", element.get("StepErrorCode").map(whole));
    put(&mut step, "errorMessage", element.get("StepErrorMessage"));
    put(&mut step, "tsGuid", element.get("TSGuid"));
    let (mut numbers, mut booleans, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        match part.name.as_str() {
            "ReportText" => {
                put(&mut step, "reportText", Some(part.text.as_str()).filter(|text| !text.trim().is_empty()))
            }
            "SequenceCall" => {
                let mut call = Map::new();
                put(&mut call, "path", part.get("Filepath").or_else(|| part.get("Filename")));
                put(&mut call, "name", part.get("Name"));
                put(&mut call, "version", part.get("Version"));
                put(&mut step, "seqCall", Some(call));
            }
            "NumericLimit" => numbers.push(*part),
            "PassFail" => booleans.push(*part),
            "StringValue" => texts.push(*part),
            "Loop" => put(&mut step, "loop", looping(part)),
            "Chart" => {
                budget.items(part.all("Series").count())?;
                put(&mut step, "chart", Some(chart(part)));
            }
            "MessagePopup" => {
                let mut popup = Map::new();
                put(&mut popup, "response", Some(part.raw("Response").unwrap_or_default()));
                put(&mut popup, "button", part.get("Button").map(whole));
                put(&mut step, "messagePopup", Some(popup));
            }
            "Callexe" => {
                let code = part.get("ExitCode").and_then(number::read);
                put(&mut step, "callExe", code.map(|code| json!({"exitCode": code})));
            }
            "Attachment" => put(&mut step, "attachment", attachment(part)),
            _ => {}
        }
    }
    put_all(&mut step, "numericMeas", &numbers, numeric);
    put_all(&mut step, "booleanMeas", &booleans, |_| Map::new());
    put_all(&mut step, "stringMeas", &texts, string);
    Ok(step)
}

/// Adds measurements, each with its status, and with a name of its own where there are several.
fn put_all(
    step: &mut Map<String, Value>,
    member: &str,
    all: &[&Element],
    make: fn(&Element) -> Map<String, Value>,
) {
    let mut names = Names::default();
    let measurements: Vec<Value> = all
        .iter()
        .map(|element| {
            let mut measurement = make(element);
            let name = element.get("Name");
            put(
                &mut measurement,
                "name",
                match all.len() {
                    1 => name.map(str::to_owned),
                    _ => Some(names.unique(name.unwrap_or_default())),
                },
            );
            put(&mut measurement, "status", Some(status(element.get("Status").unwrap_or("Passed"))));
            measurement.into()
        })
        .collect();
    put(step, member, (!measurements.is_empty()).then_some(measurements));
}

fn numeric(element: &Element) -> Map<String, Value> {
    let mut measurement = Map::new();
    put(&mut measurement, "compOp", Some(element.get("CompOperator").unwrap_or("LOG").to_uppercase()));
    put(&mut measurement, "unit", Some(element.get("Units").unwrap_or_default()));
    let number = |name: &str| element.get(name).map(|text| number::read(text).unwrap_or_else(|| text.into()));
    put(&mut measurement, "value", Some(number("NumericValue").unwrap_or_else(|| "NaN".into())));
    put(&mut measurement, "lowLimit", number("LowLimit"));
    put(&mut measurement, "highLimit", number("HighLimit"));
    measurement
}

fn string(element: &Element) -> Map<String, Value> {
    let mut measurement = Map::new();
    put(&mut measurement, "compOp", Some(element.get("CompOperator").unwrap_or("LOG").to_uppercase()));
    put(&mut measurement, "value", Some(element.raw("StringValue").unwrap_or_default()));
    put(&mut measurement, "limit", element.raw("StringLimit"));
    measurement
}

/// `None` for the empty `<Loop/>` of WRML.
fn looping(element: &Element) -> Option<Value> {
    let mut looping = Map::new();
    put(&mut looping, "idx", element.get("index").map(whole));
    put(&mut looping, "num", element.get("num").map(whole));
    put(&mut looping, "endingIndex", element.get("ending_index").map(whole));
    put(&mut looping, "passed", element.get("passed").map(whole));
    put(&mut looping, "failed", element.get("failed").map(whole));
    (!looping.is_empty()).then(|| looping.into())
}

fn chart(element: &Element) -> Value {
    let mut chart = Map::new();
    put(&mut chart, "chartType", Some(element.get("ChartType").unwrap_or("Line")));
    for (attribute, member) in [
        ("Label", "label"),
        ("XLabel", "xLabel"),
        ("XUnit", "xUnit"),
        ("YLabel", "yLabel"),
        ("YUnit", "yUnit"),
    ] {
        put(&mut chart, member, element.get(attribute));
    }
    let series: Vec<Value> = element
        .all("Series")
        .map(|element| {
            let mut series = Map::new();
            put(&mut series, "dataType", Some(element.get("DataType").unwrap_or("XYG")));
            put(&mut series, "name", element.get("Name").or_else(|| element.get("PlotName")));
            put(&mut series, "xdata", element.child_text("xdata"));
            put(&mut series, "ydata", element.child_text("ydata"));
            series.into()
        })
        .collect();
    put(&mut chart, "series", Some(series));
    chart.into()
}

fn attachment(element: &Element) -> Option<Value> {
    let data: String = element.text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let mut attachment = Map::new();
    put(&mut attachment, "name", Some(file_name(element.get("Name").unwrap_or_default())));
    put(
        &mut attachment,
        "contentType",
        Some(element.get("ContentType").unwrap_or("application/octet-stream")),
    );
    put(&mut attachment, "data", Some(data));
    Some(attachment.into())
}

/// The last part of a path, so that nobody who saves the attachment leaves the folder.
fn file_name(name: &str) -> &str {
    match name.rsplit(['/', '\\']).next().unwrap_or_default().trim() {
        "" | "." | ".." => "attachment",
        name => name,
    }
}

fn put<V: Into<Value>>(members: &mut Map<String, Value>, name: &str, value: Option<V>) {
    if let Some(value) = value {
        members.insert(name.into(), value.into());
    }
}

fn index_of(element: &Element, name: &str) -> Option<i64> {
    element.get_any_case(name).and_then(|text| text.parse().ok())
}

/// A whole number where the text is one, else the text.
fn whole(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
}

fn truth(text: &str) -> Value {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "1").into()
}

/// The letter of a status word; an unknown word stays, because the server has the last say.
fn status(word: &str) -> Value {
    Status::from_word(word).map_or_else(|| word.into(), Status::letter)
}
