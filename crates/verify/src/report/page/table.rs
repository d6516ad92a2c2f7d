//! The table of platforms and stages, and its legend.

use super::{address, class, icon, words};
use crate::evidence::How;
use crate::report::markup::Markup;
use crate::report::matrix::{Cell, Matrix, Package, Row, State};
use crate::report::words::count;
use crate::steps::{self, Stage};

pub(super) fn write(main: &mut Markup, matrix: &Matrix<'_>) {
    let attributes = [("id", "matrix"), ("aria-labelledby", "matrix-title")];
    main.element("section", &attributes, |section| {
        section.leaf("h2", &[("id", "matrix-title")], "Platforms and stages");
        section.element("table", &[("class", "matrix")], |table| {
            table.leaf(
                "caption",
                &[],
                "What is known of each platform at each stage of a package's life, and how. Each cell leads to \
                 its evidence.",
            );
            table.element("thead", &[], |thead| {
                thead.element("tr", &[], |tr| {
                    tr.leaf("th", &[("scope", "col")], "Platform");
                    tr.leaf("th", &[("scope", "col")], "Package");
                    for stage in Stage::ALL {
                        let title = meaning_of_stage(stage);
                        tr.element("th", &[("scope", "col"), ("class", "stage"), ("title", &title)], |th| {
                            th.leaf("span", &[], stage.title());
                        });
                    }
                });
            });
            for row in &matrix.rows {
                write_row(table, row);
            }
        });
        write_legend(section);
    });
}

fn write_row(table: &mut Markup, row: &Row<'_>) {
    let Some((first, others)) = row.packages.split_first() else { return write_unknown_row(table, row) };
    table.element("tbody", &[], |tbody| {
        tbody.element("tr", &[], |tr| {
            let rows = row.packages.len().to_string();
            tr.element("th", &[("scope", "rowgroup"), ("rowspan", &rows)], |th| {
                let address = format!("#platform-{}", row.platform.id);
                th.leaf("a", &[("href", &address)], row.platform.title);
            });
            write_package(tr, row, first);
        });
        for package in others {
            tbody.element("tr", &[], |tr| write_package(tr, row, package));
        }
    });
}

/// A platform that nothing is known of: one pale line.
fn write_unknown_row(table: &mut Markup, row: &Row<'_>) {
    table.element("tbody", &[("class", "unknown")], |tbody| {
        tbody.element("tr", &[], |tr| {
            tr.leaf("th", &[("scope", "rowgroup")], row.platform.title);
            tr.leaf("td", &[("class", "none")], "–");
            let columns = Stage::ALL.len().to_string();
            tr.element("td", &[("colspan", &columns)], |td| {
                td.element("span", &[("class", "cell not-known")], |cell| {
                    icon(cell, "not-known");
                    cell.leaf("span", &[], "not known");
                });
            });
        });
    });
}

fn write_package(tr: &mut Markup, row: &Row<'_>, package: &Package<'_>) {
    tr.leaf("th", &[("scope", "row"), ("title", package.artifact)], &package.label);
    for cell in &package.cells {
        tr.element("td", &[], |td| write_cell(td, cell, row.platform.id));
    }
}

fn write_cell(td: &mut Markup, cell: &Cell, platform: &str) {
    let class_name = class(cell.state);
    let class = format!("cell {class_name}");
    let title = meaning(cell.state);
    let content = |inside: &mut Markup| {
        icon(inside, class_name);
        inside.leaf("span", &[("class", "words")], &words(cell.state));
    };
    match address(cell, platform) {
        Some(address) => {
            td.element("a", &[("class", &class), ("href", &address), ("title", &title)], content)
        }
        None => td.element("span", &[("class", &class), ("title", &title)], content),
    };
}

/// What a cell means, in a sentence.
fn meaning(state: State) -> String {
    let place = |how| if how == How::Native { "on the platform itself" } else { "on a stand-in" };
    match state {
        State::Passed { how, steps: 1 } => format!("The one step that applies passed {}", place(how)),
        State::Passed { how, steps } => format!("All {steps} steps that apply passed {}", place(how)),
        State::Partly { how, passed, steps } => {
            format!(
                "{passed} of {} passed {}; the others were not run",
                count(steps, "step", "steps"),
                place(how)
            )
        }
        State::Failed { how } => format!("A step failed {}", place(how)),
        State::Sound => "Nothing in the file speaks against it; nothing was run".into(),
        State::RuledOut => "The file needs what the platform does not have".into(),
        State::NotApplicable => "No step of this stage has a meaning here".into(),
        State::NotKnown => "Nothing was run or examined that would tell".into(),
    }
}

fn meaning_of_stage(stage: Stage) -> String {
    let steps = steps::ALL.iter().filter(|definition| definition.stage == stage);
    let titles: Vec<_> = steps.map(|definition| definition.title).collect();
    titles.join(". ")
}

fn write_legend(section: &mut Markup) {
    const LEGEND: &[(&str, &str, &str)] = &[
        ("here", "ran here", "every step passed on the platform itself"),
        ("stand-in", "stand-in", "every step passed on something like it; the difference is stated"),
        ("partly", "n/m here", "this many steps passed, the others were not run"),
        ("partly-stand-in", "n/m stand-in", "the same, on a stand-in"),
        ("sound", "structure", "the file was examined and fits; nothing was run"),
        ("failed", "failed", "a step failed, whatever passed elsewhere"),
        ("ruled-out", "ruled out", "the file needs what the platform does not have"),
        ("not-applicable", "n/a", "no step of the stage has a meaning here"),
        ("not-known", "not known", "nobody looked"),
    ];
    section.element("ul", &[("class", "legend"), ("aria-label", "Legend")], |ul| {
        for (class, words, meaning) in LEGEND {
            ul.element("li", &[], |li| {
                let class_list = format!("cell {class}");
                li.element("span", &[("class", &class_list)], |cell| {
                    icon(cell, class);
                    cell.leaf("span", &[], words);
                });
                li.literal(" ").leaf("span", &[("class", "meaning")], meaning);
            });
        }
    });
}
