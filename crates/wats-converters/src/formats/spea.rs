//! SPEA in-circuit testers (3030 and relatives).
//!
//! Lines of fields separated by semicolons; the first field names the line:
//!
//! | Line | Fields |
//! |---|---|
//! | `FORMAT` | order of dates, `mmdd` (also without the line) or `ddmm` |
//! | `START` | program, plan, station number or plan version, part number, operator, date, time |
//! | `LOT` | batch |
//! | `SN` | serial number of a board |
//! | `ANL`, `FUNC`, … | site, designator, test, subtest, description, remark, result, value, low limit, high limit, unit, pins, … |
//! | `BOARDRESULT` | result of a board |
//! | `END` | result, date, time |
//!
//! A `START` may have several boards: each `BOARDRESULT` ends one, and each is a report. The `SN` of a board stands
//! before or after its rows. A `START` without its `END` before the next one was terminated. A short line with another
//! word becomes a misc info. 1e10 stands for no limit. A row with neither unit nor limits, or whose value is no number,
//! only passes or fails. Times have no zone.
//!
//! Confidence: 95 for a `START` line with eight fields and a first row that fits, 70 with the `START` alone.
//!
//! Arguments: the common ones, and `station-name-prefix`, put before the station number; process code 31 without one.

use crate::draft::{Budget, Draft, at_least_one};
use crate::moment::{Moment, Order};
use crate::status::Status;
use crate::step::{Limits, Step};
use crate::{Argument, Arguments, Confidence, Converter, Description, Refusal, Source, limits, number};
use serde_json::Value;
use wats::Report;

/// From here on a limit is none.
const NO_LIMIT: f64 = 1e10;
/// Most lines of other words that are kept.
const MISC_INFOS: usize = 100;

pub(super) struct Spea;

impl Converter for Spea {
    fn name(&self) -> &'static str {
        "spea"
    }

    fn describe(&self) -> Description {
        Description {
            title: "SPEA in-circuit test",
            patterns: &["*.csv", "*.txt"],
            arguments: &[Argument {
                name: "station-name-prefix",
                meaning: "put before the station number to make the station's name",
                default: "nothing",
            }],
        }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let mut lines = source.head().lines().map(str::trim).filter(|line| !line.is_empty());
        let mut line = lines.next().unwrap_or_default();
        if line.starts_with("FORMAT;") {
            line = lines.next().unwrap_or_default();
        }
        if !line.starts_with("START;") || line.split(';').count() < 8 {
            return Confidence::NONE;
        }
        let known = lines.take(8).find(|line| !matches!(keyword(line), "LOT" | "SN"));
        match known {
            Some(line) if is_row(&split(line).collect::<Vec<_>>()) || keyword(line) == "BOARDRESULT" => {
                Confidence::SURE
            }
            _ => Confidence::LIKELY,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let text = source.text(arguments)?;
        limits::check_parts(&text, b";\n", limits::FIELDS, "fields and lines")?;
        let mut reader = Reader {
            arguments,
            budget: Budget::default(),
            order: Order::MonthFirst,
            run: None,
            reports: Vec::new(),
        };
        let mut last = 0;
        let mut fields = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            last = index + 1;
            if !line.is_empty() {
                fields.clear();
                fields.extend(split(line));
                reader.line(&fields, index + 1)?;
            }
        }
        if reader.run.is_some() {
            return Err(Refusal::at(last, "the file ends before the END of a START: it is not complete"));
        }
        at_least_one(reader.reports)
    }
}

fn keyword(line: &str) -> &str {
    line.split(';').next().unwrap_or_default().trim()
}

/// The fields of a line.
fn split(line: &str) -> impl Iterator<Item = &str> {
    line.split(';').map(str::trim)
}

fn is_row(fields: &[&str]) -> bool {
    fields.len() >= 10
        && fields[0].bytes().all(|byte| byte.is_ascii_uppercase())
        && result(fields[7]).is_some()
}

