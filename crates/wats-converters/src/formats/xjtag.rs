//! XJTAG: the log of XJRunner, a zip archive (`*.xjlog`, also `*.zip`).
//!
//! `Info.xml` names the project; each `Run N.xml` is a test run and a report:
//!
//! ```xml
//! <testrun datetime="2018-08-10T12:25:32.9968057Z">
//!   <testgroup name="SRAM Test"><testfunction name="IC5.Test">
//!     <plain-text>…</plain-text><result value="Passed"/><time-taken>420</time-taken></testfunction></testgroup>
//!   <testruninfo><user>…</user><serial>…</serial><result>Passed</result><time-taken>…</time-taken></testruninfo>
//! </testrun>
//! ```
//!
//! Times are milliseconds. A function that was skipped is skipped, not failed. Nothing of the archive is written to
//! disk, so that paths in it cannot do harm; what unpacks is bounded.
//!
//! Confidence: 100 for an archive whose first entries include `Run N.xml` or `Info.xml`.
//!
//! Arguments: the common ones; process code 210 without one. The part number is the name of the project file unless
//! `part-number` says it.

use crate::draft::{Budget, Draft};
use crate::moment::Moment;
use crate::status::Status;
use crate::step::Step;
use crate::xml::Element;
use crate::{Arguments, Confidence, Converter, Description, Refusal, Source, limits, number, text};
use std::io::{Cursor, Read};
use wats::Report;
use zip::ZipArchive;

/// Most entries of an archive.
const ENTRIES: usize = 20_000;

pub(super) struct Xjtag;

impl Converter for Xjtag {
    fn name(&self) -> &'static str {
        "xjtag"
    }

    fn describe(&self) -> Description {
        Description { title: "XJTAG test log", patterns: &["*.xjlog", "*.zip"], arguments: &[] }
    }

    fn confidence(&self, source: &Source) -> Confidence {
        if !source.bytes().starts_with(b"PK\x03\x04") {
            return Confidence::NONE;
        }
        let names = ZipArchive::new(Cursor::new(source.bytes()))
            .map(|archive| archive.file_names().flatten().any(|name| run_number(&name).is_some()))
            .unwrap_or(false);
        match names {
            true => Confidence::CERTAIN,
            false if source.has_extension("xjlog") => Confidence::NAME,
            false => Confidence::NONE,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        limits::check_size(source.bytes().len())?;
        let damaged = |error: zip::result::ZipError| {
            Refusal::malformed(format!("this is no whole zip archive: {error}"))
        };
        let mut archive = ZipArchive::new(Cursor::new(source.bytes())).map_err(damaged)?;
        if archive.len() > ENTRIES {
            return Err(Refusal::TooLarge(format!("it has more than {ENTRIES} entries")));
        }
        let mut runs: Vec<(u32, String)> = archive
            .file_names()
            .flatten()
            .filter_map(|name| Some((run_number(&name)?, name.into_owned())))
            .collect();
        runs.sort();
        if runs.is_empty() {
            return Err(Refusal::malformed("the archive holds no Run 1.xml"));
        }
        let mut left = limits::ARCHIVE_BYTES;
        let mut entry = |name: &str| -> Result<Element, Refusal> {
            let file = archive.by_name(name).map_err(damaged)?;
            let limit = limits::ENTRY_BYTES.min(left);
            let mut bytes = Vec::new();
            file.take(limit + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| Refusal::malformed(format!("{name} in the archive is damaged: {error}")))?;
            let size = bytes.len() as u64;
            if size > limit {
                return Err(Refusal::TooLarge(format!(
                    "{name} in the archive unpacks to more than {} MiB",
                    limit >> 20
                )));
            }
            left -= size;
            let text = text::decode(&bytes, arguments.get("encoding"))?;
            Element::parse(
                &text.ok_or_else(|| Refusal::malformed(format!("{name} in the archive is not text")))?,
            )
        };
        // The report is whole without it.
        let project =
            entry("Info.xml").ok().and_then(|info| info.child_text("ProjectPath").map(str::to_owned));
        let mut budget = Budget::default();
        let mut reports = Vec::new();
        for (_, name) in &runs {
            let run = entry(name)?;
            for group in run.all("testgroup") {
                let functions = group.all("testfunction").count();
                budget.reads(1 + functions, functions)?;
            }
            if run.name != "testrun" {
                return Err(Refusal::malformed(format!(
                    "{name}: the root element is {}, not testrun",
                    run.name
                )));
            }
            reports.push(
                report(&run, name, project.as_deref().unwrap_or_default())?.finish(arguments, &mut budget)?,
            );
        }
        Ok(reports)
    }
}

/// The number in `Run 12.xml`.
fn run_number(name: &str) -> Option<u32> {
    name.strip_prefix("Run ")?.strip_suffix(".xml")?.parse().ok()
}

fn seconds(element: &Element) -> Option<serde_json::Value> {
    let value = number::scaled(element.child_text("time-taken")?, -3)?;
    number::as_f64(&value).map(number::computed)
}

fn report(run: &Element, name: &str, project: &str) -> Result<Draft, Refusal> {
    let info = run
        .child("testruninfo")
        .ok_or_else(|| Refusal::malformed(format!("{name} has no testruninfo: the run has not ended")))?;
    let mut draft = Draft::new(210);
    draft.start = run.get("datetime").and_then(Moment::iso);
    draft.serial_number = info.child_text("serial").unwrap_or_default().to_owned();
    draft.operator = info.child_text("user").unwrap_or_default().to_owned();
    draft.execution_time = seconds(info);
    for (description, child) in [
        ("Project", "project-description"),
        ("XJLink", "xjlink-name"),
        ("XJLink serial number", "xjlink-serial"),
        ("XJTAG version", "xjtag-version"),
    ] {
        draft.add_misc(description, info.child_text(child).unwrap_or_default());
    }
    let file = project.rsplit(['\\', '/']).next().unwrap_or_default();
    draft.suggested_part_number = file.trim_end_matches(".xjp").to_owned();
    draft.sequence_name = file.to_owned();
    draft.sequence_path = project.to_owned();
    for group in run.all("testgroup") {
        let steps: Vec<Step> = group.all("testfunction").map(function).collect();
        let name = group.get("name").unwrap_or("Test group");
        draft.steps.push(Step::sequence(name, Step::status_of(&steps), steps));
    }
    let own = info.child_text("result").and_then(Status::from_word);
    draft.result = own.unwrap_or_else(|| Step::status_of(&draft.steps));
    Ok(draft)
}

fn function(element: &Element) -> Step {
    let word = element.child("result").and_then(|result| result.get("value")).unwrap_or_default();
    let status = Status::from_word(word).unwrap_or(Status::Error);
    let mut step = Step::boolean(element.get("name").unwrap_or("Test"), status);
    step.seconds = seconds(element);
    let text = match element.child_text("plain-text") {
        Some(text) => text.to_owned(),
        None => element.all("text-output").map(|output| output.text.as_str()).collect(),
    };
    step.report_text = text;
    step
}
