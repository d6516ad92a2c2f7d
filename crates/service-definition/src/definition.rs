//! The types of a definition.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Folders;

/// Everything a service manager must know about one service on one machine.
///
/// Durations are whole seconds, paths absolute and in the platform's own notation, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Definition {
    /// What kind of machine it is for.
    pub platform: Platform,
    /// Name of the service, without `.service` and without an instance.
    pub name: String,
    /// Which of several installations of the service on one machine this is; `None`: the only one.
    #[serde(default)]
    pub instance: Option<String>,
    /// Reverse-domain identifier of the product; launchd's labels begin with it.
    pub identifier: String,
    /// Name for people, one line.
    pub title: String,
    /// What it does, one line.
    pub description: String,
    /// Web address of its documentation.
    #[serde(default)]
    pub documentation: Option<String>,
    /// Absolute path of the program.
    pub program: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Optional file of `NAME=value` lines that the administrator may make; read at start where it exists. `None`
    /// where the service manager reads no such file.
    #[serde(default)]
    pub environment_file: Option<String>,
    /// Account it runs as.
    pub account: Account,
    /// When it starts.
    pub start: Start,
    /// When it is started again after it ended by itself.
    pub restart: RestartPolicy,
    /// Pause before it is started again.
    pub restart_delay: u64,
    /// Pauses where the service manager counts failures (Windows): before the first restart, the second, and every
    /// further one.
    pub restart_pauses: [u64; 3],
    /// How the service manager learns that it is ready.
    pub ready: Ready,
    /// Longest silence before it counts as hung.
    #[serde(default)]
    pub watchdog: Option<u64>,
    /// How long a stop may take before it is killed.
    pub stop_timeout: u64,
    /// How far it is locked in.
    pub hardening: Hardening,
    /// Which network it needs.
    pub network: Network,
    /// Its own folders.
    pub folders: Folders,
    /// Further paths it may write to.
    #[serde(default)]
    pub writable: Vec<String>,
    /// Secrets: name, and the file that holds the value. The file always exists and is empty until the
    /// administrator fills it.
    #[serde(default)]
    pub credentials: BTreeMap<String, String>,
    /// Values that an administrator gives, by name.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Where it says how it is.
    #[serde(default)]
    pub health: Option<Health>,
    /// Where people look at it.
    #[serde(default)]
    pub page: Option<Page>,
}

impl Definition {
    /// The smallest service on Linux: `program` runs as root from the start of the machine and is started again
    /// after a failure; everything else is the manifest's default.
    pub fn new(name: &str, program: &str) -> Self {
        Self {
            platform: Platform::Linux,
            name: name.to_owned(),
            instance: None,
            identifier: name.to_owned(),
            title: name.to_owned(),
            description: name.to_owned(),
            documentation: None,
            program: program.to_owned(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            environment_file: Some(format!("/etc/{name}/environment")),
            account: Account::System,
            start: Start::Boot,
            restart: RestartPolicy::OnFailure,
            restart_delay: 5,
            restart_pauses: [5, 5, 30],
            ready: Ready::Started,
            watchdog: None,
            stop_timeout: 30,
            hardening: Hardening::Strict,
            network: Network::Outbound,
            folders: Folders::of(Platform::Linux, name),
            writable: Vec::new(),
            credentials: BTreeMap::new(),
            settings: BTreeMap::new(),
            health: None,
            page: None,
        }
    }

    /// Its name among the machine's services: `NAME`, or `NAME@INSTANCE`. Windows has a name of its own for it
    /// ([`crate::windows::service_name`]), launchd too ([`crate::launchd::label`]).
    pub fn id(&self) -> String {
        match &self.instance {
            Some(instance) => format!("{}@{instance}", self.name),
            None => self.name.clone(),
        }
    }

    /// Name of its systemd unit.
    pub fn unit(&self) -> String {
        format!("{}.service", self.id())
    }

    /// Its name for people, with the instance.
    pub fn full_title(&self) -> String {
        match &self.instance {
            Some(instance) => format!("{} ({instance})", self.title),
            None => self.title.clone(),
        }
    }

    /// Whether one person runs it for themselves, and no administrator.
    pub fn is_user_service(&self) -> bool {
        self.account == Account::Person
    }

    /// The settings that are not secret, which the program reads from its environment.
    pub(crate) fn settings_beside_secrets(&self) -> impl Iterator<Item = &Setting> {
        self.settings.values().filter(|setting| setting.kind != SettingType::Secret)
    }

    /// The folders as the environment variables by which a program finds them (systemd.exec(5),
    /// `RuntimeDirectory=`). systemd sets those of the folders that it makes itself.
    pub fn folder_variables(&self) -> [(&'static str, &str); 5] {
        let folders = &self.folders;
        [
            ("STATE_DIRECTORY", &folders.state),
            ("LOGS_DIRECTORY", &folders.logs),
            ("CACHE_DIRECTORY", &folders.cache),
            ("RUNTIME_DIRECTORY", &folders.runtime),
            ("CONFIGURATION_DIRECTORY", &folders.configuration),
        ]
    }
}

/// A kind of machine, as far as service managers differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// Linux: systemd, System V init, OpenRC.
    Linux,
    /// macOS: launchd.
    Macos,
    /// Windows: the Service Control Manager.
    Windows,
    /// A Linux container, with no service manager inside.
    Container,
}

/// The account that a service runs as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// The machine's own: `root`, on Windows `LocalSystem`.
    System,
    /// One that exists for this service alone and that nobody logs in to. On Linux and macOS it has this name, its
    /// group too, and is made where missing; on Windows it is the virtual account of the service.
    Own(String),
    /// One that somebody else looks after, such as `anna`, `EXAMPLE\reports$` or `NT AUTHORITY\LocalService`.
    Named(String),
    /// The person who installs it: a user service.
    Person,
}

