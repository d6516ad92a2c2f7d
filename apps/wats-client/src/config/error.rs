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
        name: &'static str,
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
    pub(super) fn in_file(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self::InFile {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
            text: text[start..].lines().next().unwrap_or_default().to_owned(),
            message: error.message().to_owned(),
        }
    }

    pub(super) fn environment(name: &'static str, error: &dyn fmt::Display) -> Self {
        Self::Environment { name, message: error.to_string() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, source } => {
                write!(formatter, "{} cannot be read: {source}", file.display())
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
