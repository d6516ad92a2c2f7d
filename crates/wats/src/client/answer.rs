//! What comes back from a server.

use crate::failure::{Cause, Failure, classify, is_markup, message, shortened};
use reqwest::Response;
use reqwest::header::{DATE, LOCATION, RETRY_AFTER};
use std::time::SystemTime;

/// Most bytes of an answer of which only the start matters.
const HEAD_LIMIT: usize = 64 * 1024;
/// Most bytes of an answer that is needed whole.
const WHOLE_LIMIT: usize = 256 * 1024 * 1024;

/// How much of the answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The start; that the rest is missing does no harm.
    Head,
    /// All; an answer that breaks off is a failure.
    Whole,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    body: Vec<u8>,
    retry_after: Option<String>,
    date: Option<SystemTime>,
}

impl Answer {
    pub(super) async fn of(result: reqwest::Result<Response>, extent: Extent) -> Result<Self, Failure> {
        let mut response = result.map_err(|error| not_answered(&error))?;
        let status = response.status().as_u16();
        let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let retry_after = header(RETRY_AFTER.as_str());
        let date = header(DATE.as_str()).and_then(|text| httpdate::parse_http_date(&text).ok());
        let target = header(LOCATION.as_str()).filter(|_| (300..400).contains(&status));
        let body = match (target, extent) {
            (Some(target), _) => format!("the address leads on to {target}: use that one").into_bytes(),
            (None, Extent::Whole) if (200..300).contains(&status) => whole(&mut response).await?,
            (None, _) => head(&mut response).await,
        };
        Ok(Self { status, body, retry_after, date })
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// The server's time (RFC 9110 §6.6.1).
    pub(crate) fn date(&self) -> Option<SystemTime> {
        self.date
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The answer, when it is a success of a WATS server.
    pub(crate) fn success(self) -> Result<Self, Failure> {
        if !self.is_success() {
            return Err(self.failure());
        }
        // A sign-in page or a proxy's page comes with status 200 too.
        let text = self.lossy();
        if is_page(&text) {
            let message = format!("a web page ({}) came instead of a WATS server's answer", message(&text));
            return Err(Failure::Access { status: self.status, message });
        }
        Ok(self)
    }

    pub(crate) fn failure(&self) -> Failure {
        classify(self.status, &self.lossy(), self.retry_after.as_deref(), SystemTime::now())
    }

    /// A bare text, or a JSON string.
    pub(crate) fn message(&self) -> String {
        message(&self.lossy())
    }

    #[cfg(feature = "api")]
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.body
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body[..self.body.len().min(HEAD_LIMIT)])
    }

    /// The JSON of the body; `None` when there is no body, or nothing but `null` in it.
    #[cfg(feature = "api")]
    pub(crate) fn value(&self) -> Result<Option<serde_json::Value>, Failure> {
        let body = self.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.body);
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        match serde_json::from_slice(body) {
            Ok(serde_json::Value::Null) => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.not_understood(&format!("it is not JSON: {error}"))),
        }
    }

    /// `why` may repeat the answer.
    pub(crate) fn not_understood(&self, why: &str) -> Failure {
        Failure::Answer { status: self.status, message: shortened(why) }
    }
}

/// XML is an answer, a web page is none.
fn is_page(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    is_markup(start) && {
        let start: String = start.chars().take(200).collect::<String>().to_ascii_lowercase();
        !start.starts_with("<?xml") && !start.starts_with("<reports") && !start.starts_with("<serialnumbers")
            || start.contains("<html")
    }
}

/// The start of the body. When the line breaks here, what came so far must do: the status is known already.
async fn head(response: &mut Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= HEAD_LIMIT {
            break;
        }
    }
    bytes
}

async fn whole(response: &mut Response) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > WHOLE_LIMIT => {
                let message = format!("it has more than {} MiB", WHOLE_LIMIT >> 20);
                return Err(Failure::Answer { status: response.status().as_u16(), message });
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(error) => {
                return Err(Failure::Transient {
                    cause: Cause::Interrupted,
                    message: reason(&error),
                    retry_after: None,
                });
            }
        }
    }
}

fn not_answered(error: &reqwest::Error) -> Failure {
    let cause = if error.is_connect() { Cause::Unreachable } else { Cause::Interrupted };
    Failure::Transient { cause, message: reason(error), retry_after: None }
}

/// A connection error with its innermost cause, without the address (which the caller knows).
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        "no connection to the server".to_owned()
    } else if error.is_request() || error.is_body() {
        "the connection broke during the request".to_owned()
    } else {
        "the request failed".to_owned()
    };
    let mut innermost = None;
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        innermost = Some(explained(cause).unwrap_or_else(|| cause.to_string()));
        // The TLS library's errors come inside of errors of input and output, which do not name them as sources.
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        source = match inner {
            Some(inner) => Some(inner as &(dyn std::error::Error + 'static)),
            None => cause.source(),
        };
    }
    if let Some(cause) = innermost {
        text.push_str(": ");
        text.push_str(&cause);
    }
    text
}

fn explained(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return super::tls::explain(error);
    }
    let text = cause.to_string();
    // The type of this error is not public.
    if text.ends_with("proxy authorization required") {
        return Some("the proxy demands a user name and password, or refuses those it was given".to_owned());
    }
    // HTTP/2 keeps only the words of a TLS error.
    super::tls::explain_alert(text.split_once("received fatal alert: ")?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_not_repeated_at_length() {
        let answer = Answer { status: 200, body: Vec::new(), retry_after: None, date: None };
        let words = answer.not_understood(&format!("it is {:?}", "\n".repeat(10_000))).to_string();
        assert!(words.starts_with("the server's answer (status 200) is not understood: it is "), "{words}");
        assert!(words.chars().count() < 600, "{} characters", words.chars().count());
    }
}
