//! How each platform is known: which laboratories and files speak for it, and how far their word goes.

use super::{icon, run_anchor};
use crate::evidence::{How, Structure, Verdict};
use crate::report::findings::Tally;
use crate::report::markup::Markup;
use crate::report::matrix::{Matrix, Package, Row, Witness};

pub(super) fn write(main: &mut Markup, matrix: &Matrix<'_>) {
    let attributes = [("id", "platforms"), ("aria-labelledby", "platforms-title")];
    main.element("section", &attributes, |section| {
        section.leaf("h2", &[("id", "platforms-title")], "How each platform is known");
        let known: Vec<_> = matrix.rows.iter().filter(|row| !row.packages.is_empty()).collect();
        if known.is_empty() {
            section.leaf("p", &[], "No run and no examined file says anything of a platform.");
        }
        section.element("div", &[("class", "platforms")], |div| {
            for row in known {
                write_platform(div, row);
            }
        });
    });
}

fn write_platform(section: &mut Markup, row: &Row<'_>) {
    let anchor = format!("platform-{}", row.platform.id);
    section.element("article", &[("id", &anchor), ("class", "platform")], |article| {
        article.leaf("h3", &[], row.platform.title);
        article.element("ul", &[], |ul| {
            for runs in by_laboratory(&row.packages) {
                ul.element("li", &[], |li| write_laboratory(li, &runs));
            }
            for package in &row.packages {
                if let Some(structure) = package.structure {
                    ul.element("li", &[], |li| write_structure(li, package, structure));
                }
            }
        });
    });
}

/// A package's label and a run of it.
type Labelled<'a> = (&'a str, &'a Witness<'a>);

/// The runs that speak for a platform, with the package's label; the ones of one laboratory together.
fn by_laboratory<'a>(packages: &'a [Package<'a>]) -> Vec<Vec<Labelled<'a>>> {
    let mut groups: Vec<Vec<Labelled<'_>>> = Vec::new();
    for package in packages {
        for witness in &package.witnesses {
            let run = (package.label.as_str(), witness);
            let same = |group: &&mut Vec<Labelled<'_>>| {
                group.iter().any(|(_, other)| other.laboratory.id == witness.laboratory.id)
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(run),
                None => groups.push(vec![run]),
            }
        }
    }
    groups
}

fn write_laboratory(li: &mut Markup, runs: &[Labelled<'_>]) {
    let Some((_, Witness { laboratory, speaks, .. })) = runs.first() else { return };
    let failed = Tally::of(runs.iter().map(|(_, witness)| witness.run)).failed > 0;
    let (class, how) = match speaks.how {
        How::Native => ("here", "is the platform itself."),
        _ => ("stand-in", "stands in for it."),
    };
    icon(li, if failed { "failed" } else { class });
    li.element("div", &[], |div| {
        div.element("p", &[], |p| {
            p.leaf("strong", &[], &laboratory.title).literal(" ").text(how);
            if !speaks.difference.is_empty() {
                p.literal(" ").leaf("span", &[("class", "where")], &speaks.difference);
            }
        });
        for (label, witness) in runs {
            div.element("p", &[], |p| {
                let address = format!("#{}", run_anchor(witness.index));
                p.leaf("a", &[("href", &address)], label).literal(" ");
                p.leaf("span", &[("class", "where")], &Tally::of([witness.run]).sentence());
            });
        }
    });
}

fn write_structure(li: &mut Markup, package: &Package<'_>, structure: &Structure) {
    let (icon_name, said) = match structure.verdict {
        Verdict::Passed => ("sound", "was examined; nothing in the file speaks against this platform."),
        Verdict::Failed => ("ruled-out", "was examined; the file cannot work on this platform."),
        Verdict::NotApplicable => ("not-applicable", "says nothing of this platform."),
        Verdict::NotRun => ("not-known", "was not examined."),
    };
    icon(li, icon_name);
    li.element("div", &[], |div| {
        div.element("p", &[], |p| {
            p.leaf("strong", &[], &package.label).literal(" ").text(said);
        });
        for finding in &structure.findings {
            div.leaf("p", &[("class", "where")], finding);
        }
        let ran = package
            .witnesses
            .iter()
            .any(|witness| witness.speaks.how == How::Native && Tally::of([witness.run]).passed > 0);
        if structure.verdict == Verdict::Failed && ran {
            div.leaf(
                "p",
                &[("class", "where")],
                "A run on the platform itself says otherwise; the run counts.",
            );
        }
    });
}
