//! The checks: a table for each format, one more for the scripts of Debian packages, and three for what
//! packages have in common. A check is a description and a small function.

mod apk;
mod arch;
mod archive;
mod common;
mod deb;
mod deb_scripts;
mod msi;
mod ownership;
mod rpm;
mod units;

use landfall_payload::Format;

pub(crate) use common::runs_on;

use crate::finding::{Finding, Found, Rule};
use crate::package::Package;

/// One check.
#[derive(Debug)]
pub struct Check {
    /// What it looks for.
    pub rule: Rule,
    /// The formats it is for.
    pub formats: &'static [Format],
    run: fn(&Package, &mut Found),
}

/// A check: id, severity, formats, function, reason, remedy, source.
macro_rules! check {
    ($id:literal, $severity:ident, $formats:expr, $run:expr, $reason:literal, $remedy:literal, $source:literal) => {
        $crate::checks::Check {
            rule: $crate::finding::Rule {
                id: $id,
                severity: $crate::finding::Severity::$severity,
                reason: $reason,
                remedy: $remedy,
                source: $source,
            },
            formats: $formats,
            run: $run,
        }
    };
}
use check;

const ANY: &[Format] = &Format::ALL;
const PACKAGES: &[Format] = &[Format::Deb, Format::Rpm, Format::Apk, Format::Arch];

/// Every check there is.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [
        common::CHECKS,
        ownership::CHECKS,
        units::CHECKS,
        deb::CHECKS,
        deb_scripts::CHECKS,
        rpm::CHECKS,
        apk::CHECKS,
        arch::CHECKS,
        archive::CHECKS,
    ]
    .into_iter()
    .flatten()
    .chain(msi::CHECKS.iter())
}

/// Judges a package: the worst first, then in the order of [`checks`].
pub fn lint(package: &Package) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in checks().filter(|check| check.formats.contains(&package.format())) {
        let mut found = Found::new(&check.rule);
        (check.run)(package, &mut found);
        findings.extend(found.into_findings());
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.rule.severity));
    findings
}
