//! Changes that only Windows knows. They are plain data everywhere, so that a plan for Windows can be shown and
//! tested on any machine; only on Windows can they be made.

#[cfg(windows)]
mod accounts;
#[cfg(windows)]
mod events;
#[cfg(windows)]
mod folders;
#[cfg(windows)]
mod registry;
#[cfg(windows)]
mod scm;
#[cfg(windows)]
mod strings;
#[cfg(windows)]
mod system;

use super::failure::Result;
use super::settings::Value;
use landfall_service_definition::windows::Service;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Value below a service's `Parameters` by which its installer is known.
#[cfg(windows)]
pub(super) const INSTALLED_BY: &str = "InstalledBy";
/// Value beside it: the key, below that of the machine, in which Windows Installer remembers settings.
#[cfg(windows)]
const REMEMBERED_IN: &str = "Settings";

/// A setting of a service that Windows Installer brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remembered {
    /// Property of the installer.
    pub property: String,
    /// Variable of the service.
    pub variable: String,
    /// Its value.
    pub value: String,
}

/// The variables of a service with these settings among them. Windows does not tell their names by case.
#[cfg_attr(not(windows), allow(dead_code, reason = "only Windows has them"))]
fn with_settings(mut lines: Vec<String>, settings: &[Remembered]) -> Vec<String> {
    for Remembered { variable, value, .. } in settings {
        lines
            .retain(|line| line.split_once('=').is_none_or(|(name, _)| !name.eq_ignore_ascii_case(variable)));
        lines.push(format!("{variable}={value}"));
    }
    lines
}

/// A change to Windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// Lets an account log on as a service (`SeServiceLogonRight`).
    LogonRight {
        /// The account.
        account: String,
    },
    /// Registers the service, or changes all that is registered of it.
    Register {
        /// What the Service Control Manager is told.
        service: Box<Service>,
        /// Password of its account.
        #[serde(skip)]
        password: Option<Value>,
    },
    /// Sets the environment of the service (`Environment` of its registry key).
    Environment {
        /// Name of the service.
        service: String,
        /// Variables and values.
        variables: BTreeMap<String, String>,
    },
    /// Sets settings of a service that Windows Installer brought: in its environment, and where upgrades and repairs
    /// take them up.
    Settings {
        /// Name of the service.
        service: String,
        /// The settings.
        settings: Vec<Remembered>,
    },
    /// Notes who has installed the service.
    Mark {
        /// Name of the service.
        service: String,
        /// Who.
        installer: String,
    },
    /// Registers the source under which events appear in the log.
    EventSource {
        /// Name of the source.
        source: String,
        /// File with the texts of the events.
        message_file: String,
    },
    /// Sets who may use a folder; everything in it follows.
    FolderAccess {
        /// Its path.
        path: String,
        /// The rights, as a security descriptor (SDDL); `{service}` stands for the service's own SID.
        rights: String,
        /// Name of the service.
        service: String,
    },
    /// Starts the service and waits until it runs.
    Start {
        /// Name of the service.
        service: String,
    },
    /// Stops the service and waits until it has ended.
    Stop {
        /// Name of the service.
        service: String,
    },
    /// Removes the service.
    Delete {
        /// Name of the service.
        service: String,
    },
    /// Removes the source of events.
    RemoveEventSource {
        /// Name of the source.
        source: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogonRight { account } => write!(f, "let {account} log on as a service"),
            Self::Register { service, .. } => {
                writeln!(f, "register the service:")?;
                // It is plain data, which has a text.
                let text = serde_json::to_string_pretty(service).unwrap_or_default();
                let lines: Vec<String> = text.lines().map(|line| format!("    | {line}")).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Environment { service, variables } => {
                write!(f, "set the environment of {service}")?;
                variables.iter().try_for_each(|(name, value)| write!(f, "\n    | {name}={value}"))
            }
            Self::Settings { service, settings } => {
                write!(f, "set variables of {service}, and let its installer remember them")?;
                settings.iter().try_for_each(|one| write!(f, "\n    | {}={}", one.variable, one.value))
            }
            Self::Mark { service, installer } => write!(f, "note at {service}: {installer}"),
            Self::EventSource { source, message_file } => {
                write!(f, "register the event source {source} with the texts in {message_file}")
            }
            Self::FolderAccess { path, rights, .. } => write!(f, "set who may use {path}: {rights}"),
            Self::Start { service } => write!(f, "start {service} and wait until it runs"),
            Self::Stop { service } => write!(f, "stop {service} and wait until it has ended"),
            Self::Delete { service } => write!(f, "remove the service {service}"),
            Self::RemoveEventSource { source } => write!(f, "remove the event source {source}"),
        }
    }
}

/// What of a service is registered: asked before a plan is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registered {
    /// Who has installed it, if that is noted.
    pub(super) installer: Option<String>,
    /// Its command line.
    pub(super) command: String,
    /// It runs, or is about to.
    pub(super) active: bool,
}

