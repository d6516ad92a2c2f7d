//! Teradyne (GenRad) GR228X in-circuit testers: the text log.
//!
//! ```text
//! M:\programs\W005506_A.obc[14-SEP-20  12:01:45      program, and when it was loaded
//! @31-JUL-24  14:18:51 SN TD0001                     a board starts
//! (F 300,301,303                                     failing nodes: shorts; (O opens; a + at the end goes on
//! R101=100.5(90,110)R                                measurement = value(low,high)type
//! R102#99.8(,)R                                      an intermediate value, without limits
//! U7=                                                a digital test that passed
//! "31-JUL-24  14:18:59                               a board ends
//! ]31-JUL-24  14:32:13                               the program ends
//! ```
//!
//! The end of a board is `"` passed, `/` failed, `?` aborted, `*` error, `&` system error or `!` cancelled. Values have
//! an engineering letter; `M` is milli and `MEG` mega. The type is `R`, `C`, `L`, `V` or `I` with letters around it. The
//! log does not say whether a measurement passed: its limits do. Each board is a report. Times have no zone.
//!
//! Confidence: 95 for a program line followed by a board, 70 for one of them.
//!
//! Arguments: the common ones; process code 20 without one. The part number is the program's name unless
//! `part-number` says it.

use crate::draft::{Budget, Draft, at_least_one};
use crate::moment::Moment;
use crate::status::Status;
use crate::step::{Limits, Step};
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, number};
use wats::Report;

pub(super) struct Gr228x;

impl Converter for Gr228x {
    fn name(&self) -> &'static str {
        "gr228x"
    }

    fn describe(&self) -> Description {
        Description { title: "Teradyne GR228X log", patterns: &["*.log", "*.txt"], arguments: &[] }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let mut lines = source.head().lines().map(str::trim).filter(|line| !line.is_empty());
        match (lines.next().map(Line::of), lines.next().map(Line::of)) {
            (Some(Line::Program { .. }), Some(Line::Board { .. })) => Confidence::SURE,
            (Some(Line::Program { .. } | Line::Board { .. }), _) => Confidence::LIKELY,
            _ => Confidence::NONE,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let text = source.text(arguments)?;
        let mut budget = Budget::default();
        let mut reports = Vec::new();
        let mut program = String::new();
        let mut open: Option<(Draft, usize)> = None;
        let mut goes_on = false;
        for (index, line) in text.lines().enumerate() {
            let at = index + 1;
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            if std::mem::take(&mut goes_on)
                && let Some((draft, _)) = &mut open
            {
                goes_on = add_nodes(draft, line);
                continue;
            }
            match (Line::of(line), &mut open) {
                (Line::Program { path }, None) => path.clone_into(&mut program),
                (Line::Board { start, serial_number }, None) => {
                    open = Some((draft(&program, start, serial_number), at));
                }
                // The tester was stopped hard and started again.
                (Line::Board { start, serial_number }, Some(_)) => {
                    if let Some((mut lost, _)) = open.replace((draft(&program, start, serial_number), at)) {
                        lost.result = Status::Terminated;
                        lost.report_text = "The log has no end of this test.".to_owned();
                        reports.push(lost.finish(arguments, &mut budget)?);
                    }
                }
                (Line::End { result, moment }, Some(_)) => {
                    if let Some((mut done, _)) = open.take() {
                        done.result = result;
                        done.ends(Some(moment));
                        reports.push(done.finish(arguments, &mut budget)?);
                    }
                }
                (Line::Nodes { kind }, Some((draft, _))) => {
                    let name = match kind {
                        'F' => "Shorts",
                        'O' => "Opens",
                        _ => "Nodes",
                    };
                    budget.reads(1, 1)?;
                    draft.steps.push(Step::boolean(name, Status::Failed));
                    goes_on = add_nodes(draft, line);
                }
                (Line::Measurement, Some((draft, _))) => {
                    budget.reads(1, 1)?;
                    draft.steps.push(measurement(line, at)?);
                }
                (Line::ProgramEnd, None) => {}
                (Line::Program { .. } | Line::ProgramEnd, Some((_, start))) => {
                    let message =
                        format!("the program ends, but the board that starts in line {start} does not");
                    return Err(Refusal::at(at, message));
                }
                (_, None) => return Err(Refusal::at(at, "this line belongs to no board")),
                (Line::Unknown, Some(_)) => {
                    return Err(Refusal::at(at, "this line is none of the known ones"));
                }
            }
        }
        match open {
            Some((_, start)) => {
                Err(Refusal::at(start, "the board that starts here has no end: the file is not complete"))
            }
            None => at_least_one(reports),
        }
    }
}

