//! One service, every service manager of Linux: systemd, System V init and OpenRC.
//!
//! Pure functions from [`Service`](crate::Service) to text. The three say the same: the same account and
//! directories, the same environment file read by the same rules, the same secrets behind
//! `$CREDENTIALS_DIRECTORY`. What a manager has no word for (System V init restarts nothing) is left out there.

pub mod accounts;
pub mod openrc;
mod quote;
mod shell;
pub mod systemd;
pub mod sysv;

/// Permission bits of the service's own directories below `/var/lib`, `/var/log` and `/var/cache`: the account
/// and its group, nobody else.
pub const PRIVATE_MODE: u32 = 0o750;

/// Permission bits of its directory below `/run`: anybody may look for the socket or state file that a command
/// of the product needs; each of these guards itself by its own mode.
pub const RUNTIME_MODE: u32 = 0o755;

/// Permission bits of its directory below `/etc`; secrets in it guard themselves.
pub const CONFIGURATION_MODE: u32 = 0o755;

/// File creation mask of the service.
pub const UMASK: u32 = 0o027;
