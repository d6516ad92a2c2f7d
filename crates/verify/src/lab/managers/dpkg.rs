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
            Action::Install | Action::Upgrade | Action::Reinstall | Action::Downgrade => {
                words(&["dpkg", "--install"], subject)
            }
            Action::Remove => words(&["dpkg", "--remove"], subject),
            Action::Purge => words(&["dpkg", "--purge"], subject),
        }
    }

    fn repair(&self) -> Option<&'static [&'static str]> {
        Some(&["dpkg", "--configure", "-a"])
    }
}
