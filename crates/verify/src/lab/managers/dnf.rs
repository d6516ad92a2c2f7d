//! dnf(8): RPM packages with RHEL's resolver.

use super::{Manager, rpm, words};
use crate::lab::Action;

/// dnf(8) as RHEL 8 has it.
pub const DNF_EL8: &dyn Manager =
    &Dnf { release: "--releasever=8", module: "--setopt=module_platform_id=platform:el8" };
/// dnf(8) as RHEL 9 has it.
pub const DNF_EL9: &dyn Manager =
    &Dnf { release: "--releasever=9", module: "--setopt=module_platform_id=platform:el9" };

struct Dnf {
    release: &'static str,
    module: &'static str,
}

impl Manager for Dnf {
    fn name(&self) -> &'static str {
        "dnf"
    }

    fn command(&self, action: Action, subject: &str, _name: &str) -> Option<Vec<String>> {
        let verb = match action {
            Action::Install => "install",
            Action::Upgrade | Action::Restore => "upgrade",
            Action::Reinstall => "reinstall",
            Action::Downgrade => "downgrade",
            Action::Remove => "remove",
            Action::Purge => return None,
        };
        // There is no repository: the machine has no network and no file that names one. Packages come unsigned from
        // the builder and are signed by whoever publishes them, so there is no signature to check yet.
        let options = ["dnf", "--assumeyes", "--noplugins", "--nogpgcheck", self.release, self.module];
        words(&[&options[..], &[verb]].concat(), subject)
    }

    fn repair(&self) -> Option<&'static [&'static str]> {
        Some(rpm::REPAIR)
    }

    fn saved_as(&self) -> Option<&'static str> {
        Some(".rpmsave")
    }

    fn purges(&self) -> bool {
        false
    }
}
