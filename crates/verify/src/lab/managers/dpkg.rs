//! dpkg(1), Debian's package manager without the resolver.

use super::{Manager, words};
use crate::lab::Action;

/// dpkg(1).
pub const DPKG: &dyn Manager = &Dpkg;

struct Dpkg;

impl Manager for Dpkg {
    fn name(&self) -> &'static str {
        "dpkg"
    }

    fn command(&self, action: Action, subject: &str, _name: &str) -> Option<Vec<String>> {
        match action {
            Action::Install | Action::Upgrade | Action::Reinstall | Action::Downgrade | Action::Restore => {
                // As unattended upgrades answer: what people edited stays.
                words(&["dpkg", "--force-confdef", "--force-confold", "--install"], subject)
            }
            Action::Remove => words(&["dpkg", "--remove"], subject),
            Action::Purge => words(&["dpkg", "--purge"], subject),
        }
    }

    fn repair(&self) -> Option<&'static [&'static str]> {
        Some(&["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"])
    }

    fn purges_directories(&self) -> bool {
        true
    }

    fn leaves(&self, service: &str) -> Vec<(String, &'static str)> {
        let units = "/etc/systemd/system";
        let mut leaves = vec![
            (
                format!("{units}/{service}.service"),
                "Debian masks the unit of a removed package, so that its configuration alone starts nothing",
            ),
            (
                format!("{units}/multi-user.target.wants/{service}.service"),
                "Debian remembers until a purge that the service was enabled",
            ),
        ];
        for (level, name) in (0..=6).flat_map(|level| ["S01", "K01"].map(|order| (level, order))) {
            let why = "the init script is configuration and stays until a purge, and its links with it";
            leaves.push((format!("/etc/rc{level}.d/{name}{service}"), why));
        }
        leaves
    }
}
