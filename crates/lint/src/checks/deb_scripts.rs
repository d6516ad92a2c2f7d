//! Maintainer scripts: Debian Policy §6.

use std::collections::HashSet;

use landfall_packages::Script;
use landfall_payload::Format;

use super::{Check, check};
use crate::finding::Found;
use crate::package::Package;
use crate::shell::{Command, argument_patterns, commands};

const DEB: &[Format] = &[Format::Deb];

pub(super) static CHECKS: &[Check] = &[
    check!(
        "deb-script-errors-ignored",
        Warning,
        DEB,
        |p, f| shell_scripts(p, |script| {
            let first = script.text.lines().next().unwrap_or_default();
            let sets = commands(&script.text).iter().any(|c| {
                c.name() == "set"
                    && c.words.iter().any(|w| w.starts_with("-") && w.contains('e') || w == "errexit")
            });
            if !sets && !first.split_whitespace().skip(1).any(|w| w.starts_with('-') && w.contains('e')) {
                f.at(&script.name, "has no `set -e`");
            }
        }),
        "The script goes on after a failure and dpkg counts the package as configured.",
        "Write `set -e` on its own line; `#! /bin/sh -e` is lost when the script is run with sh.",
        "Debian Policy §10.4; lintian maintainer-script-ignores-errors, maintainer-script-without-set-e"
    ),
    check!(
        "deb-script-interpreter",
        Error,
        DEB,
        |p, f| {
            for script in &p.description.scripts {
                let program = script.interpreter.split_whitespace().next().unwrap_or_default();
                if program.is_empty() {
                    f.at(&script.name, "does not begin with #!");
                } else if ![
                    "/bin/sh",
                    "/bin/bash",
                    "/bin/dash",
                    "/usr/bin/sh",
                    "/usr/bin/bash",
                    "/usr/bin/perl",
                    "/usr/bin/debconf",
                ]
                .contains(&program)
                {
                    f.at(&script.name, format!("is run by {program}, which need not be there"));
                }
            }
        },
        "dpkg cannot run the script, or only where something else happens to be installed.",
        "Begin it with #!/bin/sh.",
        "Debian Policy §6.1, §10.4; lintian script-without-interpreter, unusual-control-interpreter"
    ),
    check!(
        "deb-script-systemctl",
        Warning,
        DEB,
        systemctl,
        "It bypasses policy-rc.d (containers, images being built) and forgets what the administrator \
         decided about the service.",
        "deb-systemd-invoke to start, stop and restart; deb-systemd-helper to enable, disable and mask.",
        "Debian Policy §9.3.3; lintian maintainer-script-calls-systemctl"
    ),
    check!(
        "deb-script-edits-conffile",
        Error,
        DEB,
        edits_conffile,
        "dpkg takes the script's change for the administrator's and asks about it at every upgrade.",
        "Do not list a file that a script writes (use ucf), or leave it alone and let the program read a \
         file beside it.",
        "Debian Policy §10.7.3"
    ),
    check!(
        "deb-script-argument-refused",
        Error,
        DEB,
        argument_refused,
        "dpkg calls the script so when something else fails; refusing turns a failed upgrade into a broken \
         package.",
        "Accept every argument that dpkg gives: end the script with success for those that need nothing.",
        "Debian Policy §6.5"
    ),
    check!(
        "deb-script-data-lost",
        Error,
        DEB,
        data_lost,
        "postrm runs for an upgrade and a removal too: the data is deleted while people still want it.",
        "Delete only when $1 is purge.",
        "Debian Policy §6.8, §10.7.3"
    ),
    check!(
        "deb-script-service-stays-stopped",
        Error,
        DEB,
        stays_stopped,
        "After an upgrade the service does not run any more, and nobody is told.",
        "Stop only when $1 is remove, and restart in postinst; or start again in postinst what ran before.",
        "Debian Policy §9.3.3"
    ),
    check!(
        "deb-script-unit-not-enabled",
        Warning,
        DEB,
        unit_not_enabled,
        "The service does not start with the machine although its unit says so.",
        "deb-systemd-helper enable in postinst, as debhelper's dh_installsystemd writes it.",
        "deb-systemd-helper(1p); dh_installsystemd(1)"
    ),
    check!(
        "deb-script-asks",
        Warning,
        DEB,
        |p, f| shell_commands(p, |script, command| {
            if command.name() == "read"
                && !command.words.iter().any(|w| w.starts_with('<'))
                && !command.guards.iter().any(|g| g.contains("read"))
                && !reads_pipe(&script.text, command.line)
            {
                f.at(place(script, command), "waits for an answer");
            }
        }),
        "Unattended upgrades, images and Ansible have nobody who answers: the installation hangs.",
        "Ask through debconf, or read a file that may be laid out before.",
        "Debian Policy §3.9.1; lintian read-in-maintainer-script"
    ),
];

