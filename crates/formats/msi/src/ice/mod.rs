//! Internal consistency evaluators: the checks that Windows' own tools run over a database, by their numbers.
//!
//! Microsoft publishes what each one looks for, but the checks themselves run only on Windows. These look for the
//! same, as functions over a [`Database`] that was compiled or read.

mod components;
mod folders;
mod identity;
mod interface;
mod platform;
mod sequences;
mod values;

use std::fmt;

use crate::{Database, Row};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Often meant so.
    Note,
    /// May be meant so.
    Warning,
    /// Misbehaves at installation, repair, upgrade or removal.
    Error,
}

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Number of the check: `ICE03`.
    pub number: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The table.
    pub table: String,
    /// Primary key of the row, its parts separated by slashes; empty for a whole table.
    pub row: String,
    /// What is wrong.
    pub what: String,
    /// Why it matters.
    pub reason: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = if self.row.is_empty() { String::new() } else { format!(" {}", self.row) };
        write!(f, "{}: {}{row}: {}; {}", self.number, self.table, self.what, self.remedy)
    }
}

/// A check.
pub struct Check {
    /// Its number: `ICE03`.
    pub number: &'static str,
    /// Why it matters.
    pub reason: &'static str,
    /// What to do about a finding.
    pub remedy: &'static str,
    /// How much its findings matter, the worst first.
    pub severities: &'static [Severity],
    run: fn(&Database, &mut Report<'_>),
}

/// Every check, by number.
pub const CHECKS: [Check; 22] = [
    components::ICE02,
    values::ICE03,
    values::ICE06,
    components::ICE08,
    folders::ICE09,
    components::ICE18,
    interface::ICE20,
    components::ICE21,
    identity::ICE24,
    sequences::ICE27,
    folders::ICE30,
    components::ICE33,
    folders::ICE38,
    folders::ICE43,
    folders::ICE57,
    identity::ICE61,
    folders::ICE64,
    sequences::ICE72,
    sequences::ICE78,
    platform::ICE80,
    folders::ICE91,
    folders::ICE99,
];

/// Runs every check.
pub fn check(database: &Database) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in &CHECKS {
        (check.run)(database, &mut Report { check, findings: &mut findings });
    }
    findings
}

/// Where a check puts what it finds.
struct Report<'a> {
    check: &'a Check,
    findings: &'a mut Vec<Finding>,
}

impl Report<'_> {
    fn error(&mut self, row: &Row<'_>, what: impl Into<String>) {
        self.add(Severity::Error, row.table, row.key(), what.into());
    }

    fn warn(&mut self, row: &Row<'_>, what: impl Into<String>) {
        self.add(Severity::Warning, row.table, row.key(), what.into());
    }

    fn note(&mut self, row: &Row<'_>, what: impl Into<String>) {
        self.add(Severity::Note, row.table, row.key(), what.into());
    }

    fn table(&mut self, table: &str, what: impl Into<String>) {
        self.push(Severity::Error, table.to_owned(), String::new(), what.into());
    }

    fn add(&mut self, severity: Severity, table: &crate::Table, row: String, what: String) {
        self.push(severity, table.name.clone(), row, what);
    }

    fn push(&mut self, severity: Severity, table: String, row: String, what: String) {
        let Check { number, reason, remedy, .. } = *self.check;
        self.findings.push(Finding { number, severity, table, row, what, reason, remedy });
    }
}

/// Value of a property; empty where it has none.
fn property<'d>(database: &'d Database, name: &str) -> &'d str {
    database.row("Property", name).map_or("", |row| row.text("Value"))
}
