//! Package managers: the commands that install, upgrade and remove.

mod apk;
mod archive;
mod dnf;
mod dpkg;
mod msi;
mod pacman;
mod rpm;

pub use apk::APK;
pub use archive::ARCHIVE;
pub use dnf::{DNF_EL8, DNF_EL9};
pub use dpkg::DPKG;
pub use msi::MSI;
pub use pacman::PACMAN;
pub use rpm::RPM;

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

    /// The file from which it takes settings for its next installation, `NAME=value` a line; `None` where settings are
    /// laid out where the service reads them.
    fn properties(&self) -> Option<String> {
        None
    }

    /// The command that lays the files of a package out in a folder from which other machines install, and installs
    /// nothing; `None` where the package manager knows no such thing.
    fn lay_out(&self, _file: &str, _name: &str, _folder: &str) -> Option<Vec<String>> {
        None
    }

    /// The command that removes a product once more which is not there, and what it answers; `None` where it does not
    /// matter.
    fn remove_again(&self, _name: &str) -> Option<(Vec<String>, &'static str)> {
        None
    }

    /// What it says when it refuses a setting; `None` where it looks at none.
    fn refuses_settings(&self) -> Option<&'static str> {
        None
    }

    /// The folder of its own logs, where it keeps some of each run.
    fn logs(&self) -> Option<String> {
        None
    }

    /// Everything that it says when it refuses to put an older version over a newer one; empty where it does not
    /// refuse.
    fn refuses_downgrades(&self) -> &'static [&'static str] {
        &[]
    }

    /// Why it cannot be judged whether it brings the version before back when an upgrade fails.
    fn cannot_judge_rollback(&self) -> Option<&'static str> {
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

/// A command that ends with what it is about.
fn words(words: &[&str], subject: &str) -> Option<Vec<String>> {
    Some(words.iter().copied().chain([subject]).map(str::to_owned).collect())
}
