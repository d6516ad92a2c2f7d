//! Ways to misbehave.

use serde::{Deserialize, Serialize};

/// Where a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cut {
    /// Before the report is stored: it is not received.
    Before,
    /// After the report is stored: it is received, and the sender does not know.
    After,
}

/// Something that goes wrong with the next requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Fault {
    /// Number of requests that are spoilt.
    pub requests: u32,
    /// Start of the paths that are meant; without it the report endpoints are.
    pub path: Option<String>,
    /// HTTP status to answer instead of taking the report.
    pub status: Option<u16>,
    /// Body of that answer; without a status, of the answer to a report that is taken.
    pub body: Option<String>,
    /// `Retry-After` header of that answer.
    pub retry_after: Option<String>,
    /// Cut the connection without an answer.
    pub cut: Option<Cut>,
    /// Milliseconds to wait before doing anything.
    pub delay_milliseconds: u64,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            requests: 1,
            path: None,
            status: None,
            body: None,
            retry_after: None,
            cut: None,
            delay_milliseconds: 0,
        }
    }
}

impl Fault {
    /// Answers the next `requests` report requests with this status.
    pub fn status(requests: u32, status: u16) -> Self {
        Self { requests, status: Some(status), ..Self::default() }
    }

    /// Cuts the connection of the next `requests` report requests.
    pub fn cut(requests: u32, cut: Cut) -> Self {
        Self { requests, cut: Some(cut), ..Self::default() }
    }
}

/// How the server behaves as long as nobody says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// The only token that gets in. Without one, everybody gets in.
    pub token: Option<String>,
    /// Answer 409 to a report whose id is known already, instead of storing it over the old one.
    pub conflict_for_known: bool,
    /// Milliseconds every report request takes.
    pub delay_milliseconds: u64,
}
