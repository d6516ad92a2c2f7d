//! Proof that packages work: laboratories in which they are really installed, run, upgraded and removed, one
//! scenario for all of them, and the evidence of what happened.

#![warn(clippy::unwrap_used)]

pub mod campaign;
pub mod evidence;
pub mod lab;
pub mod report;
pub mod scenario;
pub mod steps;
pub mod structure;
