//! The HTML page: one file, no script, nothing from elsewhere.

mod lists;
mod platforms;
mod runs;
mod table;

use super::findings::{self, Tally, summary};
use super::markup::Markup;
use super::matrix::{Cell, Link, Matrix, State};
use super::words::{duration, moment, short_commit};
use crate::evidence::{Evidence, How, Verdict};
use crate::steps::Stage;

/// Nothing is loaded from anywhere, no script runs, nothing is sent: even if text got out of its place.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The whole report as one HTML page.
pub fn html(evidence: &Evidence) -> String {
    let matrix = Matrix::new(evidence);
    let mut page = Markup::default();
    page.literal("<!DOCTYPE html>\n").element("html", &[("lang", "en")], |html| {
        html.element("head", &[], |head| write_head(head, evidence));
        html.element("body", &[], |body| {
            body.literal(include_str!("icons.svg"));
            body.element("header", &[("id", "top")], |header| write_header(header, evidence));
            body.element("main", &[], |main| {
                lists::write_failures(main, evidence);
                table::write(main, &matrix);
                lists::write_ruled_out(main, evidence);
                lists::write_not_run(main, evidence, &matrix);
                platforms::write(main, &matrix);
                runs::write(main, evidence);
            });
            body.element("footer", &[], |footer| {
                footer.leaf("p", &[], "Made from evidence.json, which holds the same for machines.");
                footer.element("p", &[], |p| {
                    p.leaf("a", &[("href", "#top")], "Back to the top");
                });
            });
        });
    });
    page.finish()
}

fn write_head(head: &mut Markup, evidence: &Evidence) {
    head.literal("\n<meta charset=\"utf-8\"/>\n");
    head.literal("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    head.literal("<meta name=\"color-scheme\" content=\"light dark\"/>\n");
    head.literal("<meta http-equiv=\"Content-Security-Policy\" content=\"").text(POLICY).literal("\"/>\n");
    head.leaf("title", &[], &format!("{} {}: verification", evidence.title, evidence.version));
    head.element("style", &[], |style| {
        style.literal("\n").literal(include_str!("style.css"));
    });
}

fn write_header(header: &mut Markup, evidence: &Evidence) {
    header.leaf("p", &[("class", "eyebrow")], "Verification of a release");
    header.element("h1", &[], |h1| {
        h1.text(&evidence.title).literal(" ").leaf("span", &[("class", "version")], &evidence.version);
    });
    header.leaf("p", &[("class", "lead")], &summary(evidence));
    header.element("dl", &[("class", "facts")], |dl| {
        let mut fact = |name: &str, value: &str, title: &str| {
            dl.element("div", &[], |div| {
                div.leaf("dt", &[], name);
                if title.is_empty() {
                    div.leaf("dd", &[], value);
                } else {
                    div.leaf("dd", &[("title", title)], value);
                }
            });
        };
        let (day, clock) = moment(&evidence.started);
        fact("Date", &clock.map_or(day.clone(), |clock| format!("{day}, {clock}")), "");
        if let Some(commit) = &evidence.commit {
            fact("Commit", &short_commit(commit), commit);
        }
        match &evidence.previous {
            Some(previous) => fact("Upgraded from", previous, ""),
            None => fact("Upgraded from", "no previous release", ""),
        }
        fact("Took", &duration(evidence.duration_ms), "");
        fact("Machine", &evidence.machine, "");
    });
    header.element("nav", &[("aria-label", "Sections")], |nav| {
        let tally = Tally::of(&evidence.runs);
        let mut link = |to: &str, text: &str| {
            nav.leaf("a", &[("href", to)], text).literal("\n");
        };
        if tally.failed > 0 {
            link("#failed", "What failed");
        }
        link("#matrix", "Platforms and stages");
        if findings::ruled_out(evidence).next().is_some() {
            link("#ruled-out", "What the files rule out");
        }
        link("#not-run", "What was not run");
        link("#platforms", "How each platform is known");
        link("#runs", "Every run");
    });
}

/// A picture beside a text that says the same.
fn icon(markup: &mut Markup, name: &str) {
    let link = format!("#icon-{name}");
    let class = format!("icon {name}");
    markup.element("svg", &[("class", &class), ("aria-hidden", "true")], |svg| {
        svg.element("use", &[("href", &link)], |_| {});
    });
}

/// Class and picture of what is known.
fn class(state: State) -> &'static str {
    match state {
        State::Passed { how: How::Native, .. } => "here",
        State::Passed { .. } => "stand-in",
        State::Partly { how: How::Native, .. } => "partly",
        State::Partly { .. } => "partly-stand-in",
        State::Failed { .. } => "failed",
        State::Sound => "sound",
        State::RuledOut => "ruled-out",
        State::NotApplicable => "not-applicable",
        State::NotKnown => "not-known",
    }
}

/// What a cell says.
fn words(state: State) -> String {
    match state {
        State::Passed { how: How::Native, .. } => "ran here".into(),
        State::Passed { .. } => "stand-in".into(),
        State::Partly { how: How::Native, passed, steps } => format!("{passed}/{steps} here"),
        State::Partly { passed, steps, .. } => format!("{passed}/{steps} stand-in"),
        State::Failed { how: How::Native } => "failed here".into(),
        State::Failed { .. } => "failed, stand-in".into(),
        State::Sound => "structure".into(),
        State::RuledOut => "ruled out".into(),
        State::NotApplicable => "n/a".into(),
        State::NotKnown => "not known".into(),
    }
}

/// Where a cell's evidence is on the page.
fn address(cell: &Cell, platform: &str) -> Option<String> {
    Some(match cell.link? {
        Link::Run(index) => format!("#{}", stage_anchor(index, cell.stage)),
        Link::Platform => format!("#platform-{platform}"),
    })
}

fn run_anchor(index: usize) -> String {
    format!("run-{}", index + 1)
}

fn stage_anchor(run: usize, stage: Stage) -> String {
    format!("{}-{}", run_anchor(run), stage.title().to_lowercase())
}

fn step_anchor(run: usize, step: usize) -> String {
    format!("{}-step-{}", run_anchor(run), step + 1)
}

/// Class, picture and word of a verdict. A step that passed says nothing of where: the laboratory does.
fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Passed => ("passed", "passed"),
        Verdict::Failed => ("failed", "failed"),
        Verdict::NotApplicable => ("not-applicable", "does not apply"),
        Verdict::NotRun => ("not-known", "not run"),
    }
}
