//! Log messages on standard error: for the journal when there is one, for people otherwise.

use crate::config::LogLevel;
use std::fmt;
use time::OffsetDateTime;
use time::macros::format_description;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging. Libraries are only heard when something is wrong.
pub(crate) fn start(level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let filter = Targets::new().with_default(LevelFilter::WARN.min(level)).with_target("wats_client", level);
    let format = Format { journal: std::env::var_os("JOURNAL_STREAM").is_some() };
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).event_format(format);
    // Fails only when logging was started before, which is as good.
    let _ = tracing_subscriber::registry().with(layer).with(filter).try_init();
}

/// One line for each message.
struct Format {
    /// The journal knows the time itself and wants the priority as a number in front.
    journal: bool,
}

impl<S, N> FormatEvent<S, N> for Format
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = *event.metadata().level();
        if self.journal {
            write!(writer, "<{}>", priority(level))?;
        } else {
            let form =
                format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
            let time = OffsetDateTime::now_utc().format(form).map_err(|_| fmt::Error)?;
            write!(writer, "{time} {level:>5} ")?;
        }
        let mut line = Line::default();
        event.record(&mut line);
        writeln!(writer, "{}{}", line.message, line.fields)
    }
}

/// Priority of a message as syslog counts.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

/// The message first, then what belongs to it. Line breaks would make several messages of one.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}").replace(['\r', '\n'], " ");
        match field.name() {
            "message" => self.message = text,
            name => self.fields.push_str(&format!(" {name}={text}")),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text = value.replace(['\r', '\n'], " ");
        match field.name() {
            "message" => self.message = text,
            name => self.fields.push_str(&format!(" {name}={text}")),
        }
    }
}
