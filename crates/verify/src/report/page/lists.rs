//! What failed, what the files rule out, what was not run.

use super::{icon, run_anchor, step_anchor};
use crate::evidence::Evidence;
use crate::report::findings::{self, run_title, step_title};
use crate::report::markup::Markup;
use crate::report::matrix::Matrix;
use crate::report::words::{count, names};
use crate::steps;

/// The steps that failed. Nothing at all where none did.
pub(super) fn write_failures(main: &mut Markup, evidence: &Evidence) {
    if findings::failures(evidence).next().is_none() {
        return;
    }
    let attributes = [("id", "failed"), ("class", "box failures"), ("aria-labelledby", "failed-title")];
    main.element("section", &attributes, |section| {
        section.leaf("h2", &[("id", "failed-title")], "What failed");
        section.element("ul", &[], |ul| {
            for place in findings::failures(evidence) {
                ul.element("li", &[], |li| {
                    icon(li, "failed");
                    li.element("div", &[], |div| {
                        let address = format!("#{}", step_anchor(place.run_index, place.step_index));
                        div.leaf("a", &[("href", &address)], step_title(&place.step.id));
                        div.literal(" ").element("span", &[("class", "where")], |span| {
                            span.text(&run_title(evidence, place.run));
                        });
                        write_reason(div, &place.step.reason);
                    });
                });
            }
        });
    });
}

/// The files that cannot work somewhere. Nothing at all where each fits.
pub(super) fn write_ruled_out(main: &mut Markup, evidence: &Evidence) {
    if findings::ruled_out(evidence).next().is_none() {
        return;
    }
    let attributes = [("id", "ruled-out"), ("class", "box"), ("aria-labelledby", "ruled-out-title")];
    main.element("section", &attributes, |section| {
        section.leaf("h2", &[("id", "ruled-out-title")], "What the files rule out");
        section.element("ul", &[], |ul| {
            for structure in findings::ruled_out(evidence) {
                ul.element("li", &[], |li| {
                    icon(li, "ruled-out");
                    li.element("div", &[], |div| {
                        div.leaf("strong", &[], &findings::platform_title(&structure.platform));
                        div.literal(" ").leaf("code", &[("class", "where")], &structure.artifact);
                        for finding in &structure.findings {
                            write_reason(div, finding);
                        }
                    });
                });
            }
        });
    });
}

/// What was not run, by reason, and the platforms that nothing is known of.
pub(super) fn write_not_run(main: &mut Markup, evidence: &Evidence, matrix: &Matrix<'_>) {
    let attributes = [("id", "not-run"), ("aria-labelledby", "not-run-title")];
    main.element("section", &attributes, |section| {
        section.leaf("h2", &[("id", "not-run-title")], "What was not run, and what would make it run");
        section.element("dl", &[("class", "reasons")], |dl| {
            for group in findings::not_run(evidence) {
                dl.leaf("dt", &[], &group.reason);
                for alike in &group.groups {
                    dl.element("dd", &[], |dd| {
                        dd.text(&alike.steps.join(", ")).literal(": ");
                        for (position, place) in alike.places.iter().enumerate() {
                            dd.literal(if position > 0 { " · " } else { "" });
                            let address = format!("#{}", step_anchor(place.run_index, place.step_index));
                            dd.leaf("a", &[("href", &address)], &run_title(evidence, place.run));
                        }
                    });
                }
            }
            write_cut_short(dl, evidence);
            write_unknown_platforms(dl, matrix);
            write_unspoken_laboratories(dl, evidence);
        });
    });
}

/// Runs that say nothing of some steps.
fn write_cut_short(dl: &mut Markup, evidence: &Evidence) {
    let runs = evidence.runs.iter().enumerate();
    let cut: Vec<_> = runs.filter(|(_, run)| findings::without_record(run).next().is_some()).collect();
    if cut.is_empty() {
        return;
    }
    dl.leaf("dt", &[], "There is no record of these steps; the run may have ended early. Run it again.");
    for (index, run) in cut {
        let missing: Vec<_> = findings::without_record(run).map(|definition| definition.id).collect();
        dl.element("dd", &[], |dd| {
            let address = format!("#{}", run_anchor(index));
            dd.leaf("a", &[("href", &address)], &run_title(evidence, run)).literal(": ");
            match missing.len() == steps::ALL.len() {
                true => dd.text("every step"),
                false => dd.text(&missing.join(", ")),
            };
        });
    }
}

fn write_unknown_platforms(dl: &mut Markup, matrix: &Matrix<'_>) {
    let unknown = matrix.rows.iter().filter(|row| row.packages.is_empty());
    let (unwritten, untried): (Vec<_>, Vec<_>) = unknown.partition(|row| row.platform.formats.is_empty());
    for (rows, reason) in [
        (untried, "Neither a run nor an examined file says anything of these platforms."),
        (unwritten, "For these platforms no package format is written yet."),
    ] {
        if !rows.is_empty() {
            let titles: Vec<_> = rows.iter().map(|row| row.platform.title).collect();
            dl.leaf("dt", &[], reason).leaf("dd", &[], &names(&titles));
        }
    }
}

fn write_unspoken_laboratories(dl: &mut Markup, evidence: &Evidence) {
    let idle = evidence
        .laboratories
        .iter()
        .filter(|laboratory| !evidence.runs.iter().any(|run| run.laboratory == laboratory.id));
    let titles: Vec<_> = idle.map(|laboratory| laboratory.title.as_str()).collect();
    if !titles.is_empty() {
        let reason =
            format!("{} took no package of this release.", count(titles.len(), "laboratory", "laboratories"));
        dl.leaf("dt", &[], &reason).leaf("dd", &[], &names(&titles));
    }
}

fn write_reason(markup: &mut Markup, reason: &str) {
    if !reason.is_empty() {
        markup.leaf("p", &[("class", "reason")], reason);
    }
}
