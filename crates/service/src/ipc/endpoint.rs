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

    /// The pipe of the service of this name, or of the instance whose run-time folder (`RUNTIME_DIRECTORY`) this
    /// process was given: that folder lies in one with the instance's name.
    ///
    /// # Errors
    /// When the name cannot be one.
    #[cfg(windows)]
    pub fn for_service(name: &str) -> io::Result<Self> {
        let given = std::env::var_os("RUNTIME_DIRECTORY").map(PathBuf::from);
        Ok(Self::pipe(checked(&instance_name(name, given.as_deref()))?))
    }

    /// Where a service of this name may be found: the instance that [`Self::for_service`] names first.
    ///
    /// # Errors
    /// When the name cannot be one.
    #[cfg(windows)]
    pub fn candidates(name: &str) -> io::Result<Vec<Self>> {
        let (instance, named) = (Self::for_service(name)?, Self::pipe(checked(name)?));
        Ok(if instance == named { vec![named] } else { vec![instance, named] })
    }

    #[cfg(windows)]
    fn pipe(name: &str) -> Self {
        Self::at(format!(r"\\.\pipe\landfall\{name}"))
    }
}

/// `NAME@INSTANCE`, if the run-time folder lies in a folder of that name; else the name.
pub(crate) fn instance_name(name: &str, runtime: Option<&std::path::Path>) -> String {
    let own = runtime.and_then(|folder| folder.parent()?.file_name()?.to_str());
    own.filter(|own| own.strip_prefix(name).is_some_and(|rest| rest.starts_with('@')))
        .unwrap_or(name)
        .to_owned()
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
    fn an_instance_has_a_name_of_its_own() {
        let name = |folder: &str| instance_name("wats-client", Some(std::path::Path::new(folder)));
        assert_eq!(name("/data/wats-client@line1/run"), "wats-client@line1");
        assert_eq!(name("/data/wats-client/run"), "wats-client");
        assert_eq!(name("/data/wats-client-other/run"), "wats-client");
        assert_eq!(instance_name("wats-client", None), "wats-client");
    }

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
