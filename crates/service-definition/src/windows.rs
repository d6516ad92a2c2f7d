//! What the Service Control Manager of Windows is told: a typed value for whoever installs the service, an MSI or
//! the program itself.
//!
//! The fields are those of `CreateService` and `ChangeServiceConfig2`, with their units.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Account, Definition, Hardening, Network, Ownership, RestartPolicy, Start};

/// Failures are forgotten after this time without one, in seconds: a day.
const RESET_AFTER: u64 = 86_400;

/// A service of Windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    /// Its key in the database of services.
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// What it does.
    pub description: String,
    /// The command line that starts it (`lpBinaryPathName`), quoted.
    pub command_line: String,
    /// Account it runs as.
    pub account: ServiceAccount,
    /// When it starts.
    pub start: StartType,
    /// Services that must run before it.
    pub dependencies: Vec<String>,
    /// What happens when it fails; `None`: nothing.
    pub recovery: Option<Recovery>,
    /// Whether its own security identifier is in its token (`SERVICE_CONFIG_SERVICE_SID_INFO`).
    pub sid: SidType,
    /// The only privileges that its token keeps; `None`: all that the account has.
    pub required_privileges: Option<Vec<String>>,
    /// How long it may take before the machine shuts down (`SERVICE_CONFIG_PRESHUTDOWN_INFO`), in milliseconds.
    pub preshutdown_timeout: u64,
    /// Variables of its own (`Environment`, a `REG_MULTI_SZ` of its key).
    pub environment: BTreeMap<String, String>,
    /// Where its events come from.
    pub event_source: EventSource,
    /// Folders that must exist before it starts.
    pub folders: Vec<ServiceFolder>,
    /// Connections from outside that the firewall must let in; empty for a service that listens at most on the
    /// machine itself.
    pub firewall: Vec<FirewallRule>,
}

/// The account of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceAccount {
    /// `lpServiceStartName`: `NT SERVICE\NAME`, `LocalSystem`, `NT AUTHORITY\LocalService`, `EXAMPLE\reports$`, …
    pub name: String,
    /// Whether it must be granted «Log on as a service» (`SeServiceLogonRight`); Windows does it for its own.
    pub needs_logon_right: bool,
}

/// When a service starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartType {
    /// With the machine, when what starts with it has had its time (`SERVICE_AUTO_START`, delayed). A failure is
    /// logged and holds nothing up (`SERVICE_ERROR_NORMAL`).
    AutomaticDelayed,
    /// Only when somebody starts it (`SERVICE_DEMAND_START`).
    Demand,
}

/// What happens when a service fails (`SERVICE_CONFIG_FAILURE_ACTIONS`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recovery {
    /// It is started again after these times, in milliseconds: after the first failure, the second, and every
    /// further one.
    pub restart_after: [u64; 3],
    /// Time without a failure after which counting begins anew, in seconds.
    pub reset_after: u64,
    /// Whether that goes for a service that stops with an error, too, and not for crashes alone
    /// (`SERVICE_CONFIG_FAILURE_ACTIONS_FLAG`).
    pub also_without_crash: bool,
}

/// A service's own security identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SidType {
    /// `SERVICE_SID_TYPE_UNRESTRICTED`: in the token, so that folders can be opened to this service alone.
    Unrestricted,
}

/// A source of the Application event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EventSource {
    /// Its key below `EventLog\Application`.
    pub name: String,
    /// File that holds the sentences (`EventMessageFile`): the program itself.
    pub message_file: String,
}

/// A folder of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceFolder {
    /// Absolute path.
    pub path: String,
    /// Whether the service may change what is in it; else it reads. Administrators and the system may do
    /// everything, others nothing.
    pub writable: bool,
}

/// A rule of the firewall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FirewallRule {
    /// Name for people.
    pub name: String,
    /// Program that may listen.
    pub program: String,
    /// TCP port.
    pub port: u16,
}

/// The service's name: `NAME`, or `NAME$INSTANCE`, as SQL Server writes it. `@` cannot stand in the name of an
/// account, and the virtual account has the name of the service.
pub fn service_name(service: &Definition) -> String {
    match &service.instance {
        Some(instance) => format!("{}${instance}", service.name),
        None => service.name.clone(),
    }
}

