//! rpm(8), without the resolver.

use super::{Manager, words};
use crate::lab::Action;

/// rpm(8), without the resolver.
pub const RPM: &dyn Manager = &Rpm;

/// What rpm itself leaves to the administrator after it was killed. Files that it was unpacking lie beside their place
/// under a name that ends with the second in which it began, in hexadecimal digits, and a second try in the same
/// second would stumble over them. Of a package of which both versions stayed in the database, the one that was being
/// put over the other is forgotten, so that the next upgrade finds work to do.
pub(super) const REPAIR: &[&str] = &[
    "sh",
    "-ec",
    r#"
sleep 1
find / -xdev -regextype posix-extended -regex '.*;[0-9a-f]{8}' -delete
rpm --rebuilddb
rpm --query --all --queryformat '%{NAME}\n' | sort | uniq --repeated | while read -r name; do
    # The last installed comes first.
    rpm --query --last "$name" | head -n 1 | cut -d ' ' -f 1 |
        xargs rpm --force-debian --erase --justdb --nodeps --noscripts --notriggers
done
"#,
];

struct Rpm;

impl Manager for Rpm {
    fn name(&self) -> &'static str {
        "rpm"
    }

    fn command(&self, action: Action, subject: &str, _name: &str) -> Option<Vec<String>> {
        // The names in a Debian system's rpm database satisfy nothing. Debian's rpm warns against its use without its
        // own option.
        match action {
            Action::Install => words(&["rpm", "--force-debian", "--install", "--nodeps"], subject),
            // An interrupted upgrade leaves either version in the database.
            Action::Upgrade | Action::Reinstall | Action::Downgrade | Action::Restore => words(
                &["rpm", "--force-debian", "--upgrade", "--nodeps", "--oldpackage", "--replacepkgs"],
                subject,
            ),
            Action::Remove => words(&["rpm", "--force-debian", "--erase"], subject),
            Action::Purge => None,
        }
    }

    fn repair(&self) -> Option<&'static [&'static str]> {
        Some(REPAIR)
    }

    fn saved_as(&self) -> Option<&'static str> {
        Some(".rpmsave")
    }

    fn purges(&self) -> bool {
        false
    }
}
