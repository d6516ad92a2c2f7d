//! Answers that no server has given.

use super::Client;
use reqwest::Response;
use std::sync::Arc;

/// An answer, as far as it is HTTP.
#[doc(hidden)]
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Status; one that HTTP has no room for is 500.
    pub status: u16,
    /// Names and values of headers; what cannot be a header is none.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Given {
    pub(super) fn response(&self) -> Response {
        let mut response = http::Response::new(self.body.clone());
        *response.status_mut() =
            http::StatusCode::from_u16(self.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in &self.headers {
            let name = http::HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, http::HeaderValue::from_bytes(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response.into()
    }
}

impl Client {
    /// A client that asks no server: this is the answer to each of its calls.
    #[doc(hidden)]
    pub fn given(&self, answer: Given) -> Self {
        Self { given: Some(Arc::new(answer)), ..self.clone() }
    }
}
