//! Keysight (Agilent, HP) i3070 log records.
//!
//! Nested records `{@NAME|field|field…{@SUB|…}…}` in ASCII; line breaks mean nothing. A list is a field `\n` followed by
//! its `n` items. A file holds one or more batches:
//!
//! * `@BATCH|UUT type|revision|fixture|testhead|testhead type|process step|batch|operator|controller|testplan|testplan
//!   revision|panel type|panel revision`
//! * `@BTEST|board|status|start YYMMDDHHMMSS|duration s|multiple|log level|log set|learning|known good|end|status
//!   qualifier|board number|panel` inside of it: a report. Status 0 passed; 13 an X-out board, which is no report; 80 a
//!   run-time error; 81 and 82 aborted; all others failed.
//! * `@BLOCK|designator|status` is a sequence, with `n%` before the designator for board n of a panel. Inside:
//!   `@A-RES`, `@A-CAP`, … `|status|value|subtest` with `@LIM2|high|low` or `@LIM3|nominal|high|low` (high first);
//!   `@D-T|status|substatus|failing vector|pins|designator`; `@TJET`, `@PF`, `@TS`, `@BS-CON`, `@PCHK`, `@CCHK`.
//! * `@RPT|text` is a printed line: it goes to the failing step, or to the report when it stands outside of a block.
//!
//! Times have no zone.
//!
//! Confidence: 100 for `{@BATCH|` at the start, 95 for `{@BTEST|`.
//!
//! Arguments: the common ones; process code 20 without one.

use crate::draft::{Budget, Draft};
use crate::moment::Moment;
use crate::status::Status;
use crate::step::{Content, Limits, Step};
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, limits, number};
use wats::Report;

/// Deepest nesting of records; real ones have five.
const DEPTH: usize = 32;

pub(super) struct I3070;

impl Converter for I3070 {
    fn name(&self) -> &'static str {
        "i3070"
    }

    fn describe(&self) -> Description {
        Description { title: "Keysight i3070 log records", patterns: &["*.log", "*.txt"], arguments: &[] }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let head = source.head().trim_start();
        match () {
            () if head.starts_with("{@BATCH|") => Confidence::CERTAIN,
            () if head.starts_with("{@BTEST|") => Confidence::SURE,
            () => Confidence::NONE,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let text = source.text(arguments)?;
        limits::check_parts(&text, b"{", limits::RECORDS, "records")?;
        limits::check_parts(&text, b"|\n", limits::FIELDS, "fields and lines")?;
        let mut budget = Budget::default();
        let mut reports = Vec::new();
        for record in parse(&text)? {
            match record.name.as_str() {
                "BATCH" => {
                    for test in record.children.iter().filter(|child| child.name == "BTEST") {
                        reports.extend(board(test, Some(&record), &mut budget)?);
                    }
                }
                "BTEST" => reports.extend(board(&record, None, &mut budget)?),
                _ => {}
            }
        }
        if reports.is_empty() {
            return Err(Refusal::malformed("the file holds no @BTEST of a board that was tested"));
        }
        reports.into_iter().map(|draft| draft.finish(arguments, &mut budget)).collect()
    }
}

/// A record.
#[derive(Debug, Default)]
struct Record {
    name: String,
    /// Lists are spread out: their count is left out.
    fields: Vec<String>,
    children: Vec<Record>,
    line: usize,
}

impl Record {
    fn field(&self, index: usize) -> &str {
        self.fields.get(index).map_or("", String::as_str)
    }

    fn status(&self, index: usize) -> Result<Status, Refusal> {
        match self.field(index) {
            "" => Err(Refusal::at(self.line, format!("@{} has no status", self.name))),
            code => Ok(Status::passed_if(code.bytes().all(|digit| digit == b'0'))),
        }
    }
}

