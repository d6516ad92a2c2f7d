//! Making reports.
//!
//! A test is a tree of [`Step`]s in a [`Test`], a repair a list of [`RepairUnit`]s with their [`Fault`]s in a
//! [`Repair`]. Statuses follow from measurements and limits, and a sequence's from its steps, unless they are given.
//! What a server would refuse is refused here, when the report is finished.

mod chart;
mod limits;
mod repair;
mod step;
mod test;

pub use chart::{Chart, ChartType};
pub use limits::{Limits, TextLimit};
pub use repair::{Fault, Repair, RepairUnit};
pub use step::{Attachment, Group, Status, Step};
pub use test::{Asset, Header, SubUnit, Test};

use serde_json::{Map, Number, Value};

/// Why a report cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// The header lacks something, or something in it is too long.
    #[error(transparent)]
    Header(#[from] crate::Invalid),
    /// A step cannot be as it is.
    #[error("step {step:?}: {message}")]
    Step {
        /// Name of the step.
        step: String,
        /// What is wrong with it.
        message: String,
    },
    /// A failure or a unit of a repair cannot be as it is.
    #[error("repaired unit {unit}: {message}")]
    Unit {
        /// Number of the unit; 0 is the main one.
        unit: u32,
        /// What is wrong with it.
        message: String,
    },
}

/// A number as WATS writes it: those that JSON does not know become texts.
fn number(value: f64) -> Value {
    if value.is_nan() {
        return "NaN".into();
    }
    match Number::from_f64(value) {
        Some(number) => number.into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// Adds a text that is there.
fn put(members: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        members.insert(name.to_owned(), text.into());
    }
}

/// The first `limit` characters.
fn cut(text: &str, limit: usize) -> &str {
    text.char_indices().nth(limit).map_or(text, |(end, _)| &text[..end])
}
