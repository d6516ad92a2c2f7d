//! systemd units, and scripts that handle services.

use landfall_packages::Kind;

use super::{Check, PACKAGES, check, ownership};
use crate::finding::Found;
use crate::package::Package;
use crate::shell::commands;
use crate::unit::{Unit, program};

pub(super) static CHECKS: &[Check] = &[
    check!(
        "unit-program-missing",
        Error,
        PACKAGES,
        program_missing,
        "The service cannot start (203/EXEC).",
        "Name the program where the package puts it.",
        "systemd.service(5), ExecStart="
    ),
    check!(
        "unit-program-relative",
        Error,
        PACKAGES,
        |p, f| services(p, f, |unit| {
            let command = unit
                .commands("ExecStart")
                .into_iter()
                .find(|c| !program(c).starts_with('/') && program(c).contains('/'))?;
            Some(format!("starts {}", program(command)))
        }),
        "systemd refuses a relative path; the unit does not load.",
        "Write the program's absolute path.",
        "systemd.service(5), «Command lines»"
    ),
    check!(
        "unit-account-missing",
        Warning,
        PACKAGES,
        account_missing,
        "Where the account is missing the service does not start (217/USER).",
        "Make it in sysusers.d, or let systemd do it: DynamicUser=yes.",
        "systemd.exec(5), User="
    ),
    check!(
        "unit-restart-missing",
        Warning,
        PACKAGES,
        |p, f| services(p, f, |unit| {
            let quiet =
                unit.value("Restart").is_none_or(|v| v == "no") && unit.is_wanted() && unit.is_daemon();
            quiet.then(|| "has no Restart=".into())
        }),
        "After its first crash the service is gone until somebody notices.",
        "Restart=on-failure with RestartSec=.",
        "systemd.service(5), Restart=: «recommended for long-running services»"
    ),
    check!(
        "unit-hardening-missing",
        Note,
        PACKAGES,
        |p, f| services(p, f, |unit| {
            let bare = unit.is_daemon() && !HARDENING.iter().any(|name| unit.has(name));
            bare.then(|| "confines the service in no way".into())
        }),
        "Who breaks into the service can do all that its account can.",
        "NoNewPrivileges=yes, ProtectSystem=strict, PrivateTmp=yes to begin with; see systemd-analyze \
         security.",
        "systemd.exec(5), «Sandboxing»; lintian systemd-service-file-missing-hardening-features"
    ),
    check!(
        "unit-root",
        Note,
        PACKAGES,
        |p, f| services(p, f, |unit| {
            let root = unit.value("User").is_none_or(|v| v == "root")
                && !matches!(unit.value("DynamicUser"), Some("yes" | "true" | "1"));
            (root && unit.is_daemon()).then(|| "runs as root".into())
        }),
        "A mistake in the service is a mistake of root.",
        "User= with an account of its own, or DynamicUser=yes.",
        "systemd.exec(5), User="
    ),
    check!(
        "unit-not-wanted",
        Note,
        PACKAGES,
        not_wanted,
        "It cannot be enabled and does not start with the machine, unless something else pulls it in.",
        "[Install] WantedBy=multi-user.target, if it should start with the machine.",
        "systemd.unit(5), «[Install] section options»; lintian systemd-service-file-missing-install-key"
    ),
    check!(
        "unit-notify-shell",
        Warning,
        PACKAGES,
        |p, f| services(p, f, |unit| {
            let shell = unit.commands("ExecStart").into_iter().any(|c| {
                ["sh", "bash", "dash"].contains(&program(c).rsplit('/').next().unwrap_or(""))
                    && !c.contains("exec ")
            });
            let notify = matches!(unit.value("Type"), Some("notify" | "notify-reload"));
            let narrow = matches!(unit.value("NotifyAccess"), None | Some("main" | "none"));
            (shell && notify && narrow)
                .then(|| "waits for a message of the shell, but the program below it sends it".into())
        }),
        "systemd takes messages of the main process alone; the start times out and the service is killed.",
        "Start the program without a shell, `exec` it, or NotifyAccess=all.",
        "systemd.service(5), NotifyAccess="
    ),
    check!(
        "unit-network-not-wanted",
        Warning,
        PACKAGES,
        |p, f| services(p, f, |unit| {
            let names = |key| unit.values(key).iter().any(|v| v.contains("network-online.target"));
            (names("After") && !names("Wants") && !names("Requires"))
                .then(|| "is only ordered after it".into())
        }),
        "An order alone does not pull the target in: where nothing else does, the service starts before \
         the network.",
        "Wants=network-online.target beside After=.",
        "systemd.special(7), network-online.target"
    ),
    check!(
        "unit-forking-without-pid-file",
        Warning,
        PACKAGES,
        |p, f| services(p, f, |unit| {
            (unit.value("Type") == Some("forking") && unit.value("PIDFile").is_none())
                .then(|| "has Type=forking without PIDFile=".into())
        }),
        "systemd has to guess the main process, and watches the wrong one.",
        "Let the program stay in the foreground (Type=exec or notify), or name its PIDFile=.",
        "systemd.service(5), Type=forking"
    ),
    check!(
        "unit-kill-mode",
        Warning,
        PACKAGES,
        |p, f| services(p, f, |unit| {
            (unit.value("KillMode") == Some("none")).then(|| "has KillMode=none".into())
        }),
        "Processes stay behind a stop and a restart; systemd warns at every start.",
        "KillMode=mixed or control-group.",
        "systemd.kill(5), KillMode="
    ),
    check!(
        "unit-var-run",
        Warning,
        PACKAGES,
        |p, f| services(p, f, |unit| {
            unit.directives
                .iter()
                .find(|d| d.value.contains("/var/run/"))
                .map(|d| format!("{}={}", d.name, d.value))
        }),
        "/var/run is a link to /run; systemd corrects it and warns at every start.",
        "Write /run.",
        "systemd.exec(5); lintian systemd-service-file-refers-to-var-run"
    ),
    check!(
        "unit-secret",
        Error,
        PACKAGES,
        |p, f| services(p, f, |unit| {
            let value = unit.values("Environment").into_iter().find(|v| {
                let (name, value) = v.trim_matches('"').split_once('=').unwrap_or((v, ""));
                let name = name.to_ascii_uppercase();
                let secret = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY"]
                    .iter()
                    .any(|s| name.ends_with(s));
                secret && !value.is_empty() && !value.starts_with(['/', '%', '$'])
            })?;
            Some(format!("Environment={} gives it a value", value.split('=').next().unwrap_or(value)))
        }),
        "Units are readable by everybody, and `systemctl show` prints the environment.",
        "LoadCredential=, or an EnvironmentFile= that only root can read.",
        "systemd.exec(5), Environment=: «not suitable for passing secrets»"
    ),
    check!(
        "unit-nonsense",
        Warning,
        PACKAGES,
        |p, f| {
            for unit in p.units() {
                for line in &unit.nonsense {
                    f.at(format!("{}:{line}", unit.path), "is no directive of a section");
                }
            }
        },
        "systemd passes over the line.",
        "Write NAME=VALUE below a [Section].",
        "systemd.syntax(7)"
    ),
    check!(
        "unit-location",
        Error,
        PACKAGES,
        |p, f| units(p, f, |unit| {
            unit.path.starts_with("/etc/").then(|| "lies in the administrator's folder".into())
        }),
        "What lies in /etc/systemd/system overrides everything and is the administrator's; `systemctl \
         enable`, drop-ins and removal go wrong.",
        "Ship units to /usr/lib/systemd/system.",
        "systemd.unit(5), «Unit file load path»; lintian systemd-service-in-odd-location"
    ),
    check!(
        "script-restart-asks-enabled",
        Warning,
        PACKAGES,
        restart_asks_enabled,
        "A service that runs without being enabled keeps its old program after an upgrade, and one that \
         was stopped on purpose is started.",
        "Ask whether it runs: `systemctl try-restart`, `deb-systemd-invoke try-restart`.",
        "systemctl(1), try-restart"
    ),
    check!(
        "unit-mode",
        Warning,
        PACKAGES,
        |p, f| units(p, f, |unit| {
            let mode = p.file(&unit.path)?.record.mode;
            (mode & 0o133 != 0).then(|| format!("has mode {mode:04o}"))
        }),
        "systemd warns of a unit that is executable or writable by others.",
        "Use mode 0644.",
        "systemd.unit(5)"
    ),
];

