//! Pictures, as SVG in the page.

mod axis;
mod chart;
mod limits;
mod pulse;

pub(super) use chart::chart;
pub(super) use limits::{Limits, limits};
pub(super) use pulse::pulse;
