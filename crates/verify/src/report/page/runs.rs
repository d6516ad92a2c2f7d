//! Every run, laboratory by laboratory: each step with what came of it and what was said.

use super::{icon, run_anchor, stage_anchor, step_anchor, verdict};
use crate::evidence::{Command, Evidence, How, Laboratory, Run, Step, Verdict};
use crate::report::findings::{Tally, package_title, platform_title, step_title, without_record};
use crate::report::markup::Markup;
use crate::report::readable::end;
use crate::report::words::{count, duration};
use crate::steps::{self, Stage};

/// The most characters of a command's output that the page shows.
const MOST_OUTPUT: usize = 16_000;

pub(super) fn write(main: &mut Markup, evidence: &Evidence) {
    main.element("section", &[("id", "runs"), ("aria-labelledby", "runs-title")], |section| {
        section.leaf("h2", &[("id", "runs-title")], "Every run");
        for (index, laboratory) in evidence.laboratories.iter().enumerate() {
            let anchor = format!("laboratory-{}", index + 1);
            section.element("section", &[("id", &anchor), ("class", "laboratory")], |section| {
                write_laboratory(section, laboratory);
                write_runs(section, evidence, |run| run.laboratory == laboratory.id);
            });
        }
        let described = |run: &Run| evidence.laboratories.iter().any(|l| l.id == run.laboratory);
        if !evidence.runs.iter().all(described) {
            section.element("section", &[("class", "laboratory")], |section| {
                section.leaf("h3", &[], "Laboratories without a description");
                write_runs(section, evidence, |run| !described(run));
            });
        }
    });
}

fn write_laboratory(section: &mut Markup, laboratory: &Laboratory) {
    section.leaf("h3", &[], &laboratory.title);
    section.leaf("p", &[("class", "identity")], &laboratory.identity);
    section.element("ul", &[("class", "speaks")], |ul| {
        for speaks in &laboratory.speaks_for {
            ul.element("li", &[], |li| {
                let word = match speaks.how {
                    How::Native => "Is ",
                    How::StandIn => "Stands in for ",
                    How::Structure => "Examines files for ",
                };
                li.text(word).leaf("strong", &[], &platform_title(&speaks.platform));
                if !speaks.difference.is_empty() {
                    li.text(". ").text(&speaks.difference);
                }
            });
        }
        if laboratory.speaks_for.is_empty() {
            ul.leaf("li", &[], "Says nothing of any platform.");
        }
    });
}

fn write_runs(section: &mut Markup, evidence: &Evidence, of: impl Fn(&Run) -> bool) {
    for (index, run) in evidence.runs.iter().enumerate().filter(|(_, run)| of(run)) {
        section.element("article", &[("id", &run_anchor(index)), ("class", "run")], |article| {
            write_heading(article, evidence, run);
            for stage in Stage::ALL {
                write_stage(article, index, run, stage);
            }
            write_unknown_steps(article, index, run);
        });
    }
}

fn write_heading(article: &mut Markup, evidence: &Evidence, run: &Run) {
    article.element("div", &[("class", "run-heading")], |div| {
        div.leaf("h4", &[], &package_title(evidence, run));
        let sentence = format!("{}; took {}", Tally::of([run]).sentence(), duration(run.duration_ms));
        div.leaf("p", &[("class", "sum")], &sentence);
        div.element("p", &[("class", "file")], |p| {
            p.leaf("code", &[], &run.artifact).literal(" ");
            p.leaf("span", &[], "SHA-256").literal(" ").leaf("code", &[], &run.sha256);
        });
    });
}

fn write_stage(article: &mut Markup, index: usize, run: &Run, stage: Stage) {
    let of_stage = |id: &str| steps::find(id).is_some_and(|definition| definition.stage == stage);
    let anchor = stage_anchor(index, stage);
    article.element("div", &[("id", &anchor), ("class", "stage-of-run")], |div| {
        div.leaf("h5", &[], stage.title());
        div.element("ul", &[("class", "steps")], |ul| {
            for (position, step) in run.steps.iter().enumerate().filter(|(_, step)| of_stage(&step.id)) {
                let anchor = step_anchor(index, position);
                ul.element("li", &[("id", &anchor)], |li| write_step(li, step));
            }
            for definition in without_record(run).filter(|definition| definition.stage == stage) {
                ul.element("li", &[], |li| {
                    li.element("div", &[("class", "step")], |div| {
                        write_line(div, ("not-known", "no record"), definition.title, "", None);
                    });
                });
            }
        });
    });
}

/// Steps that this program does not know: the evidence may be of another version.
fn write_unknown_steps(article: &mut Markup, index: usize, run: &Run) {
    if run.steps.iter().all(|step| steps::find(&step.id).is_some()) {
        return;
    }
    article.element("div", &[("class", "stage-of-run")], |div| {
        div.leaf("h5", &[], "Other");
        div.element("ul", &[("class", "steps")], |ul| {
            let unknown = run.steps.iter().enumerate().filter(|(_, step)| steps::find(&step.id).is_none());
            for (position, step) in unknown {
                let anchor = step_anchor(index, position);
                ul.element("li", &[("id", &anchor)], |li| write_step(li, step));
            }
        });
    });
}

fn write_step(li: &mut Markup, step: &Step) {
    let line = |markup: &mut Markup| {
        let took = (step.duration_ms > 0).then_some(step.duration_ms);
        write_line(markup, verdict(step.verdict), step_title(&step.id), &step.reason, took);
    };
    if step.commands.is_empty() {
        li.element("div", &[("class", "step")], line);
        return;
    }
    let open = [("open", "open")];
    let attributes = if step.verdict == Verdict::Failed { &open[..] } else { &[] };
    li.element("details", attributes, |details| {
        let commands = count(step.commands.len(), "command", "commands");
        details.element("summary", &[("class", "step"), ("title", &commands)], line);
        for command in &step.commands {
            write_command(details, command);
        }
    });
}

fn write_line(
    markup: &mut Markup,
    (class, word): (&'static str, &'static str),
    title: &str,
    reason: &str,
    took: Option<u64>,
) {
    let verdict_class = format!("cell verdict {class}");
    markup.element("span", &[("class", &verdict_class)], |span| {
        icon(span, class);
        span.leaf("span", &[], word);
    });
    markup.element("span", &[("class", "what")], |what| {
        what.leaf("span", &[("class", "title")], title);
        if !reason.is_empty() {
            what.literal(" ").leaf("span", &[("class", "reason")], reason);
        }
    });
    if let Some(took) = took {
        markup.leaf("span", &[("class", "took")], &duration(took));
    }
}

fn write_command(details: &mut Markup, command: &Command) {
    details.element("div", &[("class", "command")], |div| {
        div.element("div", &[("class", "command-line")], |line| {
            line.leaf("code", &[], &command.command);
            let (class, ended) = match command.code {
                Some(0) => ("exit", "exit 0".into()),
                Some(code) => ("exit other", format!("exit {code}")),
                None => ("exit other", "ended by a signal".into()),
            };
            line.leaf("span", &[("class", class)], &ended);
        });
        if command.output.is_empty() {
            return;
        }
        let (left_out, output) = end(&command.output, MOST_OUTPUT);
        if let Some(left_out) = left_out {
            div.leaf("p", &[("class", "left-out")], &left_out);
        }
        div.element("pre", &[], |pre| {
            pre.element("code", &[], |code| {
                code.long_text(output);
            });
        });
    });
}
