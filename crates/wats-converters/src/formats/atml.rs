//! ATML test results (IEEE 1636.1), as NI TestStand writes them: 2.02, 5.00 and 6.01.
//!
//! The root is `TestResults` (2.02, 6.01) or `TestResultsCollection` with one or more `TestResults` (5.00, 6.01); each
//! `TestResults` is a report. Names are matched without their prefixes, because versions differ in their name spaces:
//! `http://www.ieee.org/ATML/2007/TestResults` (2.02), `urn:IEEE-1636.1:2011:01:TestResults` (5.00),
//! `urn:IEEE-1636.1:2013:TestResults` (6.01).
//!
//! * `ResultSet` holds the steps: `TestGroup` is a sequence, `Test` a test, `SessionAction` everything else. In 2.02 the
//!   main sequence is a `TestGroup` of its own in the `ResultSet`, in later versions the `ResultSet` is it.
//! * `Outcome@value` is the status; a skipped step is `Aborted` (2.02) or `UserDefined` (5.00) with the qualifier
//!   `Skipped`, or `NotStarted` (6.01).
//! * `TestResult` is a measurement: `TestData/Datum` the value, `TestLimits/Limits` a `LimitPair`, a `SingleLimit` or an
//!   `Expected`.
//! * TestStand's `Extension/TSStepProperties` names type, group, times and loops of a step. Limits in percent, parts
//!   per million or as a difference (`TSLimitProperties/ThresholdType`) are turned into absolute ones.
//! * The report's id is `TestResults@uuid`. Times have no zone: they are local, unless `utc-offset` says more.
//!
//! Confidence: 100 when a name space is one of ATML's.
//!
//! Arguments: the common ones; process code 10 without one. Without a part number in the file and without `part-number`
//! it is the model's name, or else the name of the sequence file.

use crate::draft::{Budget, Draft, ROOT_NAME};
use crate::moment::Moment;
use crate::status::Status;
use crate::step::{Boolean, Content, Group, Limits, Numeric, Step, Text};
use crate::xml::Element;
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, limits, number};
use serde_json::{Value, json};
use wats::{Report, Uuid};

pub(super) struct Atml;

impl Converter for Atml {
    fn name(&self) -> &'static str {
        "atml"
    }

    fn describe(&self) -> Description {
        Description {
            title: "ATML test results, IEEE 1636.1 (2.02, 5.00, 6.01)",
            patterns: &["*.xml", "*.atml"],
            arguments: &[],
        }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let outline = source.outline();
        let root = matches!(outline.root_name(), "TestResults" | "TestResultsCollection");
        let known = outline.namespaces.iter().any(|uri| {
            let uri = uri.to_ascii_lowercase();
            uri.contains("ieee-1636.1") || uri.contains("www.ieee.org/atml/")
        });
        if root && known { Confidence::CERTAIN } else { Confidence::NONE }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let root = Element::parse(&source.text(arguments)?)?;
        let mut budget = Budget::default();
        let all: Vec<&Element> = match root.name.as_str() {
            "TestResults" => vec![&root],
            "TestResultsCollection" => root.all("TestResults").collect(),
            other => return Err(Refusal::malformed(format!("the root element is {other}, not TestResults"))),
        };
        if all.is_empty() {
            return Err(Refusal::malformed("the collection holds no TestResults"));
        }
        all.into_iter().map(|results| report(results, &mut budget)?.finish(arguments, &mut budget)).collect()
    }
}

