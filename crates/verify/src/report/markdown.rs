//! The table for a README, in GitHub's Markdown.

use super::findings::{failures, ruled_out, run_title, step_title, summary};
use super::matrix::{Matrix, State};
use super::readable::{beginning, readable};
use super::words::{moment, short_commit};
use crate::evidence::{Evidence, How};
use crate::steps::Stage;

const LEGEND: &str = "● ran here: every step passed on the platform itself · ◌ stand-in: every step passed on \
    something like it · ◐ n/m: this many steps passed, the others were not run · ◇ structure: the file was \
    examined and fits, nothing was run · ✕ failed: a step failed, whatever passed elsewhere · ⊘ ruled out: the \
    file needs what the platform does not have · – n/a: no step has a meaning here · ? not known: nobody looked";

/// The table, with a sentence on what was looked at and when before it, and what its symbols mean after it.
///
/// `report` is the address of the HTML report, as seen from where the table will stand; without it nothing is
/// linked.
pub fn markdown(evidence: &Evidence, report: Option<&str>) -> String {
    let matrix = Matrix::new(evidence);
    let mut lines = vec![sentence(evidence, report), String::new()];

    let stages = Stage::ALL.map(Stage::title).join(" | ");
    lines.push(format!("| Platform | Package | {stages} |"));
    lines.push("|---".repeat(Stage::ALL.len() + 2) + "|");
    for row in &matrix.rows {
        let title = escape(row.platform.title);
        if row.packages.is_empty() {
            lines.push(format!("| {title} | – |{}", " ? not known |".repeat(Stage::ALL.len())));
        }
        for package in &row.packages {
            let title = match report {
                Some(report) => format!("[{title}]({}#platform-{})", destination(report), row.platform.id),
                None => title.clone(),
            };
            let cells: Vec<_> = package.cells.iter().map(|cell| words(cell.state)).collect();
            lines.push(format!("| {title} | {} | {} |", escape(&package.label), cells.join(" | ")));
        }
    }

    lines.extend([String::new(), LEGEND.into()]);
    let failed: Vec<_> = failures(evidence)
        .map(|place| {
            item("✕", step_title(&place.step.id), &run_title(evidence, place.run), &place.step.reason)
        })
        .chain(ruled_out(evidence).map(|structure| {
            let platform = super::findings::platform_title(&structure.platform);
            item("⊘", &platform, &structure.artifact, &structure.findings.join(" "))
        }))
        .collect();
    if !failed.is_empty() {
        lines.push(String::new());
        lines.extend(failed);
    }
    lines.join("\n") + "\n"
}

fn sentence(evidence: &Evidence, report: Option<&str>) -> String {
    let mut sentence = format!("**{} {}**", escape(&evidence.title), escape(&evidence.version));
    if let Some(commit) = &evidence.commit {
        sentence.push_str(&format!(", commit {}", escape(&short_commit(commit))));
    }
    let (day, clock) = moment(&evidence.started);
    let when = clock.map_or(day.clone(), |clock| format!("{day}, {clock}"));
    sentence.push_str(&format!(", {}. {}", escape(&when), escape(&summary(evidence))));
    if let Some(report) = report {
        sentence.push_str(&format!(" [Every step with its evidence]({}).", destination(report)));
    }
    sentence
}

fn item(symbol: &str, what: &str, place: &str, reason: &str) -> String {
    let reason = if reason.is_empty() { String::new() } else { format!(": {}", escape(reason)) };
    format!("* {symbol} {}, {}{reason}", escape(what), escape(place))
}

/// A symbol and what it says.
fn words(state: State) -> String {
    match state {
        State::Passed { how: How::Native, .. } => "● ran here".into(),
        State::Passed { .. } => "◌ stand-in".into(),
        State::Partly { how: How::Native, passed, steps } => format!("◐ {passed}/{steps} here"),
        State::Partly { passed, steps, .. } => format!("◐ {passed}/{steps} stand-in"),
        State::Failed { how: How::Native } => "✕ failed here".into(),
        State::Failed { .. } => "✕ failed, stand-in".into(),
        State::Sound => "◇ structure".into(),
        State::RuledOut => "⊘ ruled out".into(),
        State::NotApplicable => "– n/a".into(),
        State::NotKnown => "? not known".into(),
    }
}

/// Text that stays text within a line of a table, whatever it holds.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for character in readable(&beginning(text, 1_000)).chars() {
        match character {
            '\n' | '\t' => out.push(' '),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' | '#' => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
    out
}

/// The address of a link, which nothing in it can end.
fn destination(address: &str) -> String {
    let mut out = String::new();
    for character in address.chars() {
        match character {
            '(' | ')' | '<' | '>' | '|' | '\\' | '"' | ' ' | '`' | '\0'..='\x1f' => {
                out.push_str(&format!("%{:02X}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_cell() {
        assert_eq!(
            escape("a|b\nc <img src=x> [x](y) `z` \x1b[31m"),
            "a\\|b c &lt;img src=x&gt; \\[x\\](y) \\`z\\` "
        );
    }

    #[test]
    fn an_address_cannot_end_its_link() {
        assert_eq!(destination("report (1).html|\n"), "report%20%281%29.html%7C%0A");
    }
}
