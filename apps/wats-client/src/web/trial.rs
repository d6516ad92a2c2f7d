//! Try a file: which reports it would give.

use super::form::{Sent, Upload};
use super::layout::{Frame, Tab, badge, sentence};
use super::problem::Problem;
use super::text::{count, size};
use super::{Parts, Shared};
use crate::config::Config;
use axum::Extension;
use axum::response::Html;
use maud::{Markup, html};
use serde::Serialize;
use std::sync::Arc;
use wats::Report;
use wats_converters::{AUTO, Argument, Arguments, COMMON_ARGUMENTS, Converters, Source};

/// Reports of a file that are shown.
const SHOWN: usize = 20;

/// What became of a file that was tried.
#[derive(Debug)]
pub(super) struct Trial {
    /// Name of the converter.
    pub(super) converter: &'static str,
    /// How sure it was, in percent; not asked for when it was named.
    pub(super) confidence: Option<u8>,
    /// The reports as they would be sent.
    pub(super) reports: Vec<Tried>,
}

/// A report as it would be sent.
#[derive(Debug, Serialize)]
pub(super) struct Tried {
    /// The report in WSJF.
    pub(super) report: serde_json::Map<String, serde_json::Value>,
    /// Why a server would refuse it.
    pub(super) problem: Option<String>,
}

/// Converts a file, beside everything else.
pub(super) async fn convert(
    parts: &Parts,
    file: Upload,
    converter: String,
    arguments: Arguments,
) -> Result<Trial, Problem> {
    let config = parts.live.current();
    let work = super::heavy(move || {
        let invalid = |refusal: wats_converters::Refusal| Problem::Invalid(refusal.to_string());
        let converter = named(&config, &converter);
        config.converters.check_arguments(converter, &arguments).map_err(invalid)?;
        let source = Source::new(file.name, file.bytes.to_vec());
        let conversion = config.converters.convert(converter, &source, &arguments).map_err(invalid)?;
        let reports = conversion.reports.into_iter().map(|mut report: Report| {
            report.fill_station(&config.station);
            report.prepare();
            let problem = report.validate().err().map(|problems| problems.to_string());
            Tried { report: std::mem::take(report.members_mut()), problem }
        });
        let confidence = conversion.confidence.map(wats_converters::Confidence::as_percent);
        Ok(Trial { converter: conversion.converter, confidence, reports: reports.collect() })
    });
    work.await?
}

/// The name of a converter. A watched folder may name a plug-in by its file: then that has a name too. Other files
/// are none that a page reads.
fn named<'a>(config: &'a Config, converter: &'a str) -> &'a str {
    let watches = config.watches.iter().enumerate();
    let of_file = watches.into_iter().find(|(number, _)| {
        config.given.get(&format!("watch[{number}].converter")).is_some_and(|given| given == converter)
    });
    of_file.map_or(converter, |(_, watch)| &watch.converter)
}

pub(super) async fn page(Extension(parts): Shared, Extension(frame): Extension<Arc<Frame>>) -> Html<String> {
    show(&parts, &frame, AUTO, "", &html! {})
}

pub(super) async fn attempt(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    mut sent: Sent,
) -> Result<Html<String>, Problem> {
    let converter = sent.get("converter").to_owned();
    let lines = sent.exact("arguments").to_owned();
    let outcome = match sent.file.take() {
        None => html! { p.fault role="alert" { "Choose a file first." } },
        Some(file) => attempt_with(&parts, file, converter.clone(), &lines).await,
    };
    Ok(show(&parts, &frame, &converter, &lines, &outcome))
}

/// Tries a file, and shows what became of it.
pub(super) async fn attempt_with(parts: &Parts, file: Upload, converter: String, lines: &str) -> Markup {
    let (name, length) = (file.name.clone(), file.bytes.len() as u64);
    let result = match arguments(lines) {
        Ok(arguments) => {
            convert(parts, file, converter, arguments).await.map_err(|problem| problem.text().to_owned())
        }
        Err(fault) => Err(fault),
    };
    match result {
        Ok(trial) => outcome(&name, length, &trial),
        Err(fault) => {
            html! { section.outcome data-tone="bad" { p.fault role="alert" { (name) ": " (fault) } } }
        }
    }
}

