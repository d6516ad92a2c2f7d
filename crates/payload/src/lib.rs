//! Manifest and target in, everything that lands on a machine out.
//!
//! A [`Payload`] is what one product puts on a machine of one target: a sorted tree of entries, accounts, the
//! service, settings and the lifecycle. Decisions that depend on the platform and not on the package format are
//! made here, once; a packager maps a payload to its format and decides nothing.

#![warn(clippy::unwrap_used)]

pub mod binary;
mod build;
mod changelog;
mod layout;
mod model;
pub mod service;
mod target;

pub use build::{Built, MissingProgram, build, version};
pub use landfall_manifest::{Format, Version};
pub use model::*;
pub use target::{Architecture, Os, Target, TargetError};
