//! The web page, and the control interface beside it.
//!
//! Every request goes through [`Site::answer`], which lets through what it should: see there in which order. Pages are
//! made on this side, work without a script, and refer to nothing outside; what reports and servers say is text in
//! them and nothing else.

mod about;
mod alarms;
mod api;
mod assets;
mod connection;
mod figure;
mod folders;
mod form;
mod layout;
mod login;
mod logs;
mod look;
mod origin;
mod overview;
mod problem;
mod report;
mod reports;
mod secret;
mod serve;
mod session;
mod settings;
mod setup;
mod text;
mod trial;
mod watches;

use crate::config::{Config, Live};
use crate::credentials::Token;
use crate::queue::Queue;
use crate::status::SharedStatus;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension};
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use landfall_service::Liveness;
use landfall_service::log::Recent;
use layout::Frame;
use problem::Problem;
use secret::Password;
use session::Sessions;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tower_service::Service;
use wats::Secret;

/// Largest request with a file to try, or a report.
const FILE_LIMIT: usize = 32 << 20;
/// Largest other request: a report that was corrected in a form, where most characters may take three.
const FORM_LIMIT: usize = 4 << 20;
/// Nothing from elsewhere, no script in the page, no frame around it, no form to elsewhere.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the pages are about.
#[derive(Clone)]
pub(crate) struct Parts {
    /// The configuration.
    pub(crate) live: Live,
    /// The queue.
    pub(crate) queue: Queue,
    /// How things stand.
    pub(crate) status: SharedStatus,
    /// Rung when a report is to be tried.
    pub(crate) bell: Arc<Notify>,
    /// Whether every loop turns.
    pub(crate) liveness: Liveness,
    /// The last messages of the log.
    pub(crate) log: Recent,
}

/// The web page of a running service.
pub(crate) struct Site {
    parts: Parts,
    sessions: Sessions,
    router: Router,
    api: Router,
    /// Other machines can reach it: then it needs a password.
    on_network: bool,
}

/// What every page works with.
type Shared = Extension<Arc<Parts>>;

/// Serves the page, until the future is dropped.
pub(crate) async fn serve(listener: TcpListener, address: SocketAddr, parts: Parts) {
    tracing::info!("the web page is at http://{address}/");
    serve::serve(listener, Arc::new(Site::new(parts, !address.ip().is_loopback()))).await;
}

fn pages() -> Router {
    Router::new()
        .route("/", get(overview::page))
        .route("/live", get(overview::live))
        .route("/reports", get(reports::list))
        .route("/reports/retry-refused", post(reports::retry_refused))
        .route("/reports/{sequence}", get(reports::show))
        .route("/reports/{sequence}/wsjf", get(reports::download))
        .route("/reports/{sequence}/retry", post(reports::retry))
        .route("/reports/{sequence}/discard", get(reports::ask_discard).post(reports::discard))
        .route("/reports/{sequence}/correct", get(reports::edit).post(reports::correct))
        .route("/folders", get(folders::page))
        .route("/folders/new", get(folders::new).post(folders::add).layer(files()))
        .route("/folders/{number}", get(folders::edit).post(folders::change).layer(files()))
        .route("/folders/{number}/remove", get(folders::ask_remove).post(folders::remove))
        .route("/try", get(trial::page).post(trial::attempt).layer(files()))
        .route("/settings", get(settings::page).post(settings::save))
        .route("/settings/secret", post(settings::store_secret))
        .route("/settings/password", post(settings::password))
        .route("/connection", get(connection::page).post(connection::test))
        .route("/logs", get(logs::page))
        .route("/logs/live", get(logs::live))
        .route("/about", get(about::page))
        .route("/setup", get(setup::page).post(setup::save))
        .fallback(async || Problem::Missing("no page has this address".to_owned()))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
}

fn files() -> DefaultBodyLimit {
    DefaultBodyLimit::max(FILE_LIMIT)
}

impl Site {
    pub(crate) fn new(parts: Parts, on_network: bool) -> Self {
        let shared = Arc::new(parts.clone());
        let router = pages().layer(Extension(shared.clone()));
        let api = api::routes().layer(files()).layer(Extension(shared));
        Self { parts, sessions: Sessions::new(), router, api, on_network }
    }

