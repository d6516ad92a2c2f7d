//! What can be said of packages without installing them.
//!
//! [`platform`] lists the systems that a product is made for.

#![warn(clippy::unwrap_used)]

pub mod platform;
