//! How each platform is known: which runs and files speak for it, and how far their word goes.

use super::{icon, run_anchor};
use crate::evidence::{Evidence, How, Structure, Verdict};
use crate::report::findings::{Tally, run_title};
use crate::report::markup::Markup;
use crate::report::matrix::{Matrix, Package, Row, Witness};

pub(super) fn write(main: &mut Markup, evidence: &Evidence, matrix: &Matrix<'_>) {
    let attributes = [("id", "platforms"), ("aria-labelledby", "platforms-title")];
    main.element("section", &attributes, |section| {
        section.leaf("h2", &[("id", "platforms-title")], "How each platform is known");
        let known: Vec<_> = matrix.rows.iter().filter(|row| !row.packages.is_empty()).collect();
        if known.is_empty() {
            section.leaf("p", &[], "No run and no examined file says anything of a platform.");
        }
        section.element("div", &[("class", "platforms")], |div| {
            for row in known {
                write_platform(div, evidence, row);
            }
        });
    });
}

fn write_platform(section: &mut Markup, evidence: &Evidence, row: &Row<'_>) {
    let anchor = format!("platform-{}", row.platform.id);
    section.element("article", &[("id", &anchor), ("class", "platform")], |article| {
        article.leaf("h3", &[], row.platform.title);
        article.element("ul", &[], |ul| {
            for package in &row.packages {
                for witness in &package.witnesses {
                    ul.element("li", &[], |li| write_witness(li, evidence, witness));
                }
                if let Some(structure) = package.structure {
                    ul.element("li", &[], |li| write_structure(li, package, structure));
                }
            }
        });
    });
}

fn write_witness(li: &mut Markup, evidence: &Evidence, witness: &Witness<'_>) {
    let tally = Tally::of([witness.run]);
    let native = witness.speaks.how == How::Native;
    icon(
        li,
        match (tally.failed, native) {
            (1.., _) => "failed",
            (0, true) => "here",
            (0, false) => "stand-in",
        },
    );
    li.element("div", &[], |div| {
        let address = format!("#{}", run_anchor(witness.index));
        div.leaf("a", &[("href", &address)], &run_title(evidence, witness.run));
        let how = if native { "the platform itself" } else { "a stand-in" };
        div.literal(" ").leaf("span", &[("class", "where")], &format!("{how}; {}", tally.sentence()));
        if !witness.speaks.difference.is_empty() {
            div.element("p", &[("class", "reason")], |p| {
                p.text("Difference: ").text(&witness.speaks.difference);
            });
        }
    });
}

fn write_structure(li: &mut Markup, package: &Package<'_>, structure: &Structure) {
    let (icon_name, said) = match structure.verdict {
        Verdict::Passed => ("sound", "the file was examined, and nothing in it speaks against this platform"),
        Verdict::Failed => ("ruled-out", "the file was examined, and cannot work on this platform"),
        Verdict::NotApplicable => ("not-applicable", "the file says nothing of this platform"),
        Verdict::NotRun => ("not-known", "the file was not examined"),
    };
    icon(li, icon_name);
    li.element("div", &[], |div| {
        div.leaf("span", &[], &package.label).literal(" ");
        div.leaf("span", &[("class", "where")], said);
        for finding in &structure.findings {
            div.leaf("p", &[("class", "reason")], finding);
        }
        let ran = package
            .witnesses
            .iter()
            .any(|witness| witness.speaks.how == How::Native && Tally::of([witness.run]).passed > 0);
        if structure.verdict == Verdict::Failed && ran {
            div.leaf(
                "p",
                &[("class", "reason")],
                "A run on the platform itself says otherwise; the run counts.",
            );
        }
    });
}
