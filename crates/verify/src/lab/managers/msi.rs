//! Windows Installer: msiexec, as an administrator's script runs it.

use super::Manager;
use crate::lab::{Action, INBOX};

/// Windows Installer, into a folder of its own choice.
pub const MSI: &dyn Manager = &Msi;

/// Folder that the installation is told to use instead of `C:\Program Files`.
const FOLDER: &str = r"C:\Factory";

const TOOL: &str = "/opt/laboratory/msi";

struct Msi;

impl Manager for Msi {
    fn name(&self) -> &'static str {
        "msiexec"
    }

    fn command(&self, action: Action, subject: &str, name: &str) -> Option<Vec<String>> {
        let folder = format!(r"{FOLDER}\{name}");
        let words = match action {
            Action::Install => vec!["sh", TOOL, "install", name, subject, &folder],
            Action::Upgrade | Action::Downgrade | Action::Restore => {
                vec!["sh", TOOL, "upgrade", name, subject]
            }
            Action::Reinstall => vec!["sh", TOOL, "repair", name, subject],
            Action::Remove => vec!["sh", TOOL, "remove", name],
            Action::Purge => vec!["sh", TOOL, "purge", name],
        };
        Some(words.into_iter().map(str::to_owned).collect())
    }

    fn tool(&self) -> Option<(&'static str, &'static str)> {
        Some((TOOL, SCRIPT))
    }

    fn lay_out(&self, file: &str, name: &str, folder: &str) -> Option<Vec<String>> {
        Some(["sh", TOOL, "layout", name, file, folder].map(str::to_owned).to_vec())
    }

    fn remove_again(&self, name: &str) -> Option<(Vec<String>, &'static str)> {
        Some((["sh", TOOL, "remove-again", name].map(str::to_owned).to_vec(), "msiexec remove-again: 1605\n"))
    }

    fn refuses_settings(&self) -> Option<&'static str> {
        Some(": 1603\n")
    }

    fn properties(&self) -> Option<String> {
        Some(format!("{INBOX}/properties"))
    }

    fn logs(&self) -> Option<String> {
        Some(format!("{INBOX}/msi-logs"))
    }

    /// Wine's log has no messages: what it found, which the package says to be in the way.
    fn refuses_downgrades(&self) -> &'static [&'static str] {
        &["msiexec upgrade: 1603\n", "NEWER_VERSION_FOUND = {"]
    }

    fn cannot_judge_rollback(&self) -> Option<&'static str> {
        Some(
            "Wine's installer does not bring the version before back when an upgrade fails; labs/windows/verify.ps1 \
             takes this step on Windows",
        )
    }

    fn purges_directories(&self) -> bool {
        true
    }

    fn runs_scripts(&self) -> bool {
        false
    }

    /// The program where the installation was told to put it, data where Windows keeps data.
    fn place(&self, name: &str, path: &str) -> String {
        let program = format!(r"C:\Program Files\{name}");
        if let Some(rest) = path.strip_prefix(&program) {
            return format!(r"{FOLDER}\{name}{rest}");
        }
        if !path.starts_with('/') {
            return path.to_owned();
        }
        let first = path.split('/').nth(1).unwrap_or_default();
        let path = path.replace('/', r"\");
        let data = format!(r"C:\ProgramData\{name}");
        match first {
            "config" => format!("{data}{}", &path[r"\config".len()..]),
            "state" | "logs" | "cache" => format!("{data}{path}"),
            _ => format!(r"{FOLDER}\{name}{path}"),
        }
    }
}

/// Runs msiexec silently, with a log, and ends with the whole exit code in its text and one byte of it as its own.
const SCRIPT: &str = include_str!("msi.sh");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_where_the_installer_puts_them() {
        for (path, place) in [
            ("/demo.exe", r"C:\Factory\demo\demo.exe"),
            ("/doc/README.md", r"C:\Factory\demo\doc\README.md"),
            ("/config/demo.toml", r"C:\ProgramData\demo\demo.toml"),
            ("/state", r"C:\ProgramData\demo\state"),
            (r"C:\Program Files\demo\demo.exe", r"C:\Factory\demo\demo.exe"),
            (r"C:\ProgramData\demo\logs", r"C:\ProgramData\demo\logs"),
        ] {
            assert_eq!(MSI.place("demo", path), place);
        }
    }
}