/// The scripts that a shell runs.
fn shell_scripts(package: &Package, mut each: impl FnMut(&Script)) {
    for script in &package.description.scripts {
        let program = script.interpreter.split_whitespace().next().unwrap_or_default();
        if program.is_empty() || ["/sh", "/bash", "/dash"].iter().any(|shell| program.ends_with(shell)) {
            each(script);
        }
    }
}

fn shell_commands(package: &Package, mut each: impl FnMut(&Script, &Command)) {
    shell_scripts(package, |script| {
        for command in commands(&script.text) {
            each(script, &command);
        }
    });
}

fn place(script: &Script, command: &Command) -> String {
    format!("{}:{}", script.name, command.line)
}

/// Whether the line feeds its `read` from a pipe or a file.
fn reads_pipe(text: &str, line: usize) -> bool {
    let line = text.lines().nth(line - 1).unwrap_or_default();
    line.contains('|') || line.contains('<') || line.contains("while ")
}

fn systemctl(package: &Package, found: &mut Found) {
    shell_scripts(package, |script| {
        let all = commands(&script.text);
        let asks_policy = |helper: &str| all.iter().any(|c| c.name() == helper);
        for command in all.iter().filter(|c| c.name() == "systemctl") {
            let verb = command.operands().next().unwrap_or_default();
            let helper = match verb {
                "start" | "stop" | "restart" | "try-restart" | "reload" | "reload-or-restart"
                | "condrestart" => "deb-systemd-invoke",
                "enable" | "disable" | "mask" | "unmask" | "preset" | "reenable" => "deb-systemd-helper",
                _ => continue,
            };
            // A script that knows the helper and still calls systemctl has its reason: to start again what it
            // stopped.
            if !asks_policy(helper) {
                found.at(place(script, command), format!("calls systemctl {verb}"));
            }
        }
    });
}

fn edits_conffile(package: &Package, found: &mut Found) {
    let conffiles: HashSet<&str> =
        package.files().filter(|f| f.has_flag("conffile")).map(|f| f.path).collect();
    shell_commands(package, |script, command| {
        if !matches!(script.name.as_str(), "preinst" | "postinst" | "config") {
            return;
        }
        let last = command.operands().last();
        let written: Vec<&str> = match command.name() {
            "sed" | "perl"
                if command
                    .words
                    .iter()
                    .any(|w| w.starts_with("-i") || w.starts_with("-pi") || w == "--in-place") =>
            {
                command.operands().collect()
            }
            "tee" => command.operands().collect(),
            // Renaming one setting to another is no edit.
            "mv" if command.operands().next().is_some_and(|from| from.starts_with("/etc/")) => Vec::new(),
            "cp" | "mv" | "install" | "ln" => last.into_iter().collect(),
            _ => Vec::new(),
        };
        if let Some(path) = written.into_iter().chain(command.written()).find(|path| conffiles.contains(path))
        {
            found.at(place(script, command), format!("writes {path}, which is a conffile"));
        }
    });
}

