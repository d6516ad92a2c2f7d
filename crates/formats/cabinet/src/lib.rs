//! Microsoft cabinets ([MS-CAB]) as Windows Installer, Windows Update and drivers use them.
//!
//! The [`Writer`] streams: content is compressed block by block as it comes, side by side where threads are offered,
//! and the same files always give the same bytes. Whatever a cabinet cannot hold is refused before a byte is
//! written. The [`Reader`] treats its input as hostile: no number in a header is trusted for an allocation, and
//! content is handed on as a stream.
//!
//! ```
//! use std::io::Cursor;
//! use landfall_cabinet::{Cabinet, Compression, DateTime, File, Folder, Writer};
//!
//! let modified = DateTime::from_unix(1_700_000_000)?;
//! let mut folder = Folder::new(Compression::Mszip { level: 6 });
//! folder.files.push(File::new("bin/hello.exe", 5, modified));
//!
//! let mut writer = Writer::new(Cabinet::new(vec![folder]), 2, Cursor::new(Vec::new()))?;
//! writer.append(&b"hello"[..])?;
//! let bytes = writer.finish()?.into_inner();
//! # assert_eq!(bytes[..4], *b"MSCF");
//! # Ok::<(), landfall_cabinet::Error>(())
//! ```
//!
//! [MS-CAB]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-cab/

#![warn(clippy::unwrap_used)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod checksum;
mod datetime;
mod encoder;
mod error;
mod layout;
mod model;
mod mszip;
mod plan;
mod pool;
mod reader;
mod writer;

pub use datetime::DateTime;
pub use error::Error;
pub use model::{Attributes, Cabinet, Compression, File, Folder, Method};
pub use reader::{Contents, Member, ReadFolder, Reader};
pub use writer::Writer;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// Content of every block but the last of a folder ([MS-CAB] §2.4).
pub(crate) const BLOCK: usize = 32 << 10;
