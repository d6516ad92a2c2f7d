//! What is wrong with a configuration, where, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// A configuration that cannot be used.
#[derive(Debug)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file cannot be written.
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why not, and what to do.
        message: String,
    },
    /// Somebody else has changed the file since it was read.
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// A place in the file is wrong.
    InFile {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The line itself.
        text: String,
        /// What is wrong there.
        message: String,
    },
    /// An environment variable is wrong.
    Environment {
        /// Its name.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// Values that do not go together.
    Invalid {
        /// The file; `None` when there is none.
        file: Option<PathBuf>,
        /// The key, such as `watch[0].done`.
        place: String,
        /// What is wrong with it.
        message: String,
    },
}

impl ConfigError {
    /// The same fault at this key.
    pub(super) fn at_key(self, key: &str) -> Self {
        match self {
            Self::Invalid { file, message, .. } => Self::Invalid { file, place: key.to_owned(), message },
            other => other,
        }
    }

    pub(super) fn in_file(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        Self::at(file, text, error.span().map_or(0, |span| span.start), error.message())
    }

    /// The place of this byte of the text.
    pub(super) fn at(file: &Path, text: &str, byte: usize, message: &str) -> Self {
        let at = byte.min(text.len());
        let before = text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self::InFile {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
            text: without_user(text[start..].lines().next().unwrap_or_default()),
            message: message.to_owned(),
        }
    }

    /// A key or its value, wherever it comes from.
    pub(super) fn of_key(key: &str, message: impl Into<String>) -> Self {
        Self::Invalid { file: None, place: key.to_owned(), message: message.into() }
    }
}

/// A line without what an address in it says of a user: it may be a password.
fn without_user(line: &str) -> String {
    match line.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, host)) => format!("{scheme}://…@{host}"),
        None => line.to_owned(),
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, source } => {
                write!(formatter, "{} cannot be read: {source}", file.display())
            }
            Self::Unwritable { file, message } => {
                write!(formatter, "{} cannot be written: {message}", file.display())
            }
            Self::Changed { file } => {
                write!(
                    formatter,
                    "{} was changed by somebody else meanwhile: look at it again",
                    file.display()
                )
            }
            Self::InFile { file, line, column, text, message } => {
                write!(formatter, "{}:{line}:{column}: {message}\n  {}", file.display(), text.trim())
            }
            Self::Environment { name, message } => {
                write!(formatter, "environment variable {name}: {message}")
            }
            Self::Invalid { file: Some(file), place, message } => {
                write!(formatter, "{}: {place}: {message}", file.display())
            }
            Self::Invalid { file: None, place, message } => write!(formatter, "{place}: {message}"),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            _ => None,
        }
    }
}
