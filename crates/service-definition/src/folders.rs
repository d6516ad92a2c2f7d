//! The folders of a service.

use serde::{Deserialize, Serialize};

use crate::{CONFIGURATION_MODE, Definition, PRIVATE_MODE, Platform, RUNTIME_MODE};

/// A service's own folders: absolute paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Folders {
    /// What must survive a restart.
    pub state: String,
    /// Log files.
    pub logs: String,
    /// What can be made again.
    pub cache: String,
    /// Sockets and lock files; empty after a restart of the machine where the platform has such a place.
    pub runtime: String,
    /// Configuration; the service only reads it.
    pub configuration: String,
}

impl Folders {
    /// The usual places of a platform for a folder name.
    ///
    /// On macOS and Windows state and run-time folder are inside the product's folder, which holds the
    /// configuration: neither has a place for each that a service without privileges may use.
    pub fn of(platform: Platform, name: &str) -> Self {
        match platform {
            Platform::Linux | Platform::Container => Self {
                state: format!("/var/lib/{name}"),
                logs: format!("/var/log/{name}"),
                cache: format!("/var/cache/{name}"),
                runtime: format!("/run/{name}"),
                configuration: format!("/etc/{name}"),
            },
            Platform::Macos => {
                let own = format!("/Library/Application Support/{name}");
                Self {
                    state: format!("{own}/state"),
                    logs: format!("/Library/Logs/{name}"),
                    cache: format!("/Library/Caches/{name}"),
                    runtime: format!("{own}/run"),
                    configuration: own,
                }
            }
            Platform::Windows => {
                let own = format!(r"C:\ProgramData\{name}");
                Self {
                    state: format!(r"{own}\state"),
                    logs: format!(r"{own}\logs"),
                    cache: format!(r"{own}\cache"),
                    runtime: format!(r"{own}\run"),
                    configuration: own,
                }
            }
        }
    }
}

/// A folder that must exist before the service starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder<'a> {
    /// Absolute path.
    pub path: &'a str,
    /// Permission bits.
    pub mode: u32,
    /// Whose it is.
    pub ownership: Ownership,
}

/// Whose a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// The administrator's; the service reads it.
    Administrator,
    /// The service's.
    Service,
}

impl Definition {
    /// The folders that must exist before the service starts, in the order of their making.
    ///
    /// `umask` and links aside, an installer that makes exactly these does the same as the service managers that
    /// make them themselves.
    pub fn own_folders(&self) -> [Folder<'_>; 5] {
        let folders = &self.folders;
        let own = |path, mode| Folder { path, mode, ownership: Ownership::Service };
        [
            Folder {
                path: &folders.configuration,
                mode: CONFIGURATION_MODE,
                ownership: Ownership::Administrator,
            },
            own(&folders.runtime, RUNTIME_MODE),
            own(&folders.state, PRIVATE_MODE),
            own(&folders.logs, PRIVATE_MODE),
            own(&folders.cache, PRIVATE_MODE),
        ]
    }
}

impl Definition {
    /// The folder of the files in [`credentials`](Self::credentials), which the program finds as
    /// `$CREDENTIALS_DIRECTORY` where no service manager copies them; `None` without any.
    pub fn credentials_folder(&self) -> Option<&str> {
        let file = self.credentials.values().next()?;
        file.rfind(['/', '\\']).map(|at| &file[..at])
    }
}
