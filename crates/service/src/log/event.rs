//! Event identifiers: what monitoring of Windows machines filters by, and `EVENT_ID=` in the journal.
//!
//! A message names its event by a field: `tracing::warn!(event_id = 1001, "the folder is full")`. 1 to 99 are this
//! library's, 1000 to 1255 the program's own; others have no text in the message file.

/// A message of no particular kind, by its level: information.
pub const INFORMATION: u16 = 1;
/// A message of no particular kind, by its level: warning.
pub const WARNING: u16 = 2;
/// A message of no particular kind, by its level: error.
pub const ERROR: u16 = 3;
/// The service does its work.
pub const READY: u16 = 10;
/// The service was told to stop.
pub const STOPPING: u16 = 11;
/// The service has ended as it should.
pub const STOPPED: u16 = 12;
/// The service has ended by itself, with a reason.
pub const FAILED: u16 = 13;
/// The service did not stop in its time and was ended.
pub const KILLED: u16 = 14;
/// A loop of the service is stuck, or turns again.
pub const STUCK: u16 = 15;
/// Log messages were lost.
pub const LOST: u16 = 16;
/// First number for events of the program.
pub const FIRST_OWN: u16 = 1000;
/// Last number for events of the program.
pub const LAST_OWN: u16 = 1255;
