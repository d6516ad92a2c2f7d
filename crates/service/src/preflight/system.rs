//! The machine, its service manager, and the program itself.

use super::{Answer, Subject};
use crate::exit::Exit;
use crate::install::Manager;
#[cfg(unix)]
use landfall_service_definition::Account;
use landfall_service_definition::{Hardening, Platform};

/// Oldest systemd whose units are used here: RHEL 8.
const OLDEST_SYSTEMD: u32 = 239;
/// Oldest build of Windows: 10 version 1607 and Server 2016.
#[cfg(windows)]
const OLDEST_WINDOWS: u32 = 14393;

pub(super) fn privileges(subject: &Subject<'_>) -> Option<Answer> {
    if !subject.host.is_live() {
        return None;
    }
    let user = subject.definition.is_user_service();
    Some(match (is_administrator(), user) {
        (true, false) => Answer::pass(if cfg!(windows) { "administrator" } else { "root" }),
        (false, true) => Answer::pass("a user's service needs none"),
        (true, true) => Answer::warn(
            "this would be a service of root",
            "run it as the user whose service it is to be, without sudo",
        ),
        (false, false) if cfg!(windows) => Answer::fail(
            Exit::Requirement,
            "not an administrator",
            "open the command prompt with \"Run as administrator\"",
        ),
        (false, false) => Answer::fail(
            Exit::Requirement,
            "not root",
            "run it with sudo, or with --user for a service of your own",
        ),
    })
}

/// Whether this process may install a service for the machine.
#[cfg(unix)]
fn is_administrator() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(windows)]
fn is_administrator() -> bool {
    crate::install::is_elevated()
}

pub(super) fn version(subject: &Subject<'_>) -> Option<Answer> {
    if !subject.host.is_live() {
        return None;
    }
    #[cfg(windows)]
    return Some(match crate::install::windows_build() {
        Some(build) if build < OLDEST_WINDOWS => Answer::fail(
            Exit::Requirement,
            format!("Windows build {build}"),
            "Windows 10 version 1607, Windows Server 2016 or later is needed",
        ),
        Some(build) => Answer::pass(format!("Windows build {build}")),
        None => Answer::warn("the version of Windows cannot be found out", "see that it is 10 or later"),
    });
    #[cfg(target_os = "macos")]
    return Some(match subject.host.says(&["/usr/bin/sw_vers", "-productVersion"]) {
        Some(version) => Answer::pass(format!("macOS {version}")),
        None => Answer::warn("the version of macOS cannot be found out", "see that it is 13 or later"),
    });
    #[cfg(target_os = "linux")]
    {
        let release = subject.host.read("/etc/os-release").ok().flatten().unwrap_or_default();
        let name =
            crate::install::environment_value(&release, "PRETTY_NAME").unwrap_or_else(|| "Linux".into());
        let kernel = rustix::system::uname();
        Some(Answer::pass(format!("{name}, kernel {}", kernel.release().to_string_lossy())))
    }
}

pub(super) fn service_manager(subject: &Subject<'_>) -> Option<Answer> {
    let manager = match subject.manager {
        Ok(manager) => manager,
        Err(failure) => return Some(Answer::fail(failure.exit, failure.message.clone(), ADVICE)),
    };
    if *manager != Manager::Systemd || !subject.host.is_live() {
        return Some(Answer::pass(manager.to_string()));
    }
    // «systemd 252 (252.38-1~deb12u1)»
    let text = subject.host.says(&["systemctl", "--version"]).unwrap_or_default();
    let version: Option<u32> = text
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
    if subject.definition.is_user_service()
        && !subject.host.holds(&["systemctl", "--user", "show-environment"])
    {
        return Some(Answer::fail(
            Exit::Requirement,
            "the user's systemd does not answer",
            "log in as the user (sudo and su alone start none), or run loginctl enable-linger USER and set \
             XDG_RUNTIME_DIR=/run/user/UID",
        ));
    }
    Some(match version {
        Some(version) if version < OLDEST_SYSTEMD => Answer::warn(
            format!("systemd {version}"),
            format!(
                "before {OLDEST_SYSTEMD} parts of the unit are ignored, among them much of its hardening"
            ),
        ),
        Some(version) => Answer::pass(format!("systemd {version}")),
        None => Answer::warn("systemd does not tell its version", "look with systemctl --version"),
    })
}

