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
//! Which attribute is which member says [`wats::wsxf::fields`]; here is what a factory's files need besides: limits, two
//! formats in one, numbers and words as people write them, and something in the place of what is left out.
//!
//! Arguments: the common ones fill what a report leaves out.

use crate::draft::{Budget, at_least_one};
use crate::fill::fill_members;
use crate::status::Status;
use crate::step::{Group, Names};
use crate::xml::Element;
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, limits, number};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use wats::Report;
use wats::wsxf::fields::{self, Field, Form};

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
    let kind = element.get_any_case("type").unwrap_or("UUT");
    let repair = kind.eq_ignore_ascii_case("uur") || element.child("UUR").is_some();
    let mut report = Map::new();
    report.insert("type".into(), if repair { "R" } else { "T" }.into());
    put_fields(&mut report, element, fields::REPORT);
    if let Some(process) = element.child("Process") {
        put_fields(&mut report, process, fields::PROCESS);
    }
    fill_members(&mut report, arguments)?;
    if repair {
        report.entry("result").or_insert_with(|| Status::Passed.letter());
        report.insert("uur".into(), uur(element.child("UUR").unwrap_or(element)).into());
    } else {
        report.entry("processCode").or_insert_with(|| 10.into());
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
    let mut uut = object(element, fields::UUT);
    put(&mut uut, "comment", element.child_text("Comment"));
    uut
}

fn uur(element: &Element) -> Map<String, Value> {
    let mut uur = object(element, fields::UUR);
    if let Some(process) = element.child("Process") {
        put_fields(&mut uur, process, fields::PROCESS);
    }
    put(&mut uur, "comment", element.child_text("Comment"));
    uur
}

fn misc_info(element: &Element) -> Option<Value> {
    let mut info = object(element, fields::MISC_INFO);
    if let Some(text) = Some(element.text.trim()).filter(|text| !text.is_empty()) {
        info.remove("numeric");
        info.insert("text".into(), text.into());
    }
    info.contains_key("description").then(|| info.into())
}

fn units(element: &Element) -> impl Iterator<Item = &Element> {
    element.children.iter().filter(|child| matches!(child.name.as_str(), "ReportUnitHierarchy" | "PartInfo"))
}

/// A unit without its place among the others.
fn unit(element: &Element) -> Map<String, Value> {
    let mut unit = object(element, fields::UNIT);
    unit.retain(|name, _| !matches!(name.as_str(), "idx" | "parentIdx" | "replacedIdx"));
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
    let mut failure = object(element, fields::FAILURE);
    if let (None, Some(code)) = (failure.get("code"), element.get("Failcode")) {
        failure.insert("code".into(), code.into());
    }
    put(&mut failure, "comment", element.child_text("Comment").or_else(|| element.get("Comment")));
    if failure.get("refStepId").and_then(Value::as_i64) == Some(-1) {
        failure.remove("refStepId");
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
    let mut step = object(element, fields::STEP);
    if let (None, Some(id)) = (step.get("id"), element.get("StepID")) {
        step.insert("id".into(), whole(id));
    }
    put(&mut step, "group", Some(Group::from_word(element.get("Group").unwrap_or_default()).letter()));
    for (member, usual) in [("stepType", "Action"), ("name", "Step"), ("status", "D")] {
        step.entry(member).or_insert_with(|| usual.into());
    }
    let (mut numbers, mut booleans, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        match part.name.as_str() {
            "ReportText" => {
                put(&mut step, "reportText", Some(part.text.as_str()).filter(|text| !text.trim().is_empty()))
            }
            "SequenceCall" => {
                let mut call = object(part, fields::SEQUENCE_CALL);
                if let (None, Some(file)) = (call.get("path"), part.get("Filename")) {
                    call.insert("path".into(), file.into());
                }
                put(&mut step, "seqCall", Some(call));
            }
            "NumericLimit" => numbers.push(*part),
            "PassFail" => booleans.push(*part),
            "StringValue" => texts.push(*part),
            // WRML has empty ones.
            "Loop" => {
                put(
                    &mut step,
                    "loop",
                    Some(object(part, fields::LOOP)).filter(|looping| !looping.is_empty()),
                );
            }
            "Chart" => {
                budget.items(part.all("Series").count())?;
                put(&mut step, "chart", Some(chart(part)));
            }
            "MessagePopup" => {
                let mut popup = object(part, fields::POPUP);
                popup.insert("response".into(), part.raw("Response").unwrap_or_default().into());
                put(&mut step, "messagePopup", Some(popup));
            }
            "Callexe" => {
                let call = object(part, fields::EXECUTABLE);
                put(&mut step, "callExe", Some(call).filter(|call| !call.is_empty()));
            }
            "Attachment" => put(&mut step, "attachment", Some(attachment(part))),
            _ => {}
        }
    }
    put_all(&mut step, "numericMeas", &numbers, numeric);
    put_all(&mut step, "booleanMeas", &booleans, |element| object(element, fields::BOOLEAN));
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
            if all.len() > 1 {
                let name = names.unique(element.get("Name").unwrap_or_default());
                measurement.insert("name".into(), name.into());
            }
            measurement.entry("status").or_insert_with(|| Status::Passed.letter());
            measurement.into()
        })
        .collect();
    put(step, member, (!measurements.is_empty()).then_some(measurements));
}