fn report(results: &Element, budget: &mut Budget) -> Result<Draft, Refusal> {
    let set =
        results.child("ResultSet").ok_or_else(|| Refusal::malformed("a TestResults has no ResultSet"))?;
    let mut draft = Draft::new(10);
    draft.id = results.get("uuid").and_then(|id| Uuid::parse_str(id).ok()).filter(|id| !id.is_nil());
    if let Some(operator) = results.at(&["Personnel", "SystemOperator"]) {
        draft.operator = operator.get("name").or_else(|| operator.get("ID")).unwrap_or_default().to_owned();
    }
    if let Some(station) = results.child("TestStation") {
        draft.station = station.child_text("SerialNumber").unwrap_or_default().to_owned();
    }
    if let Some(unit) = results.child("UUT") {
        draft.serial_number = unit.child_text("SerialNumber").unwrap_or_default().to_owned();
        draft.part_number = part_number(unit).unwrap_or_default().to_owned();
    }
    draft.start = set.get("startDateTime").and_then(Moment::iso);
    draft.ends(set.get("endDateTime").and_then(Moment::iso));
    for extension in results.all("Extension").flat_map(|extension| extension.all("TSResultSetProperties")) {
        draft.batch = value_of(extension, "BatchSerialNumber").unwrap_or_default();
        draft.socket = value_of(extension, "TestSocketIndex").and_then(|text| text.parse().ok());
    }

    let steps: Vec<&Element> = set.children.iter().filter(|child| is_step(child)).collect();
    // In 2.02 the main sequence is the only group of a result set that has no properties itself.
    let main = match steps[..] {
        [group] if group.name == "TestGroup" && properties(set).is_none() => group,
        _ => set,
    };
    let (path, sequence) = call(main.get("name").or_else(|| set.get("name")).unwrap_or_default());
    let file = path.rsplit(['\\', '/']).next().unwrap_or_default();
    let model = results.at(&["UUT", "Definition", "Identification"]);
    let model = model.and_then(|names| names.child_text("ModelName")).filter(|name| *name != "UNKNOWN");
    draft.suggested_part_number = model.unwrap_or(file.trim_end_matches(".seq")).to_owned();
    draft.sequence_path = path;
    draft.sequence_name = sequence;
    draft.result = outcome(set).or_else(|| outcome(main)).ok_or_else(|| {
        Refusal::malformed("a ResultSet has no Outcome, so that the result of the test is not known")
    })?;
    let mut root = Step::new(ROOT_NAME, outcome(main).unwrap_or(draft.result));
    describe(main, &mut root);
    if main.name == "TestGroup" {
        root.name = caller(main).unwrap_or(ROOT_NAME).to_owned();
    }
    draft.root = Some(root);
    draft.steps = children(main, 0, budget)?;
    Ok(draft)
}

fn part_number(unit: &Element) -> Option<&str> {
    let numbers = unit.at(&["Definition", "Identification", "IdentificationNumbers"])?;
    let part = numbers.all("IdentificationNumber").find(|number| number.get("type") == Some("Part"));
    part.or_else(|| numbers.child("IdentificationNumber"))?.get("number")
}

fn is_step(element: &Element) -> bool {
    matches!(element.name.as_str(), "TestGroup" | "Test" | "SessionAction")
}

fn children(element: &Element, depth: usize, budget: &mut Budget) -> Result<Vec<Step>, Refusal> {
    if depth > limits::SEQUENCE_DEPTH {
        let message = format!("it has more than {} sequences in each other", limits::SEQUENCE_DEPTH);
        return Err(Refusal::TooLarge(message));
    }
    element.children.iter().filter(|child| is_step(child)).map(|child| step(child, depth, budget)).collect()
}

fn step(element: &Element, depth: usize, budget: &mut Budget) -> Result<Step, Refusal> {
    budget.reads(1, 0)?;
    let name = caller(element).or_else(|| element.get("name")).unwrap_or("Step");
    let status = outcome(element).unwrap_or(Status::Done);
    let mut step = Step::new(name, status);
    describe(element, &mut step);
    let kind = properties(element).and_then(|properties| properties.child_text("StepType"));
    if element.name == "TestGroup" || matches!(kind, Some("SequenceCall" | "WATS_SeqCall")) {
        let (path, name) =
            call(element.get("name").filter(|_| element.name == "TestGroup").unwrap_or_default());
        step.content = Content::Sequence {
            path,
            name,
            version: String::new(),
            steps: children(element, depth + 1, budget)?,
        };
        return Ok(step);
    }
    if element.name == "SessionAction" {
        step.step_type = kind.map(|kind| kind.to_owned().into());
        return Ok(step);
    }
    let results: Vec<&Element> =
        element.all("TestResult").filter(|result| result_name(result) != "ReportText").collect();
    budget.reads(0, results.len())?;
    let texts = results.iter().any(|result| datum(result).is_some_and(is_text));
    let (content, usual) = match kind.unwrap_or_default() {
        "PassFailTest" | "ET_PFT" | "ET_MPFT" => (booleans(element, status), None),
        "StringValueTest" | "ET_SVT" | "ET_MSVT" => (strings(element, &results, status), None),
        "NumericLimitTest" | "ET_NLT" | "NI_MultipleNumericLimitTest" | "ET_MNLT" => {
            (numbers(&results, status), None)
        }
        // A type of a person's own, or one without a measurement: what it measured tells.
        other if results.is_empty() && (other.starts_with("NI_") || is_action(other)) => {
            (Content::Action, Some(other.to_owned()))
        }
        other => {
            let content = match () {
                () if results.is_empty() => booleans(element, status),
                () if texts => strings(element, &results, status),
                () => numbers(&results, status),
            };
            (content, Some(other.to_owned()).filter(|own| own.starts_with("ET_") || own.starts_with("WATS_")))
        }
    };
    step.step_type = match kind {
        // Several measurements may stand in a step of TestStand's own multiple type, and none in a skipped one.
        Some("NI_MultipleNumericLimitTest" | "ET_MNLT") => Some("ET_MNLT".into()),
        Some("ET_MPFT") => Some("ET_MPFT".into()),
        Some("ET_MSVT") => Some("ET_MSVT".into()),
        _ => usual.map(Into::into),
    };
    step.content = content;
    Ok(step)
}

