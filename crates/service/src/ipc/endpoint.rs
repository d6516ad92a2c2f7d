//! Where a service can be talked to.

use std::io;
use std::path::PathBuf;

/// A socket or a pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The socket's path, in a folder of its own; on Windows the pipe's name, `\\.\pipe\…`.
    pub path: PathBuf,
}

impl Endpoint {
    /// One at another place.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the service of this name opens its socket: in the folder that its manager gives it
    /// (`RUNTIME_DIRECTORY`), in `/run` as root, or in the user's own run-time folder.
    ///
    /// # Errors
    /// When there is no folder for it.
    #[cfg(unix)]
    pub fn for_service(name: &str) -> io::Result<Self> {
        let name = checked(name)?;
        // Several folders are separated by colons; the first is the service's own.
        let given = std::env::var("RUNTIME_DIRECTORY").unwrap_or_default();
        let given = given.split(':').next().filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let is_root = rustix::process::geteuid().is_root();
        let folder = given.or_else(|| is_root.then(|| system_folder(name))).or_else(|| user_folder(name));
        folder.map(|folder| Self::at(folder.join("ipc").join("socket"))).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                "there is no folder for the service's socket; set RUNTIME_DIRECTORY, or run it under a service manager",
            )
        })
    }

    /// Where a service of this name may be found: the machine's own first, then the user's.
    ///
    /// # Errors
    /// When the name cannot be one.
    #[cfg(unix)]
    pub fn candidates(name: &str) -> io::Result<Vec<Self>> {
        let name = checked(name)?;
        let given = std::env::var("RUNTIME_DIRECTORY").unwrap_or_default();
        let given = given.split(':').next().filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let folders = given.into_iter().chain([system_folder(name)]).chain(user_folder(name));
        Ok(folders.map(|folder| Self::at(folder.join("ipc").join("socket"))).collect())
    }

    /// The pipe of the service of this name.
    ///
    /// # Errors
    /// When the name cannot be one.
    #[cfg(windows)]
    pub fn for_service(name: &str) -> io::Result<Self> {
        Ok(Self::at(format!(r"\\.\pipe\landfall\{}", checked(name)?)))
    }

    /// Where a service of this name may be found.
    ///
    /// # Errors
    /// When the name cannot be one.
    #[cfg(windows)]
    pub fn candidates(name: &str) -> io::Result<Vec<Self>> {
        Self::for_service(name).map(|endpoint| vec![endpoint])
    }
}

/// A name that leads nowhere else.
fn checked(name: &str) -> io::Result<&str> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.@".contains(character);
    if !name.is_empty() && name.len() <= 64 && name.chars().all(allowed) && !name.starts_with('.') {
        return Ok(name);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{name:?} is no name for a service: letters, digits, - _ . and @ make one"),
    ))
}

/// Only root can make folders there, so what is found there is the service.
#[cfg(unix)]
fn system_folder(name: &str) -> PathBuf {
    PathBuf::from(if cfg!(target_os = "linux") { "/run" } else { "/var/run" }).join(name)
}

/// Only the user can enter it. Without a session there is a folder in the one for temporary files, which is looked at
/// closely before it is used.
#[cfg(unix)]
fn user_folder(name: &str) -> Option<PathBuf> {
    if let Some(folder) =
        std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute())
    {
        return Some(folder.join(name));
    }
    let folder = std::env::temp_dir();
    let user = rustix::process::geteuid().as_raw();
    folder.is_absolute().then(|| folder.join(format!("{name}-{user}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for name in ["", "..", "../x", "a/b", r"a\b", ".hidden", "a b", "ä", &"x".repeat(65)] {
            assert!(Endpoint::for_service(name).is_err(), "{name}");
        }
        let endpoint = Endpoint::for_service("wats-client@line1").unwrap();
        assert!(endpoint.path.to_string_lossy().contains("wats-client@line1"), "{endpoint:?}");
        assert!(Endpoint::candidates("wats-client@line1").unwrap().contains(&endpoint));
    }
}
