//! rpm(8), without the resolver.

use super::{Manager, words};
use crate::lab::Action;

/// rpm(8), without the resolver.
pub const RPM: &dyn Manager = &Rpm;

struct Rpm;

impl Manager for Rpm {
    fn name(&self) -> &'static str {
        "rpm"
    }

    fn command(&self, action: Action, subject: &str, _name: &str) -> Option<Vec<String>> {
        // The names in a Debian system's rpm database satisfy nothing.
        match action {
            Action::Install => words(&["rpm", "--install", "--nodeps"], subject),
            // An interrupted upgrade leaves either version in the database.
            Action::Upgrade | Action::Reinstall | Action::Downgrade | Action::Restore => {
                words(&["rpm", "--upgrade", "--nodeps", "--oldpackage", "--replacepkgs"], subject)
            }
            Action::Remove => words(&["rpm", "--erase"], subject),
            Action::Purge => None,
        }
    }

    fn saved_as(&self) -> Option<&'static str> {
        Some(".rpmsave")
    }

    fn purges(&self) -> bool {
        false
    }
}