/// Reads all records at the top of the file.
fn parse(text: &str) -> Result<Vec<Record>, Refusal> {
    let (mut top, mut open): (Vec<Record>, Vec<Record>) = (Vec::new(), Vec::new());
    let mut rest = text;
    let mut line = 1;
    // Braces in a printed text that are still to be closed.
    let mut inner = 0_usize;
    while !rest.is_empty() {
        let end = match rest.find(['{', '}']) {
            Some(end) => end,
            None => rest.len(),
        };
        let (own, after) = rest.split_at(end);
        match open.last_mut() {
            Some(record) => add_fields(record, own),
            None if !own.trim().is_empty() => return Err(Refusal::at(line, "text outside of all records")),
            None => {}
        }
        line += own.bytes().filter(|byte| *byte == b'\n').count();
        if let Some(inside) = after.strip_prefix("{@") {
            if open.len() == DEPTH {
                return Err(Refusal::at(line, format!("more than {DEPTH} records in each other")));
            }
            let end = inside.find(['|', '{', '}', '\n', '\r']).unwrap_or(inside.len());
            open.push(Record { name: inside[..end].trim().to_owned(), line, ..Record::default() });
            rest = &inside[end..];
        } else if after.starts_with('{') || inner > 0 && after.starts_with('}') {
            let brace = if after.starts_with('{') { '{' } else { '}' };
            inner = if brace == '{' { inner + 1 } else { inner - 1 };
            if let Some(field) = open.last_mut().and_then(|record| record.fields.last_mut()) {
                field.push(brace);
            }
            rest = &after[1..];
        } else if let Some(outside) = after.strip_prefix('}') {
            let Some(mut record) = open.pop() else {
                return Err(Refusal::at(line, "a record ends that did not start"));
            };
            record.fields.iter_mut().for_each(|field| *field = field.trim().to_owned());
            open.last_mut().map_or(&mut top, |parent| &mut parent.children).push(record);
            rest = outside;
        } else {
            rest = after;
        }
    }
    match open.last() {
        Some(record) => {
            Err(Refusal::at(record.line, format!("@{} has no end: the file is not complete", record.name)))
        }
        None => Ok(top),
    }
}

/// Adds the text between two braces to the fields of the record around it.
fn add_fields(record: &mut Record, text: &str) {
    let clean: String = text.chars().filter(|letter| !matches!(letter, '\n' | '\r')).collect();
    let mut parts = clean.split('|');
    // Before the first bar: what follows a child, or a brace in a text.
    if let Some(more) = parts.next()
        && let Some(last) = record.fields.last_mut()
        && !more.trim().is_empty()
    {
        last.push_str(more);
    }
    let is_count = |field: &str| {
        field
            .strip_prefix('\\')
            .is_some_and(|count| !count.is_empty() && count.bytes().all(|digit| digit.is_ascii_digit()))
    };
    record.fields.extend(parts.filter(|field| !is_count(field.trim())).map(str::to_owned));
}

fn board(test: &Record, batch: Option<&Record>, budget: &mut Budget) -> Result<Option<Draft>, Refusal> {
    let mut draft = Draft::new(20);
    if let Some(batch) = batch {
        batch.field(0).clone_into(&mut draft.part_number);
        batch.field(1).clone_into(&mut draft.revision);
        batch.field(2).clone_into(&mut draft.fixture);
        batch.field(6).clone_into(&mut draft.batch);
        batch.field(7).clone_into(&mut draft.operator);
        batch.field(8).clone_into(&mut draft.station);
        batch.field(9).clone_into(&mut draft.sequence_name);
        batch.field(10).clone_into(&mut draft.sequence_version);
        for (description, index) in [
            ("Testhead", 3),
            ("Testhead type", 4),
            ("Process step", 5),
            ("Panel type", 11),
            ("Panel revision", 12),
        ] {
            draft.add_misc(description, batch.field(index));
        }
    }
    test.field(0).clone_into(&mut draft.serial_number);
    let code: u32 = test
        .field(1)
        .parse()
        .map_err(|_| Refusal::at(test.line, format!("{:?} is no status of a board", test.field(1))))?;
    draft.result = match code {
        0 => Status::Passed,
        13 => return Ok(None),
        80 => Status::Error,
        81 | 82 => Status::Terminated,
        _ => Status::Failed,
    };
    draft.start = Some(Moment::compact(test.field(2)).ok_or_else(|| {
        Refusal::at(test.line, format!("{:?} is no date and time like 250314091500", test.field(2)))
    })?);
    draft.execution_time = number::read(test.field(3))
        .or_else(|| draft.start?.seconds_until(&Moment::compact(test.field(9))?).map(number::computed));
    if code != 0 {
        draft.error_code = Some(code.into());
        draft.error_message = [reason(code), test.field(10)].join(" ").trim().to_owned();
    }
    draft.socket = test.field(11).parse().ok();
    draft.add_misc("Panel", test.field(12));
    let mut texts = Vec::new();
    for record in &test.children {
        match record.name.as_str() {
            "BLOCK" => draft.steps.push(block(record, budget)?),
            "RPT" => texts.push(record.fields.join("|")),
            _ => draft.steps.extend(step(record, "", budget)?),
        }
    }
    draft.report_text = texts.join("\n");
    Ok(Some(draft))
}

