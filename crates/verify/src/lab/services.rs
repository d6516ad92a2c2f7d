//! Service managers: the commands that start, stop and ask.

use super::{INBOX, Laboratory, Outcome, Result, foreground};

/// What looks after services on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Services {
    /// systemd.
    Systemd,
    /// OpenRC, as in Alpine.
    OpenRc,
    /// A person: programs run in the background until they are stopped, none starts with the machine. Services are
    /// made known by [`Laboratory::declare_service`].
    Foreground,
    /// The service manager of Windows.
    Windows,
    /// Nothing: no program can be started.
    None,
}

/// A service, as its manager sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceState {
    /// It runs and is ready.
    pub active: bool,
    /// It starts with the machine.
    pub enabled: bool,
}

impl std::fmt::Display for ServiceState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.active { "running, " } else { "not running, " })?;
        f.write_str(if self.enabled { "starts with the machine" } else { "does not start with the machine" })
    }
}

/// What can be done with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Start it and wait until it is ready.
    Start,
    /// Stop it.
    Stop,
    /// Stop and start it.
    Restart,
    /// Let it start with the machine.
    Enable,
    /// Do not let it start with the machine.
    Disable,
}

impl Services {
    /// The state of a service; one that is not known neither runs nor is enabled.
    ///
    /// # Errors
    /// When the manager cannot be asked.
    pub fn state(self, lab: &dyn Laboratory, name: &str) -> Result<ServiceState> {
        let holds = |words: &[&str]| Ok::<_, super::LabError>(lab.run(words)?.success());
        Ok(match self {
            Self::Systemd => ServiceState {
                active: holds(&["systemctl", "--quiet", "is-active", name])?,
                enabled: holds(&["systemctl", "--quiet", "is-enabled", name])?,
            },
            Self::OpenRc => ServiceState {
                active: holds(&["rc-service", name, "status"])?,
                enabled: holds(&["sh", "-c", "ls /etc/runlevels/*/\"$0\" >/dev/null 2>&1", name])?,
            },
            Self::Windows => ServiceState {
                active: lab.run(&["windows", "sc", "query", name])?.stdout.contains(": 4  RUNNING"),
                enabled: lab
                    .run(&["windows", "reg", "query", &windows_key(name), "/v", "Start"])?
                    .stdout
                    .contains("0x2"),
            },
            Self::Foreground => {
                ServiceState { active: holds(&["sh", &foreground::path(name), "status"])?, enabled: false }
            }
            Self::None => ServiceState { active: false, enabled: false },
        })
    }

    /// Whether it can start a service with the machine.
    pub fn enables(self) -> bool {
        matches!(self, Self::Systemd | Self::OpenRc | Self::Windows)
    }

    /// Whether it finishes a restart when whoever asked for it is killed. Elsewhere it is that process which stops and
    /// starts, and a person has to start what it had stopped.
    pub fn finishes_restarts(self) -> bool {
        matches!(self, Self::Systemd | Self::Windows)
    }

    /// Whether it knows that a program which ended at once is not ready. OpenRC's supervisor calls a service started
    /// that it starts again and again.
    pub fn knows_readiness(self) -> bool {
        self != Self::OpenRc
    }

    /// Does something with a service.
    ///
    /// # Errors
    /// When the manager cannot be asked; a service that does not start is an outcome.
    pub fn act(self, lab: &dyn Laboratory, verb: Verb, name: &str) -> Result<Outcome> {
        match (self, verb) {
            (Self::Systemd, Verb::Start) => lab.run(&["systemctl", "start", name]),
            (Self::Systemd, Verb::Stop) => lab.run(&["systemctl", "stop", name]),
            (Self::Systemd, Verb::Restart) => lab.run(&["systemctl", "restart", name]),
            (Self::Systemd, Verb::Enable) => lab.run(&["systemctl", "enable", name]),
            (Self::Systemd, Verb::Disable) => lab.run(&["systemctl", "disable", name]),
            (Self::OpenRc, Verb::Start) => lab.run(&["rc-service", name, "start"]),
            (Self::OpenRc, Verb::Stop) => lab.run(&["rc-service", name, "stop"]),
            (Self::OpenRc, Verb::Restart) => lab.run(&["rc-service", name, "restart"]),
            (Self::OpenRc, Verb::Enable) => lab.run(&["rc-update", "add", name, "default"]),
            (Self::OpenRc, Verb::Disable) => lab.run(&["rc-update", "del", name, "default"]),
            (Self::Windows, Verb::Start) => lab.run(&["sh", "-c", START_WINDOWS, name]),
            (Self::Windows, Verb::Stop) => lab.run(&["sh", "-c", STOP_WINDOWS, name]),
            (Self::Windows, Verb::Restart) => {
                let stopped = self.act(lab, Verb::Stop, name)?;
                if stopped.success() { self.act(lab, Verb::Start, name) } else { Ok(stopped) }
            }
            (Self::Windows, Verb::Enable) => set_start(lab, name, "2"),
            (Self::Windows, Verb::Disable) => set_start(lab, name, "3"),
            (Self::Foreground, Verb::Start) => lab.run(&["sh", &foreground::path(name), "start"]),
            (Self::Foreground, Verb::Stop) => lab.run(&["sh", &foreground::path(name), "stop"]),
            (Self::Foreground, Verb::Restart) => {
                lab.run(&["sh", "-c", "sh \"$0\" stop && sh \"$0\" start", &foreground::path(name)])
            }
            (Self::Foreground | Self::None, _) => Err(super::LabError::Unsupported("has no service manager")),
        }
    }

