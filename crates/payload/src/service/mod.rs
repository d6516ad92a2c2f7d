//! The service: from manifest to [`Definition`], and what packages declare beside it.
//!
//! What the service managers are told is made by [`landfall_service_definition`].

pub mod accounts;
mod definition;

pub use definition::definition;
pub(crate) use definition::{from_layout, settings};
pub use landfall_service_definition::{Definition, openrc, systemd, sysv};
