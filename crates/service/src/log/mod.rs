//! Log messages, where the platform looks for them.
//!
//! [`Log`] starts logging by what [`Host`](crate::Host) the program runs under. The destinations are [`Sink`]s and can be used
//! alone: `tracing_subscriber::registry().with(log::layer(log::JsonLines::stderr()))`.

pub mod event;
#[cfg(windows)]
mod event_log;
mod file;
#[cfg(target_os = "linux")]
mod journal;
mod json;
mod layer;
mod levels;
mod recent;
mod record;
mod start;
mod stream;
#[cfg(unix)]
mod syslog;
mod timestamp;

#[cfg(windows)]
pub use event_log::{EventLog, register, unregister};
pub use file::RotatingFile;
#[cfg(target_os = "linux")]
pub use journal::Journal;
pub(crate) use json::quoted;
pub use layer::{LogLayer, layer};
pub use recent::{Line, Recent};
pub use record::{Record, Value};
pub use start::Log;
pub(crate) use start::set_level;
pub use stream::{JsonLines, Prefixed, Text};
#[cfg(unix)]
pub use syslog::Syslog;
pub(crate) use timestamp::rfc3339;

use std::io;

/// Somewhere log messages go. Writing must not take long, whatever happens at the other end.
pub trait Sink: Send + Sync + 'static {
    /// Writes one message.
    ///
    /// # Errors
    /// When the message did not arrive.
    fn write(&self, record: &Record<'_>) -> io::Result<()>;
}

impl<S: Sink + ?Sized> Sink for Box<S> {
    fn write(&self, record: &Record<'_>) -> io::Result<()> {
        (**self).write(record)
    }
}
