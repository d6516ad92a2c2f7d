//! What an answer other than success means.

use serde_json::Value;
use std::time::{Duration, SystemTime};

/// Longest message, in characters, taken over from a server.
const MESSAGE_LIMIT: usize = 500;
/// Members of an error body that may hold the message for a person, in the order to look.
const MESSAGE_MEMBERS: [&str; 7] = ["message", "Message", "error", "errors", "detail", "title", "Title"];

/// Why a request did not succeed, sorted by what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server refuses this request for good, and so the report in it. Sending it again unchanged is useless.
    #[error("the server refused the request (status {status}): {message}")]
    Permanent {
        /// HTTP status.
        status: u16,
        /// The server's own words.
        message: String,
    },
    /// The token or the address is wrong. No report will get through until somebody changes that.
    #[error("the server refused access (status {status}): {message}")]
    Access {
        /// HTTP status.
        status: u16,
        /// The server's own words.
        message: String,
    },
    /// The server did what was asked, and its answer makes no sense.
    #[error("the server's answer (status {status}) is not understood: {message}")]
    Answer {
        /// HTTP status.
        status: u16,
        /// What is wrong with it.
        message: String,
    },
    /// The request cannot be made like this.
    #[error("{message}")]
    Argument {
        /// Why.
        message: String,
    },
    /// It may work later.
    #[error("{message}")]
    Transient {
        /// Where it went wrong.
        cause: Cause,
        /// What went wrong, in words.
        message: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
}

/// Where a transient failure arose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The server was not reached: no connection, or no agreement on encryption.
    Unreachable,
    /// The connection broke, or no answer came in time. The server may have the report or not.
    Interrupted,
    /// The server as a whole is busy or out of order: status 429, 502, 503 or 504.
    Server,
    /// This request failed, another one need not: status 408, 425, 500 and the like.
    Request,
}

/// Sorts an HTTP status that is no success. `body` is what the server said, `retry_after` its header's text.
pub(crate) fn classify(status: u16, body: &str, retry_after: Option<&str>, now: SystemTime) -> Failure {
    let message = message(body);
    let transient = |cause| Failure::Transient {
        cause,
        message: if message.is_empty() {
            format!("the server answered with status {status}")
        } else {
            format!("the server answered with status {status}: {message}")
        },
        retry_after: retry_after.and_then(|text| wait(text, now)),
    };
    match status {
        408 | 425 => transient(Cause::Request),
        429 | 502 | 503 | 504 => transient(Cause::Server),
        500.. => transient(Cause::Request),
        // A redirected, missing or non-reading address is a wrong address: see the notes on each status in HTTP.
        300..=399 | 401 | 403 | 404 | 405 | 407 | 410 => Failure::Access { status, message },
        _ => Failure::Permanent { status, message },
    }
}

/// How long a `Retry-After` header asks to wait: it holds seconds or a date.
fn wait(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()),
    }
}

/// The message for a person in an error body, shortened and on one line.
pub(crate) fn message(body: &str) -> String {
    let text = match serde_json::from_str::<Value>(body) {
        Ok(value) => value_message(&value).unwrap_or_else(|| body.to_owned()),
        Err(_) if is_markup(body) => title(body).unwrap_or("a web page").to_owned(),
        Err(_) => body.to_owned(),
    };
    shortened(&text)
}

/// A text of a server's on one line, and not longer than somebody reads.
pub(crate) fn shortened(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|character| !character.is_control()));
    }
    if let Some((end, _)) = line.char_indices().nth(MESSAGE_LIMIT) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Whether a body is a web page (or other markup) and so no answer of a WATS server.
pub(crate) fn is_markup(body: &str) -> bool {
    body.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

fn title(page: &str) -> Option<&str> {
    let start = page.find("<title>")? + "<title>".len();
    let length = page[start..].find("</title>")?;
    Some(page[start..start + length].trim()).filter(|title| !title.is_empty())
}

fn value_message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Array(values) => join(values.iter().filter_map(value_message)),
        Value::Object(members) => {
            MESSAGE_MEMBERS.iter().find_map(|name| members.get(*name).and_then(value_message)).or_else(|| {
                // Validation errors come as {"member": ["what is wrong", …]}.
                join(
                    members
                        .iter()
                        .filter_map(|(name, value)| Some(format!("{name}: {}", value_message(value)?))),
                )
            })
        }
        _ => None,
    }
}

fn join(texts: impl Iterator<Item = String>) -> Option<String> {
    Some(texts.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classified(status: u16) -> Failure {
        classify(status, r#"{"message":"why"}"#, None, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn statuses_are_sorted_by_what_to_do() {
        for status in [400, 413, 415, 422] {
            assert_eq!(classified(status), Failure::Permanent { status, message: "why".into() });
        }
        for status in [301, 302, 401, 403, 404, 405, 407, 410] {
            assert_eq!(classified(status), Failure::Access { status, message: "why".into() });
        }
        for (status, expected) in [
            (408, Cause::Request),
            (425, Cause::Request),
            (429, Cause::Server),
            (500, Cause::Request),
            (501, Cause::Request),
            (502, Cause::Server),
            (503, Cause::Server),
            (504, Cause::Server),
            (599, Cause::Request),
        ] {
            assert!(
                matches!(classified(status), Failure::Transient { cause, .. } if cause == expected),
                "{status}"
            );
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(wait(" 120 ", now), Some(Duration::from_secs(120)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:37 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(wait("soon", now), None);
    }

    #[test]
    fn messages_are_found_where_servers_put_them() {
        assert_eq!(message(r#"{"title":"t","message":"m"}"#), "m");
        assert_eq!(message(r#"[{"Message":"in a list"}]"#), "in a list");
        assert_eq!(
            message(r#"{"errors":{"pn":["too long","odd"],"sn":["missing"]}}"#),
            "pn: too long; odd; sn: missing"
        );
        assert_eq!(message(r#""bare""#), "bare");
        assert_eq!(message("plain\r\n text\u{7}"), "plain text");
        assert_eq!(message("<html><title> Sign in </title></html>"), "Sign in");
        assert_eq!(message(""), "");
        assert_eq!(message(&"x".repeat(1000)).chars().count(), MESSAGE_LIMIT + 1);
    }
}
