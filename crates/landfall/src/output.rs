//! Talking to a person, or to a machine.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use landfall_lint::{Finding, Severity};
use landfall_manifest::Report;
use serde::Serialize;

use crate::failure::Failure;

const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const WARNING: Style = AnsiColor::BrightYellow.on_default().bold();
const NOTE: Style = AnsiColor::BrightCyan.on_default().bold();
const GONE: Style = AnsiColor::Red.on_default();
const HEADING: Style = Style::new().bold();

/// Where results and messages go: results to standard output, everything else to standard error.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether progress bars make sense: a person watches.
    pub(crate) fn is_interactive(&self) -> bool {
        !self.quiet && !self.json && std::io::stderr().is_terminal()
    }

    /// A result for people. A reader that has gone away is no error.
    pub(crate) fn result(&self, text: &str) {
        if !self.quiet && !self.json {
            let _ = writeln!(anstream::stdout(), "{text}");
        }
    }

    /// The product of a command whose only purpose is to print it.
    pub(crate) fn product(&self, text: &str) {
        let _ = writeln!(anstream::stdout(), "{text}");
    }

    /// A result for machines.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|e| Failure::Io(e.to_string()))?;
        let _ = writeln!(std::io::stdout(), "{text}");
        Ok(())
    }

    /// A message on the way.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Warnings of a manifest.
    pub(crate) fn report(&self, report: &Report) {
        if !self.quiet && !report.diagnostics.is_empty() {
            let _ = write!(anstream::stderr(), "{}", report.render(true));
        }
    }

    pub(crate) fn failure(&self, failure: &Failure) {
        let mut stderr = anstream::stderr();
        let text = match failure {
            Failure::Manifest(report) => {
                if self.json {
                    let _ = self.json(&serde_json::json!({ "diagnostics": report.records() }));
                }
                let _ = write!(stderr, "{}", report.render(true));
                return;
            }
            Failure::Io(t)
            | Failure::Usage(t)
            | Failure::Build(t)
            | Failure::Package(t)
            | Failure::Lint(t)
            | Failure::Hazard(t)
            | Failure::Verification(t)
            | Failure::Signature(t) => t,
        };
        let _ = writeln!(stderr, "{ERROR}error{ERROR:#}: {text}");
    }
}

/// Text in the colour of success.
pub(crate) fn good(text: &str) -> String {
    format!("{GOOD}{text}{GOOD:#}")
}

/// Text in the colour of failure.
pub(crate) fn bad(text: &str) -> String {
    format!("{ERROR}{text}{ERROR:#}")
}

/// A finding as compilers show theirs: severity, id and what, then where, why and what to do.
pub(crate) fn finding(file: &str, finding: &Finding) -> String {
    let rule = finding.rule;
    let style = match rule.severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
        Severity::Note => NOTE,
    };
    format!(
        "{style}{}[{}]{style:#}: {}\n  --> {}\n   = why: {}\n   = help: {}",
        rule.severity.name(),
        rule.id,
        printable(&finding.to_string()),
        printable(file),
        rule.reason,
        rule.remedy
    )
}

/// Text of a package for a terminal: control characters made visible.
pub(crate) fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Text that is gone, as diff shows it.
pub(crate) fn gone(text: &str) -> String {
    format!("{GONE}{text}{GONE:#}")
}

/// Text as a heading.
pub(crate) fn heading(text: &str) -> String {
    format!("{HEADING}{text}{HEADING:#}")
}

/// A number of bytes in words: `1.2 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Rows in columns, as wide as needed; those listed in `right` are set flush right.
pub(crate) fn table(rows: &[Vec<String>], right: &[usize]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|c| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(
                |(c, (cell, width))| {
                    if right.contains(&c) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
                },
            )
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(5), "5 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(10 << 30), "10.0 GiB");
    }

    #[test]
    fn tables_line_up() {
        let rows = [vec!["a".into(), "10".into()], vec!["long".into(), "9".into()]];
        assert_eq!(table(&rows, &[1]), "a     10\nlong   9");
    }
}
