//! Lines on standard error, or on anything that is written like it.

use super::{Record, Sink, Value, quoted, rfc3339};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// A writer that several threads share: each line in one piece.
struct Lines<W>(Mutex<W>);

impl<W: Write> Lines<W> {
    fn new(writer: W) -> Self {
        Self(Mutex::new(writer))
    }

    fn write(&self, mut line: String) -> io::Result<()> {
        line.push('\n');
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(line.as_bytes())?;
        writer.flush()
    }
}

/// Lines for people: time, level, sentence, fields.
pub struct Text<W>(Lines<W>);

impl Text<io::Stderr> {
    /// On standard error.
    #[must_use]
    pub fn stderr() -> Self {
        Self::new(io::stderr())
    }
}

impl<W: Write> Text<W> {
    /// On this writer.
    pub fn new(writer: W) -> Self {
        Self(Lines::new(writer))
    }
}

impl<W: Write + Send + 'static> Sink for Text<W> {
    fn write(&self, record: &Record<'_>) -> io::Result<()> {
        self.0.write(text_line(record))
    }
}

/// A line for people.
pub(super) fn text_line(record: &Record<'_>) -> String {
    format!("{} {:>5} {}", rfc3339(record.time), record.level(), record.line())
}

/// Lines for a service manager that knows the time itself and reads the level from a number in front: sd-daemon(3).
pub struct Prefixed<W>(Lines<W>);

impl Prefixed<io::Stderr> {
    /// On standard error.
    #[must_use]
    pub fn stderr() -> Self {
        Self::new(io::stderr())
    }
}

impl<W: Write> Prefixed<W> {
    /// On this writer.
    pub fn new(writer: W) -> Self {
        Self(Lines::new(writer))
    }
}

impl<W: Write + Send + 'static> Sink for Prefixed<W> {
    fn write(&self, record: &Record<'_>) -> io::Result<()> {
        self.0.write(format!("<{}>{}", record.severity(), record.line()))
    }
}

/// A JSON object a line, for whatever collects the output of containers.
pub struct JsonLines<W>(Lines<W>);

impl JsonLines<io::Stderr> {
    /// On standard error.
    #[must_use]
    pub fn stderr() -> Self {
        Self::new(io::stderr())
    }
}

impl<W: Write> JsonLines<W> {
    /// On this writer.
    pub fn new(writer: W) -> Self {
        Self(Lines::new(writer))
    }
}

impl<W: Write + Send + 'static> Sink for JsonLines<W> {
    fn write(&self, record: &Record<'_>) -> io::Result<()> {
        self.0.write(json_line(record))
    }
}

/// A JSON object.
pub(super) fn json_line(record: &Record<'_>) -> String {
    let mut line = format!(
        "{{\"time\":\"{}\",\"level\":\"{}\",\"target\":{},\"message\":{}",
        rfc3339(record.time),
        record.level().as_str().to_ascii_lowercase(),
        quoted(record.metadata.target()),
        quoted(&record.message)
    );
    // Writing to a string cannot fail.
    if let Some(event) = record.event_id {
        let _ = write!(line, ",\"event\":{event}");
    }
    if !record.fields.is_empty() {
        line.push_str(",\"fields\":{");
        for (number, (name, value)) in record.fields.iter().enumerate() {
            // A name that comes again, of an outer span, is hidden by the inner one.
            if record.fields[..number].iter().any(|(before, _)| before == name) {
                continue;
            }
            let separator = if number == 0 { "" } else { "," };
            let _ = write!(line, "{separator}{}:{}", quoted(name), json(value));
        }
        line.push('}');
    }
    line.push('}');
    line
}

/// JSON has no word for an infinite number, or for none at all.
fn json(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Float(number) if !number.is_finite() => "null".to_owned(),
        other => other.to_string(),
    }
}
