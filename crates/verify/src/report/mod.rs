//! The report: what was seen, for people. One HTML page that needs nothing beside itself, and a Markdown table.
//!
//! Both show the same [`Matrix`]: platforms by stages, each cell with how it is known.

mod findings;
mod markdown;
mod markup;
mod matrix;
mod page;
mod readable;
mod words;

pub use markdown::markdown;
pub use matrix::{Cell, Link, Matrix, Package, Row, State, Witness};
pub use page::html;
