//! Klippel QC: the text file of a device under test, with the folder of the same name.
//!
//! The file has lines `name=value`, and comments that start with `//`: `Cfg_DutStartTime` (the numbers of SciLab's
//! getdate: year, month, week, day of the year, day of the week, day, hour, minute, second, millisecond, minutes east of
//! UTC), `Cfg_SerialNumber`, `Cfg_UserName`, `Cfg_PCName`, `Ctrl_OverallVerdict` (-1 void, 0 fail, 1 pass, 2 warning,
//! 3 noise, 4 invalid), and `Results_Pass`, `Results_Fail`, `Results_Warning`, `Results_Void`, `Results_Noise`,
//! `Results_Invalid` with names of results separated by tabs.
//!
//! The folder holds tables separated by tabs, named `<task>-<what>.txt`: `<task>-values.txt` has the columns `name`,
//! `value`, `max`, `min`; every other one is a curve with the columns `frq`, the result's name, `max`, `min`. `-` stands
//! for no number. A task becomes a sequence, a value a numeric step, a curve a chart with its limits; a result without
//! a table a step that passes or fails.
//!
//! Without the folder the file is refused, so that no measurement is lost when the folder is written after the file;
//! `require-data = false` takes the verdicts alone.
//!
//! Confidence: 95 with the first names above near the start, 70 with one of them.
//!
//! Arguments: the common ones, and `require-data`; process code 700 without one. The part number is the name of the
//! database (`Cfg_DatabasePath`) unless `part-number` says it.

use crate::draft::{Budget, Draft};
use crate::moment::Moment;
use crate::status::Status;
use crate::step::{Limits, Step};
use crate::{
    Argument, Arguments, Companion, Confidence, Converter, Description, Refusal, Source, limits, number, text,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use wats::Report;

/// Largest number of points of one curve.
const POINTS: usize = 100_000;
/// Most columns of a table of curves.
const CURVES: usize = 64;

pub(super) struct Klippel;

impl Converter for Klippel {
    fn name(&self) -> &'static str {
        "klippel"
    }

    fn describe(&self) -> Description {
        Description {
            title: "Klippel QC",
            patterns: &["*.txt"],
            arguments: &[Argument {
                name: "require-data",
                meaning: "false takes a file without the folder of its tables",
                default: "true",
            }],
        }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        let head = source.head();
        let found = ["Cfg_DutStartTime=", "Cfg_SerialNumber=", "Ctrl_OverallVerdict="]
            .iter()
            .filter(|name| head.lines().any(|line| line.starts_with(**name)))
            .count();
        match found {
            0 => Confidence::NONE,
            3 => Confidence::SURE,
            _ => Confidence::LIKELY,
        }
    }

    fn reads_companions(&self) -> bool {
        true
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let text = source.text(arguments)?;
        limits::check_parts(&text, b"\t\n", limits::FIELDS, "fields and lines")?;
        let settings: HashMap<&str, &str> = text
            .lines()
            .filter(|line| !line.starts_with("//"))
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim()))
            .collect();
        let get = |name: &str| settings.get(name).copied().unwrap_or_default();
        if source.companions().is_empty() && arguments.flag("require-data", true)? {
            let message = "the folder with the measurements is missing: it has the name of this file without .txt, and \
                           lies beside it (or set the converter's argument require-data to false)";
            return Err(Refusal::NotYet(message.to_owned()));
        }
        let mut draft = Draft::new(700);
        draft.serial_number = get("Cfg_SerialNumber").to_owned();
        draft.operator = get("Cfg_UserName").to_owned();
        draft.station = get("Cfg_PCName").to_owned();
        let database = get("Cfg_DatabasePath").rsplit(['\\', '/']).next().unwrap_or_default();
        draft.suggested_part_number = database.trim_end_matches(".kdbx").to_owned();
        draft.sequence_name = database.to_owned();
        draft.sequence_path = get("Cfg_DatabasePath").to_owned();
        draft.start = Some(start(get("Cfg_DutStartTime")).ok_or_else(|| {
            Refusal::malformed(format!("Cfg_DutStartTime is {:?}, no date and time", get("Cfg_DutStartTime")))
        })?);
        draft.comment = get("Ctrl_ErrorGeneral").to_owned();
        for (description, name) in [("Speaker", "Cfg_Speaker"), ("Login mode", "Cfg_LoginMode")] {
            draft.add_misc(description, get(name));
        }
        let (result, words) = verdict(get("Ctrl_OverallVerdict")).ok_or_else(|| {
            Refusal::malformed(format!(
                "Ctrl_OverallVerdict is {:?}, not -1 to 4",
                get("Ctrl_OverallVerdict")
            ))
        })?;
        draft.result = result;
        draft.report_text = words.to_owned();
        let mut verdicts = BTreeMap::new();
        for (list, verdict) in [
            ("Results_Pass", "1"),
            ("Results_Fail", "0"),
            ("Results_Warning", "2"),
            ("Results_Void", "-1"),
            ("Results_Noise", "3"),
            ("Results_Invalid", "4"),
        ] {
            for name in get(list).split('\t').filter(|name| !name.trim().is_empty()) {
                verdicts.extend(self::verdict(verdict).map(|verdict| (name.trim(), verdict)));
            }
        }
        let mut budget = Budget::default();
        draft.steps = steps(source.companions(), &verdicts, &mut budget)?;
        Ok(vec![draft.finish(arguments, &mut budget)?])
    }
}

