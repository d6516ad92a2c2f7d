//! One command at a time changes a machine.

use super::failure::{Failure, Result};
use super::host::Host;
use crate::exit::Exit;
use landfall_service_definition::{Definition, Platform};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long another command may take, which mostly waits for a service to start.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(50);

/// Keeps other commands for the same product away, also those for other instances, which share its account. The
/// operating system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
    #[cfg(unix)]
    path: PathBuf,
}

/// The file goes while it is locked: whoever waits for it sees then that it is another one, or none.
#[cfg(unix)]
impl Drop for Lock {
    fn drop(&mut self) {
        // What stays in /run goes with the next start of the machine.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Lock {
    /// Waits until no other command is at work.
    ///
    /// `None` where nothing can be locked: on a machine that does not run, and for somebody who may not change this one
    /// anyway, which is found out later.
    ///
    /// # Errors
    /// When the other command takes too long.
    pub(super) fn take(host: &Host, definition: &Definition) -> Result<Option<Self>> {
        if !host.is_live() {
            return Ok(None);
        }
        Self::at(&place(definition), PATIENCE)
    }

    fn at(path: &Path, patience: Duration) -> Result<Option<Self>> {
        let end = Instant::now() + patience;
        loop {
            match try_lock(path) {
                Ok(Some(file)) => {
                    return Ok(Some(Self {
                        _file: file,
                        #[cfg(unix)]
                        path: path.to_owned(),
                    }));
                }
                Ok(None) if Instant::now() < end => std::thread::sleep(LOOK),
                Ok(None) => {
                    let text = format!(
                        "another install-service or uninstall-service is at work ({} is locked); try again when it has \
                         ended",
                        path.display()
                    );
                    return Err(Failure::new(Exit::TimedOut, text));
                }
                Err(_) => return Ok(None),
            }
        }
    }
}

/// A file that only those can make who can install.
fn place(definition: &Definition) -> PathBuf {
    let name = format!("{}.install.lock", definition.name);
    let above = |folder: &str| {
        let above = folder.rfind(['/', '\\']).map_or("", |at| &folder[..at]);
        format!("{above}{}", if definition.platform == Platform::Windows { '\\' } else { '/' })
    };
    let folder = match definition.platform {
        _ if definition.is_user_service() => above(&definition.folders.runtime),
        Platform::Windows => above(&definition.folders.configuration),
        Platform::Macos => "/var/run/".to_owned(),
        Platform::Linux | Platform::Container => "/run/".to_owned(),
    };
    PathBuf::from(folder + &name)
}

/// The locked file; `None` when somebody else has it.
#[cfg(not(windows))]
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    match file.try_lock() {
        #[cfg(unix)]
        Ok(()) if !is_at(&file, path)? => Ok(None),
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Whether the file is still the one at the path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((own.dev(), own.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The file of one who shares it with nobody, and which goes when it is closed.
#[cfg(windows)]
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;
    use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION};
    use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_DELETE_ON_CLOSE;
    let mut options = File::options();
    options.write(true).create(true).share_mode(0).custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        // The second while the file goes.
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION as i32) => Ok(None),
        Err(error) if error.raw_os_error() == Some(ERROR_ACCESS_DENIED as i32) && path.exists() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.install.lock");
        let first = Lock::at(&path, Duration::ZERO).unwrap().unwrap();
        let failure = Lock::at(&path, Duration::from_millis(100)).unwrap_err();
        assert_eq!(failure.exit, Exit::TimedOut);
        assert!(failure.message.contains("is at work"), "{failure}");
        let waiting = std::thread::spawn({
            let path = path.clone();
            move || Lock::at(&path, PATIENCE)
        });
        drop(first);
        drop(waiting.join().unwrap().unwrap().unwrap());
        assert!(!path.exists(), "nothing stays");
        // Whoever may not make the file may not install either.
        assert!(Lock::at(&folder.path().join("none/lock"), Duration::ZERO).unwrap().is_none());
    }
}
