//! Who started the program, and so who listens to it and who tells it to stop.

use std::fmt;

/// Where the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// A service of Windows' service control manager.
    WindowsService,
    /// A unit of systemd.
    Systemd,
    /// A daemon or agent of launchd (macOS).
    Launchd,
    /// A script of OpenRC, by `supervise-daemon` or `start-stop-daemon`.
    OpenRc,
    /// Kept by a supervisor that neither talks nor listens: runit, s6, daemontools, supervisord.
    Supervised,
    /// In a container, often as process 1.
    Container,
    /// Started by a person at a terminal.
    Terminal,
    /// Started by a script with no terminal: a SysV script, cron, a test.
    Background,
}

impl Host {
    /// Finds out. Windows' services are not found here but by asking the service control manager.
    #[must_use]
    pub fn detect() -> Self {
        Self::from_evidence(&Evidence::gather())
    }

    /// The first row that fits, in the order of `docs/service-library.md`.
    fn from_evidence(evidence: &Evidence) -> Self {
        let parent = evidence.parent.as_deref().unwrap_or_default();
        let has = |name| (evidence.has)(name);
        if evidence.launchd {
            // Terminals set the name as well, but then launchd is not the parent.
            return Self::Launchd;
        }
        // INVOCATION_ID reaches everything that a unit starts, a login shell of a user's session included.
        if has("NOTIFY_SOCKET") && !evidence.container_init
            || has("INVOCATION_ID") && (has("JOURNAL_STREAM") || parent == "systemd") && !evidence.terminal
        {
            return Self::Systemd;
        }
        if evidence.container_init {
            return Self::Container;
        }
        if evidence.terminal {
            return Self::Terminal;
        }
        if has("RC_SVCNAME") || parent == "supervise-daemo" || parent == "supervise-daemon" {
            return Self::OpenRc;
        }
        if SUPERVISORS.contains(&parent) || has("SUPERVISOR_ENABLED") {
            return Self::Supervised;
        }
        if evidence.container && evidence.parent_is_init && !INITS.contains(&parent) {
            return Self::Container;
        }
        Self::Background
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::WindowsService => "Windows service",
            Self::Systemd => "systemd",
            Self::Launchd => "launchd",
            Self::OpenRc => "OpenRC",
            Self::Supervised => "supervisor",
            Self::Container => "container",
            Self::Terminal => "terminal",
            Self::Background => "background",
        })
    }
}

/// Processes that start a service again when it ends and otherwise leave it alone. Linux shows 15 characters.
const SUPERVISORS: [&str; 5] = ["runsv", "s6-supervise", "supervise", "supervisord", "perpd"];

/// Processes 1 of whole systems, which may run in a container as well; what they start is no container's program.
const INITS: [&str; 3] = ["init", "systemd", "openrc-init"];

/// What [`Host::detect`] looks at.
struct Evidence {
    /// Whether an environment variable has a value.
    has: fn(&str) -> bool,
    /// Name of the parent process.
    parent: Option<String>,
    /// Standard error is a terminal, or standard input.
    terminal: bool,
    /// In a container.
    container: bool,
    /// Started by process 1: a container's entry point, or an engine's small init.
    parent_is_init: bool,
    /// In a container, as its first process.
    container_init: bool,
    /// Started by launchd.
    launchd: bool,
}

impl Evidence {
    fn gather() -> Self {
        use std::io::IsTerminal;
        let container = in_container();
        Self {
            has: |name| std::env::var_os(name).is_some_and(|value| !value.is_empty()),
            parent: parent_name(),
            terminal: std::io::stderr().is_terminal() || std::io::stdin().is_terminal(),
            container,
            parent_is_init: parent_is_init(),
            container_init: is_init(),
            launchd: cfg!(target_os = "macos")
                && parent_is_init()
                && std::env::var_os("XPC_SERVICE_NAME").is_some(),
        }
    }
}

