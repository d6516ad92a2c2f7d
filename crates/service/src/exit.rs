//! How a program of this kind ends: exit codes that deployment scripts can rely on.

use std::process::ExitCode;

/// Why the program ended. The numbers are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Exit {
    /// All went well.
    Success = 0,
    /// Anything that has no number of its own.
    General = 1,
    /// A requirement or a privilege is missing.
    Requirement = 2,
    /// The configuration is not valid.
    Configuration = 3,
    /// The service is already installed.
    AlreadyInstalled = 4,
    /// The service is not installed.
    NotInstalled = 11,
    /// The service could not be started.
    StartFailed = 12,
    /// The service could not be stopped.
    StopFailed = 13,
    /// Something took longer than it may.
    TimedOut = 14,
    /// The server does not answer.
    ServerUnreachable = 15,
    /// The server does not accept who we are.
    AuthenticationFailed = 16,
    /// Another instance is running.
    AlreadyRunning = 17,
    /// The command line is wrong.
    Usage = 64,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
