//! Whether a machine is ready for a service: checks that change nothing.
//!
//! Each check finds one thing out and says what to do about it. A failed check keeps `install-service` from
//! beginning; a warning does not.

mod linux;
mod server;
mod storage;
mod system;
mod windows;

use crate::exit::Exit;
use crate::install::{Failure, Host, Manager, Program, Settings};
use landfall_service_definition::Definition;
use serde::Serialize;
use std::fmt;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All is well.
    Pass,
    /// The service will work, but somebody should know.
    Warn,
    /// The service would not work.
    Fail,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Name of the check, as for `--skip-preflight`.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What it found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// How a command ends because of it.
    #[serde(skip)]
    pub exit: Exit,
}

/// What a check answers; the name is added by whoever asks.
pub(crate) struct Answer {
    verdict: Verdict,
    found: String,
    advice: Option<String>,
    exit: Exit,
}

impl Answer {
    fn pass(found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Pass, found: found.into(), advice: None, exit: Exit::Success }
    }

    fn warn(found: impl Into<String>, advice: impl Into<String>) -> Self {
        let (found, advice) = (found.into(), Some(advice.into()));
        Self { verdict: Verdict::Warn, found, advice, exit: Exit::Success }
    }

    fn fail(exit: Exit, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, found: found.into(), advice: Some(advice.into()), exit }
    }
}

/// What the checks are about.
pub(crate) struct Subject<'a> {
    /// The machine.
    pub(crate) host: &'a Host,
    /// The service as it would be installed.
    pub(crate) definition: &'a Definition,
    /// Its settings, with those that are there already.
    pub(crate) settings: &'a Settings,
    /// Its service manager, or why there is none.
    pub(crate) manager: &'a Result<Manager, Failure>,
    /// The program.
    pub(crate) program: &'a dyn Program,
    /// The service is installed already.
    pub(crate) upgrade: bool,
    /// Required settings may be missing.
    pub(crate) allow_unconfigured: bool,
    /// What the server said: asked once, for two checks look at it.
    pub(crate) server: std::cell::OnceCell<Option<crate::install::ServerAnswer>>,
}

type Check = fn(&Subject<'_>) -> Option<Answer>;

/// All checks in the order of their table; `None` where one makes no sense on this machine.
const CHECKS: &[(&str, Check)] = &[
    ("privileges", system::privileges),
    ("system", system::version),
    ("service-manager", system::service_manager),
    ("program", system::program),
    ("settings", system::settings),
    ("disk", storage::disk),
    ("folders", storage::folders),
    ("watched-folders", storage::watched_folders),
    ("write-filter", storage::write_filter),
    ("server", server::server),
    ("clock", server::clock),
    ("inotify", linux::inotify),
    ("selinux", linux::selinux),
    ("fips", linux::fips),
    ("application-control", windows::application_control),
    ("virus-scanner", windows::virus_scanner),
];

/// Names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|(name, _)| *name)
}

/// Refuses a name that no check has.
///
/// # Errors
/// A usage error with the names that there are.
pub(crate) fn check_names(skip: &[String]) -> Result<(), Failure> {
    match skip.iter().find(|skipped| *skipped != "all" && !names().any(|name| name == skipped.as_str())) {
        Some(name) => {
            let known: Vec<&str> = names().collect();
            Err(Failure::usage(format!("there is no check {name:?} to skip; there are {}", known.join(", "))))
        }
        None => Ok(()),
    }
}

/// What all checks found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Report {
    /// In the order of the table.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The first check that failed.
    pub fn failure(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.verdict == Verdict::Fail)
    }

    /// How a command ends because of it.
    pub fn exit(&self) -> Exit {
        self.failure().map_or(Exit::Success, |finding| finding.exit)
    }
}

/// Does all checks but those left out.
pub(crate) fn examine(subject: &Subject<'_>, skip: &[String]) -> Report {
    let wanted = |name: &str| !skip.iter().any(|skipped| skipped == name || skipped == "all");
    let findings = CHECKS.iter().filter(|(name, _)| wanted(name)).filter_map(|(name, check)| {
        let Answer { verdict, found, advice, exit } = check(subject)?;
        Some(Finding { check: name, verdict, found, advice, exit })
    });
    Report { findings: findings.collect() }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
        for Finding { check, verdict, found, advice, .. } in &self.findings {
            let verdict = match verdict {
                Verdict::Pass => "pass",
                Verdict::Warn => "WARN",
                Verdict::Fail => "FAIL",
            };
            writeln!(f, "{verdict}  {check:width$}  {found}")?;
            if let Some(advice) = advice {
                writeln!(f, "      {:width$}  -> {advice}", "")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
