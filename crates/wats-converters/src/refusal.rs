//! Why a file gives no reports.

use wats::ReadError;

/// Why a converter makes no report of a file: what is wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// No converter is sure enough.
    #[error("no converter knows this file{}", best.as_ref().map(|(name, reason)| format!(
        "; the most likely one, {name}, says: {reason}")).unwrap_or_default())]
    Unknown {
        /// Name of the most likely converter and its refusal, where there is one.
        best: Option<(&'static str, Box<Refusal>)>,
    },
    /// There is no converter of this name.
    #[error("there is no converter named {name:?}; the converters are auto, {known}")]
    NoSuchConverter {
        /// The name.
        name: String,
        /// All names, separated by commas.
        known: String,
    },
    /// The file does not keep to its format.
    #[error("{}{message}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Malformed {
        /// Line of the file, from 1, where it is known.
        line: Option<usize>,
        /// What is wrong there.
        message: String,
    },
    /// The file leaves out what a report needs.
    #[error("the file does not say the {what}{}", argument.map(|name| format!(
        "; give it as the converter's argument {name}")).unwrap_or_default())]
    Missing {
        /// What is missing, such as `serial number`.
        what: &'static str,
        /// The argument that can say it instead.
        argument: Option<&'static str>,
    },
    /// Something that belongs to the file is not there, and may come yet.
    #[error("{0}")]
    NotYet(String),
    /// Too much of something.
    #[error("the file is too large: {0}")]
    TooLarge(String),
    /// A format that is recognised and not read.
    #[error("{0}")]
    Unsupported(String),
    /// An argument of the converter is wrong.
    #[error("the converter's argument {name}: {message}")]
    Argument {
        /// Its name.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// The converter itself failed, and says nothing of the file: it ran too long, crashed, or gave what is no report.
    #[error("{0}")]
    Failed(String),
    /// A WSJF file that cannot be read.
    #[error(transparent)]
    Wsjf(#[from] ReadError),
}

impl Refusal {
    /// Something wrong in a line, counted from 1.
    pub(crate) fn at(line: usize, message: impl Into<String>) -> Self {
        Self::Malformed { line: Some(line), message: message.into() }
    }

    /// Something wrong that has no line.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::Malformed { line: None, message: message.into() }
    }
}