    /// The account that a running service runs as; `None` where the manager does not say.
    ///
    /// # Errors
    /// When the manager cannot be asked.
    pub fn account(self, lab: &dyn Laboratory, name: &str) -> Result<Option<String>> {
        if self != Self::Systemd {
            return Ok(None);
        }
        let script = "pid=$(systemctl show --value --property=MainPID \"$0\"); stat -c %U \"/proc/$pid\"";
        Ok(Some(lab.run(&["sh", "-ec", script, name])?.ok()?))
    }

    /// The number of a service's main process; `None` where it has none, or the manager does not say.
    ///
    /// # Errors
    /// When the manager cannot be asked.
    pub fn process(self, lab: &dyn Laboratory, name: &str) -> Result<Option<String>> {
        let script = match self {
            Self::Systemd => "systemctl show --value --property=MainPID \"$0\"",
            // The supervisor's child.
            Self::OpenRc => "cat \"/proc/$(cat \"/run/$0.pid\")\"/task/*/children",
            _ => return Ok(None),
        };
        let outcome = lab.run(&["sh", "-c", script, name])?;
        Ok(outcome.stdout.split_whitespace().next().filter(|number| *number != "0").map(str::to_owned))
    }

    /// What the manager and the service itself have to say, for when something went wrong.
    pub fn journal(self, lab: &dyn Laboratory, name: &str) -> String {
        let outcome = match self {
            Self::Systemd => lab.script(&format!(
                "systemctl status --no-pager --lines=0 {name} || :; journalctl --no-pager --lines=40 --unit={name}"
            )),
            Self::OpenRc => lab.script(&format!("rc-service {name} status || :; tail -n 40 /var/log/{name}/*.log")),
            Self::Foreground => lab.script(&format!("tail -n 40 {INBOX}/run/{name}.log")),
            Self::Windows => lab.script(&format!(
                "windows sc query {name} || :; cd {}; tail -n 40 */logs/* 2>/dev/null || :",
                lab.path(r"C:\ProgramData")
            )),
            Self::None => return String::new(),
        };
        outcome.map_or_else(|error| error.to_string(), |outcome| outcome.text())
    }
}

/// Starts `$0`, unless it runs. One that has stopped may have a process for a moment, and is said to run already as long.
const START_WINDOWS: &str = r#"for _ in 1 2 3 4 5 6 7 8 9 10; do
    said="$(windows net start "$0" 2>&1)"
    code=$?
    case "$code $said" in 0*) break ;; *already*) ;; *) break ;; esac
    case "$(windows sc query "$0")" in *RUNNING*) code=0 && break ;; esac
    sleep 0.5
done
printf '%s\n' "$said"
exit "$code""#;

/// Stops `$0` and waits until it has stopped, half a minute at the most.
const STOP_WINDOWS: &str = r#"windows net stop "$0" || exit
for _ in $(seq 60); do
    case "$(windows sc query "$0")" in *STOPPED*) exit ;; esac
    sleep 0.5
done
echo "$0 does not stop"
exit 1"#;

/// Key of a service in the registry.
fn windows_key(name: &str) -> String {
    format!(r"HKLM\System\CurrentControlSet\Services\{name}")
}

/// Wine's `sc` cannot change a service, but it reads the registry at its next start, as Windows does.
fn set_start(lab: &dyn Laboratory, name: &str, start: &str) -> Result<Outcome> {
    let key = windows_key(name);
    lab.run(&["windows", "reg", "add", &key, "/v", "Start", "/t", "REG_DWORD", "/d", start, "/f"])
}
