//! `landfall.toml`: its types, its checks, its diagnostics, its JSON Schema, and the mapping of versions.
//!
//! [`load`] reads a manifest and reports everything that is wrong with it at once. What it returns keeps the
//! source text, so that later stages can point at the line that caused a problem.

#![warn(clippy::unwrap_used)]

pub mod diagnostics;
mod document;
mod format;
mod load;
pub mod model;
pub mod schema;
mod semantic;
mod structure;
pub mod values;
pub mod variables;
mod version;

pub use diagnostics::{Diagnostic, Report, Severity};
pub use document::Document;
pub use format::{Format, UnknownFormat};
pub use load::{Loaded, load, parse};
pub use model::Manifest;
pub use version::{Version, VersionError};
