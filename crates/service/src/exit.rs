//! Exit codes: what a program's commands answer to a deployment script.
//!
//! The numbers are part of the interface and never change their meaning; new ones are added above 10. The first five
//! are those that scripts of deployment tools expect already. 64 is `EX_USAGE` of sysexits(3).

use std::fmt;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Everything is as it was asked for.
    Success = 0,
    /// None of the others; the message says what.
    General = 1,
    /// The machine lacks something, or the account a privilege.
    Requirement = 2,
    /// A setting or a configuration file is not valid.
    Configuration = 3,
    /// A service of that name is there and is not to be replaced.
    AlreadyInstalled = 4,
    /// There is no service of that name.
    NotInstalled = 11,
    /// The service does not start.
    StartFailed = 12,
    /// The service does not stop.
    StopFailed = 13,
    /// Something did not happen in the time it was given.
    TimedOut = 14,
    /// The server does not answer.
    ServerUnreachable = 15,
    /// The server does not accept the token or password.
    AuthenticationFailed = 16,
    /// The program runs already.
    AlreadyRunning = 17,
    /// The command line is wrong.
    Usage = 64,
}

impl Exit {
    /// All of them, by number.
    pub const ALL: &[Self] = &[
        Self::Success,
        Self::General,
        Self::Requirement,
        Self::Configuration,
        Self::AlreadyInstalled,
        Self::NotInstalled,
        Self::StartFailed,
        Self::StopFailed,
        Self::TimedOut,
        Self::ServerUnreachable,
        Self::AuthenticationFailed,
        Self::AlreadyRunning,
        Self::Usage,
    ];

    /// The number.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Name for programs, such as `start-failed`; as stable as the number.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::General => "general-error",
            Self::Requirement => "missing-requirement",
            Self::Configuration => "configuration-error",
            Self::AlreadyInstalled => "already-installed",
            Self::NotInstalled => "not-installed",
            Self::StartFailed => "start-failed",
            Self::StopFailed => "stop-failed",
            Self::TimedOut => "timed-out",
            Self::ServerUnreachable => "server-unreachable",
            Self::AuthenticationFailed => "authentication-failed",
            Self::AlreadyRunning => "already-running",
            Self::Usage => "usage-error",
        }
    }

    /// What it means, for people.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::General => "general error",
            Self::Requirement => "a requirement or privilege is missing",
            Self::Configuration => "the configuration is not valid",
            Self::AlreadyInstalled => "the service is installed already",
            Self::NotInstalled => "the service is not installed",
            Self::StartFailed => "the service does not start",
            Self::StopFailed => "the service does not stop",
            Self::TimedOut => "timed out",
            Self::ServerUnreachable => "the server cannot be reached",
            Self::AuthenticationFailed => "the server refuses the token or password",
            Self::AlreadyRunning => "another instance is running",
            Self::Usage => "wrong use of the command line",
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.meaning())
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_stable() {
        let table: Vec<(u8, &str)> = Exit::ALL.iter().map(|exit| (exit.code(), exit.name())).collect();
        assert_eq!(
            table,
            [
                (0, "success"),
                (1, "general-error"),
                (2, "missing-requirement"),
                (3, "configuration-error"),
                (4, "already-installed"),
                (11, "not-installed"),
                (12, "start-failed"),
                (13, "stop-failed"),
                (14, "timed-out"),
                (15, "server-unreachable"),
                (16, "authentication-failed"),
                (17, "already-running"),
                (64, "usage-error"),
            ]
        );
    }

    #[test]
    fn the_documentation_lists_each() {
        let page = include_str!("../../../docs/exit-codes.md");
        for exit in Exit::ALL {
            let row = format!("| {} | `{}` | {} |", exit.code(), exit.name(), exit.meaning());
            assert!(page.contains(&row), "docs/exit-codes.md lacks the row: {row}");
        }
        let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains("| `")).count();
        assert_eq!(rows, Exit::ALL.len(), "docs/exit-codes.md has a row too many");
    }
}