/// Status and what else there is to say.
fn verdict(code: &str) -> Option<(Status, &'static str)> {
    Some(match code {
        "-1" => (Status::Terminated, "void: no result"),
        "0" => (Status::Failed, ""),
        "1" => (Status::Passed, ""),
        "2" => (Status::Passed, "passed with a warning"),
        "3" => (Status::Error, "disturbed by noise"),
        "4" => (Status::Error, "invalid"),
        _ => return None,
    })
}

fn start(text: &str) -> Option<Moment> {
    let mut fields = Vec::new();
    for field in text.split('-').take(10) {
        fields.push(field.parse::<u16>().ok()?);
    }
    let [year, month, _, _, _, day, hour, minute, second, millisecond] = fields[..] else { return None };
    let short = |number: u16| u8::try_from(number).ok();
    let moment = Moment::new(
        (year.into(), short(month)?, short(day)?),
        (short(hour)?, short(minute)?, short(second)?),
        u32::from(millisecond).checked_mul(1_000_000)?,
    )?;
    // The offset, which is negative behind a second minus sign west of Greenwich.
    let rest = text.splitn(11, '-').nth(10).unwrap_or_default();
    let (sign, rest) = rest.strip_prefix('-').map_or((1, rest), |rest| (-1, rest));
    let offset = rest.split('-').next().and_then(|minutes| minutes.parse::<i16>().ok());
    Some(moment.or_zone(offset.filter(|minutes| *minutes < 18 * 60).map(|minutes| sign * minutes)))
}

fn steps(
    companions: &[Companion],
    verdicts: &BTreeMap<&str, (Status, &'static str)>,
    budget: &mut Budget,
) -> Result<Vec<Step>, Refusal> {
    let mut tasks: Vec<(String, Vec<Step>)> = Vec::new();
    let mut shown = HashSet::new();
    for file in companions {
        let Some((task, what)) = file.name.strip_suffix(".txt").and_then(|name| name.rsplit_once('-')) else {
            continue;
        };
        let Some(table) = text::decode(&file.bytes, None)? else { continue };
        limits::check_parts(&table, b"\t\n", limits::FIELDS, "fields and lines")?;
        let rows: Vec<Vec<&str>> = table
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.split('\t').map(str::trim).collect())
            .collect();
        let Some((columns, rows)) = rows.split_first() else { continue };
        let steps = match columns[..] {
            ["name", "value", ..] => {
                budget.reads(rows.len(), rows.len())?;
                values(columns, rows, verdicts, &mut shown)
            }
            ["frq", name, ..] => {
                shown.insert(name.to_owned());
                budget.reads(1, 1)?;
                vec![curve(columns, rows, what, verdicts.get(name).copied(), &file.name)?]
            }
            _ => continue,
        };
        match tasks.iter_mut().find(|(known, _)| known == task) {
            Some((_, all)) => all.extend(steps),
            None => tasks.push((task.to_owned(), steps)),
        }
    }
    let mut all: Vec<Step> =
        tasks.into_iter().map(|(task, steps)| Step::sequence(task, Step::status_of(&steps), steps)).collect();
    for (name, (status, words)) in verdicts.iter().filter(|(name, _)| !shown.contains(**name)) {
        budget.reads(1, 1)?;
        let mut step = Step::boolean(*name, *status);
        step.report_text = (*words).to_owned();
        all.push(step);
    }
    Ok(all)
}

