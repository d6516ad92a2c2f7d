//! Where things are: exactly one place per operating system.

use super::Environment;
use std::path::PathBuf;

/// The configuration file used when none is named.
pub(crate) fn default_config() -> PathBuf {
    #[cfg(windows)]
    return program_data().join("config.toml");
    #[cfg(target_os = "macos")]
    return PathBuf::from("/Library/Application Support/wats-client/config.toml");
    #[cfg(not(any(windows, target_os = "macos")))]
    PathBuf::from("/etc/wats-client/config.toml")
}

/// The folder for everything the program writes.
///
/// systemd passes the one it has prepared; with several, the first is meant.
pub(crate) fn state_folder(environment: &Environment) -> PathBuf {
    let given = environment.get("STATE_DIRECTORY");
    if let Some(first) = given.as_deref().and_then(|list| list.split(':').next()).filter(|_| cfg!(unix)) {
        return PathBuf::from(first);
    }
    #[cfg(windows)]
    return program_data();
    #[cfg(target_os = "macos")]
    return PathBuf::from("/Library/Application Support/wats-client");
    #[cfg(not(any(windows, target_os = "macos")))]
    PathBuf::from("/var/lib/wats-client")
}

#[cfg(windows)]
fn program_data() -> PathBuf {
    let base = std::env::var_os("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into());
    PathBuf::from(base).join("wats-client")
}