/// `PASS`, `FAIL`, and `FAIL(+)` for too high, `FAIL(-)` for too low.
fn result(word: &str) -> Option<Status> {
    Status::from_word(word.split('(').next().unwrap_or_default())
}

/// A `START` to its `END`.
struct Run<'a> {
    start: Vec<&'a str>,
    line: usize,
    moment: Moment,
    lot: &'a str,
    misc: Vec<(String, String)>,
    /// Boards that have their result.
    boards: Vec<Board<'a>>,
    /// The board whose rows are being read.
    open: Board<'a>,
}

#[derive(Default)]
struct Board<'a> {
    serial_number: Option<&'a str>,
    steps: Vec<Step>,
    result: Option<Status>,
}

impl Board<'_> {
    fn is_empty(&self) -> bool {
        self.serial_number.is_none() && self.steps.is_empty() && self.result.is_none()
    }
}

struct Reader<'a> {
    arguments: &'a Arguments,
    budget: Budget,
    order: Order,
    run: Option<Run<'a>>,
    reports: Vec<Report>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, fields: &[&'a str], at: usize) -> Result<(), Refusal> {
        let keyword = fields[0];
        match (keyword, &mut self.run) {
            ("FORMAT", _) => {
                self.order = match fields.get(1).map(|order| order.to_ascii_lowercase()).as_deref() {
                    Some("ddmm") => Order::DayFirst,
                    Some("mmdd") => Order::MonthFirst,
                    _ => return Err(Refusal::at(at, "FORMAT is neither mmdd nor ddmm")),
                };
                Ok(())
            }
            // The tester was stopped hard and started again.
            ("START", Some(_)) => {
                self.close(None, None, at)?;
                self.start(fields, at)
            }
            ("START", None) => self.start(fields, at),
            (_, None) => Err(Refusal::at(at, format!("{keyword} before a START"))),
            ("LOT", Some(run)) => {
                run.lot = fields.get(1).copied().unwrap_or_default();
                Ok(())
            }
            ("SN", Some(run)) => {
                let serial_number = fields.get(1).copied().filter(|text| !text.is_empty());
                // A second board that has no BOARDRESULT before it.
                if run.open.serial_number.is_some() && !run.open.steps.is_empty() {
                    run.boards.push(std::mem::take(&mut run.open));
                }
                run.open.serial_number = serial_number;
                Ok(())
            }
            ("BOARDRESULT", Some(run)) => {
                // Some write the number of the site before the result.
                let found = fields.iter().skip(1).take(2).find_map(|word| result(word));
                let word = fields.get(1).copied().unwrap_or_default();
                run.open.result =
                    Some(found.ok_or_else(|| Refusal::at(at, format!("{word:?} is no result of a board")))?);
                run.boards.push(std::mem::take(&mut run.open));
                Ok(())
            }
            ("END", Some(_)) => self.end(fields, at),
            (_, Some(run)) if is_row(fields) => {
                self.budget.reads(1, 1)?;
                run.open.steps.push(row(fields));
                Ok(())
            }
            (_, Some(run)) if fields.len() < 7 && !matches!(keyword, "ANL" | "FUNC") => {
                if run.misc.len() < MISC_INFOS {
                    run.misc.push((keyword.to_owned(), fields[1..].join(";")));
                }
                Ok(())
            }
            _ => Err(Refusal::at(at, format!("{keyword} is none of the known lines, or lacks fields"))),
        }
    }

    fn start(&mut self, fields: &[&'a str], line: usize) -> Result<(), Refusal> {
        if fields.len() < 8 {
            return Err(Refusal::at(line, format!("START has {} fields, 8 are needed", fields.len())));
        }
        let moment = Moment::numeric(fields[6], fields[7], self.order)
            .ok_or_else(|| Refusal::at(line, format!("{} {} is no date and time", fields[6], fields[7])))?;
        self.run = Some(Run {
            start: fields.to_vec(),
            line,
            moment,
            lot: "",
            misc: Vec::new(),
            boards: Vec::new(),
            open: Board::default(),
        });
        Ok(())
    }

    fn end(&mut self, fields: &[&str], line: usize) -> Result<(), Refusal> {
        let result = fields.get(1).and_then(|word| result(word));
        let end = match fields {
            [_, _, date, clock, ..] => Moment::numeric(date, clock, self.order),
            _ => None,
        };
        self.close(Some(result), end, line)
    }

    /// Makes reports of the boards of a `START`. The result is that of its `END`, when it has one.
    fn close(
        &mut self,
        ended: Option<Option<Status>>,
        end: Option<Moment>,
        line: usize,
    ) -> Result<(), Refusal> {
        let Some(mut run) = self.run.take() else { return Ok(()) };
        let whole = ended.unwrap_or(Some(Status::Terminated));
        if !run.open.is_empty() {
            match run.boards.last_mut() {
                // A serial number behind the result belongs to the board before it.
                Some(last) if run.open.steps.is_empty() && last.serial_number.is_none() => {
                    last.serial_number = run.open.serial_number;
                }
                Some(_) if run.open.steps.is_empty() => {}
                _ => run.boards.push(run.open),
            }
        }
        if run.boards.is_empty() {
            return Err(Refusal::at(line, "a START has neither rows nor a result"));
        }
        let single = run.boards.len() == 1;
        for board in run.boards {
            let rows = Step::status_of(&board.steps);
            let mut draft = Draft::new(31);
            draft.serial_number = board.serial_number.unwrap_or_default().to_owned();
            draft.part_number = run.start[4].to_owned();
            draft.operator = run.start[5].to_owned();
            draft.batch = run.lot.to_owned();
            draft.start = Some(run.moment);
            draft.ends(end);
            draft.sequence_name = match (run.start[1], run.start[2]) {
                (program, "") => program.to_owned(),
                ("", plan) => plan.to_owned(),
                (program, plan) => format!("{program}/{plan}"),
            };
            // Some testers have the number of the station here, others the version of the plan.
            let station = run.start[3];
            if station.contains('.') {
                draft.sequence_version = station.to_owned();
            } else if !station.is_empty() {
                let prefix = self.arguments.get("station-name-prefix").unwrap_or_default();
                draft.station = format!("{prefix}{station}");
            }
            draft.result = board.result.or(whole.filter(|_| single)).unwrap_or(rows);
            draft.steps = board.steps;
            for (description, value) in &run.misc {
                draft.add_misc(description, value);
            }
            let report = draft.finish(self.arguments, &mut self.budget).map_err(|refusal| match refusal {
                Refusal::Missing { what, .. } => {
                    Refusal::at(run.line, format!("the test that starts here does not say the {what}"))
                }
                other => other,
            })?;
            self.reports.push(report);
        }
        Ok(())
    }
}

