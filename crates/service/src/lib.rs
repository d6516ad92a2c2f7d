//! What a service links to be a good citizen on every machine.
//!
//! It knows one service by its [`Definition`](landfall_service_definition::Definition) and nothing of what the
//! service does.

#![warn(clippy::unwrap_used)]

pub mod exit;
#[cfg(feature = "install")]
pub mod install;
#[cfg(feature = "install")]
pub mod preflight;
