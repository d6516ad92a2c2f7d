//! Checks of Windows Installer packages: internal consistency evaluators, by the numbers that Windows' own tools know.

use std::sync::LazyLock;

use landfall_msi::ice;
use landfall_payload::Format;

use crate::checks::Check;
use crate::finding::{Found, Rule, Severity};
use crate::package::Package;

/// Each evaluator once for every severity that its findings have.
pub(super) static CHECKS: LazyLock<Vec<Check>> = LazyLock::new(|| {
    let with_severity = |check: &'static ice::Check| {
        check.severities.iter().map(|severity| Check {
            rule: Rule {
                id: check.number,
                severity: ours(*severity),
                reason: check.reason,
                remedy: check.remedy,
                source: "https://learn.microsoft.com/windows/win32/msi/ice-reference",
            },
            formats: &[Format::Msi],
            run,
        })
    };
    ice::CHECKS.iter().flat_map(with_severity).collect()
});

fn ours(severity: ice::Severity) -> Severity {
    match severity {
        ice::Severity::Note => Severity::Note,
        ice::Severity::Warning => Severity::Warning,
        ice::Severity::Error => Severity::Error,
    }
}

fn run(package: &Package, found: &mut Found) {
    let rule = found.rule;
    for finding in &package.description.consistency {
        if finding.number == rule.id && ours(finding.severity) == rule.severity {
            let row = if finding.row.is_empty() { String::new() } else { format!(" {}", finding.row) };
            found.at(format!("{}{row}:", finding.table), finding.what.clone());
        }
    }
}