fn is_action(kind: &str) -> bool {
    matches!(
        kind,
        "Action"
            | "Statement"
            | "Label"
            | "Goto"
            | "GenericTest"
            | "NONE"
            | "MessagePopup"
            | "CallExecutable"
    )
}

/// What TestStand says of a step.
fn properties(element: &Element) -> Option<&Element> {
    element.all("Extension").find_map(|extension| extension.child("TSStepProperties"))
}

/// The value of a child: its attribute `value`, or its text.
fn value_of(element: &Element, name: &str) -> Option<String> {
    let child = element.child(name)?;
    let text = child.get("value").unwrap_or(child.text.trim());
    (!text.is_empty()).then(|| text.to_owned())
}

/// Fills what is common to all steps.
fn describe(element: &Element, step: &mut Step) {
    step.report_text = report_text(element);
    step.guid = element.get("testReferenceID").unwrap_or_default().to_owned();
    step.start = element.get("startDateTime").and_then(Moment::iso).map(Moment::to_iso).unwrap_or_default();
    if let Some((code, message)) = error(element) {
        step.error_code = code;
        step.error_message = message;
    }
    let Some(properties) = properties(element) else { return };
    if let Some(guid) = properties.child_text("StepId") {
        step.guid = guid.to_owned();
    }
    step.group = Group::from_word(properties.child_text("StepGroup").unwrap_or_default());
    step.seconds = value_of(properties, "TotalTime").and_then(|text| number::read(&text));
    step.caused_sequence_failure =
        value_of(properties, "StepCausedSequenceFailure").as_deref() == Some("true");
    if let Some(looping) = properties.child("LoopingProperties") {
        let mut members = serde_json::Map::new();
        // What a server takes of it, by the names that it takes.
        for (name, member) in [("LoopIndex", "i"), ("NumLoops", "n")] {
            if let Some(number) = value_of(looping, name).and_then(|text| text.parse::<i64>().ok()) {
                members.insert(member.to_owned(), number.into());
            }
        }
        step.looping = (!members.is_empty()).then(|| members.into());
    }
}

/// The values of the items of a step's data by their names.
fn items(element: &Element) -> impl Iterator<Item = (&str, &Element)> {
    let collections = element.all("Data").flat_map(|data| data.all("Collection"));
    collections
        .flat_map(|collection| collection.all("Item"))
        .filter_map(|item| Some((item.get("name")?, item)))
}

fn report_text(element: &Element) -> String {
    let own =
        items(element).find(|(name, _)| *name == "ReportText").and_then(|(_, item)| item.child("Datum"));
    let measured =
        || element.all("TestResult").find(|result| result_name(result) == "ReportText").and_then(datum);
    own.or_else(measured).map(datum_text).unwrap_or_default().trim().to_owned()
}

/// Code and message of an error that occurred.
fn error(element: &Element) -> Option<(Option<Value>, String)> {
    let (_, item) = items(element).find(|(name, _)| *name == "Error")?;
    let field = |wanted: &str| {
        let collection = item.child("Collection")?;
        let field = collection.all("Item").find(|field| field.get("name") == Some(wanted))?;
        Some(datum_text(field.child("Datum")?)).filter(|text| !text.trim().is_empty())
    };
    if field("Occurred").is_some_and(|occurred| occurred.trim().eq_ignore_ascii_case("false")) {
        return None;
    }
    let code = field("Code").and_then(|code| number::read(&code)).filter(|code| *code != json!(0));
    let message = field("Msg").unwrap_or_default();
    (code.is_some() || !message.is_empty()).then_some((code, message))
}