#[cfg(windows)]
mod live {
    use super::*;

    /// What takes a change back.
    #[derive(Debug)]
    pub(in crate::install) enum Undo {
        /// Removes the service.
        Delete(String),
        /// Registers the service as it was.
        Restore(Box<super::scm::Before>),
        /// Sets a value of the registry as it was.
        Registry(super::registry::Before),
        /// Removes a key of the registry with everything in it.
        RemoveKey(String),
        /// Sets who may use a folder, as it was.
        FolderAccess(String, String),
        /// Starts a service.
        Start(String),
        /// Stops a service.
        Stop(String),
    }

    pub(in crate::install) fn apply(change: &Change, undo: &mut dyn FnMut(Undo)) -> Result<()> {
        match change {
            Change::LogonRight { account } => super::accounts::grant_logon(account),
            Change::Register { service, password } => {
                super::scm::register(service, password.as_ref().map(|value| value.text.as_str()), undo)
            }
            Change::Environment { service, variables } => {
                let key = super::registry::service_key(service);
                let lines: Vec<String> =
                    variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
                super::registry::set_lines(&key, "Environment", &lines, undo)
            }
            Change::Settings { service, settings } => {
                let key = super::registry::service_key(service);
                let lines = super::registry::lines(&key, "Environment").unwrap_or_default();
                super::registry::set_lines(&key, "Environment", &with_settings(lines, settings), undo)?;
                let place = super::registry::text(&format!("{key}\\Parameters"), REMEMBERED_IN);
                for Remembered { property, value, .. } in settings {
                    if let Some(place) = &place {
                        super::registry::set_text(place, property, value, undo)?;
                    }
                }
                Ok(())
            }
            Change::Mark { service, installer } => {
                let key = format!("{}\\Parameters", super::registry::service_key(service));
                super::registry::set_text(&key, INSTALLED_BY, installer, undo)
            }
            Change::EventSource { source, message_file } => {
                super::events::register(source, message_file, undo)
            }
            Change::FolderAccess { path, rights, service } => {
                super::folders::set_access(path, rights, service, undo)
            }
            Change::Start { service } => {
                undo(Undo::Stop(service.clone()));
                super::scm::start(service)
            }
            Change::Stop { service } => {
                super::scm::stop(service)?;
                undo(Undo::Start(service.clone()));
                Ok(())
            }
            Change::Delete { service } => super::scm::delete(service),
            Change::RemoveEventSource { source } => super::events::remove(source),
        }
    }

    pub(in crate::install) fn take_back(undo: Undo) -> Result<()> {
        match undo {
            Undo::Delete(service) => super::scm::delete(&service),
            Undo::Restore(before) => super::scm::restore(&before),
            Undo::Registry(before) => super::registry::restore(&before),
            Undo::RemoveKey(key) => super::registry::remove_key(&key),
            Undo::FolderAccess(path, rights) => super::folders::set_descriptor(&path, &rights),
            Undo::Start(service) => super::scm::start(&service),
            Undo::Stop(service) => super::scm::stop(&service),
        }
    }

    pub(in crate::install) fn registered(service: &str) -> Result<Option<Registered>> {
        super::scm::query(service)
    }
}

#[cfg(windows)]
pub(super) use live::{Undo, apply, registered, take_back};
#[cfg(windows)]
pub(crate) use registry::number as registry_number;
#[cfg(windows)]
pub(crate) use system::{free_bytes, is_elevated, windows_build};

#[cfg(not(windows))]
mod elsewhere {
    use super::*;
    use crate::exit::Exit;
    use crate::install::failure::Failure;

    /// Nothing of Windows can be done here, so there is nothing to take back.
    #[derive(Debug)]
    pub(in crate::install) enum Undo {}

    pub(in crate::install) fn apply(change: &Change, _undo: &mut dyn FnMut(Undo)) -> Result<()> {
        Err(Failure::new(Exit::Requirement, format!("this is not Windows; on Windows it would {change}")))
    }

    pub(in crate::install) fn take_back(undo: Undo) -> Result<()> {
        match undo {}
    }

    pub(in crate::install) fn registered(_service: &str) -> Result<Option<Registered>> {
        Ok(None)
    }
}

#[cfg(not(windows))]
pub(super) use elsewhere::{Undo, apply, registered, take_back};

/// A number in the registry of this machine; none elsewhere.
#[cfg(not(windows))]
pub(crate) fn registry_number(_key: &str, _name: &str) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_take_the_place_of_what_was_there() {
        let lines =
            ["STATE_DIRECTORY=C:\\a=b", "demo_url=http://old", "nonsense"].map(str::to_owned).to_vec();
        let setting = Remembered {
            property: "URL".to_owned(),
            variable: "DEMO_URL".to_owned(),
            value: "http://new".to_owned(),
        };
        assert_eq!(
            with_settings(lines, &[setting]),
            ["STATE_DIRECTORY=C:\\a=b", "nonsense", "DEMO_URL=http://new"]
        );
    }
}
