//! One instance of a service at a time.

use crate::log::rfc3339;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The right to be the only one, until it is dropped or the process ends, however it ends.
///
/// The lock is the operating system's, on a file that is never deleted. So it does not matter what process numbers
/// are used again for, and nothing has to be cleared away after a crash.
#[derive(Debug)]
pub struct Instance {
    _lock: File,
    note: PathBuf,
}

/// Why there can be no instance.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// There is one already.
    #[error("{name} runs already{}; stop it first, or use another instance", holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default())]
    Running {
        /// Name of the service.
        name: String,
        /// What it has left about itself: process and start.
        holder: Option<String>,
    },
    /// The file cannot be used.
    #[error("{path}: {error}; the service's account must be able to write there")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
}

impl Instance {
    /// Takes the lock `NAME.lock` in a folder of the service, which is made if need be. A folder on a network share
    /// is no good place: not every server knows locks.
    ///
    /// # Errors
    /// [`InstanceError::Running`] when another process has it.
    pub fn acquire(folder: &Path, name: &str) -> Result<Self, InstanceError> {
        let path = folder.join(format!("{name}.lock"));
        let failed = |error| InstanceError::File { path: path.clone(), error };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::options().create(true).write(true).truncate(false).open(&path).map_err(failed)?;
        // In a file of its own: on Windows nobody else can read one that is locked.
        let note = folder.join(format!("{name}.holder"));
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(note).ok().map(|text| text.trim().to_owned());
                return Err(InstanceError::Running { name: name.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let text = format!("process {}, since {}\n", std::process::id(), rfc3339(SystemTime::now()));
        // For people. The lock holds without.
        if let Err(error) = fs::write(&note, text) {
            tracing::debug!("{}: {error}", note.display());
        }
        Ok(Self { _lock: lock, note })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Before the lock goes: the next holder writes its own.
        let _ = fs::remove_file(&self.note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_is_told_about_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("run");
        let first = Instance::acquire(&folder, "x").unwrap();
        let error = Instance::acquire(&folder, "x").unwrap_err().to_string();
        let start = format!("x runs already (process {}, since 2", std::process::id());
        assert!(error.starts_with(&start), "{error}");
        let other = Instance::acquire(&folder, "y").unwrap();
        drop(first);
        drop(other);
        // What a crash leaves: the files, and no lock. The process it names may be anybody's by now.
        fs::write(folder.join("x.holder"), format!("process {}\n", std::process::id())).unwrap();
        drop(Instance::acquire(&folder, "x").unwrap());
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["x.lock", "y.lock"]);
        fs::write(folder.join("file"), "").unwrap();
        let error = Instance::acquire(&folder.join("file"), "x").unwrap_err().to_string();
        assert!(error.contains("x.lock: ") && error.contains("must be able to write there"), "{error}");
    }
}
