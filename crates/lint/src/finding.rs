//! What is said of a package.

use std::fmt;

use serde::Serialize;

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; often intended.
    Note,
    /// Bites some users on some day.
    Warning,
    /// Does not work, or does harm.
    Error,
}

impl Severity {
    /// Its name: `note`, `warning`, `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What can be wrong, once and for all packages.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rule {
    /// Short name: `deb-conffile-missing`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Why it matters.
    pub reason: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// Who says so: a section of a specification, a manual page, the tag of another tool. Empty where it is
    /// our own experience.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub source: &'static str,
}

/// Something that was found, and where.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What is wrong with things of this kind.
    #[serde(flatten)]
    pub rule: &'static Rule,
    /// Where: a path in the package, a field, a script with its line; empty for the package as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// What was found there, one sentence without a full stop.
    pub what: String,
}

/// One sentence: where, and what.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{} ", self.place)?;
        }
        f.write_str(&self.what)
    }
}

/// Findings of one kind in one place are shown up to this number.
const MOST_OF_A_KIND: usize = 20;

/// Collects what a check finds.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) rule: &'static Rule,
    findings: Vec<Finding>,
    more: usize,
}

impl Found {
    pub(crate) fn new(rule: &'static Rule) -> Self {
        Self { rule, findings: Vec::new(), more: 0 }
    }

    /// Something, somewhere.
    pub(crate) fn at(&mut self, place: impl Into<String>, what: impl Into<String>) {
        if self.findings.len() == MOST_OF_A_KIND {
            self.more += 1;
        } else {
            self.findings.push(Finding { rule: self.rule, place: place.into(), what: what.into() });
        }
    }

    /// Something about the package as a whole.
    pub(crate) fn whole(&mut self, what: impl Into<String>) {
        self.at("", what);
    }

    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        if self.more > 0 {
            let what = format!("the same in {} more places", self.more);
            self.findings.push(Finding { rule: self.rule, place: String::new(), what });
        }
        self.findings
    }
}