/// What the status of a board means.
fn reason(code: u32) -> &'static str {
    match code {
        1 => "uncategorised failure",
        2 => "pins failed",
        3 => "learning failed",
        4 => "shorts failed",
        6 => "analog failed",
        7 => "power supply failed",
        8 => "digital or boundary scan failed",
        9 => "functional failed",
        10 => "pre-shorts failed",
        11 => "in handler",
        12 => "barcode failed",
        14 => "TestJet failed",
        15 => "polarity check failed",
        16 => "ConnectCheck failed",
        17 => "analog cluster failed",
        80 => "run-time error",
        81 => "aborted by STOP",
        82 => "aborted by BREAK",
        _ => "failed",
    }
}

fn block(record: &Record, budget: &mut Budget) -> Result<Step, Refusal> {
    budget.reads(1, 0)?;
    let designator = match record.field(0).split_once('%') {
        Some((board, name)) if board.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => record.field(0),
    };
    let mut steps = Vec::new();
    let mut texts = Vec::new();
    for child in &record.children {
        match child.name.as_str() {
            "RPT" => texts.push(child.fields.join("|")),
            _ => steps.extend(step(child, designator, budget)?),
        }
    }
    let status = record.status(1)?;
    let mut block = Step::sequence(designator, status, Vec::new());
    if !texts.is_empty() {
        let text = texts.join("\n");
        match steps.iter_mut().rev().find(|step| step.status == Status::Failed) {
            Some(failed) => failed.report_text = text,
            None => block.report_text = text,
        }
    }
    if let Content::Sequence { steps: own, .. } = &mut block.content {
        *own = steps;
    }
    Ok(block)
}

/// A test; `None` for records that are none.
fn step(record: &Record, block: &str, budget: &mut Budget) -> Result<Option<Step>, Refusal> {
    budget.reads(1, 1)?;
    let named = |designator: &str, usual: &str| match (designator, block) {
        ("", "") => usual.to_owned(),
        ("", block) => block.to_owned(),
        (designator, _) => designator.to_owned(),
    };
    let mut step = match record.name.as_str() {
        name if name.starts_with("A-") => return analog(record, block).map(Some),
        "D-T" => Step::boolean(named(record.field(4), "Digital"), record.status(0)?),
        "TJET" => Step::boolean(named(record.field(2), "TestJet"), record.status(0)?),
        "PF" => Step::boolean(named(record.field(0), "Pins"), record.status(1)?),
        "TS" => {
            let mut step = Step::boolean(named(record.field(4), "Shorts"), record.status(0)?);
            if step.status == Status::Failed {
                let count = |index: usize| match record.field(index) {
                    "" => "0",
                    count => count,
                };
                step.report_text = format!("{} shorts, {} opens, {} phantoms", count(1), count(2), count(3));
            }
            step
        }
        "BS-CON" => Step::boolean(named(record.field(0), "Boundary-scan connect"), record.status(1)?),
        "PCHK" => Step::boolean(named(record.field(1), "Polarity check"), record.status(0)?),
        "CCHK" => Step::boolean(named(record.field(2), "Connect check"), record.status(0)?),
        _ => return Ok(None),
    };
    if step.status == Status::Failed {
        let details = details(record);
        step.report_text = [step.report_text.as_str(), details.as_str()].join("\n").trim().to_owned();
    }
    Ok(Some(step))
}

