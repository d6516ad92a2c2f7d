//! Windows Installer databases, on any system.
//!
//! [`Package`] describes an installer in types: products, features, components, services, settings, dialogs; it is
//! compiled to a database with an embedded cabinet, the same bytes for the same description. [`Database`] and
//! [`Reader`] are the layer below, tables and streams of any database, and [`ice`] judges what either holds.

#![warn(clippy::unwrap_used)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod compound;
mod database;
mod error;
mod guid;
pub mod ice;
pub mod installer;
mod interface;

pub use database::{
    Codepage, Column, ColumnKind, Database, Reader, Row, StreamInfo, Summary, Table, Validation, Value,
    long_name,
};
pub use error::Error;
pub use guid::{Guid, NoGuid};
pub use installer::Package;
pub use interface::{Field, Interface};
