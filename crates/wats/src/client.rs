//! The REST interface of a WATS server.

use crate::failure::{Cause, Failure, classify, is_markup, message};
use crate::{Secret, ServerUrl};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Certificate, Method, RequestBuilder, Response, redirect};
use std::fmt;
use std::time::{Duration, SystemTime};

/// Time to reach the server and agree on encryption.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a whole request without a large body.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Slowest line, in bytes a second, on which a large report still gets through.
const SLOWEST_LINE: u64 = 16 * 1024;
/// Most bytes of an answer that are read.
const ANSWER_LIMIT: usize = 64 * 1024;
/// Most redirections followed.
const REDIRECTION_LIMIT: usize = 5;

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The token cannot stand in an HTTP header.
    #[error("the API token holds a character that no token has, such as a line break or an accented letter")]
    Token,
    /// The file of certificates cannot be used.
    #[error("the certificates of the own certification authority cannot be read: {0}")]
    Certificates(String),
    /// The HTTP library refused its settings.
    #[error("the HTTP client cannot be set up: {0}")]
    Http(String),
}

/// A report that is safely with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The server had this report already.
    pub already_there: bool,
}

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// Its version.
    pub version: String,
    /// Its time, where it tells it (RFC 9110 §6.6.1).
    pub date: Option<SystemTime>,
}

/// Settings of a [`Client`].
#[derive(Debug)]
pub struct ClientBuilder {
    server: ServerUrl,
    token: Option<Secret>,
    user_agent: String,
    certificates: Option<Vec<u8>>,
}

impl ClientBuilder {
    /// The API token: sent as it is, because it already is Base64 of user and password.
    pub fn token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// Additional trusted certificates in PEM form, for a server with a certificate of the company's own authority.
    pub fn certificates(mut self, pem: Vec<u8>) -> Self {
        self.certificates = Some(pem);
        self
    }

    /// Makes the client.
    pub fn build(self) -> Result<Client, BuildError> {
        // Fails only when the program has already chosen a provider, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        if let Some(token) = &self.token {
            let mut value =
                HeaderValue::from_str(&format!("Basic {}", token.expose())).map_err(|_| BuildError::Token)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(self.user_agent)
            .default_headers(headers)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(30))
            .redirect(redirect::Policy::custom(follow));
        if let Some(pem) = &self.certificates {
            let certificates = Certificate::from_pem_bundle(pem)
                .map_err(|error| BuildError::Certificates(reason(&error)))?;
            if certificates.is_empty() {
                return Err(BuildError::Certificates("there is no certificate in the file".to_owned()));
            }
            for certificate in certificates {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let http = builder.build().map_err(|error| BuildError::Http(reason(&error)))?;
        Ok(Client { http, server: self.server })
    }
}

/// Follows a redirection only where the method and the body stay the same. A report redirected the old way would
/// arrive as a mere look at a page, and that page's success would be taken for the report's.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    if matches!(attempt.status().as_u16(), 307 | 308) && attempt.previous().len() <= REDIRECTION_LIMIT {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

/// A connection to one WATS server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    server: ServerUrl,
}

impl Client {
    /// A client of the server that names itself `product/version`.
    pub fn builder(server: ServerUrl, product: &str, version: &str) -> ClientBuilder {
        ClientBuilder { server, token: None, user_agent: format!("{product}/{version}"), certificates: None }
    }

    /// Sends a report in WSJF. Safe to repeat as long as the report carries the same id.
    pub async fn submit_wsjf(&self, body: Vec<u8>) -> Result<Delivered, Failure> {
        let time = REQUEST_TIMEOUT + Duration::from_secs(body.len() as u64 / SLOWEST_LINE);
        let request = self
            .request(Method::POST, "/api/Report/WSJF")
            .header(CONTENT_TYPE, "application/json")
            .timeout(time)
            .body(body);
        let answer = Answer::of(request).await?;
        match answer.status {
            409 => Ok(Delivered { already_there: true }),
            200..300 => {
                answer.must_not_be_a_page()?;
                Ok(Delivered { already_there: false })
            }
            _ => Err(answer.failure()),
        }
    }

    /// Asks for the server's version, for example `2025.3.9.824`. Checks address and token in one.
    pub async fn version(&self) -> Result<String, Failure> {
        Ok(self.greet().await?.version)
    }

    /// The same, with the server's time.
    pub async fn greet(&self) -> Result<Greeting, Failure> {
        let request = self.request(Method::GET, "/api/App/Version").timeout(REQUEST_TIMEOUT);
        let answer = Answer::of(request).await?;
        match answer.status {
            200..300 => {
                answer.must_not_be_a_page()?;
                Ok(Greeting { version: message(&answer.body), date: answer.date })
            }
            _ => Err(answer.failure()),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.server.endpoint(path))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("server", &self.server.as_str()).finish_non_exhaustive()
    }
}

/// What a server answered.
struct Answer {
    status: u16,
    body: String,
    retry_after: Option<String>,
    date: Option<SystemTime>,
}

impl Answer {
    async fn of(request: RequestBuilder) -> Result<Self, Failure> {
        let mut response = request.send().await.map_err(|error| Failure::Transient {
            cause: if error.is_connect() { Cause::Unreachable } else { Cause::Interrupted },
            message: reason(&error),
            retry_after: None,
        })?;
        let status = response.status().as_u16();
        let retry_after = header(&response, RETRY_AFTER.as_str());
        let date = header(&response, DATE.as_str()).and_then(|text| httpdate::parse_http_date(&text).ok());
        let body = match header(&response, LOCATION.as_str()) {
            Some(target) if (300..400).contains(&status) => {
                format!("the address leads on to {target}: use that one")
            }
            _ => read(&mut response).await,
        };
        Ok(Self { status, body, retry_after, date })
    }

    fn failure(&self) -> Failure {
        classify(self.status, &self.body, self.retry_after.as_deref(), SystemTime::now())
    }

    /// A sign-in page or a proxy's page comes with status 200 too. It proves nothing about a report.
    fn must_not_be_a_page(&self) -> Result<(), Failure> {
        if is_markup(&self.body) {
            let message =
                format!("a web page ({}) came instead of a WATS server's answer", message(&self.body));
            return Err(Failure::Access { status: self.status, message });
        }
        Ok(())
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}

/// The start of the body. When the line breaks here, what came so far must do: the status is known already.
async fn read(response: &mut Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= ANSWER_LIMIT {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A connection error with its causes, innermost last, without the address (which the caller knows).
fn reason(error: &reqwest::Error) -> String {
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
        innermost = Some(cause.to_string());
        source = cause.source();
    }
    if let Some(cause) = innermost {
        text.push_str(": ");
        text.push_str(&cause);
    }
    text
}