/// What the records inside of a failed one say, such as failing pins and nodes.
fn details(record: &Record) -> String {
    let lines = record.children.iter().map(|child| {
        let deeper = details(child).replace('\n', " ");
        format!("{}: {} {deeper}", child.name, child.fields.join(" ")).trim().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn analog(record: &Record, block: &str) -> Result<Step, Refusal> {
    let status = record.status(0)?;
    let unit = match &record.name["A-".len()..] {
        "RES" | "FUS" | "JUM" | "POT" | "SWI" => "Ohm",
        "CAP" => "F",
        "IND" => "H",
        "DIO" | "ZEN" => "V",
        // Transistors have a gain, and what a measurement has is not said.
        _ => "",
    };
    let name = match record.field(2) {
        "" => block,
        subtest => subtest,
    };
    let Some(value) = number::read(record.field(1)) else {
        return Ok(Step::boolean(name, status));
    };
    let limits = record.children.iter().find_map(|child| {
        let first = match child.name.as_str() {
            "LIM2" => 0,
            "LIM3" => 1,
            _ => return None,
        };
        Some(Limits::inclusive(number::read(child.field(first + 1)), number::read(child.field(first))))
    });
    Ok(Step::numeric(name, status, value, unit, limits.unwrap_or_else(Limits::none)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(text: &str) -> Result<Vec<Report>, Refusal> {
        I3070.convert(&Source::new("a.log", text.into()), &Arguments::default())
    }

    #[test]
    fn records_nest_and_lists_spread() {
        let records = parse("{@BATCH|a|b\n|c{@D-T|1|0|7|\\2|p1|p2|u4}}").unwrap();
        assert_eq!(records[0].fields, ["a", "b", "c"]);
        assert_eq!(records[0].children[0].fields, ["1", "0", "7", "p1", "p2", "u4"]);
    }

    #[test]
    fn boards_that_were_not_tested_are_left_out() {
        let board = |sn: &str, status: u32| {
            format!("{{@BTEST|{sn}|{status}|250314091500|43|0|all||n|n|250314091543||1|}}")
        };
        let text = format!(
            "{{@BATCH|P|B|||||||||||{}{}{}{}}}",
            board("A", 80),
            board("B", 13),
            board("C", 81),
            board("D", 8)
        );
        let reports = convert(&text).unwrap();
        let found: Vec<_> = reports
            .iter()
            .map(|report| (report.serial_number().unwrap(), report.result().unwrap()))
            .collect();
        assert_eq!(found, [("A", "E"), ("C", "T"), ("D", "F")]);
        assert!(convert(&format!("{{@BATCH|P|B|||||||||||{}}}", board("B", 13))).is_err());
    }

    #[test]
    fn printed_text_goes_to_the_failing_step() {
        let text = "{@BTEST|S|8|250314091500|1{@BLOCK|2%u3|1{@D-T|1|0|12||u3{@DPIN|u3|4 {x} |n7}}{@RPT|U3 | FAILED}}}";
        let arguments = Arguments::from_iter([("part-number", "P")]);
        let reports = I3070.convert(&Source::new("a.log", text.into()), &arguments).unwrap();
        let step = &reports[0].members()["root"]["steps"][0];
        assert_eq!((step["name"].as_str(), step["steps"][0]["status"].as_str()), (Some("u3"), Some("F")));
        assert_eq!(step["steps"][0]["reportText"], "U3|FAILED");
        assert!(convert(text).unwrap_err().to_string().contains("argument part-number"));
    }

    #[test]
    fn damage_is_named() {
        assert_eq!(
            convert("{@BATCH|P\n{@BTEST|A|0|2503").unwrap_err().to_string(),
            "line 2: @BTEST has no end: the file is not complete"
        );
        assert!(parse(&"{@A|".repeat(1_000_000)).unwrap_err().to_string().contains("more than 32 records"));
        assert!(parse("}").is_err());
    }
}