/// Directives that confine a service.
const HARDENING: &[&str] = &[
    "NoNewPrivileges",
    "ProtectSystem",
    "ProtectHome",
    "PrivateTmp",
    "CapabilityBoundingSet",
    "SystemCallFilter",
    "DynamicUser",
];

/// Programs that units start and other packages bring: the base of every distribution.
const BASE: &[&str] = &[
    "sh",
    "bash",
    "dash",
    "env",
    "true",
    "false",
    "test",
    "rm",
    "mkdir",
    "chown",
    "chmod",
    "cp",
    "mv",
    "ln",
    "cat",
    "echo",
    "kill",
    "sleep",
    "install",
    "touch",
    "ip",
    "modprobe",
    "mount",
    "umount",
    "sysctl",
    "systemctl",
    "udevadm",
    "python3",
    "perl",
    "java",
    "node",
    "ruby",
    "php",
    "flock",
    "find",
    "nice",
    "logger",
    "setpriv",
    "runuser",
    "su",
    "start-stop-daemon",
    "systemd-notify",
    "systemd-tmpfiles",
    "systemd-sysusers",
    "systemd-cat",
    "kill",
    "pkill",
    "socat",
    "docker",
    "podman",
];

fn units(package: &Package, found: &mut Found, wrong: impl Fn(&Unit) -> Option<String>) {
    for unit in package.units() {
        if let Some(what) = wrong(unit) {
            found.at(&unit.path, what);
        }
    }
}