/// The public property of Windows Installer that takes a setting: `server-url` is `SERVER_URL`.
pub fn property(setting: &str) -> String {
    setting.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// What Windows is told of the service.
///
/// Windows has no account that a program makes for itself: [`Account::Own`] is the virtual account of the service.
/// [`Start::Boot`] is delayed like [`Start::Delayed`]: what people log on with starts first. A service that ends
/// by itself without an error stays stopped, whatever the restart policy; Windows has no word for more.
pub fn service(service: &Definition) -> Service {
    let name = service_name(service);
    let display_name = service.full_title();
    let confined = service.hardening != Hardening::None && !service.account.is_privileged();
    Service {
        command_line: command_line(service),
        account: account(service, &name),
        description: service.description.clone(),
        start: match service.start {
            Start::Boot | Start::Delayed => StartType::AutomaticDelayed,
            Start::Manual => StartType::Demand,
        },
        dependencies: match service.network {
            Network::None => vec![],
            // The driver of the protocol; name resolution starts with the first question.
            Network::Outbound | Network::Inbound => vec!["Tcpip".to_owned()],
        },
        recovery: (service.restart != RestartPolicy::Never).then(|| Recovery {
            restart_after: service.restart_pauses.map(|seconds| seconds * 1000),
            reset_after: RESET_AFTER,
            also_without_crash: true,
        }),
        sid: SidType::Unrestricted,
        // Without it every folder on the way to a file would have to be opened to the service.
        required_privileges: confined.then(|| vec!["SeChangeNotifyPrivilege".to_owned()]),
        preshutdown_timeout: service.stop_timeout * 1000,
        environment: environment(service),
        event_source: EventSource { name: name.clone(), message_file: service.program.clone() },
        folders: service
            .own_folders()
            .iter()
            .map(|folder| ServiceFolder {
                path: folder.path.to_owned(),
                writable: folder.ownership == Ownership::Service,
            })
            .collect(),
        firewall: service
            .listeners()
            .iter()
            .filter(|listener| !listener.is_loopback())
            .map(|listener| FirewallRule {
                name: display_name.clone(),
                program: service.program.clone(),
                port: listener.port,
            })
            .collect(),
        name,
        display_name,
    }
}

fn account(service: &Definition, name: &str) -> ServiceAccount {
    let (name, needs_logon_right) = match &service.account {
        Account::Own(_) => (format!(r"NT SERVICE\{name}"), false),
        // A user service is refused for Windows; if one comes here nevertheless, it gets the least.
        Account::Person => (r"NT AUTHORITY\LocalService".to_owned(), false),
        Account::System => ("LocalSystem".to_owned(), false),
        Account::Named(account) => {
            let upper = account.to_uppercase();
            let own = upper == "LOCALSYSTEM"
                || upper.starts_with(r"NT AUTHORITY\")
                || upper.starts_with(r"NT SERVICE\");
            // Without a domain Windows takes the name for one of a service.
            let qualified = own || account.contains(['\\', '@']);
            (if qualified { account.clone() } else { format!(r".\{account}") }, !own)
        }
    };
    ServiceAccount { name, needs_logon_right }
}

fn environment(service: &Definition) -> BTreeMap<String, String> {
    let mut all = service.environment.clone();
    for (name, path) in service.folder_variables() {
        all.insert(name.to_owned(), path.to_owned());
    }
    if let Some(folder) = service.credentials_folder() {
        all.insert("CREDENTIALS_DIRECTORY".to_owned(), folder.to_owned());
    }
    all
}

/// Program and arguments, quoted so that the program gets them back as they were.
///
/// The program is always in quotes: without them a path with a space is tried piece by piece from the left, and
/// whoever may write to `C:\` is run as the service.
pub fn command_line(service: &Definition) -> String {
    let mut line = format!("\"{}\"", service.program);
    for argument in &service.arguments {
        line.push(' ');
        line.push_str(&quoted(argument));
    }
    line
}

/// One argument, by the rules of `CommandLineToArgvW`: backslashes count only before a quotation mark.
fn quoted(argument: &str) -> String {
    if !argument.is_empty() && !argument.contains([' ', '\t', '\n', '\u{b}', '"']) {
        return argument.to_owned();
    }
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for c in argument.chars() {
        match c {
            '\\' => backslashes += 1,
            '"' => {
                // Those before the mark are doubled, and one more makes the mark a character.
                quoted.extend(std::iter::repeat_n('\\', backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        quoted.push(c);
    }
    // Those before the closing mark are doubled.
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_back_as_they_were() {
        for (argument, line) in [
            ("run", "run"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            (r"C:\with space\", r#""C:\with space\\""#),
            (r"C:\plain\", r"C:\plain\"),
            (r#"say "hi""#, r#""say \"hi\"""#),
            (r#"a\"b"#, r#""a\\\"b""#),
            ("$HOME %PATH% 'x'", "\"$HOME %PATH% 'x'\""),
        ] {
            assert_eq!(quoted(argument), line);
        }
    }
}
