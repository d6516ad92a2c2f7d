//! Services.

use super::Identifier;

/// A Windows service; its program is the key path of its component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its key.
    pub id: Identifier,
    /// Name in the service manager.
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// What it does.
    pub description: Option<String>,
    /// Arguments of its program; formatted text.
    pub arguments: Option<String>,
    /// When it starts.
    pub start: ServiceStart,
    /// The account it runs as; `None`: LocalSystem. Formatted text.
    pub account: Option<String>,
    /// Password of the account; formatted text, which should name a hidden property.
    pub password: Option<String>,
    /// Services that start before it.
    pub dependencies: Vec<String>,
    /// What becomes of a service of this name that exists already.
    pub existing: ExistingService,
    /// Whether an installation fails where the service cannot be registered.
    pub vital: bool,
    /// Whether it is started once everything is installed.
    pub start_on_install: bool,
    /// Whether a service that is kept is started as well, where it starts with the machine. Leave it out where an action
    /// of the package's own finds out whether it ran before.
    pub start_existing: bool,
    /// Its entry in the access-control lists of the system.
    pub sid: Option<ServiceSid>,
    /// The only privileges that its process keeps; empty: all that the account has.
    pub required_privileges: Vec<String>,
    /// Time for its work at shutdown, in milliseconds.
    pub preshutdown_timeout: Option<u32>,
    /// Whether a stop with an error counts as a failure, and not a crash alone.
    pub failures_without_crash: bool,
    /// What the service manager does when it fails. The table that carries it is documented not to work as it
    /// should: <https://learn.microsoft.com/windows/win32/msi/msiserviceconfigfailureactions-table>. Give recovery through a
    /// custom action.
    pub failure_actions: Option<FailureActions>,
}

impl Service {
    /// A service that starts with the machine as LocalSystem, is started after installation, and keeps what an
    /// administrator changed of it.
    pub fn new(id: Identifier, name: impl Into<String>, display_name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            display_name: display_name.into(),
            description: None,
            arguments: None,
            start: ServiceStart::Automatic,
            account: None,
            password: None,
            dependencies: Vec::new(),
            existing: ExistingService::Keep,
            vital: true,
            start_on_install: true,
            start_existing: true,
            sid: None,
            required_privileges: Vec::new(),
            preshutdown_timeout: None,
            failures_without_crash: false,
            failure_actions: None,
        }
    }
}

/// When a service starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceStart {
    /// With the machine.
    Automatic,
    /// Some minutes after the machine.
    Delayed,
    /// When it is asked for.
    Manual,
    /// Never.
    Disabled,
}

/// What becomes of a service that exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingService {
    /// It stays as it is: its account, its start type and its recovery, unless its command line is another one. It
    /// is started again only where it starts with the machine.
    Keep,
    /// It is registered anew.
    Replace,
}

/// Kind of a service's own entry in access-control lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceSid {
    /// The process may use what its service's entry allows.
    Unrestricted,
    /// The process may write only what its service's entry allows.
    Restricted,
}

/// What the service manager does when a service fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureActions {
    /// Seconds without failure after which failures are counted from the start.
    pub reset_after: u32,
    /// Pause in milliseconds before each restart, for the first failure, the second, and so on.
    pub restart_delays: Vec<u32>,
}
