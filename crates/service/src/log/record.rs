//! One log message, taken apart once for all destinations.

use super::event;
use std::fmt::{self, Write};
use std::time::SystemTime;
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata};

/// Value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Words.
    Text(String),
    /// A whole number that is not negative.
    Unsigned(u64),
    /// A whole number.
    Signed(i64),
    /// Any other number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Unsigned(number) => number.fmt(formatter),
            Self::Signed(number) => number.fmt(formatter),
            Self::Float(number) => number.fmt(formatter),
            Self::Bool(value) => value.fmt(formatter),
        }
    }
}

/// One log message.
#[derive(Debug)]
pub struct Record<'a> {
    /// When it was written.
    pub time: SystemTime,
    /// How much it matters, and where in the program it comes from.
    pub metadata: &'a Metadata<'a>,
    /// The sentence.
    pub message: String,
    /// What belongs to it: first its own, then those of the spans around it, from the inside out.
    pub fields: Vec<(&'static str, Value)>,
    /// The event that it names by `event_id`.
    pub event_id: Option<u16>,
}

impl Record<'_> {
    /// How much it matters.
    #[must_use]
    pub fn level(&self) -> Level {
        *self.metadata.level()
    }

    /// Severity as syslog counts, RFC 5424 section 6.2.1.
    #[must_use]
    pub fn severity(&self) -> u8 {
        match self.level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        }
    }

    /// The event it names, or the one for its level.
    #[must_use]
    pub fn event(&self) -> u16 {
        self.event_id.unwrap_or(match self.level() {
            Level::ERROR => event::ERROR,
            Level::WARN => event::WARNING,
            _ => event::INFORMATION,
        })
    }

    /// The sentence and its fields in one line: a line break would make several messages of one, and other control
    /// characters could play tricks on a terminal.
    #[must_use]
    pub fn line(&self) -> String {
        let mut text = self.message.clone();
        for (name, value) in &self.fields {
            // Writing to a string cannot fail.
            let _ = write!(text, " {name}={value}");
        }
        if text.contains(char::is_control) { text.replace(char::is_control, " ") } else { text }
    }
}

/// Collects fields.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) message: String,
    pub(super) fields: Vec<(&'static str, Value)>,
    pub(super) event_id: Option<u16>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", value) => self.message = value.to_string(),
            ("event_id", Value::Unsigned(number)) if u16::try_from(number).is_ok() => {
                self.event_id = u16::try_from(number).ok();
            }
            ("event_id", Value::Signed(number)) if u16::try_from(number).is_ok() => {
                self.event_id = u16::try_from(number).ok();
            }
            (name, value) => self.fields.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Value::Text(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Value::Text(value.to_owned()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::Unsigned(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::Signed(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Value::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Bool(value));
    }
}
