//! Why a command did not do what it was asked for.

use crate::exit::Exit;
use std::fmt;
use std::io;
use std::path::Path;

/// A message for people and an exit code for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// What was wrong, where, and what to do.
    pub message: String,
}

impl Failure {
    /// A failure that ends the command with `exit`.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// A wrong command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// An operation on a file or folder that did not work.
    pub(crate) fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        let exit = match error.kind() {
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::StorageFull => Exit::Requirement,
            _ => Exit::General,
        };
        Self::new(exit, format!("{} cannot be {what}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<landfall_service_definition::Unsupported> for Failure {
    fn from(error: landfall_service_definition::Unsupported) -> Self {
        Self::new(Exit::Configuration, error.to_string())
    }
}

/// What the commands answer.
pub(crate) type Result<T> = std::result::Result<T, Failure>;
