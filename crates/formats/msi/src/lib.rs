//! Windows Installer databases.

#![warn(clippy::unwrap_used)]

pub mod compound;
mod database;
mod error;
mod guid;
pub mod ice;
pub mod installer;
mod interface;

pub use database::{
    Codepage, Column, ColumnKind, Database, Reader, StreamInfo, Summary, Table, Validation, Value,
};
pub use error::Error;
pub use guid::{Guid, NoGuid};
pub use installer::Package;
pub use interface::Interface;
