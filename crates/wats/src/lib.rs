//! WATS test reports and the REST interface that takes them.
//!
//! [`Report`] is a report in WATS Standard JSON Format (WSJF). It keeps every member of the document it was read
//! from, also the unknown ones, and every number exactly as it was written. [`Report::prepare`] turns it into what
//! a server accepts, [`Report::validate`] says what a server would refuse, and [`Client`] sends it. [`build`] makes
//! reports of measurements, [`read_reports`] reads them from JSON, [`wsxf`] reads and writes them in XML, and [`view`]
//! shows what they say.
//!
//! A report's id decides whether the server sees a new report or an old one again. A report that brings no id gets
//! one from [`report_id`], which gives the same id for the same file content at any time and on any machine, so
//! that a report sent twice is stored once.

#![warn(clippy::unwrap_used)]

/// The README's example is compiled as a test.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "api")]
pub mod api;
pub mod build;
#[cfg(feature = "client")]
mod client;
mod document;
#[cfg(any(feature = "client", feature = "wsxf"))]
mod escape;
#[cfg(feature = "client")]
mod failure;
mod identity;
mod prepare;
mod report;
mod secret;
#[cfg(feature = "client")]
mod server_url;
mod timestamp;
mod validate;
pub mod view;
#[cfg(feature = "wsxf")]
pub mod wsxf;

#[cfg(feature = "fuzzing")]
pub use client::Given;
#[cfg(feature = "client")]
pub use client::{
    BuildError, Client, ClientBuilder, ClientStatus, Computer, ConverterState, Delivered, Disk, Greeting,
    Identity, ManualProxy, Proxy, Registered, Registration, Retry, Roots, ServerInfo, Tls,
};
pub use document::{ReadError, read_reports};
#[cfg(feature = "client")]
pub use failure::{Cause, Failure};
pub use identity::{ContentHash, report_id};
pub use report::{Kind, Report, Station};
pub use secret::Secret;
#[cfg(feature = "client")]
pub use server_url::{ServerUrl, ServerUrlError};
pub use uuid::Uuid;
pub use validate::{Invalid, Problem};
