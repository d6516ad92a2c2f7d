//! One request: where it goes, what it carries, and when it is made again.

use super::Client;
use super::answer::{Answer, Extent};
use crate::failure::Failure;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, REFERER};
use std::fmt::Display;
use std::time::Duration;

/// Time for a whole request without a large body.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Slowest line, in bytes a second, on which a large body still gets through.
const SLOWEST_LINE: u64 = 16 * 1024;
/// Longest time for a whole answer.
const WHOLE_TIMEOUT: Duration = Duration::from_secs(600);

/// A request in the making.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<(&'static str, Vec<u8>)>,
    accept: &'static str,
    internal: bool,
    extent: Extent,
    repeatable: bool,
    /// Another one than the client's.
    authorization: Option<HeaderValue>,
    /// Why the call cannot be made at all.
    refused: Option<String>,
}

impl Call {
    fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            query: Vec::new(),
            body: None,
            accept: "application/json",
            internal: path.starts_with("/api/internal/"),
            extent: Extent::Whole,
            repeatable: true,
            authorization: None,
            refused: None,
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn put(path: &str) -> Self {
        Self::new(Method::PUT, path)
    }

    /// A `POST` is not repeated unless [`Call::repeatable`] says that it may be.
    pub(crate) fn post(path: &str) -> Self {
        Self { repeatable: false, ..Self::new(Method::POST, path) }
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Display) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(crate) fn body(mut self, content_type: &'static str, bytes: Vec<u8>) -> Self {
        self.body = Some((content_type, bytes));
        self
    }

    pub(crate) fn json(self, value: &serde_json::Value) -> Self {
        let text = value.to_string();
        self.body("application/json", text.into_bytes())
    }

    /// Only the start of the answer matters.
    pub(crate) fn head_only(mut self) -> Self {
        self.extent = Extent::Head;
        self
    }

    pub(crate) fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// Signs in with this instead of the client's own token.
    pub(crate) fn authorization(mut self, value: HeaderValue) -> Self {
        self.authorization = Some(value);
        self
    }

    fn time_limit(&self) -> Duration {
        let body = self.body.as_ref().map_or(0, |(_, bytes)| bytes.len());
        let sending = Duration::from_secs(body as u64 / SLOWEST_LINE);
        match self.extent {
            Extent::Head => REQUEST_TIMEOUT + sending,
            Extent::Whole => WHOLE_TIMEOUT + sending,
        }
    }
}

/// What only the wider interface needs.
#[cfg(feature = "api")]
impl Call {
    pub(crate) fn delete(path: &str) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// Adds a segment to the path, whatever characters it holds. `name` says in an error what it is.
    pub(crate) fn segment(mut self, name: &str, value: impl Display) -> Self {
        use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
        /// What stays as it is (RFC 3986 §2.3).
        const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
        let value = value.to_string();
        // Addresses are resolved like paths: these would lead to another endpoint.
        if matches!(value.as_str(), "" | "." | "..") {
            self.refused = Some(format!("{value:?} is not possible as {name} in a request"));
        }
        self.path.push('/');
        self.path.extend(utf8_percent_encode(&value, SEGMENT));
        self
    }

    /// Adds more of the path as it stands.
    pub(crate) fn then(mut self, path: &str) -> Self {
        self.path.push_str(path);
        self
    }

    /// As [`Call::query`], where there is a value.
    pub(crate) fn query_some(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    pub(crate) fn accept(mut self, content_type: &'static str) -> Self {
        self.accept = content_type;
        self
    }
}

impl Client {
    /// Makes a call, again where that may help, and gives the answer whatever its status is.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Failure> {
        if let Some(message) = &call.refused {
            return Err(Failure::Argument { message: message.clone() });
        }
        let mut tries = 1;
        loop {
            let result = self.call_once(&call).await;
            let passing = match &result {
                Ok(answer) if answer.is_success() => None,
                Ok(answer) => Some(answer.failure()),
                Err(failure) => Some(failure.clone()),
            };
            let pause =
                passing.filter(|_| call.repeatable).and_then(|failure| self.retry.pause(tries, &failure));
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return result,
            }
            tries += 1;
        }
    }

    /// Makes a call that must succeed.
    pub(crate) async fn done(&self, call: Call) -> Result<Answer, Failure> {
        self.call(call).await?.success()
    }

    async fn call_once(&self, call: &Call) -> Result<Answer, Failure> {
        #[cfg(feature = "fuzzing")]
        if let Some(given) = &self.given {
            return Answer::of(Ok(given.response()), call.extent).await;
        }
        let mut request = self.http.request(call.method.clone(), self.server.endpoint(&call.path));
        request = request.timeout(call.time_limit()).header(ACCEPT, call.accept);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if call.internal
            && let Ok(referer) = HeaderValue::from_str(self.server.as_str())
        {
            request = request.header(REFERER, referer);
        }
        if let Some(value) = &call.authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        if let Some((content_type, bytes)) = &call.body {
            request = request.header(CONTENT_TYPE, *content_type).body(bytes.clone());
        }
        Answer::of(request.send().await, call.extent).await
    }
}
