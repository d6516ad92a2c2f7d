//! dnf(8): RPM packages with RHEL's resolver.

use super::{Manager, words};
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
        // The machine has no network, so a repository could not be reached. Packages come unsigned from the builder
        // and are signed by whoever publishes them, so there is no signature to check yet.
        let options = [
            "dnf",
            "--assumeyes",
            "--noplugins",
            "--disablerepo=*",
            "--nogpgcheck",
            self.release,
            self.module,
        ];
        words(&[&options[..], &[verb]].concat(), subject)
    }

    /// Of a package of which both versions stayed in the database, the one that was being put over the other is
    /// forgotten, so that the next upgrade finds work to do. What is on the disk stays as it is.
    fn repair(&self) -> Option<&'static [&'static str]> {
        Some(&["sh", "-ec", REPAIR])
    }

    fn saved_as(&self) -> Option<&'static str> {
        Some(".rpmsave")
    }

    fn purges(&self) -> bool {
        false
    }
}

/// `rpm --query --all --last` lists the last installed first.
const REPAIR: &str = r#"
rpm --rebuilddb
rpm --query --all --queryformat '%{NAME}\n' | sort | uniq --repeated | while read -r name; do
    rpm --query --last "$name" | head -n 1 | cut -d ' ' -f 1 | xargs rpm --erase --justdb --nodeps --noscripts --notriggers
done
"#;
