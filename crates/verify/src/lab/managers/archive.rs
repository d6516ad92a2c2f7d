//! Plain archives: what a person does who follows the usual custom, written down as a script.

use super::Manager;
use crate::lab::Action;

/// Unpacking by hand into `/opt/NAME`; on Windows into `C:\Apps\NAME`.
pub const ARCHIVE: &dyn Manager = &Archive;

const TOOL: &str = "/opt/laboratory/archive";

struct Archive;

impl Manager for Archive {
    fn name(&self) -> &'static str {
        "archive"
    }

    fn command(&self, action: Action, subject: &str, name: &str) -> Option<Vec<String>> {
        let words = match action {
            Action::Install | Action::Upgrade | Action::Reinstall | Action::Downgrade | Action::Restore => {
                vec!["sh", TOOL, "install", name, subject]
            }
            Action::Remove => vec!["sh", TOOL, "remove", name],
            Action::Purge => vec!["sh", TOOL, "purge", name],
        };
        Some(words.into_iter().map(str::to_owned).collect())
    }

    fn tool(&self) -> Option<(&'static str, &'static str)> {
        Some((TOOL, SCRIPT))
    }

    fn starts_services(&self) -> bool {
        false
    }

    fn runs_scripts(&self) -> bool {
        false
    }

    fn place(&self, name: &str, path: &str) -> String {
        let path = path.strip_prefix(&format!(r"C:\Program Files\{name}")).unwrap_or(path);
        format!("/opt/{name}{}", path.replace('\\', "/"))
    }
}

/// Unpacks beside the old files first, so that a full disk is noticed while they are still whole; takes away what the
/// old archive brought; puts the new files in its place. Stays away from what the archive did not bring, and from
/// edited files below `etc` (on Windows `config`), beside which the new ones are put as `.new`. A service that runs is stopped meanwhile.
///
/// Purging takes the whole folder.
const SCRIPT: &str = include_str!("archive.sh");
