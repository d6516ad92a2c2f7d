//! Teradyne Spectrum in-circuit testers: the text datalog.
//!
//! Nested parentheses `(KEY: value (KEY: …) …)`; a value is a text up to the next parenthesis that belongs to a key, or a
//! quoted text. At the top stand `PROGRAM_NAME` (a report starts), `SUBPROGRAM_NAME`, `SECTION_NAME` (a sequence starts),
//! `STEP`, and `USER`, what the test program prints, mostly as `name:value`.
//!
//! A `STEP` has `TIME`, `SNAME`, one or more `PAGE`, and `STAT`; a page has `PAGE_NAME`, `STAT`, `COMMENT` and for analog
//! tests `ANA` with limits `HILIM` and `LOLIM` and a measured value, each `(VAL: n) (SCALE: m) (UNIT: V)`. A page without a
//! measured value passes or fails.
//!
//! Of the `USER` lines, `Serialnumber`, `Operator`, `Date` and `StartTime` have their place in a report; `Machine` is
//! the station, `SequenceRev` the version of the program; others become misc infos. Dates are month first, unless one
//! in the file cannot be, or `date-order` says otherwise. Times have no zone. The report fails when a step does.
//!
//! Confidence: 95 for `(PROGRAM_NAME:` at the start.
//!
//! Arguments: the common ones, and `date-order`; process code 30 without one. The part number is the program's name
//! unless `part-number` says it.

use crate::draft::{Budget, Draft};
use crate::moment::{Moment, Order};
use crate::status::Status;
use crate::step::{Content, Limits, Step};
use crate::{Argument, Arguments, Confidence, Converter, Description, Refusal, Source, limits, number};
use serde_json::Value;
use wats::Report;

/// Deepest nesting of parentheses; real files have six.
const DEPTH: usize = 64;

pub(super) struct Spectrum;

impl Converter for Spectrum {
    fn name(&self) -> &'static str {
        "spectrum"
    }

    fn describe(&self) -> Description {
        Description {
            title: "Teradyne Spectrum datalog",
            patterns: &["*.txt"],
            arguments: &[Argument {
                name: "date-order",
                meaning: "mdy for dates with the month first, dmy with the day first",
                default: "mdy, unless a date in the file cannot be",
            }],
        }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        if source.head().trim_start().starts_with("(PROGRAM_NAME:") {
            Confidence::SURE
        } else {
            Confidence::NONE
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let text = source.text(arguments)?;
        limits::check_parts(&text, b"(", limits::RECORDS, "parentheses")?;
        let nodes = parse(&text)?;
        let order = order(&nodes, arguments)?;
        let mut budget = Budget::default();
        let mut reports = Vec::new();
        let starts: Vec<usize> = nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.key == "PROGRAM_NAME")
            .map(|(index, _)| index)
            .collect();
        if starts.first() != Some(&0) {
            return Err(Refusal::malformed("the file does not start with a PROGRAM_NAME"));
        }
        for (number, start) in starts.iter().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(nodes.len());
            reports.push(report(&nodes[*start..end], order, &mut budget)?.finish(arguments, &mut budget)?);
        }
        Ok(reports)
    }
}

/// What stands in a pair of parentheses.
#[derive(Debug, Default)]
struct Node {
    key: String,
    text: String,
    children: Vec<Node>,
    line: usize,
}

impl Node {
    fn child(&self, key: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.key == key)
    }

    fn text_of(&self, key: &str) -> &str {
        self.child(key).map_or("", |child| child.text.as_str())
    }

    /// Own status; an unknown word is an error.
    fn status(&self) -> Option<Status> {
        Some(Status::from_word(&self.child("STAT")?.text).unwrap_or(Status::Error))
    }
}

/// The key at the start of a text behind a parenthesis: capital letters and a colon.
fn key(text: &str) -> Option<&str> {
    let end =
        text.find(|letter: char| !letter.is_ascii_uppercase() && !letter.is_ascii_digit() && letter != '_')?;
    (end > 0 && text[end..].starts_with(':')).then_some(&text[..end])
}