/// Arguments of a converter, one a line: `part-number = PSU-100`.
pub(super) fn arguments(lines: &str) -> Result<Arguments, String> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.map(|line| {
        let (name, value) = line.split_once('=').ok_or_else(|| {
            format!("the argument \"{line}\" must be NAME = VALUE, such as part-number = PSU-100")
        })?;
        Ok((name.trim(), value.trim().trim_matches('"')))
    });
    Ok(pairs.collect::<Result<Vec<_>, String>>()?.into_iter().collect())
}

fn show(parts: &Parts, frame: &Frame, converter: &str, lines: &str, outcome: &Markup) -> Html<String> {
    let config = parts.live.current();
    frame.page(
        Tab::Folders,
        "Try a file",
        &html! {
            h1 { "Try a file" }
            p { "Choose a file of your tester to see the reports that it gives. Nothing is sent or stored." }
            form.card method="post" action="/try" enctype="multipart/form-data" {
                (frame.token())
                label for="converter" { "Converter" }
                (choice(&config.converters, converter))
                (explanations(&config.converters))
                label for="arguments" { "Arguments" }
                textarea #arguments name="arguments" rows="3" spellcheck="false"
                    placeholder="part-number = PSU-100" { (lines) }
                label for="file" { "File" }
                input #file type="file" name="file" required;
                button.main data-busy="Reading…" { "Try it" }
            }
            (outcome)
        },
    )
}

/// A list of all converters. One that is not among them, as the file of a plug-in, stays as it is.
pub(super) fn choice(converters: &Converters, chosen: &str) -> Markup {
    let is_known = chosen == AUTO || converters.find(chosen).is_some();
    html! {
        select #converter name="converter" data-shows {
            option value=(AUTO) selected[chosen == AUTO] { "auto – the surest one" }
            @for converter in converters.iter() {
                option value=(converter.name()) selected[chosen == converter.name()] {
                    (converter.name()) " – " (converter.describe().title)
                }
            }
            @if !is_known { option value=(chosen) selected { (chosen) } }
        }
    }
}

/// What the converters are told.
pub(super) fn explanations(converters: &Converters) -> Markup {
    let told = |arguments: &[Argument]| {
        html! {
            dl.facts {
                @for argument in arguments {
                    div { dt { (argument.name) } dd { (sentence(argument.meaning)) " Without: " (argument.default) "." } }
                }
            }
        }
    };
    html! {
        details.explain {
            summary { "What a converter can be told" }
            (told(COMMON_ARGUMENTS))
            @for converter in converters.iter() {
                @let arguments = converter.describe().arguments;
                @if !arguments.is_empty() {
                    div data-converter=(converter.name()) {
                        h3 { "Only " (converter.name()) }
                        (told(arguments))
                    }
                }
            }
        }
    }
}

fn member<'a>(tried: &'a Tried, name: &str) -> Option<&'a str> {
    tried.report.get(name)?.as_str()
}

fn outcome(name: &str, length: u64, trial: &Trial) -> Markup {
    let number = trial.reports.len();
    html! {
        section.outcome aria-label="What the file gives" {
            h2 { (count(number as u64, "report", "reports")) " in " (name) }
            p.soft {
                (size(length)) ", read by " strong { (trial.converter) }
                @if let Some(percent) = trial.confidence { ", which is " (percent) " % sure" } "."
            }
            @for (index, tried) in trial.reports.iter().take(SHOWN).enumerate() {
                details.tried open[index == 0] {
                    summary {
                        (member(tried, "sn").unwrap_or("(no serial number)"))
                        @if let Some(result) = member(tried, "result") { " " (badge(result)) }
                    }
                    @if let Some(problem) = &tried.problem {
                        p.fault { (sentence(&format!("a server would refuse it: {problem}"))) }
                    }
                    (super::report::report(&tried.report))
                }
            }
            @if number > SHOWN { p.soft { "And " (number - SHOWN) " more." } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_lines() {
        let read = arguments("part-number = PSU-100\n\n# no\nprocess-code=\"10\"\n").unwrap();
        assert_eq!(read.get("part-number"), Some("PSU-100"));
        assert_eq!(read.get("process-code"), Some("10"));
        assert!(arguments("odd").unwrap_err().contains("NAME = VALUE"));
    }
}
