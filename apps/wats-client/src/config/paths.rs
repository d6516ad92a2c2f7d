//! Where things are: exactly one place per operating system.

use super::Environment;
use std::path::{Path, PathBuf};

/// The configuration file used when none is named.
///
/// Service managers name the folder of an instance.
pub(crate) fn default_config(environment: &Environment) -> PathBuf {
    if let Some(folder) = first_folder(environment, "CONFIGURATION_DIRECTORY") {
        return folder.join("config.toml");
    }
    #[cfg(windows)]
    return program_data().join("config.toml");
    #[cfg(target_os = "macos")]
    return PathBuf::from("/Library/Application Support/wats-client/config.toml");
    #[cfg(not(any(windows, target_os = "macos")))]
    PathBuf::from("/etc/wats-client/config.toml")
}

/// The folder of plug-ins when none is named: beside the configuration file.
pub(super) fn plugins(config: &Path) -> PathBuf {
    config.with_file_name("plugins")
}

/// The folder for everything the program writes.
///
/// systemd passes the one it has prepared; with several, the first is meant.
pub(crate) fn state_folder(environment: &Environment) -> PathBuf {
    if let Some(folder) = first_folder(environment, "STATE_DIRECTORY") {
        return folder;
    }
    #[cfg(windows)]
    return program_data().join("state");
    #[cfg(target_os = "macos")]
    return PathBuf::from("/Library/Application Support/wats-client/state");
    #[cfg(not(any(windows, target_os = "macos")))]
    PathBuf::from("/var/lib/wats-client")
}

/// The first of the folders that a service manager has prepared; a colon stands between them, but on Windows behind
/// the drive, so there it is one folder.
fn first_folder(environment: &Environment, variable: &str) -> Option<PathBuf> {
    let list = environment.get(variable)?;
    let first = if cfg!(windows) { list.as_str() } else { list.split(':').next()? };
    Some(PathBuf::from(first))
}

#[cfg(windows)]
fn program_data() -> PathBuf {
    let base = std::env::var_os("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into());
    PathBuf::from(base).join("wats-client")
}
