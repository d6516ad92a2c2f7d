//! WATS test reports and the REST interface that takes them.
//!
//! [`Report`] is a report in WATS Standard JSON Format (WSJF). It keeps every member of the document it was read
//! from, also the unknown ones, and every number exactly as it was written. [`Report::prepare`] turns it into what
//! a server accepts, [`Report::validate`] says what a server would refuse, and [`Client`] sends it.
//!
//! A report's id decides whether the server sees a new report or an old one again. A report that brings no id gets
//! one from [`report_id`], which gives the same id for the same file content at any time and on any machine, so
//! that a report sent twice is stored once.

#![warn(clippy::unwrap_used)]

mod client;
mod document;
mod failure;
mod identity;
mod prepare;
mod report;
mod secret;
mod server_url;
mod timestamp;
mod validate;

pub use client::{BuildError, Client, ClientBuilder, Delivered, Greeting};
pub use document::{ReadError, read_reports};
pub use failure::{Cause, Failure};
pub use identity::{ContentHash, report_id};
pub use report::{Kind, Report, Station};
pub use secret::Secret;
pub use server_url::{ServerUrl, ServerUrlError};
pub use uuid::Uuid;
pub use validate::{Invalid, Problem};
