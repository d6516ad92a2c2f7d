//! What can be said of packages without installing them.
//!
//! * [`lint`] judges one package, whoever built it, by the checks that [`checks`] lists.
//! * [`platform_findings`] says what in a package speaks against its use on one of the systems of
//!   [`platform::ALL`].
//! * [`diff::diff`] shows what changes on a machine from one package to another, and what of it bites later.
//!
//! Nothing is run and no tool of a platform is needed: packages are read, within bounds, as [`Package`].

#![warn(clippy::unwrap_used)]

mod checks;
mod contents;
pub mod diff;
mod elf;
mod finding;
mod package;
pub mod platform;
mod shell;
mod unit;
mod version;

pub use checks::{Check, checks, lint};
pub use contents::Facts;
pub use elf::Elf;
pub use finding::{Finding, Rule, Severity};
pub use package::{File, OpenError, Package};
pub use platform::platform_findings;
pub use version::compare as compare_versions;
