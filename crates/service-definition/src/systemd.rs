//! A systemd unit (systemd.service(5), systemd.exec(5)) and its preset (systemd.preset(5)).
//!
//! Written for systemd 239 (RHEL 8) and later. An older systemd ignores a directive that it does not know and
//! says so in the journal; nothing here fails because of that:
//!
//! | before | ignored |
//! |---|---|
//! | 240 | `Type=exec`: the service counts as started a moment earlier (`simple`) |
//! | 242 | `RestrictSUIDSGID=`, `ProtectHostname=` |
//! | 244 | `ProtectKernelLogs=` |
//! | 245 | `ProtectClock=` |
//! | 247 | `ProtectProc=`, `LoadCredential=` (see [`unit()`]) |
//! | 248 | `PrivateIPC=` |

use std::fmt::Write;

use crate::quote::{argument, line, shell, specifiers, word};
use crate::shell as script;
use crate::{
    Account, CONFIGURATION_MODE, Definition, Hardening, Network, PRIVATE_MODE, RUNTIME_MODE, Ready,
    RestartPolicy, Start, UMASK,
};

/// The unit file.
///
/// Secrets are handed over by `LoadCredential=`. Where systemd is too old for it, a command that runs first
/// makes the same folder and sets the same `$CREDENTIALS_DIRECTORY`.
///
/// [`Start::Delayed`] is `After=multi-user.target`: the unit is wanted by that target and yet waits until
/// everything else in it has started. systemd leaves out a target's own ordering after a unit that orders itself
/// after the target, so there is no circle. A timer would do too, but then the timer, not the service, would be
/// what an administrator enables.
///
/// A user service gets a unit for the person's own manager (`systemctl --user`). That has no privileges: it cannot
/// change accounts, mount or drop capabilities, so only the restrictions by seccomp remain. The folders are made by
/// a command, because before systemd 254 `StateDirectory=` of a user unit was below `~/.config`.
pub fn unit(service: &Definition) -> String {
    let edit = if service.is_user_service() { "systemctl --user edit" } else { "systemctl edit" };
    let mut unit =
        Unit(format!("# Made by the package; changes go into a file of your own: {edit} {}\n", service.id()));
    if service.is_user_service() {
        user_unit(&mut unit, service);
        return unit.0;
    }
    if service.hardening != Hardening::None {
        unit.0.push_str(FURTHER_FOLDERS);
    }
    if service.hardening == Hardening::Strict {
        unit.0.push_str(FURTHER_HOME_FOLDERS);
    }
    unit.section("Unit");
    head(&mut unit, service);
    unit.section("Service");
    process(&mut unit, service);
    directories(&mut unit, service);
    secrets(&mut unit, service);
    if service.hardening != Hardening::None {
        confine(&mut unit, service);
    }
    if service.start != Start::Manual {
        unit.section("Install");
        unit.set("WantedBy", "multi-user.target");
    }
    unit.0
}

/// A drop-in that opens the folders in `writable` to a service whose unit is somebody else's; `None` where there are none,
/// or nothing is closed to it.
pub fn open_folders(service: &Definition) -> Option<String> {
    if service.writable.is_empty() || service.hardening == Hardening::None {
        return None;
    }
    let mut unit = Unit(String::new());
    unit.0.push_str("[Service]\n");
    let bound = open(&mut unit, service, &mut service.writable.iter());
    if service.hardening == Hardening::Strict && !bound.is_empty() {
        unit.set("ProtectHome", "no");
        hide_homes(&mut unit, &bound);
    }
    Some(unit.0)
}

/// The preset file: whether the unit is enabled when it is installed.
pub fn preset(service: &Definition) -> String {
    let verb = if service.start == Start::Manual { "disable" } else { "enable" };
    format!("{verb} {}\n", service.unit())
}

const FURTHER_FOLDERS: &str = "\
# To let the service write to a further folder:
#   [Service]
#   ReadWritePaths=/srv/reports
";

const FURTHER_HOME_FOLDERS: &str = "\
# To one below /home:
#   [Service]
#   ProtectHome=no
#   TemporaryFileSystem=/home:ro
#   BindPaths=/home/anna/reports
";

/// A unit file being written.
struct Unit(String);

impl Unit {
    fn section(&mut self, name: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "\n[{name}]");
    }

    fn set(&mut self, key: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "{key}={value}");
    }

    fn yes(&mut self, keys: &[&str]) {
        for key in keys {
            self.set(key, "yes");
        }
    }
}