/// The name that the calling sequence gave to a call.
fn caller(element: &Element) -> Option<&str> {
    element.get("callerName").or_else(|| {
        let text = element.get("userDefinedType")?.strip_prefix("SequenceCallStepName")?;
        let quoted = text.trim_start().strip_prefix('=')?.trim();
        quoted.strip_prefix('\'')?.strip_suffix('\'').filter(|name| !name.is_empty())
    })
}

/// Path of a sequence file and name of the sequence: `C:\a\b.seq#Main`.
fn call(name: &str) -> (String, String) {
    match name.rsplit_once('#') {
        Some((path, sequence)) => (path.to_owned(), sequence.to_owned()),
        None => (name.to_owned(), name.rsplit(['\\', '/']).next().unwrap_or_default().to_owned()),
    }
}

fn outcome(element: &Element) -> Option<Status> {
    let outcome = element.child("Outcome").or_else(|| element.child("ActionOutcome"))?;
    let qualifier = outcome.get("qualifier").unwrap_or_default();
    if qualifier.eq_ignore_ascii_case("error") {
        return Some(Status::Error);
    }
    Some(match (outcome.get("value")?, qualifier) {
        ("Passed", _) => Status::Passed,
        ("Failed", _) => Status::Failed,
        ("Aborted" | "UserDefined", "Skipped") | ("NotStarted", _) => Status::Skipped,
        ("Aborted", _) => Status::Terminated,
        ("UserDefined", "Terminated") => Status::Terminated,
        _ => Status::Done,
    })
}

fn result_name(result: &Element) -> &str {
    result.get("name").or_else(|| result.get("ID")).unwrap_or_default()
}

fn datum(result: &Element) -> Option<&Element> {
    result.child("TestData")?.child("Datum")
}

fn datum_text(datum: &Element) -> String {
    datum
        .raw("value")
        .map(str::to_owned)
        .or_else(|| datum.child("Value").map(|value| value.text.clone()))
        .unwrap_or_default()
}

fn is_text(datum: &Element) -> bool {
    match datum.get("type") {
        Some(kind) => kind.ends_with("string"),
        None => number::read(&datum_text(datum)).is_none(),
    }
}

fn status_of(result: &Element, step: Status, single: bool, pass: impl FnOnce() -> bool) -> Status {
    match outcome(result) {
        Some(own @ (Status::Passed | Status::Failed)) => own,
        _ if single && matches!(step, Status::Passed | Status::Failed) => step,
        _ => Status::passed_if(pass()),
    }
}

fn numbers(results: &[&Element], status: Status) -> Content {
    let measured = results.iter().filter_map(|result| {
        let datum = datum(result)?;
        let text = datum_text(datum);
        let value = number::read(&text).unwrap_or_else(|| match text.trim() {
            "" => "NaN".into(),
            other => other.into(),
        });
        let limits = numeric_limits(result);
        Some(Numeric {
            name: result_name(result).to_owned(),
            status: status_of(result, status, results.len() == 1, || limits.pass(&value)),
            unit: datum.get("nonStandardUnit").or_else(|| datum.get("unit")).unwrap_or_default().to_owned(),
            value,
            limits,
        })
    });
    Content::Numbers(measured.collect())
}

fn limit_value(limit: &Element) -> Option<Value> {
    limit.child("Datum").and_then(|datum| number::read(&datum_text(datum)))
}

fn numeric_limits(result: &Element) -> Limits {
    let Some(limits) = result.at(&["TestLimits", "Limits"]) else { return Limits::none() };
    if let Some(limits) = threshold_limits(result) {
        return limits;
    }
    if let Some(pair) = limits.child("LimitPair") {
        let inside = !pair.get("operator").is_some_and(|operator| operator.eq_ignore_ascii_case("or"));
        let find = |wanted: [&str; 2]| {
            let limit = pair
                .all("Limit")
                .find(|limit| limit.get("comparator").is_some_and(|own| wanted.contains(&own)));
            Some((limit?.get("comparator")?, limit_value(limit?)?))
        };
        let (upward, downward) = (find(["GE", "GT"]), find(["LE", "LT"]));
        let (first, second) = if inside { (upward, downward) } else { (downward, upward) };
        if let (Some((low_operator, low)), Some((high_operator, high))) = (first, second) {
            let operator = format!("{low_operator}{high_operator}");
            return Limits { operator: operator.into(), low: Some(low), high: Some(high) };
        }
    }
    let single = limits.child("SingleLimit").or_else(|| limits.child("Expected"));
    single
        .and_then(|single| Limits::with_operator(single.get("comparator")?, Some(limit_value(single)?), None))
        .unwrap_or_else(Limits::none)
}

