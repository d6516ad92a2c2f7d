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

    /// What an edited configuration file's name ends with after a removal; `None` where it keeps its name.
    fn saved_as(&self) -> Option<&'static str> {
        None
    }

    /// What a removal leaves for its own reasons, beside configuration: path and reason. `service` is the service's
    /// name.
    fn leaves(&self, _service: &str) -> Vec<(String, &'static str)> {
        Vec::new()
    }

    /// Whether it has a step that takes away what a removal has left.
    fn purges(&self) -> bool {
        true
    }

    /// Whether that step takes the product's state, logs and cache away too.
    fn purges_directories(&self) -> bool {
        false
    }

    /// Whether packages have scripts.
    fn runs_scripts(&self) -> bool {
        true
    }

    /// Where a path of the package `name` is on the machine.
    fn place(&self, _name: &str, path: &str) -> String {
        path.to_owned()
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

struct Rpm;

impl Manager for Rpm {
    fn name(&self) -> &'static str {
        "rpm"
    }

    fn command(&self, action: Action, subject: &str, _name: &str) -> Option<Vec<String>> {
        // The names in a Debian system's rpm database satisfy nothing.
        match action {
            // Debian's rpm keeps root's own database elsewhere.
            Action::Install => words(&["rpm", "--dbpath=/var/lib/rpm", "--install", "--nodeps"], subject),
            // An interrupted upgrade leaves either version in the database.
            Action::Upgrade | Action::Reinstall | Action::Downgrade | Action::Restore => words(
                &["rpm", "--dbpath=/var/lib/rpm", "--upgrade", "--nodeps", "--oldpackage", "--replacepkgs"],
                subject,
            ),
            Action::Remove => words(&["rpm", "--dbpath=/var/lib/rpm", "--erase"], subject),
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
        Some(&["sh", "-ec", PACMAN_REPAIR])
    }

    fn starts_services(&self) -> bool {
        false
    }

    fn saved_as(&self) -> Option<&'static str> {
        Some(".pacsave")
    }
}

/// The lock goes, and records that were being written.
const PACMAN_REPAIR: &str = r#"
rm -f /var/lib/pacman/db.lck
for record in /var/lib/pacman/local/*/; do
    [ -e "$record/desc" ] && [ -e "$record/files" ] || rm -rf "$record"
done
"#;