fn row(fields: &[&str]) -> Step {
    let [_, _, designator, _, _, description, remark, word, value, low, ..] = fields[..] else {
        return Step::boolean("row", Status::Error);
    };
    let high = fields.get(10).copied().unwrap_or_default();
    let unit = fields.get(11).copied().unwrap_or_default();
    let status = result(word).unwrap_or(Status::Error);
    let name = match (designator, description) {
        ("", description) => description.to_owned(),
        (designator, "") => designator.to_owned(),
        (designator, description) if description.contains(designator) => description.to_owned(),
        (designator, description) => format!("{designator} {description}"),
    };
    // With the value of each limit, so that it is read once.
    let limit = |text: &str| {
        let value = number::read(text)?;
        Some((number::as_f64(&value)?, value))
    };
    let (low, high) = (limit(low), limit(high));
    let zero = |limit: &Option<(f64, Value)>| limit.as_ref().is_none_or(|(number, _)| *number == 0.0);
    let limited = !unit.is_empty() || !zero(&low) || !zero(&high);
    let usable = |limit: Option<(f64, Value)>| {
        limit.filter(|(number, _)| number.abs() < NO_LIMIT).map(|(_, value)| value)
    };
    let mut step = match number::read(value) {
        Some(value) if limited => {
            Step::numeric(name, status, value, unit, Limits::inclusive(usable(low), usable(high)))
        }
        _ => Step::boolean(name, status),
    };
    if let Some((_, reason)) = word.split_once('(') {
        step.report_text = match reason.trim_end_matches(')') {
            "+" => "too high".to_owned(),
            "-" => "too low".to_owned(),
            other => other.to_owned(),
        };
    }
    if !remark.is_empty() {
        step.report_text = [step.report_text.as_str(), remark].join(" ").trim().to_owned();
    }
    if let Some(pins) = fields.get(12).filter(|pins| !pins.is_empty() && status == Status::Failed) {
        step.report_text = format!("{} pins {pins}", step.report_text).trim().to_owned();
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(text: &str) -> Result<Vec<Report>, Refusal> {
        Spea.convert(&Source::new("a.csv", text.into()), &Arguments::default())
    }

    const START: &str = "START;P;plan;7;PN;op;03/14/2025;09:30:00\n";

    #[test]
    fn every_board_is_a_report() {
        let text = format!(
            "{START}SN;A\nANL;1;R1;1;1;;;PASS;1;0.5;2;OHM\nBOARDRESULT;PASS\nANL;1;R1;1;1;;;FAIL(+);3;0.5;2;OHM\nSN;B\nBOARDRESULT;FAIL\nEND;FAIL;03/14/2025;09:31:00\n\
             {START}ANL;1;R1;1;1;;;FAIL(-);NaN;0.5;1e10;OHM\nBOARDRESULT;FAIL\nSN;C\nEND;FAIL;03/14/2025;09:31:00"
        );
        let reports = convert(&text).unwrap();
        let found: Vec<_> = reports
            .iter()
            .map(|report| (report.serial_number().unwrap(), report.result().unwrap()))
            .collect();
        assert_eq!(found, [("A", "P"), ("B", "F"), ("C", "F")]);
        let measurement = &reports[2].members()["root"]["steps"][0]["numericMeas"][0];
        assert_eq!(
            measurement.to_string(),
            r#"{"compOp":"GE","status":"F","unit":"OHM","value":"NaN","lowLimit":0.5}"#
        );
    }

    #[test]
    fn faults_name_their_line() {
        let refusal = |text: String| convert(&text).unwrap_err().to_string();
        assert_eq!(
            refusal(format!("{START}SN;A\n")),
            "line 2: the file ends before the END of a START: it is not complete"
        );
        assert_eq!(
            refusal(format!("{START}SN;A\nANL;1;R")),
            "line 3: ANL is none of the known lines, or lacks fields"
        );
        assert_eq!(refusal("SN;A".into()), "line 1: SN before a START");
        let twice =
            convert(&format!("{START}SN;A\n{START}SN;B\nPANEL;7\nBOARDRESULT;1;PASS\nEND;PASS")).unwrap();
        assert_eq!((twice[0].result(), twice[1].result()), (Some("T"), Some("P")));
        assert_eq!(twice[1].members()["miscInfos"][0]["text"], "7");
        let no_number = format!("{START}BOARDRESULT;PASS\nEND;PASS");
        assert_eq!(refusal(no_number), "line 1: the test that starts here does not say the serial number");
    }

    #[test]
    fn dates_follow_the_format_line() {
        let text = format!("FORMAT;ddmm\n{START}SN;A\nBOARDRESULT;PASS\nEND;PASS").replace("03/14", "14/03");
        let reports = convert(&text).unwrap();
        assert_eq!(reports[0].members()["start"], Value::from("2025-03-14T09:30:00"));
        assert!(convert(&text.replace("FORMAT;ddmm\n", "")).is_err());
    }
}
