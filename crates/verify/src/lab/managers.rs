//! Package managers: the commands that install, upgrade and remove.

use super::Action;

/// A package manager, as it is run on a machine that has it.
pub trait Manager: Sync {
    /// Name of its program.
    fn name(&self) -> &'static str;

    /// The command for an action; `subject` is the package's file on the machine, or its name. `None` where the
    /// package manager knows no such step.
    fn command(&self, action: Action, subject: &str, name: &str) -> Option<Vec<String>>;

    /// The command that puts things right after an installation was interrupted, before the next try.
    fn repair(&self) -> Option<&'static [&'static str]> {
        None
    }

    /// A script that the commands need: where it is to be on the machine, and its text.
    fn tool(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    /// Whether the package manager itself starts a service on first installation. Arch and Alpine leave that to the
    /// administrator.
    fn starts_services(&self) -> bool {
        true
    }

    /// Where an edited configuration file is after a removal: `None` where it was.
    fn saved_as(&self) -> Option<&'static str> {
        None
    }
}

/// dpkg(1).
pub const DPKG: &dyn Manager = &Dpkg;
/// rpm(8), without the resolver.
pub const RPM: &dyn Manager = &Rpm;
/// pacman(8).
pub const PACMAN: &dyn Manager = &Pacman;

fn words(words: &[&str], subject: &str) -> Option<Vec<String>> {
    Some(words.iter().copied().chain([subject]).map(str::to_owned).collect())
}

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
            Action::Upgrade | Action::Reinstall | Action::Downgrade => {
                words(&["rpm", "--upgrade", "--nodeps", "--oldpackage", "--replacepkgs"], subject)
            }
            Action::Remove => words(&["rpm", "--erase"], subject),
            Action::Purge => None,
        }
    }

    fn saved_as(&self) -> Option<&'static str> {
        Some(".rpmsave")
    }
}

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
            Action::Remove => words(&["pacman", "--noconfirm", "-R"], subject),
            Action::Purge => words(&["pacman", "--noconfirm", "-Rn"], subject),
        }
    }

    fn repair(&self) -> Option<&'static [&'static str]> {
        Some(&["rm", "-f", "/var/lib/pacman/db.lck"])
    }

    fn starts_services(&self) -> bool {
        false
    }

    fn saved_as(&self) -> Option<&'static str> {
        Some(".pacsave")
    }
}