    /// Answers a request, with the headers that every answer has.
    pub(crate) async fn answer(&self, peer: IpAddr, request: Request<Body>) -> Response {
        let is_head = request.method() == Method::HEAD;
        let mut response = self.judge(peer, request).await;
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value: &'static str| {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        };
        set(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(header::X_FRAME_OPTIONS, "DENY");
        set(header::REFERRER_POLICY, "no-referrer");
        set(header::CACHE_CONTROL, "no-store");
        set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
        if is_head { response.map(|_| Body::empty()) } else { response }
    }

    /// Lets a request through when it is for this machine, from a page of this site if it changes something, and
    /// from somebody who knows the password or the token where one is needed.
    async fn judge(&self, peer: IpAddr, mut request: Request<Body>) -> Response {
        let config = self.parts.live.current();
        if !origin::is_for_us(request.headers(), &self.names(&config)) {
            let text = "this page is not known by the name in the address: use the machine's number, or add the name to web.hosts";
            return (StatusCode::MISDIRECTED_REQUEST, layout::plain("Not this page", text)).into_response();
        }
        let path = request.uri().path().to_owned();
        if let Some(asset) = assets::answer(&path) {
            return asset;
        }
        if path.starts_with("/api/") {
            return match api::refused(&config, request.headers(), &path) {
                None => call(&self.api, request).await,
                Some(refusal) => refusal,
            };
        }
        let password = match password(&config) {
            Ok(None) if self.on_network => {
                let text = "other machines can reach this page, and no password is set: set web.password on this machine first";
                return Problem::Forbidden(text.to_owned()).into_response();
            }
            Ok(password) => password,
            Err(why) => {
                return Problem::Forbidden(format!("the password of this page: {why}")).into_response();
            }
        };
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
        if changes && !origin::is_same_site(request.headers()) {
            return Problem::Forbidden("this order comes from another site".to_owned()).into_response();
        }
        let session = self.sessions.of(request.headers());
        request.extensions_mut().insert(session.clone());
        let cookie = session.is_new.then(|| session.header(request.headers())).flatten();
        let signed_in =
            password.as_ref().is_some_and(|(_, stored)| self.sessions.is_signed_in(&session, stored));
        let mut response = match (password, path.as_str()) {
            (Some(password), "/login") => {
                login::answer(&self.sessions, password, peer, session, request).await
            }
            (Some(_), "/logout") if changes => login::sign_out(&self.sessions, &session, request).await,
            (Some(_), _) if !signed_in => login::first(request.uri(), changes),
            _ => {
                request.extensions_mut().insert(Arc::new(Frame {
                    station: config.station.name.clone(),
                    connection: self.parts.status.connection().word(),
                    session,
                    signed_in,
                }));
                if needs_setup(&config) && path == "/" {
                    Redirect::to("/setup").into_response()
                } else {
                    call(&self.router, request).await
                }
            }
        };
        if let Some(cookie) = cookie {
            response.headers_mut().entry(header::SET_COOKIE).or_insert(cookie);
        }
        response
    }

    /// Names of this machine, and those that are configured.
    fn names(&self, config: &Config) -> Vec<String> {
        let own = gethostname::gethostname().to_string_lossy().into_owned();
        config.web.hosts.iter().cloned().chain([own]).collect()
    }
}

/// Nobody has told the program its server yet, in whatever way.
fn needs_setup(config: &Config) -> bool {
    config.server.is_none()
}

/// The password that has to be entered, and how it is stored, if one is set.
fn password(config: &Config) -> Result<Option<(Password, Secret)>, String> {
    match config.web.password.find() {
        Token::Found(secret) => Password::stored(&secret).map(|password| Some((password, secret))),
        Token::Missing => Ok(None),
        Token::Unreadable(why) => Err(why),
    }
}

/// Does what takes time and memory, beside everything else; one after the other, so that both stay bounded however many
/// ask.
async fn heavy<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    static PLACE: Semaphore = Semaphore::const_new(1);
    // Never closed.
    let place = PLACE.acquire().await.ok();
    let work = tokio::task::spawn_blocking(move || {
        let done = work();
        // Whoever asked may have gone; the next one waits nevertheless.
        drop(place);
        done
    });
    work.await.map_err(|error| Problem::Unavailable(format!("this has failed: {error}")))
}

async fn call(router: &Router, request: Request<Body>) -> Response {
    router.clone().call(request).await.unwrap_or_else(|never| match never {})
}
