//! Reads the files of test equipment and makes WATS test reports of them.
//!
//! ```
//! use wats_converters::{Arguments, Source, convert};
//!
//! let file = b"SN;Part;Result;Start\nA1;PSU;Pass;2026-01-15 10:00:00\n".to_vec();
//! let arguments = Arguments::from_iter([("columns.serial-number", "SN"), ("columns.part-number", "Part"),
//!     ("columns.result", "Result"), ("columns.start", "Start")]);
//! let conversion = convert("csv", &Source::new("results.csv", file), &arguments)?;
//! assert_eq!(conversion.reports[0].serial_number(), Some("A1"));
//! # Ok::<(), wats_converters::Refusal>(())
//! ```
//!
//! Every [`Converter`] is a file of its own under `formats`, with its format described at the top. A converter says
//! how sure it is that a file is its own; the name `auto` takes the surest and refuses a file that none is sure of.
//!
//! A converter is a pure function of the file and its [`Arguments`]: it reads no clock and no environment, and
//! invents no serial number and no time. What a file costs is bounded: its bytes, its steps, its nesting, what its
//! archive unpacks to; entities of XML are not expanded.

#![warn(clippy::unwrap_used)]

mod arguments;
mod convert;
mod converter;
mod draft;
mod fill;
mod formats;
mod json;
mod limits;
mod moment;
mod number;
mod refusal;
mod source;
mod status;
mod step;
mod text;
mod xml;

pub use arguments::{Arguments, COMMON_ARGUMENTS};
pub use convert::{AUTO, Conversion, Converters, check_arguments, convert, find, patterns};
pub use converter::{Argument, Confidence, Converter, Description};
pub use fill::fill_from_arguments;
pub use formats::all;
pub use limits::{SOURCE_BYTES, json_weight};
pub use refusal::Refusal;
pub use source::{Companion, Source};
