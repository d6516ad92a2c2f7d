//! How a command fails.

use std::process::ExitCode;

use landfall_manifest::Report;

/// The table of exit codes, as `--help` shows it.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  something could not be read or written
  2  wrong command line
  3  the manifest, or something it names, is wrong
  4  a program's build command failed
  5  not a package that can be read
  6  lint found an error (with --strict: or a warning)
  7  diff found a hazard that is an error
  8  something that was verified failed
  9  something cannot be signed, or a signature does not hold";

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something could not be read or written.
    Io(String),
    /// The command line asks for something that does not exist.
    Usage(String),
    /// The manifest, or something it names, is wrong.
    Manifest(Box<Report>),
    /// A program's build command failed.
    Build(String),
    /// Not a package that can be read.
    Package(String),
    /// A package was judged and found wanting; the findings have been shown.
    Lint(String),
    /// An upgrade has hazards; they have been shown.
    Hazard(String),
    /// Something that was verified failed.
    Verification(String),
    /// Something cannot be signed, or a signature does not hold.
    Signature(String),
}

impl Failure {
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Io(_) => 1,
            Self::Usage(_) => 2,
            Self::Manifest(_) => 3,
            Self::Build(_) => 4,
            Self::Package(_) => 5,
            Self::Lint(_) => 6,
            Self::Hazard(_) => 7,
            Self::Verification(_) => 8,
            Self::Signature(_) => 9,
        })
    }
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self::Manifest(Box::new(report))
    }
}

impl From<landfall_signing::Error> for Failure {
    fn from(e: landfall_signing::Error) -> Self {
        match e {
            landfall_signing::Error::Io { .. } => Self::Io(e.to_string()),
            _ => Self::Signature(e.to_string()),
        }
    }
}

impl From<landfall_release::Error> for Failure {
    fn from(e: landfall_release::Error) -> Self {
        Self::Io(e.to_string())
    }
}

impl From<landfall_lint::OpenError> for Failure {
    fn from(e: landfall_lint::OpenError) -> Self {
        match e {
            landfall_lint::OpenError::Io(..) => Self::Io(e.to_string()),
            landfall_lint::OpenError::Folder(_) => Self::Usage(e.to_string()),
            landfall_lint::OpenError::Unknown(_) | landfall_lint::OpenError::Damaged(..) => {
                Self::Package(e.to_string())
            }
        }
    }
}

impl From<landfall_lint::diff::ReleaseError> for Failure {
    fn from(e: landfall_lint::diff::ReleaseError) -> Self {
        use landfall_lint::diff::ReleaseError;
        match e {
            ReleaseError::None(_) => Self::Usage(e.to_string()),
            ReleaseError::Release(e) => e.into(),
            ReleaseError::Outside { .. } => Self::Io(e.to_string()),
            ReleaseError::Package(e) => e.into(),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(e: std::io::Error) -> Self {
        Self::Io(e.to_string())
    }
}