/// Process 1, or the one that process 1 started in its place.
#[cfg(unix)]
fn is_init() -> bool {
    std::process::id() == 1 || crate::run::is_below_own_init()
}

#[cfg(not(unix))]
fn is_init() -> bool {
    false
}

#[cfg(unix)]
fn parent_is_init() -> bool {
    std::os::unix::process::parent_id() == 1
}

#[cfg(not(unix))]
fn parent_is_init() -> bool {
    false
}

#[cfg(target_os = "linux")]
fn parent_name() -> Option<String> {
    let parent = std::os::unix::process::parent_id();
    std::fs::read_to_string(format!("/proc/{parent}/comm")).ok().map(|name| name.trim_end().to_owned())
}

#[cfg(not(target_os = "linux"))]
fn parent_name() -> Option<String> {
    None
}

/// The marks that container engines leave: Docker's and podman's file, systemd's variable (also set by podman, LXC
/// and nspawn), Kubernetes' variable.
#[cfg(target_os = "linux")]
fn in_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"].iter().any(|path| std::path::Path::new(path).exists())
        || ["container", "KUBERNETES_SERVICE_HOST"].iter().any(|name| std::env::var_os(name).is_some())
}

/// Windows' own containers have this account.
#[cfg(windows)]
fn in_container() -> bool {
    std::env::var_os("USERNAME")
        .is_some_and(|name| name == "ContainerUser" || name == "ContainerAdministrator")
}

#[cfg(not(any(target_os = "linux", windows)))]
fn in_container() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Evidence = Evidence {
        has: |_| false,
        parent: None,
        terminal: false,
        container: false,
        parent_is_init: false,
        container_init: false,
        launchd: false,
    };

    #[test]
    fn every_host_is_told_by_its_marks() {
        let parent = |name: &str| Some(name.to_owned());
        let cases = [
            (Evidence { ..NOTHING }, Host::Background),
            (Evidence { terminal: true, ..NOTHING }, Host::Terminal),
            (Evidence { container_init: true, container: true, ..NOTHING }, Host::Container),
            // docker run -it
            (Evidence { container_init: true, terminal: true, ..NOTHING }, Host::Container),
            // docker exec -it
            (Evidence { container: true, terminal: true, ..NOTHING }, Host::Terminal),
            // docker run --init
            (
                Evidence { container: true, parent_is_init: true, parent: parent("docker-init"), ..NOTHING },
                Host::Container,
            ),
            // A whole system in a container, and a script in one
            (
                Evidence { container: true, parent_is_init: true, parent: parent("init"), ..NOTHING },
                Host::Background,
            ),
            (Evidence { container: true, parent: parent("sh"), ..NOTHING }, Host::Background),
            (Evidence { has: |name| name == "NOTIFY_SOCKET", ..NOTHING }, Host::Systemd),
            // Type=simple
            (
                Evidence { has: |name| ["INVOCATION_ID", "JOURNAL_STREAM"].contains(&name), ..NOTHING },
                Host::Systemd,
            ),
            // A terminal of a desktop that systemd started
            (
                Evidence {
                    has: |name| ["INVOCATION_ID", "JOURNAL_STREAM"].contains(&name),
                    terminal: true,
                    ..NOTHING
                },
                Host::Terminal,
            ),
            // podman run --sdnotify=container: still process 1 of a container
            (
                Evidence { has: |name| name == "NOTIFY_SOCKET", container_init: true, ..NOTHING },
                Host::Container,
            ),
            (Evidence { has: |name| name == "RC_SVCNAME", ..NOTHING }, Host::OpenRc),
            (Evidence { parent: parent("runsv"), ..NOTHING }, Host::Supervised),
            (Evidence { parent: parent("runsv"), container: true, ..NOTHING }, Host::Supervised),
            (Evidence { launchd: true, ..NOTHING }, Host::Launchd),
        ];
        for (number, (evidence, host)) in cases.into_iter().enumerate() {
            assert_eq!(Host::from_evidence(&evidence), host, "case {number}");
        }
    }
}
