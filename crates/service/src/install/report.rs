//! What a command has to say, for people and for programs.

use super::failure::Failure;
use super::manager::Manager;
use super::settings::Settings;
use super::step::Step;
use super::{INSTALL, PREFLIGHT};
use crate::exit::Exit;
use crate::preflight::{self, Verdict};
use landfall_service_definition::Definition;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::io::Write;

/// What came of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Installed,
    Upgraded,
    /// A package's service has other settings.
    Configured,
    WouldInstall,
    WouldUpgrade,
    WouldConfigure,
    Removed,
    Purged,
    WouldRemove,
    Examined,
}

/// What a command has found and done.
pub(crate) struct Report {
    command: String,
    service: Option<String>,
    program: Option<String>,
    manager: Option<Manager>,
    pub(crate) checks: preflight::Report,
    pub(crate) settings: Settings,
    pub(crate) steps: Vec<Step>,
    pub(crate) runs: Option<bool>,
    pub(crate) warnings: Vec<String>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) failure: Option<Failure>,
}

impl Report {
    pub(super) fn new(command: &str) -> Self {
        Self {
            command: command.to_owned(),
            service: None,
            program: None,
            manager: None,
            checks: preflight::Report::default(),
            settings: Settings::default(),
            steps: Vec::new(),
            runs: None,
            warnings: Vec::new(),
            outcome: None,
            failure: None,
        }
    }

    pub(super) fn about(&mut self, definition: &Definition, manager: Option<Manager>) {
        self.service = Some(definition.id());
        self.program = Some(definition.program.clone());
        self.manager = manager;
    }

    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        match &self.failure {
            Some(failure) => failure.exit,
            None if self.command == PREFLIGHT => self.checks.exit(),
            None => Exit::Success,
        }
    }

    /// Says everything: results on standard output, what went wrong on standard error.
    pub(super) fn print(&self, json: bool, name: &str) {
        // Nobody reads what cannot be written.
        let mut out = std::io::stdout().lock();
        let mut err = std::io::stderr().lock();
        if json {
            let _ = writeln!(out, "{:#}", self.json());
            return;
        }
        let _ = match self.command.as_str() {
            PREFLIGHT => write!(out, "{}", self.checks),
            _ => write!(err, "{}", self.remarkable_checks()),
        };
        for warning in &self.warnings {
            let _ = writeln!(err, "{name}: warning: {warning}");
        }
        match &self.failure {
            Some(failure) => {
                if self.outcome.is_some() {
                    let _ = write!(out, "{}", self.plan());
                }
                let _ = writeln!(err, "{name}: {failure}");
            }
            None => {
                let _ = write!(out, "{}", self.result());
            }
        }
    }

    /// What an administrator should know before the installation.
    pub(super) fn remarkable_checks(&self) -> preflight::Report {
        let findings = self.checks.findings.iter().filter(|finding| finding.verdict != Verdict::Pass);
        preflight::Report { findings: findings.cloned().collect() }
    }

    fn result(&self) -> String {
        let service = self.service.as_deref().unwrap_or_default();
        let manager = self.manager.map_or_else(String::new, |manager| format!(" with {manager}"));
        let runs = match self.runs {
            Some(true) => "; it runs",
            Some(false) => "; it does not run",
            None => "",
        };
        let text = match self.outcome {
            Some(Outcome::Installed) => format!("The service {service} is installed{manager}{runs}."),
            Some(Outcome::Upgraded) => format!("The service {service} is upgraded{runs}."),
            Some(Outcome::Configured) => {
                format!("The service {service}, which a package brought, has its settings{runs}.")
            }
            Some(Outcome::Removed) => {
                format!(
                    "The service {service} is removed. Configuration and data stay; --purge deletes them."
                )
            }
            Some(Outcome::Purged) => {
                format!("The service {service} is removed with its configuration and data.")
            }
            Some(
                Outcome::WouldInstall
                | Outcome::WouldUpgrade
                | Outcome::WouldConfigure
                | Outcome::WouldRemove,
            ) => {
                return format!("{}Nothing was done.\n", self.plan());
            }
            Some(Outcome::Examined) | None => return String::new(),
        };
        text + "\n"
    }

    /// The steps, numbered.
    pub(super) fn plan(&self) -> String {
        let lines =
            self.steps.iter().enumerate().map(|(number, step)| format!("{:>3}. {step}\n", number + 1));
        lines.collect()
    }

    fn json(&self) -> Value {
        let exit = self.exit();
        let settings: Map<String, Value> = self
            .settings
            .0
            .iter()
            .map(|(name, value)| {
                let text = if value.secret { "(secret)" } else { &value.text };
                (name.clone(), json!({ "value": text, "source": value.source.to_string() }))
            })
            .collect();
        let mut object = json!({
            "command": self.command,
            "service": self.service,
            "program": self.program,
            "manager": self.manager,
            "outcome": self.outcome,
            "exit": { "code": exit.code(), "name": exit.name() },
            "error": self.failure.as_ref().map(|failure| &failure.message),
            "warnings": self.warnings,
        });
        if let Value::Object(members) = &mut object {
            if self.command == INSTALL {
                members.insert("settings".to_owned(), Value::Object(settings));
                members.insert("runs".to_owned(), json!(self.runs));
            }
            if self.command != super::UNINSTALL {
                members.insert("preflight".to_owned(), json!(self.checks));
            }
            if self.command != PREFLIGHT {
                members.insert("steps".to_owned(), json!(self.steps));
            }
        }
        object
    }
}