/// What a line is.
enum Line<'a> {
    Program { path: &'a str },
    Board { start: Moment, serial_number: &'a str },
    End { result: Status, moment: Moment },
    Nodes { kind: char },
    Measurement,
    ProgramEnd,
    Unknown,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let Some(first) = line.chars().next() else { return Self::Unknown };
        let rest = &line[first.len_utf8()..];
        if first == '@' {
            let (moment, serial_number) = rest.split_once(" SN").unwrap_or((rest, ""));
            return match Moment::day_month_name(moment) {
                Some(start) => Self::Board { start, serial_number: serial_number.trim() },
                None => Self::Unknown,
            };
        }
        let result = match first {
            '"' => Some(Status::Passed),
            '/' => Some(Status::Failed),
            '?' | '!' => Some(Status::Terminated),
            '*' | '&' => Some(Status::Error),
            _ => None,
        };
        if let (Some(result), Some(moment)) = (result, Moment::day_month_name(rest)) {
            return Self::End { result, moment };
        }
        match first {
            '(' => Self::Nodes { kind: rest.chars().next().unwrap_or(' ') },
            ']' => Self::ProgramEnd,
            _ => match line.rsplit_once('[') {
                Some((path, moment)) if Moment::day_month_name(moment).is_some() => Self::Program { path },
                _ if line.contains(['=', '#']) && first.is_ascii_alphanumeric() => Self::Measurement,
                _ => Self::Unknown,
            },
        }
    }
}

fn draft(program: &str, start: Moment, serial_number: &str) -> Draft {
    let mut draft = Draft::new(20);
    let file = program.rsplit(['\\', '/']).next().unwrap_or_default();
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    draft.start = Some(start);
    draft.serial_number = serial_number.to_owned();
    draft.suggested_part_number = name.to_owned();
    draft.sequence_name = file.to_owned();
    draft.sequence_path = program.to_owned();
    draft
}

/// Adds a list of nodes to the last step; true when it goes on in the next line.
fn add_nodes(draft: &mut Draft, line: &str) -> bool {
    let goes_on = line.ends_with('+');
    let text = line.trim_start_matches('(').trim_end_matches('+').trim();
    if let Some(step) = draft.steps.last_mut().filter(|_| !text.is_empty()) {
        if !step.report_text.is_empty() {
            step.report_text.push(' ');
        }
        step.report_text.push_str(text);
    }
    goes_on
}

fn measurement(line: &str, at: usize) -> Result<Step, Refusal> {
    let Some((name, rest)) = line.split_once(['=', '#']) else {
        return Err(Refusal::at(at, "a measurement without = or #"));
    };
    let (value, rest) = rest.split_once('(').unwrap_or((rest, ""));
    if value.trim().is_empty() {
        return Ok(Step::boolean(name, Status::Passed));
    }
    let number = |text: &str| {
        number::engineering(text)
            .ok_or_else(|| Refusal::at(at, format!("{:?} is no number of a GR228X", text.trim())))
    };
    let value = number(value)?;
    let (limits, kind) = rest.split_once(')').unwrap_or((rest, ""));
    let (low, high) = limits.split_once(',').unwrap_or((limits, ""));
    let limit = |text: &str| match text.trim() {
        "" => Ok(None),
        text => number(text).map(Some),
    };
    let limits = Limits::inclusive(limit(low)?, limit(high)?);
    let unit = match kind.trim().trim_start_matches('A').chars().next() {
        Some('R') => "Ohm",
        Some('C') => "F",
        Some('L') => "H",
        Some('V') => "V",
        Some('I') => "A",
        _ => "",
    };
    let status = Status::passed_if(limits.pass(&value));
    Ok(Step::numeric(name, status, value, unit, limits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(text: &str) -> Result<Vec<Report>, Refusal> {
        Gr228x.convert(&Source::new("a.log", text.into()), &Arguments::default())
    }

    const START: &str = "D:\\p\\board.obc[31-JUL-12  14:17:35\n@31-JUL-12  14:18:51 SN 1\n";

    #[test]
    fn measurements_are_judged_by_their_limits() {
        let reports =
            convert(&format!("{START}R1=120K(90K,110K)AR\n(F 1,2 +\n3\nU1=\n/31-JUL-12  14:18:53")).unwrap();
        let measurement = r#"[{"compOp":"GELE","status":"F","unit":"Ohm","value":120e3,"lowLimit":90e3,"highLimit":110e3}]"#;
        let json = reports[0].to_json();
        assert!(json.contains(measurement), "{json}");
        let steps = &reports[0].members()["root"]["steps"];
        assert_eq!(steps[1]["reportText"], "F 1,2 3");
        assert_eq!(steps[2]["status"], "P");
        assert_eq!(reports[0].part_number(), Some("board"));
    }

    #[test]
    fn a_board_without_an_end_was_terminated_or_is_not_complete() {
        let reports = convert(&format!("{START}@31-JUL-12  14:19:51 SN 2\n\"31-JUL-12  14:19:53")).unwrap();
        let results: Vec<_> = reports.iter().filter_map(Report::result).collect();
        assert_eq!(results, ["T", "P"]);
        let refusal = convert(START).unwrap_err().to_string();
        assert_eq!(refusal, "line 2: the board that starts here has no end: the file is not complete");
    }
}
