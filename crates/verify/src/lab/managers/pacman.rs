//! pacman(8), Arch's package manager.

use super::{Manager, words};
use crate::lab::Action;

/// pacman(8).
pub const PACMAN: &dyn Manager = &Pacman;

struct Pacman;

impl Manager for Pacman {
    fn name(&self) -> &'static str {
        "pacman"
    }

    fn command(&self, action: Action, subject: &str, _name: &str) -> Option<Vec<String>> {
        match action {
            Action::Install | Action::Upgrade | Action::Reinstall | Action::Downgrade => {
                words(&["pacman", "--noconfirm", "-Udd"], subject)
            }
            // Without a record of it, its files look like somebody else's.
            Action::Restore => words(&["pacman", "--noconfirm", "--overwrite=*", "-Udd"], subject),
            Action::Remove => words(&["pacman", "--noconfirm", "-R"], subject),
            Action::Purge => words(&["pacman", "--noconfirm", "-Rn"], subject),
        }
    }

    fn repair(&self) -> Option<&'static [&'static str]> {
        Some(&["sh", "-ec", REPAIR])
    }

    fn starts_services(&self) -> bool {
        false
    }

    fn saved_as(&self) -> Option<&'static str> {
        Some(".pacsave")
    }
}

/// The lock goes, and records that were being written.
const REPAIR: &str = r#"
rm -f /var/lib/pacman/db.lck
for record in /var/lib/pacman/local/*/; do
    [ -e "$record/desc" ] && [ -e "$record/files" ] || rm -rf "$record"
done
"#;