fn parse(text: &str) -> Result<Vec<Node>, Refusal> {
    let (mut top, mut open): (Vec<Node>, Vec<Node>) = (Vec::new(), Vec::new());
    // Parentheses in the text of the innermost node that are still to be closed.
    let mut inner = 0_usize;
    let mut line = 1;
    let mut rest = text;
    while let Some(at) = rest.find(['(', ')', '"', '\n']) {
        let (own, after) = rest.split_at(at);
        match open.last_mut() {
            Some(node) => node.text.push_str(own),
            None if own.trim().is_empty() => {}
            None => return Err(Refusal::at(line, "text outside of all parentheses")),
        }
        let (mark, behind) = after.split_at(1);
        rest = behind;
        match (mark, key(behind), open.last_mut()) {
            ("\n", _, node) => {
                line += 1;
                if let Some(node) = node {
                    node.text.push(' ');
                }
            }
            ("(", Some(key), _) => {
                if open.len() == DEPTH {
                    return Err(Refusal::at(line, format!("more than {DEPTH} parentheses in each other")));
                }
                open.push(Node { key: key.to_owned(), line, ..Node::default() });
                rest = &behind[key.len() + 1..];
            }
            (_, _, None) => return Err(Refusal::at(line, format!("{mark} outside of all parentheses"))),
            ("\"", _, Some(node)) => {
                let end = behind.find(['"', '\n']).filter(|end| behind[*end..].starts_with('"'));
                let end = end.ok_or_else(|| Refusal::at(line, "a quoted text has no end"))?;
                node.text.push_str(&behind[..end]);
                rest = &behind[end + 1..];
            }
            (")", _, Some(node)) if inner > 0 => {
                inner -= 1;
                node.text.push(')');
            }
            (")", ..) => {
                if let Some(mut node) = open.pop() {
                    node.text = node.text.trim().to_owned();
                    open.last_mut().map_or(&mut top, |parent| &mut parent.children).push(node);
                }
            }
            (_, _, Some(node)) => {
                inner += 1;
                node.text.push_str(mark);
            }
        }
    }
    match open.last() {
        Some(node) => {
            Err(Refusal::at(node.line, format!("{} has no end: the file is not complete", node.key)))
        }
        None if !rest.trim().is_empty() => Err(Refusal::at(line, "text outside of all parentheses")),
        None => Ok(top),
    }
}

/// The order of dates: what a person says, or what the dates allow.
fn order(nodes: &[Node], arguments: &Arguments) -> Result<Order, Refusal> {
    match arguments.get("date-order").map(str::trim) {
        Some("mdy") => return Ok(Order::MonthFirst),
        Some("dmy") => return Ok(Order::DayFirst),
        Some(other) => {
            let message = format!("{other:?} is neither mdy nor dmy");
            return Err(Refusal::Argument { name: "date-order".to_owned(), message });
        }
        None => {}
    }
    let impossible = nodes.iter().any(|node| {
        let time = node.text_of("TIME");
        time.split('/')
            .next()
            .and_then(|first| first.trim().parse::<u8>().ok())
            .is_some_and(|first| first > 12)
    });
    Ok(if impossible { Order::DayFirst } else { Order::MonthFirst })
}

fn moment(text: &str, order: Order) -> Option<Moment> {
    let (date, clock) = text.trim().split_once(' ')?;
    Moment::numeric(date, clock, order)
}

