//! From the bytes of a file to reports.

use crate::Report;
use serde_json::Value;

/// Why a file holds no readable report.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// Bytes that are neither UTF-8 nor marked as UTF-16.
    #[error("the file is not UTF-8 text: byte {0:#04x} at offset {1} belongs to no character")]
    Encoding(u8, usize),
    /// UTF-16 by its byte order mark, but damaged.
    #[error("the file starts as UTF-16 text, but is damaged or cut off")]
    Utf16,
    /// Not JSON.
    #[error("the file is not valid JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// JSON, but no object and no list of objects.
    #[error("the file holds {0} where a report (a JSON object) is needed")]
    NotAReport(&'static str),
    /// An empty list of reports.
    #[error("the file holds an empty list of reports")]
    NoReports,
}

/// Reads the reports of a file: one report, or a list of reports.
///
/// UTF-8 with or without byte order mark is accepted, and UTF-16 with one.
pub fn read_reports(bytes: &[u8]) -> Result<Vec<Report>, ReadError> {
    let text = decode(bytes)?;
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    match serde_json::from_str(&text)? {
        Value::Array(values) if values.is_empty() => Err(ReadError::NoReports),
        Value::Array(values) => values.into_iter().map(report).collect(),
        value => Ok(vec![report(value)?]),
    }
}

fn report(value: Value) -> Result<Report, ReadError> {
    match value {
        Value::Object(members) => Ok(Report::from_members(members)),
        other => Err(ReadError::NotAReport(kind_of(&other))),
    }
}

/// What a JSON value is, in words.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

pub(crate) fn decode(bytes: &[u8]) -> Result<std::borrow::Cow<'_, str>, ReadError> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Into::into),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Into::into),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest, 3).map(Into::into),
        _ => utf8(bytes, 0).map(Into::into),
    }
}

fn utf8(bytes: &[u8], offset: usize) -> Result<&str, ReadError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        ReadError::Encoding(bytes[at], offset + at)
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, ReadError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(ReadError::Utf16);
    }
    char::decode_utf16(pairs.iter().copied().map(unit))
        .collect::<Result<_, _>>()
        .map_err(|_| ReadError::Utf16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        read_reports(bytes).unwrap_err().to_string()
    }

    #[test]
    fn byte_order_marks_are_accepted() {
        let utf8 = "\u{feff}{\"sn\":\"Ä1\"}".as_bytes().to_vec();
        let little: Vec<u8> = "\u{feff}{\"sn\":\"Ä1\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}{\"sn\":\"Ä1\"}".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [utf8, little, big] {
            assert_eq!(read_reports(&bytes).unwrap()[0].serial_number(), Some("Ä1"));
        }
    }

    #[test]
    fn a_list_gives_every_report() {
        let reports = read_reports(br#"[{"sn":"1"},{"sn":"2"}]"#).unwrap();
        assert_eq!(reports.iter().filter_map(Report::serial_number).collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        assert_eq!(refusal(b" \r\n"), "the file is empty");
        assert_eq!(
            refusal(b"{\"sn\":\"\xe4\"}"),
            "the file is not UTF-8 text: byte 0xe4 at offset 7 belongs to no character"
        );
        assert!(refusal(br#"{"sn":"1"#).contains("EOF while parsing a string at line 1 column 8"));
        assert_eq!(refusal(b"[1]"), "the file holds a number where a report (a JSON object) is needed");
        assert_eq!(refusal(b"[]"), "the file holds an empty list of reports");
        assert_eq!(refusal(b"\xff\xfe{\0}"), "the file starts as UTF-16 text, but is damaged or cut off");
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        let deep = "[".repeat(100_000);
        assert!(matches!(read_reports(deep.as_bytes()), Err(ReadError::Json(_))));
    }
}
