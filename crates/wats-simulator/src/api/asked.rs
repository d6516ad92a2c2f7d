//! A call as it came in.

use super::Refusal;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri, header};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::collections::BTreeMap;

/// A call: what of, and with what.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// The path below `/api/`, decoded after it was split.
    pub(crate) segments: Vec<String>,
    query: BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let path = uri.path().trim_start_matches("/api/");
        let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let query = query.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(&value.replace('+', " ")))
        });
        Self {
            method,
            segments: path.split('/').map(decode).collect(),
            query: query.collect(),
            headers,
            body,
        }
    }

    pub(crate) fn method(&self) -> &str {
        self.method.as_str()
    }

    pub(crate) fn header(&self, name: &header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn has_referer(&self) -> bool {
        self.header(&header::REFERER).starts_with("http")
    }

    /// Refuses parameters that the call does not have.
    pub(super) fn only(&self, names: &[&str]) -> Result<(), Refusal> {
        match self.query.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(Refusal::bad(format!("The parameter {name} is unknown."))),
            None => Ok(()),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::bad(format!("The parameter {name} is required.")))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let parse = |text: &str| {
            text.parse().map_err(|_| Refusal::bad(format!("The parameter {name} must be a number.")))
        };
        self.get(name).map(parse).transpose()
    }

    pub(super) fn truth(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let parse = |text: &str| {
            text.parse().map_err(|_| Refusal::bad(format!("The parameter {name} must be true or false.")))
        };
        self.get(name).map(parse).transpose()
    }

    /// The body, sent as JSON.
    pub(super) fn json(&self) -> Result<Value, Refusal> {
        self.sent_as("application/json")?;
        serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::bad(format!("The body is not JSON: {error}")))
    }

    pub(super) fn sent_as(&self, content_type: &str) -> Result<(), Refusal> {
        let sent = self.header(&header::CONTENT_TYPE);
        if sent.split(';').next() == Some(content_type) {
            return Ok(());
        }
        Err(Refusal::bad(format!("The content type is {sent:?}, not {content_type}.")))
    }
}
