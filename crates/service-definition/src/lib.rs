//! One service, described once, and what every service manager is told of it.
//!
//! A [`Definition`] says everything that a service manager must know about one service on one machine: what runs,
//! as whom, where it writes, when it starts and how it comes back. It is plain data, made from the manifest at
//! build time; a program embeds it as JSON, so that its own `install-service` and the packages say the same.
//!
//! The other modules are pure functions from a definition to what one service manager reads. They say the same:
//! the same account and folders, the same environment, the same secrets behind `$CREDENTIALS_DIRECTORY`. What a
//! manager has no word for (System V init restarts nothing) is left out there. Nothing here touches the machine.

#![warn(clippy::unwrap_used)]

pub mod apparmor;
pub mod compose;
pub mod container;
mod definition;
mod folders;
pub mod kubernetes;
pub mod launchd;
mod listener;
pub mod openrc;
pub mod quote;
pub mod selinux;
mod shell;
pub mod systemd;
pub mod sysv;
mod variants;
pub mod windows;
mod yaml;

pub use definition::{
    Account, Definition, Hardening, Health, Network, Page, Platform, Ready, RestartPolicy, Setting,
    SettingType, Start,
};
pub use folders::{Folder, Folders, Ownership};
pub use listener::Listener;
pub use variants::{Unsupported, UserFolders};

/// Permission bits of the service's own state, log and cache folders: the account and its group, nobody else.
pub const PRIVATE_MODE: u32 = 0o750;

/// Permission bits of its run-time folder: anybody may look for the socket or state file that a command of the
/// product needs; each of these guards itself by its own mode.
pub const RUNTIME_MODE: u32 = 0o755;

/// Permission bits of its configuration folder; secrets in it guard themselves.
pub const CONFIGURATION_MODE: u32 = 0o755;

/// File creation mask of the service.
pub const UMASK: u32 = 0o027;