/// What stands below the first comment of a unit for one person.
fn user_unit(unit: &mut Unit, service: &Definition) {
    unit.section("Unit");
    describe(unit, service);
    if service.start == Start::Delayed {
        unit.set("After", "default.target");
    }
    limit_starts(unit, service);
    unit.section("Service");
    process(unit, service);
    for (name, path) in service.folder_variables() {
        unit.set("Environment", word(&format!("{name}={path}")));
    }
    let folders: Vec<String> = service.own_folders().iter().map(|folder| argument(folder.path)).collect();
    unit.set("ExecStartPre", format_args!("/bin/mkdir -p -m 0700 {}", folders.join(" ")));
    if let Some((folder, _)) = service.credentials.values().next().and_then(|file| file.rsplit_once('/')) {
        // The person's files are the service's anyway.
        unit.set("Environment", word(&format!("CREDENTIALS_DIRECTORY={folder}")));
    }
    unit.set("UMask", format_args!("{UMASK:04o}"));
    if service.hardening != Hardening::None {
        unit.0.push('\n');
        unit.yes(&["NoNewPrivileges", "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality"]);
    }
    if service.hardening == Hardening::Strict {
        unit.yes(&["RestrictNamespaces", "MemoryDenyWriteExecute"]);
        restrict_calls(unit, service);
    }
    if service.start != Start::Manual {
        unit.section("Install");
        unit.set("WantedBy", "default.target");
    }
}

fn describe(unit: &mut Unit, service: &Definition) {
    unit.set("Description", line(&service.full_title()));
    if let Some(documentation) = &service.documentation {
        unit.set("Documentation", line(documentation));
    }
}

/// The default gives up after five starts in ten seconds. Without a pause that limit is the only brake.
fn limit_starts(unit: &mut Unit, service: &Definition) {
    if service.restart == RestartPolicy::Always && service.restart_delay > 0 {
        unit.set("StartLimitIntervalSec", 0);
    }
}

fn head(unit: &mut Unit, service: &Definition) {
    describe(unit, service);
    let mut after = Vec::new();
    match service.network {
        Network::Outbound => {
            unit.set("Wants", "network-online.target");
            after.extend(["network-online.target", "nss-lookup.target"]);
        }
        // A listener need not wait for a carrier (systemd.special(7), network-online.target).
        Network::Inbound => after.push("network.target"),
        Network::None => {}
    }
    if service.start == Start::Delayed {
        after.push("multi-user.target");
    }
    if !after.is_empty() {
        unit.set("After", after.join(" "));
    }
    limit_starts(unit, service);
}

fn process(unit: &mut Unit, service: &Definition) {
    match service.ready {
        Ready::Notify => unit.set("Type", "notify"),
        Ready::Started => unit.set("Type", "exec"),
    }
    if service.ready == Ready::Notify || service.watchdog.is_some() {
        unit.set("NotifyAccess", "main");
    }
    let mut command = word(&service.program);
    for value in &service.arguments {
        command.push(' ');
        command.push_str(&argument(value));
    }
    unit.set("ExecStart", command);
    if let Some(seconds) = service.watchdog {
        unit.set("WatchdogSec", seconds);
    }
    match service.restart {
        RestartPolicy::Always => unit.set("Restart", "always"),
        RestartPolicy::OnFailure => unit.set("Restart", "on-failure"),
        RestartPolicy::Never => unit.set("Restart", "no"),
    }
    if service.restart != RestartPolicy::Never {
        unit.set("RestartSec", service.restart_delay);
    }
    unit.set("TimeoutStopSec", service.stop_timeout);
    match &service.account {
        Account::Own(name) => {
            unit.set("User", name);
            unit.set("Group", name);
        }
        // Its group is whatever the machine says.
        Account::Named(name) => unit.set("User", name),
        Account::System | Account::Person => {}
    }
    for (name, value) in &service.environment {
        unit.set("Environment", word(&format!("{name}={value}")));
    }
    if let Some(file) = &service.environment_file {
        unit.set("EnvironmentFile", format!("-{}", specifiers(file)));
    }
}

fn directories(unit: &mut Unit, service: &Definition) {
    let folders = &service.folders;
    let own = [
        ("State", "/var/lib/", &folders.state, PRIVATE_MODE),
        ("Logs", "/var/log/", &folders.logs, PRIVATE_MODE),
        ("Cache", "/var/cache/", &folders.cache, PRIVATE_MODE),
        ("Runtime", "/run/", &folders.runtime, RUNTIME_MODE),
        ("Configuration", "/etc/", &folders.configuration, CONFIGURATION_MODE),
    ];
    for (kind, parent, path, mode) in own {
        // systemd makes folders in these places only.
        match path.strip_prefix(parent).filter(|name| !name.is_empty()) {
            Some(name) => {
                unit.set(&format!("{kind}Directory"), word(name));
                unit.set(&format!("{kind}DirectoryMode"), format_args!("{mode:04o}"));
            }
            None => {
                let variable = format!("{}_DIRECTORY={path}", kind.to_ascii_uppercase());
                unit.set("Environment", word(&variable));
            }
        }
    }
    unit.set("UMask", format_args!("{UMASK:04o}"));
}