/// Absolute limits of a nominal value with thresholds.
fn threshold_limits(result: &Element) -> Option<Limits> {
    let own = result.descendants().find(|element| element.name == "TSLimitProperties")?;
    let kind = value_of(own, "ThresholdType")?.to_ascii_lowercase();
    let raw = own.child("RawLimits")?;
    let read = |name: &str| {
        value_of(raw, name).and_then(|text| number::read(&text)).as_ref().and_then(number::as_f64)
    };
    let (nominal, low, high) = (read("Nominal")?, read("Low")?, read("High")?);
    let share = match () {
        () if kind.contains("percent") => nominal.abs() / 100.0,
        () if kind.contains("ppm") => nominal.abs() / 1e6,
        () if kind.contains("delta") => 1.0,
        () => return None,
    };
    let (low, high) = (nominal - low.abs() * share, nominal + high.abs() * share);
    Some(Limits::inclusive(Some(number::computed(low)), Some(number::computed(high))))
}

/// The items of measurements. What stands inside of one is not looked through again.
fn outermost(element: &Element) -> Vec<&Element> {
    let (mut open, mut found) = (vec![element], Vec::new());
    while let Some(element) = open.pop() {
        let measurement = |name: &str| name.starts_with("Measurement[");
        if element.name == "Item" && element.get("name").is_some_and(measurement) {
            found.push(element);
        } else {
            open.extend(element.children.iter().rev());
        }
    }
    found
}

/// Measurements of the multiple types, which TestStand keeps as items named `Measurement[0]`, `Measurement[1]`, ….
fn measurement_items(element: &Element) -> Vec<Vec<(&str, String)>> {
    outermost(element)
        .into_iter()
        .map(|item| {
            let fields = item.descendants().filter(|field| field.name == "Item");
            fields.filter_map(|field| Some((field.get("name")?, datum_text(field.child("Datum")?)))).collect()
        })
        .collect()
}

fn field<'a>(fields: &'a [(&str, String)], names: &[&str]) -> Option<&'a str> {
    let found = names.iter().find_map(|wanted| fields.iter().find(|(name, _)| name == wanted));
    found.map(|(_, value)| value.trim())
}

fn booleans(element: &Element, status: Status) -> Content {
    let mut all: Vec<Boolean> = measurement_items(element)
        .iter()
        .map(|fields| Boolean {
            name: field(fields, &["MeasName", "Name"]).unwrap_or_default().to_owned(),
            status: field(fields, &["Status", "PassFail"]).and_then(Status::from_word).unwrap_or(status),
        })
        .collect();
    if all.is_empty() && matches!(status, Status::Passed | Status::Failed) {
        all.push(Boolean { name: String::new(), status });
    }
    Content::Booleans(all)
}

fn strings(element: &Element, results: &[&Element], status: Status) -> Content {
    let mut all: Vec<Text> = measurement_items(element)
        .iter()
        .map(|fields| {
            let limit = field(fields, &["StringLimit", "LimitString", "Limit"]).map(str::to_owned);
            Text {
                name: field(fields, &["MeasName", "Name"]).unwrap_or_default().to_owned(),
                status: field(fields, &["Status"]).and_then(Status::from_word).unwrap_or(status),
                value: field(fields, &["StringValue", "MeasValue", "String", "Value"])
                    .unwrap_or_default()
                    .to_owned(),
                operator: Text::operator(
                    field(fields, &["CompOperator", "Comp"]).unwrap_or_default(),
                    limit.is_some(),
                ),
                limit,
            }
        })
        .collect();
    if all.is_empty() {
        all.extend(results.iter().filter_map(|result| {
            let value = datum_text(datum(result)?);
            let expected = result.at(&["TestLimits", "Limits"]);
            let expected =
                expected.and_then(|limits| limits.child("Expected").or_else(|| limits.child("SingleLimit")));
            let limit = expected.and_then(|expected| expected.child("Datum")).map(datum_text);
            let operator = expected.and_then(|expected| expected.get("comparator")).unwrap_or_default();
            let operator = Text::operator(operator, limit.is_some());
            let name = result_name(result).to_owned();
            let mut text = Text { name, status, value, operator, limit };
            text.status = status_of(result, status, results.len() == 1, || text.passes());
            Some(text)
        }));
    }
    Content::Texts(all)
}