/// The rows of a table of single values.
fn values(
    columns: &[&str],
    rows: &[Vec<&str>],
    verdicts: &BTreeMap<&str, (Status, &'static str)>,
    shown: &mut HashSet<String>,
) -> Vec<Step> {
    let [value, low, high] =
        ["value", "min", "max"].map(|name| columns.iter().position(|column| *column == name));
    let steps = rows.iter().filter_map(|row| {
        let name = row.first().filter(|name| !name.is_empty())?;
        shown.insert((*name).to_owned());
        let number = |column: Option<usize>| number::read(row.get(column?)?);
        let limits = Limits::inclusive(number(low), number(high));
        let verdict = verdicts.get(name).copied();
        let Some(value) = number(value) else {
            // Not measured; a verdict says so all the same.
            let (status, words) = verdict.unwrap_or((Status::Skipped, ""));
            let mut step = Step::numeric(*name, status, Value::from("NaN"), "", limits);
            if status == Status::Skipped {
                step = Step::new(*name, status);
            }
            step.report_text = words.to_owned();
            return Some(step);
        };
        let (status, words) = verdict.unwrap_or((Status::passed_if(limits.pass(&value)), ""));
        let mut step = Step::numeric(*name, status, value, "", limits);
        step.report_text = words.to_owned();
        Some(step)
    });
    steps.collect()
}

/// A curve with its limits as a chart.
fn curve(
    columns: &[&str],
    rows: &[Vec<&str>],
    what: &str,
    verdict: Option<(Status, &'static str)>,
    file: &str,
) -> Result<Step, Refusal> {
    if rows.len() > POINTS || columns.len() > CURVES {
        return Err(Refusal::TooLarge(format!("{file} has more than {POINTS} rows or {CURVES} columns")));
    }
    let mut series = Vec::new();
    for (index, name) in columns.iter().enumerate().skip(1) {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for row in rows {
            let point =
                row.first().and_then(|x| number::read(x)).zip(row.get(index).and_then(|y| number::read(y)));
            if let Some((Value::Number(at), Value::Number(value))) = point {
                x.push(at.to_string());
                y.push(value.to_string());
            }
        }
        if !x.is_empty() {
            series.push(json!({"dataType": "XYG", "name": name, "xdata": x.join(";"), "ydata": y.join(";")}));
        }
    }
    let name = columns.get(1).copied().unwrap_or(what);
    let (status, words) = verdict.unwrap_or((Status::Done, ""));
    let mut step = Step::boolean(name, status);
    step.report_text = words.to_owned();
    if !series.is_empty() {
        step.chart = Some(json!({
            "chartType": "LineLogX", "label": name, "xLabel": "Frequency", "xUnit": "Hz", "yLabel": name, "series": series,
        }));
    }
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_times_have_their_zone() {
        let text = |text: &str| start(text).map(Moment::to_iso);
        assert_eq!(
            text("2020-5-20-135-5-14-10-1-37-563-120-1.589E+09").as_deref(),
            Some("2020-05-14T10:01:37.563+02:00")
        );
        assert_eq!(
            text("2020-5-20-135-5-14-10-1-37-563--300-1.5E+09").as_deref(),
            Some("2020-05-14T10:01:37.563-05:00")
        );
        assert_eq!(text("2020-5-20-135-5-14-10-1-37"), None);
        assert_eq!(text("2020-5-20-135-5-14-10-1-37-5000"), None);
    }
}