fn report(nodes: &[Node], order: Order, budget: &mut Budget) -> Result<Draft, Refusal> {
    let mut draft = Draft::new(30);
    let (mut date, mut clock) = (String::new(), String::new());
    let mut sections: Vec<(String, Vec<Step>)> = Vec::new();
    let (mut first, mut last) = (None, None);
    for node in nodes {
        match node.key.as_str() {
            "PROGRAM_NAME" => {
                draft.sequence_name.clone_from(&node.text);
                let letters = |letter: &char| letter.is_alphanumeric() || *letter == '_';
                draft.suggested_part_number = node.text.chars().take_while(letters).collect();
            }
            "SUBPROGRAM_NAME" => draft.add_misc("Subprogram", &node.text),
            "SECTION_NAME" => sections.push((node.text.clone(), Vec::new())),
            "STEP" => {
                let time = moment(node.text_of("TIME"), order);
                first = first.or(time);
                last = time.or(last);
                if sections.is_empty() {
                    sections.push(("Steps".to_owned(), Vec::new()));
                }
                if let Some((_, steps)) = sections.last_mut() {
                    steps.push(step(node, budget)?);
                }
            }
            "USER" => {
                let (name, value) = node.text.split_once(':').unwrap_or(("User", &node.text));
                let value = value.trim();
                match name.trim().to_ascii_lowercase().as_str() {
                    "serialnumber" => draft.serial_number = value.to_owned(),
                    "operator" => draft.operator = value.to_owned(),
                    "date" => date = value.to_owned(),
                    "starttime" => clock = value.to_owned(),
                    "machine" => draft.station = value.to_owned(),
                    "sequencerev" => draft.sequence_version = value.to_owned(),
                    _ => draft.add_misc(name, value),
                }
            }
            _ => {}
        }
    }
    draft.start = Moment::numeric(&date, &clock, order).or(first);
    draft.ends(last);
    draft.steps = sections
        .into_iter()
        .filter(|(_, steps)| !steps.is_empty())
        .map(|(name, steps)| Step::sequence(name, Step::status_of(&steps), steps))
        .collect();
    if draft.steps.is_empty() {
        return Err(Refusal::malformed("a program in the file has no STEP"));
    }
    draft.result = Step::status_of(&draft.steps);
    Ok(draft)
}

fn step(node: &Node, budget: &mut Budget) -> Result<Step, Refusal> {
    let name = node.text_of("SNAME");
    let pages: Vec<&Node> = node.children.iter().filter(|child| child.key == "PAGE").collect();
    budget.reads(1 + pages.len(), pages.len())?;
    let mut steps: Vec<Step> = pages.iter().map(|node| page(node)).collect();
    let status = node.status().ok_or_else(|| Refusal::at(node.line, "a STEP has no STAT"))?;
    if steps.len() == 1
        && let Some(mut step) = steps.pop()
    {
        if !name.is_empty() {
            step.name = name.to_owned();
        }
        step.status = status;
        return Ok(step);
    }
    if steps.is_empty() {
        return Ok(Step::boolean(name, status));
    }
    let mut step = Step::sequence(name, status, Vec::new());
    if let Content::Sequence { steps: own, .. } = &mut step.content {
        *own = steps;
    }
    Ok(step)
}

fn page(node: &Node) -> Step {
    let status = node.status().unwrap_or(Status::Error);
    let name = node.text_of("PAGE_NAME");
    let analog = node.child("ANA");
    let mut step = match analog.and_then(|analog| measured(analog).map(|value| (analog, value))) {
        Some((analog, (value, unit))) => {
            let limit = |key: &str| analog.child(key).and_then(quantity).map(|(value, _)| value);
            Step::numeric(name, status, value, &unit, Limits::inclusive(limit("LOLIM"), limit("HILIM")))
        }
        None => Step::boolean(name, status),
    };
    step.report_text = node.text_of("COMMENT").to_owned();
    step
}

/// The measured value of an analog test: what has a value and is no limit.
fn measured(analog: &Node) -> Option<(Value, String)> {
    let limits = ["HILIM", "LOLIM", "NOMINAL", "NOM"];
    analog.children.iter().filter(|child| !limits.contains(&child.key.as_str())).find_map(quantity)
}

/// A value in its unit without prefix.
fn quantity(node: &Node) -> Option<(Value, String)> {
    let exponent = number::prefix(node.text_of("SCALE"))?;
    Some((number::scaled(node.text_of("VAL"), exponent)?, node.text_of("UNIT").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_in_texts_are_kept() {
        let nodes = parse("(A: C:\\Program Files (x86)\\a.exe (B: \"x (y\")\n)\n(C: 1)").unwrap();
        assert_eq!(
            (nodes[0].text.as_str(), nodes[0].text_of("B")),
            ("C:\\Program Files (x86)\\a.exe", "x (y")
        );
        assert_eq!(nodes[1].line, 3);
    }

    #[test]
    fn damage_is_named() {
        let refusal = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(refusal("(A: 1)\n(STEP: (B: 1)"), "line 2: STEP has no end: the file is not complete");
        assert!(refusal(&"(A:".repeat(1_000_000)).contains("more than 64 parentheses"));
        assert!(refusal("(A: \"x\n\")").contains("a quoted text has no end"));
        assert!(refusal("x(A: 1)").contains("outside of all parentheses"));
    }
}