const ADVICE: &str = "in a container start the program itself; elsewhere install systemd, OpenRC or sysvinit";

/// The program is registered where it is, so it must stay there and be open to the service's account.
pub(super) fn program(subject: &Subject<'_>) -> Option<Answer> {
    let definition = subject.definition;
    let path = definition.program.as_str();
    if definition.platform == Platform::Windows {
        let network = path.starts_with(r"\\");
        return Some(if network || below(path, &["C:\\Users\\"]) {
            let place = if network { "on a network share" } else { "in a user's folder" };
            Answer::warn(
                format!("{path} is {place}"),
                format!("copy it to C:\\Program Files\\{} and run it from there", definition.title),
            )
        } else {
            Answer::pass(path)
        });
    }
    let temporary = ["/tmp/", "/var/tmp/", "/run/", "/dev/shm/"];
    let homes = ["/home/", "/root/", "/Users/", "/var/root/"];
    if below(path, &temporary) {
        return Some(Answer::fail(
            Exit::Requirement,
            format!("{path} is in a folder that is emptied at a restart"),
            "copy the program to /usr/local/bin and run it from there",
        ));
    }
    if below(path, &homes) && !definition.is_user_service() {
        let hidden = definition.hardening == Hardening::Strict || !definition.account.is_privileged();
        let advice = "copy the program to /usr/local/bin and run it from there";
        let found = format!("{path} is in a user's folder, which the service does not see");
        return Some(if hidden {
            Answer::fail(Exit::Requirement, found, advice)
        } else {
            Answer::warn(format!("{path} is in a user's folder"), advice)
        });
    }
    Some(others_may_run(subject, path))
}

#[cfg(unix)]
fn others_may_run(subject: &Subject<'_>, path: &str) -> Answer {
    use std::os::unix::fs::MetadataExt;
    let place = subject.host.at(path);
    if matches!(subject.definition.account, Account::System | Account::Person) || !subject.host.is_live() {
        return Answer::pass(path);
    }
    let closed =
        place.ancestors().find(|part| part.metadata().is_ok_and(|metadata| metadata.mode() & 0o001 == 0));
    match closed {
        Some(part) => Answer::fail(
            Exit::Requirement,
            format!("{} is closed to the account {}", part.display(), subject.definition.account.user()),
            format!("open it with chmod o+rx {}, or copy the program to /usr/local/bin", part.display()),
        ),
        None => Answer::pass(path),
    }
}

#[cfg(not(unix))]
fn others_may_run(_subject: &Subject<'_>, path: &str) -> Answer {
    Answer::pass(path)
}

fn below(path: &str, folders: &[&str]) -> bool {
    let begin = |folder: &str| path.get(..folder.len()).unwrap_or_default();
    folders.iter().any(|folder| begin(folder).eq_ignore_ascii_case(folder))
}

pub(super) fn settings(subject: &Subject<'_>) -> Option<Answer> {
    let missing = subject.settings.missing(subject.definition);
    if missing.is_empty() {
        return Some(Answer::pass("all that are required have a value"));
    }
    let flags: Vec<String> = missing.iter().map(|name| format!("--{name}")).collect();
    let found = format!("{} has no value", missing.join(" and "));
    Some(if subject.allow_unconfigured || subject.upgrade {
        Answer::warn(found, "the service starts and waits until it is entered")
    } else {
        Answer::fail(
            Exit::Configuration,
            found,
            format!("give {}, or --allow-unconfigured to enter it later", flags.join(" and ")),
        )
    })
}
