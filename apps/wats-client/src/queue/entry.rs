//! What goes into the queue and comes out of it.

use std::time::Duration;
use wats::{ContentHash, Uuid};

/// Where a report comes from: equal keys mean the same report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceKey {
    /// Hash of the source file.
    pub(crate) content: ContentHash,
    /// What made a report of it.
    pub(crate) converter: &'static str,
    /// Place of the report in the file, from 0.
    pub(crate) position: u32,
}

/// A report to take in.
#[derive(Debug, Clone)]
pub(crate) struct NewReport {
    /// Where it comes from.
    pub(crate) key: SourceKey,
    /// Its id.
    pub(crate) id: Uuid,
    /// The report, ready to be sent.
    pub(crate) body: Vec<u8>,
    /// Name of the source file, for people.
    pub(crate) source: String,
    /// Serial number of the unit, for people.
    pub(crate) serial_number: String,
    /// Which go first: 1 before 10.
    pub(crate) priority: u8,
    /// Whether its file stays in the watched folder, so that it has to be remembered for good.
    pub(crate) lasting: bool,
}

/// What became of a report that was to be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is in the queue now.
    New,
    /// It was in the queue already, or was delivered.
    Known,
    /// The server had refused it before; it is tried once more.
    Again,
}

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum State {
    /// To be sent.
    Pending = 0,
    /// With the server.
    Delivered = 1,
    /// Refused by the server, kept for a person to decide.
    Quarantined = 2,
}

impl State {
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Quarantined].into_iter().find(|state| *state as i64 == number)
    }

    /// The state in one word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Quarantined => "quarantined",
        }
    }
}

/// A report given out to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// Its number in the queue.
    pub(crate) sequence: i64,
    /// Its id.
    pub(crate) id: String,
    /// Failed attempts so far.
    pub(crate) attempts: u32,
    /// When it was taken in (milliseconds since 1970).
    pub(crate) accepted: i64,
    /// The report.
    pub(crate) body: Vec<u8>,
}

/// What becomes of a report that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The server has it.
    Delivered,
    /// The server refused it, with these words.
    Quarantined(String),
    /// It failed and is due again later.
    Postponed {
        /// How much later.
        pause: Duration,
        /// What went wrong.
        message: String,
    },
    /// It was not tried, or the failure says nothing about the report.
    Released,
}

/// How many reports there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Reports to be sent.
    pub(crate) pending: u64,
    /// Reports with the server.
    pub(crate) delivered: u64,
    /// Reports the server refused.
    pub(crate) quarantined: u64,
    /// Bytes of all reports to be sent or refused.
    pub(crate) bytes: u64,
    /// Bytes of reports with the server whose content is kept.
    pub(crate) kept: u64,
}
