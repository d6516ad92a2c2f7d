//! A connection to a WATS server, and the calls that every client needs.

mod answer;
mod call;
#[cfg(feature = "fuzzing")]
mod given;
mod proxy;
mod registration;
mod retry;
mod tls;

#[cfg(feature = "api")]
pub(crate) use answer::Answer;
pub(crate) use call::Call;
#[cfg(feature = "fuzzing")]
pub use given::Given;
pub use proxy::{ManualProxy, Proxy};
pub use registration::{ClientStatus, Computer, ConverterState, Disk, Registered, Registration, ServerInfo};
pub use retry::Retry;
pub use tls::{Identity, Roots, Tls};

use crate::{Failure, Report, Secret, ServerUrl};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect;
use std::fmt;
use std::time::{Duration, SystemTime};

/// Time to reach the server and agree on encryption.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often, and for how long, a connection over HTTP/2 is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Most redirections followed.
const REDIRECTION_LIMIT: usize = 5;

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The token cannot stand in an HTTP header.
    #[error("the API token holds a character that no token has, such as a line break or an accented letter")]
    Token,
    /// The file of certificates cannot be used.
    #[error("the certificates of the own certification authority cannot be used: {0}")]
    Certificates(String),
    /// The client certificate or its key cannot be used.
    #[error("the client certificate cannot be used: {0}")]
    Identity(String),
    /// The operating system gives no certificates to trust.
    #[error("the certificates that the operating system trusts cannot be read: {0}")]
    SystemRoots(String),
    /// The proxy cannot be used.
    #[error("the proxy cannot be used: {0}")]
    Proxy(String),
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
    tls: Tls,
    proxy: Proxy,
    retry: Retry,
}

impl ClientBuilder {
    /// The API token: sent as it is, because it already is Base64 of user and password.
    pub fn token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// Whom to trust, and what to show to a server that asks for a certificate.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// The way through a proxy. Without this call it is the one of the environment.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// When a call that failed is made again. Without this call it is tried three times in all.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Makes the client.
    pub fn build(self) -> Result<Client, BuildError> {
        let mut headers = HeaderMap::new();
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, authorization(token)?);
        }
        let builder = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .default_headers(headers)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(30))
            // A line that was lost without a word is given up, so that the next request goes over another one.
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_timeout(KEEP_ALIVE)
            .http2_keep_alive_while_idle(true)
            .redirect(redirect::Policy::custom(follow))
            .use_preconfigured_tls(self.tls.config()?);
        let http =
            self.proxy.apply(builder)?.build().map_err(|error| BuildError::Http(answer::reason(&error)))?;
        Ok(Client {
            http,
            server: self.server,
            retry: self.retry,
            #[cfg(feature = "fuzzing")]
            given: None,
        })
    }
}

fn authorization(token: &Secret) -> Result<HeaderValue, BuildError> {
    let mut value =
        HeaderValue::from_str(&format!("Basic {}", token.expose())).map_err(|_| BuildError::Token)?;
    value.set_sensitive(true);
    Ok(value)
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

/// A connection to one WATS server. Clones share it.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    server: ServerUrl,
    retry: Retry,
    /// The answer to every call, instead of the server's.
    #[cfg(feature = "fuzzing")]
    given: Option<std::sync::Arc<Given>>,
}

impl Client {
    /// A client of the server that names itself `product/version`.
    pub fn builder(server: ServerUrl, product: &str, version: &str) -> ClientBuilder {
        ClientBuilder {
            server,
            token: None,
            user_agent: format!("{product}/{version}"),
            tls: Tls::default(),
            proxy: Proxy::default(),
            retry: Retry::default(),
        }
    }

    /// The server.
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// Sends a report. One without an id is sent only once, because a second try could make a second report.
    ///
    /// [`Report::prepare`] and [`Report::validate`] come before.
    pub async fn submit(&self, report: &Report) -> Result<Delivered, Failure> {
        let call = wsjf(report.to_json().into_bytes());
        self.deliver(call.repeatable(report.id().is_some())).await
    }

    /// Sends a report in WSJF as it stands, once. Safe to repeat as long as the report carries the same id.
    pub async fn submit_wsjf(&self, body: Vec<u8>) -> Result<Delivered, Failure> {
        self.deliver(wsjf(body)).await
    }

    /// Sends a WSXF document as it stands, once. Safe to repeat as long as its reports carry the same ids.
    pub async fn submit_wsxf(&self, body: Vec<u8>) -> Result<Delivered, Failure> {
        self.deliver(Call::post("/api/Report/WSXF").body("application/xml", body).head_only()).await
    }

    async fn deliver(&self, call: Call) -> Result<Delivered, Failure> {
        let answer = self.call(call).await?;
        if answer.status() == 409 {
            return Ok(Delivered { already_there: true });
        }
        answer.success()?;
        Ok(Delivered { already_there: false })
    }

    /// Asks for the server's version, for example `2025.3.9.824`. Checks address and token in one.
    pub async fn version(&self) -> Result<String, Failure> {
        Ok(self.greet().await?.version)
    }

    /// The same, with the server's time.
    pub async fn greet(&self) -> Result<Greeting, Failure> {
        let answer = self.done(Call::get("/api/App/Version").head_only()).await?;
        Ok(Greeting { version: answer.message(), date: answer.date() })
    }

    /// Whether a server answers at this address at all, as asked before anything is configured: any status below 500
    /// will do, with or without a token.
    pub async fn is_reachable(&self) -> Result<(), Failure> {
        let answer = self.call(Call::get("/api/health").head_only()).await?;
        if answer.status() < 500 { Ok(()) } else { Err(answer.failure()) }
    }
}

fn wsjf(body: Vec<u8>) -> Call {
    Call::post("/api/Report/WSJF").body("application/json", body).head_only()
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("server", &self.server.as_str()).finish_non_exhaustive()
    }
}