fn argument_refused(package: &Package, found: &mut Found) {
    shell_scripts(package, |script| {
        let calls: &[&str] = match script.name.as_str() {
            "preinst" => &["install", "upgrade", "abort-upgrade"],
            "postinst" => &["configure", "abort-upgrade", "abort-remove", "abort-deconfigure", "triggered"],
            "prerm" => &["remove", "upgrade", "deconfigure", "failed-upgrade"],
            "postrm" => &[
                "remove",
                "purge",
                "upgrade",
                "failed-upgrade",
                "abort-install",
                "abort-upgrade",
                "disappear",
            ],
            _ => return,
        };
        let triggered = package.description.metadata.get("triggers").is_some_and(|t| t.contains("interest"));
        let Some(patterns) = argument_patterns(&script.text) else { return };
        let refuses = commands(&script.text).iter().any(|c| {
            c.name() == "exit"
                && c.words.get(1).is_some_and(|code| code != "0")
                && c.guards.iter().any(|g| g.ends_with(" *") && (g.contains("$1") || g.contains("${1")))
        });
        let matches = |call: &str| {
            patterns.iter().any(|p| {
                p == call
                    || p != "*" && p.ends_with('*') && call.starts_with(p.trim_end_matches('*'))
                    || p.starts_with('*') && p != "*" && call.ends_with(p.trim_start_matches('*'))
            })
        };
        let missing: Vec<&str> =
            calls.iter().copied().filter(|c| !matches(c) && (*c != "triggered" || triggered)).collect();
        if refuses && !missing.is_empty() {
            found.at(&script.name, format!("fails when it is called with {}", missing.join(", ")));
        }
    });
}

fn data_lost(package: &Package, found: &mut Found) {
    shell_commands(package, |script, command| {
        let recursive = command.words.iter().any(|w| {
            w.starts_with('-') && !w.starts_with("--") && w.contains(['r', 'R']) || w == "--recursive"
        });
        let state = command.operands().find(|path| {
            let below = ["/var/lib/", "/var/log/", "/var/cache/", "/var/spool/", "/etc/", "/srv/", "/opt/"];
            below.iter().any(|folder| path.starts_with(folder)) && !path.starts_with("/var/lib/systemd/")
        });
        let Some(path) = state.filter(|_| command.name() == "rm" && recursive) else { return };
        if script.name == "postrm" && !command.is_guarded_by("purge") || script.name == "prerm" {
            found.at(place(script, command), format!("deletes {path} whether it is a purge or not"));
        }
    });
}

/// Whether a command stops or starts a service.
fn acts(command: &Command, verbs: &[&str]) -> bool {
    let manager = matches!(
        command.name(),
        "systemctl" | "deb-systemd-invoke" | "invoke-rc.d" | "service" | "rc-service"
    );
    let script = command.words.first().is_some_and(|w| w.starts_with("/etc/init.d/"));
    (manager || script) && command.operands().any(|word| verbs.contains(&word))
}

fn stays_stopped(package: &Package, found: &mut Found) {
    let starts = package.script("postinst").is_some_and(|script| {
        commands(&script.text).iter().any(|c| {
            acts(c, &["start", "restart", "try-restart", "reload-or-restart", "condrestart", "enable"])
                || c.is_guarded_by("restart")
        })
    });
    if starts {
        return;
    }
    shell_commands(package, |script, command| {
        let upgrade = match script.name.as_str() {
            "prerm" => !command.depends_on_argument() || command.is_guarded_by("upgrade"),
            "preinst" => true,
            _ => false,
        };
        if upgrade && acts(command, &["stop"]) {
            found.at(
                place(script, command),
                "stops the service during an upgrade, and postinst does not start it",
            );
        }
    });
}

fn unit_not_enabled(package: &Package, found: &mut Found) {
    let helped = package.script("postinst").is_some_and(|script| {
        commands(&script.text).iter().any(|c| {
            c.name() == "deb-systemd-helper"
                || c.name() == "systemctl" && c.operands().any(|w| matches!(w, "enable" | "preset"))
        })
    });
    for unit in package.units().iter().filter(|unit| unit.is_wanted() && !unit.name.contains('@') && !helped)
    {
        found.at(&unit.path, "says WantedBy=, and postinst does not enable it");
    }
}