fn secrets(unit: &mut Unit, service: &Definition) {
    if service.credentials.is_empty() {
        return;
    }
    for (name, file) in &service.credentials {
        unit.set("LoadCredential", format_args!("{name}:{}", specifiers(file)));
    }
    // `+`: as root and outside the sandbox. systemd reads environment files anew before each command, so the
    // variable reaches `ExecStart=`.
    let folder = script::credentials_directory(service);
    let variable = format!("{folder}.environment");
    let command = format!(
        "[ -n \"$CREDENTIALS_DIRECTORY\" ] || {{ {} && echo {} >{}; }}",
        script::copy_credentials(service, &folder).join(" && "),
        shell(&format!("CREDENTIALS_DIRECTORY={folder}")),
        shell(&variable),
    );
    unit.0.push_str("# For systemd before 247, which knows no LoadCredential=\n");
    unit.set("ExecStartPre", format_args!("+/bin/sh -c {}", argument(&command)));
    unit.set("EnvironmentFile", format_args!("-{}", specifiers(&variable)));
    unit.set("ExecStopPost", format_args!("+/bin/rm -rf {} {}", argument(&folder), argument(&variable)));
}

fn confine(unit: &mut Unit, service: &Definition) {
    unit.0.push('\n');
    let strict = service.hardening == Hardening::Strict;
    unit.set("ProtectSystem", if strict { "strict" } else { "full" });
    let elsewhere = [
        ("/var/lib/", &service.folders.state),
        ("/var/log/", &service.folders.logs),
        ("/var/cache/", &service.folders.cache),
        ("/run/", &service.folders.runtime),
    ];
    let elsewhere =
        elsewhere.into_iter().filter(|(parent, path)| !path.starts_with(parent)).map(|(_, path)| path);
    let bound = open(unit, service, &mut service.writable.iter().chain(elsewhere));
    if strict {
        hide_homes(unit, &bound);
    }
    unit.yes(&[
        "NoNewPrivileges",
        "PrivateTmp",
        "ProtectKernelTunables",
        "ProtectKernelModules",
        "ProtectKernelLogs",
        "ProtectControlGroups",
        "ProtectClock",
        "ProtectHostname",
        "RestrictRealtime",
        "RestrictSUIDSGID",
        "LockPersonality",
        "RemoveIPC",
    ]);
    if service.network == Network::None {
        unit.yes(&["PrivateNetwork"]);
        unit.set("IPAddressDeny", "any");
    }
    // An account without privileges loses nothing by it.
    if strict || !service.account.is_privileged() {
        unit.set("CapabilityBoundingSet", "");
    }
    if !strict {
        return;
    }
    // PrivateUsers= is left out on purpose: it shows files of other accounts as nobody's, and it keeps a service
    // from starting where user namespaces are switched off (user.max_user_namespaces=0, asked for by STIG).
    // ProcSubset=pid too: it hides /proc/sys/crypto/fips_enabled, so TLS libraries would leave FIPS mode unasked,
    // and /proc/meminfo.
    unit.yes(&[
        "PrivateDevices",
        "PrivateMounts",
        "PrivateIPC",
        "RestrictNamespaces",
        "MemoryDenyWriteExecute",
    ]);
    unit.set("ProtectProc", "invisible");
    unit.set("DevicePolicy", "closed");
    unit.set("KeyringMode", "private");
    restrict_calls(unit, service);
}

/// What seccomp filters, which needs no privilege.
fn restrict_calls(unit: &mut Unit, service: &Definition) {
    unit.set(
        "RestrictAddressFamilies",
        match service.network {
            Network::None => "AF_UNIX",
            Network::Outbound | Network::Inbound => "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
        },
    );
    unit.set("SystemCallArchitectures", "native");
    unit.set("SystemCallFilter", "@system-service");
    unit.set("SystemCallFilter", "~@privileged @resources");
    unit.set("SystemCallErrorNumber", "EPERM");
}

/// Folders that a private mount hides: `PrivateTmp=` the first two, `ProtectHome=` the others.
const HIDDEN: &[&str] = &["/tmp", "/var/tmp", "/home", "/root", "/run/user"];

/// Opens folders to the service. Gives those that are else hidden in which some of them are.
fn open(
    unit: &mut Unit,
    service: &Definition,
    paths: &mut dyn Iterator<Item = &String>,
) -> Vec<&'static str> {
    let mut bound = Vec::new();
    for path in paths {
        // `-`: a folder that does not exist is left out. What a private mount hides must be bound into it.
        let hides = if service.hardening == Hardening::Strict { HIDDEN } else { &HIDDEN[..2] };
        let top = hides.iter().find(|top| below(path, top));
        bound.extend(top);
        let key = if top.is_some() { "BindPaths" } else { "ReadWritePaths" };
        unit.set(key, word(&format!("-{path}")));
    }
    bound
}

/// Hides people's folders, but so that those that the service uses can be bound into them: an empty read-only
/// folder instead of an inaccessible one. `ProtectHome=tmpfs` would be that, but in systemd 252 it is writable, and
/// what the service writes there is lost in silence.
fn hide_homes(unit: &mut Unit, bound: &[&str]) {
    let homes = &HIDDEN[2..];
    if !homes.iter().any(|home| bound.contains(home)) {
        return unit.set("ProtectHome", "yes");
    }
    for home in homes {
        if bound.contains(home) {
            unit.set("TemporaryFileSystem", format_args!("{home}:ro"));
        } else {
            unit.set("InaccessiblePaths", format_args!("-{home}"));
        }
    }
}

fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
