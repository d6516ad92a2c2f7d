//! Alpine packages: what apk(8) does with one file, by a script of our own.

use super::{Manager, words};
use crate::lab::Action;

/// The part of apk-tools that is about one package file, rewritten after its documentation: apk-tools itself is in no
/// Debian release.
pub const APK: &dyn Manager = &Apk;

const TOOL: &str = "/opt/laboratory/apk-file";
const SCRIPT: &str = include_str!("apk.sh");

struct Apk;

impl Manager for Apk {
    fn name(&self) -> &'static str {
        "apk"
    }

    fn command(&self, action: Action, subject: &str, _name: &str) -> Option<Vec<String>> {
        match action {
            Action::Install | Action::Upgrade | Action::Reinstall | Action::Downgrade | Action::Restore => {
                words(&["sh", TOOL, "add"], subject)
            }
            Action::Remove => words(&["sh", TOOL, "del"], subject),
            Action::Purge => words(&["sh", TOOL, "del", "--purge"], subject),
        }
    }

    fn tool(&self) -> Option<(&'static str, &'static str)> {
        Some((TOOL, SCRIPT))
    }

    fn starts_services(&self) -> bool {
        false
    }
}