impl Account {
    /// Name of the account on Linux and macOS; empty for a user service, which has whoever runs its manager.
    pub fn user(&self) -> &str {
        match self {
            Self::System => "root",
            Self::Own(name) | Self::Named(name) => name,
            Self::Person => "",
        }
    }

    /// Whether it may do anything.
    pub fn is_privileged(&self) -> bool {
        match self {
            Self::System => true,
            Self::Named(name) => name == "root",
            Self::Own(_) | Self::Person => false,
        }
    }
}

/// When a service starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// With the machine.
    Boot,
    /// With the machine, after everything else.
    Delayed,
    /// Only when somebody starts it.
    Manual,
}

/// When a service that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Whatever the reason.
    Always,
    /// After a crash or an exit code other than zero.
    OnFailure,
    /// Never.
    Never,
}

/// How the service manager learns that a service is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ready {
    /// As soon as the program runs.
    Started,
    /// The program says so (`sd_notify`).
    Notify,
}

/// How far a service is locked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hardening {
    /// Everything off that a network service does not need.
    Strict,
    /// A read-only system and no new privileges; system calls and address families stay open.
    Standard,
    /// Nothing restricted.
    None,
}

/// Which network a service needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Connects to others; listens at most on the machine itself.
    Outbound,
    /// Others connect to it.
    Inbound,
    /// None at all.
    None,
}

/// A value that an administrator gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// Name for people.
    pub title: String,
    /// Kind of value.
    #[serde(rename = "type")]
    pub kind: SettingType,
    /// Whether the product does not work without it.
    pub required: bool,
    /// Value where none is given.
    #[serde(default)]
    pub default: Option<String>,
    /// Environment variable through which the program reads it.
    pub environment: String,
}

/// Kind of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingType {
    /// Any text on one line.
    String,
    /// An `http` or `https` address.
    Url,
    /// A folder.
    Directory,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A password or token: never in a log, an argument list or a package.
    Secret,
}

/// Where a service says how it is: `http` addresses that answer 200 when all is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Health {
    /// Answers 200 while it is healthy.
    pub address: String,
    /// Answers 200 unless it must be started again.
    pub live: String,
    /// Answers 200 while it can do its work.
    pub ready: String,
    /// Environment variable through which the program takes `HOST:PORT` to listen on.
    #[serde(default)]
    pub listen: Option<String>,
    /// Arguments with which the program asks the running service and ends with 0 while it is healthy.
    #[serde(default)]
    pub command: Option<Vec<String>>,
}

impl Health {
    /// One address for everything.
    pub fn at(address: &str) -> Self {
        let address = address.to_owned();
        Self { live: address.clone(), ready: address.clone(), address, listen: None, command: None }
    }
}

/// Where people look at a running service with a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Page {
    /// `http` address of its first page.
    pub address: String,
    /// Environment variable through which the program takes `HOST:PORT` to listen on.
    #[serde(default)]
    pub listen: Option<String>,
}
