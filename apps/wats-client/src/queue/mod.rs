//! The durable queue: what is in it after a power cut is what was said to be in it.
//!
//! A thread owns the database. All jobs that wait for it go into one transaction, so that many small steps share
//! one write to the disk; each job learns its result only after that write. The command line reads and changes single
//! reports beside it.

mod clock;
mod database;
mod edit;
mod entry;
mod keep;
mod store;
mod turn;
mod worker;

pub(crate) use clock::now;
pub(crate) use database::{FILE_NAME, OpenError, is_in_use, open_to_look};
pub(crate) use entry::{Accepted, Claim, Counts, Fate, NewReport, SourceKey, State};
pub(crate) use store::{Store, count};
pub(crate) use turn::{Turn, is_wanted};
pub(crate) use worker::{Answer, ChangeError, Queue, QueueError, change};

#[cfg(test)]
mod tests;