fn numeric(element: &Element) -> Map<String, Value> {
    let mut measurement = object(element, fields::NUMERIC);
    // What is no number stays as it is; the server has the last say.
    for (attribute, member) in
        [("NumericValue", "value"), ("LowLimit", "lowLimit"), ("HighLimit", "highLimit")]
    {
        if let (None, Some(text)) = (measurement.get(member), element.get(attribute)) {
            measurement.insert(member.into(), text.into());
        }
    }
    for (member, usual) in [("compOp", "LOG"), ("unit", ""), ("value", "NaN")] {
        measurement.entry(member).or_insert_with(|| usual.into());
    }
    measurement
}

fn string(element: &Element) -> Map<String, Value> {
    let mut measurement = object(element, fields::STRING);
    measurement.entry("compOp").or_insert_with(|| "LOG".into());
    measurement.insert("value".into(), element.raw("StringValue").unwrap_or_default().into());
    put(&mut measurement, "limit", element.raw("StringLimit"));
    measurement
}

fn chart(element: &Element) -> Value {
    let mut chart = object(element, fields::CHART);
    chart.entry("chartType").or_insert_with(|| "Line".into());
    let series: Vec<Value> = element
        .all("Series")
        .map(|element| {
            let mut series = object(element, fields::SERIES);
            series.entry("dataType").or_insert_with(|| "XYG".into());
            if let (None, Some(name)) = (series.get("name"), element.get("PlotName")) {
                series.insert("name".into(), name.into());
            }
            put(&mut series, "xdata", element.child_text("xdata"));
            put(&mut series, "ydata", element.child_text("ydata"));
            series.into()
        })
        .collect();
    put(&mut chart, "series", Some(series));
    chart.into()
}

fn attachment(element: &Element) -> Value {
    let data: String = element.text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let mut attachment = object(element, fields::ATTACHMENT);
    attachment.insert("name".into(), file_name(element.get("Name").unwrap_or_default()).into());
    attachment.entry("contentType").or_insert_with(|| "application/octet-stream".into());
    attachment.insert("data".into(), data.into());
    attachment.into()
}

/// The last part of a path, so that nobody who saves the attachment leaves the folder.
fn file_name(name: &str) -> &str {
    match name.rsplit(['/', '\\']).next().unwrap_or_default().trim() {
        "" | "." | ".." => "attachment",
        name => name,
    }
}

/// The members that attributes of an element stand for.
fn object(element: &Element, fields: &[Field]) -> Map<String, Value> {
    let mut object = Map::new();
    put_fields(&mut object, element, fields);
    object
}

/// Adds the members that attributes of an element stand for; one that is blank, or no number where one must be, is none.
fn put_fields(members: &mut Map<String, Value>, element: &Element, fields: &[Field]) {
    for (attribute, member, form) in fields {
        put(members, member, element.get(attribute).and_then(|text| value(*form, text)));
    }
}

/// What an attribute says, however it is written.
fn value(form: Form, text: &str) -> Option<Value> {
    Some(match form {
        Form::Text => text.into(),
        Form::Guid => {
            let id = text.to_lowercase();
            return (!id.starts_with("00000000-0000-0000-0000-")).then(|| id.into());
        }
        Form::Number => return number::read(text),
        Form::Integer => whole(text),
        Form::Truth => matches!(text.to_ascii_lowercase().as_str(), "true" | "1").into(),
        Form::Word(_) => status(text),
        Form::Operator => text.to_uppercase().into(),
    })
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

/// The letter of a status word; an unknown word stays, because the server has the last say.
fn status(word: &str) -> Value {
    Status::from_word(word).map_or_else(|| word.into(), Status::letter)
}