fn services(package: &Package, found: &mut Found, wrong: impl Fn(&Unit) -> Option<String>) {
    units(package, found, |unit| if unit.is_service() { wrong(unit) } else { None });
}

fn program_missing(package: &Package, found: &mut Found) {
    if package.has_sister() {
        return;
    }
    services(package, found, |unit| {
        let commands = ["ExecStart", "ExecStartPre", "ExecReload", "ExecStop"]
            .into_iter()
            .flat_map(|key| unit.commands(key));
        let missing = commands.map(program).find(|path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            path.starts_with('/')
                && !path.contains(['%', '$'])
                && !BASE.contains(&name)
                && package.file_in_merged_usr(path).is_none()
        })?;
        Some(format!("starts {missing}, which is not in the package"))
    });
}

fn account_missing(package: &Package, found: &mut Found) {
    if package.has_sister() {
        return;
    }
    services(package, found, |unit| {
        let dynamic = matches!(unit.value("DynamicUser"), Some("yes" | "true" | "1"));
        let names = [unit.value("User"), unit.value("Group")].into_iter().flatten();
        let name =
            names.filter(|name| !name.contains('%')).find(|name| !ownership::is_known(package, name))?;
        (!dynamic).then(|| format!("runs as {name}, which nothing in the package makes"))
    });
}

fn not_wanted(package: &Package, found: &mut Found) {
    services(package, found, |unit| {
        let stem = unit.name.trim_end_matches(".service");
        let pulled = package.units().iter().any(|other| {
            let same =
                other.name != unit.name && other.name.rsplit_once('.').is_some_and(|(name, _)| name == stem);
            same || other.directives.iter().any(|d| d.value.split_whitespace().any(|v| v == unit.name))
        });
        let linked = package
            .files()
            .any(|f| f.record.kind == Kind::Symlink && f.path.ends_with(&format!(".wants/{}", unit.name)));
        let bus = unit.value("BusName").is_some();
        let bare = !unit.is_wanted() && unit.value("Also").is_none() && unit.is_daemon();
        (bare && !pulled && !linked && !bus).then(|| "has no [Install] section".into())
    });
}

fn restart_asks_enabled(package: &Package, found: &mut Found) {
    for script in &package.description.scripts {
        for command in commands(&script.text) {
            let manager =
                matches!(command.name(), "systemctl" | "deb-systemd-invoke" | "service" | "invoke-rc.d");
            let restarts = command.operands().any(|word| word == "restart");
            if manager && restarts && command.is_guarded_by("is-enabled") {
                let place = format!("{}:{}", script.name, command.line);
                found.at(place, "restarts the service if it is enabled");
            }
        }
    }
}
