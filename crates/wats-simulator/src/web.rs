//! The endpoints.

use crate::api::{self, Asked, World};
use crate::fault::{Cut, Fault, Settings};
use crate::store::{Store, check};
use crate::xml;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Version the server says it has.
pub(crate) const VERSION: &str = "2025.3.9.824";
/// Largest report taken, in bytes.
const REPORT_LIMIT: usize = 256 * 1024 * 1024;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Mutex<Store>,
    pub(crate) faults: Mutex<VecDeque<Fault>>,
    pub(crate) settings: Mutex<Settings>,
    pub(crate) world: Mutex<World>,
    pub(crate) http_versions: Mutex<BTreeSet<String>>,
    /// Whether connections are taken.
    pub(crate) up: watch::Sender<bool>,
}

/// Takes a lock. A panic elsewhere leaves plain data that is still good to read.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Marks an answer that must not be sent: the connection is cut instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CutConnection;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api/Report/WSJF", post(take_report))
        .route("/api/Report/WSXF", post(take_report))
        .route("/api/health", get(async || Json(json!({"status": "ok"}))))
        .route("/simulator/reports", get(list_reports).delete(forget_reports))
        .route("/simulator/reports/{id}", get(show_report))
        .route("/simulator/faults", post(add_fault).delete(clear_faults))
        .route("/simulator/settings", post(set_settings))
        .route("/simulator/down", post(go_down))
        .fallback(answer)
        .layer(DefaultBodyLimit::max(REPORT_LIMIT))
        .with_state(shared)
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !uri.path().starts_with("/api/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let asked = Asked::new(method, &uri, headers, body);
    let fault = next_fault(&shared, |path| uri.path().starts_with(path), false);
    if let Some(fault) = &fault {
        tokio::time::sleep(Duration::from_millis(fault.delay_milliseconds)).await;
    }
    if fault.as_ref().is_some_and(|fault| fault.cut == Some(Cut::Before)) {
        return cut_connection();
    }
    if let Some(refusal) = refusal(&shared, &asked.headers) {
        return refusal;
    }
    if let Some((fault, status)) = fault.as_ref().and_then(|fault| Some((fault, fault.status?))) {
        return spoilt(fault, status);
    }
    let response = api::answer(&shared, &asked);
    if fault.is_some_and(|fault| fault.cut == Some(Cut::After)) { cut_connection() } else { response }
}

async fn take_report(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    locked(&shared.store).requests += 1;
    let fault = next_fault(&shared, |path| uri.path().starts_with(path), true);
    let settings = locked(&shared.settings).clone();
    let delay = settings.delay_milliseconds + fault.as_ref().map_or(0, |fault| fault.delay_milliseconds);
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let cut = fault.as_ref().and_then(|fault| fault.cut);
    if cut == Some(Cut::Before) {
        return cut_connection();
    }
    if let Some(refusal) = refusal(&shared, &headers) {
        return refusal;
    }
    if let Some((fault, status)) = fault.as_ref().and_then(|fault| Some((fault, fault.status?))) {
        return spoilt(fault, status);
    }
    let answer = if uri.path().ends_with("WSXF") {
        store_xml(&shared, &settings, &headers, &body)
    } else {
        store_report(&shared, &settings, &headers, &body)
    };
    match (cut, fault.and_then(|fault| fault.body)) {
        (Some(_), _) => cut_connection(),
        (None, Some(body)) if answer.status().is_success() => (StatusCode::OK, body).into_response(),
        (None, _) => answer,
    }
}

fn store_report(shared: &Shared, settings: &Settings, headers: &HeaderMap, body: &[u8]) -> Response {
    let checked = serde_json::from_slice::<Value>(body)
        .map_err(|error| format!("The body is not JSON: {error}"))
        .and_then(|report| Ok((check(&report)?, report)));
    let (id, report) = match checked {
        Ok(checked) => checked,
        Err(message) => return (StatusCode::BAD_REQUEST, Json(json!({"message": message}))).into_response(),
    };
    keep(shared, settings, headers, vec![(id, report)], None)
}

fn store_xml(shared: &Shared, settings: &Settings, headers: &HeaderMap, body: &[u8]) -> Response {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !sent.starts_with("application/xml") {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, Json(json!({"message": "XML is expected."})))
            .into_response();
    }
    let text = String::from_utf8_lossy(body).into_owned();
    match xml::reports(&text) {
        Ok(reports) => keep(shared, settings, headers, reports, Some(text)),
        Err(message) => (StatusCode::BAD_REQUEST, Json(json!({"message": message}))).into_response(),
    }
}

/// Stores checked reports.
fn keep(
    shared: &Shared,
    settings: &Settings,
    headers: &HeaderMap,
    reports: Vec<(String, Value)>,
    xml: Option<String>,
) -> Response {
    let mut store = locked(&shared.store);
    if settings.conflict_for_known && reports.iter().any(|(id, _)| store.reports.contains_key(id)) {
        return (StatusCode::CONFLICT, Json(json!({"message": "The report exists already."})))
            .into_response();
    }
    let user_agent =
        headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let ids: Vec<Value> = reports.iter().map(|(id, _)| json!({"ID": id})).collect();
    for (id, report) in reports {
        store.put(&id, report, xml.clone(), user_agent);
    }
    Json(ids).into_response()
}

/// The next fault that is meant for this path. Those without a path are for reports.
fn next_fault(shared: &Shared, matches: impl Fn(&str) -> bool, report: bool) -> Option<Fault> {
    let mut faults = locked(&shared.faults);
    let at = faults.iter().position(|fault| fault.path.as_deref().map_or(report, &matches))?;
    let fault = &mut faults[at];
    fault.requests = fault.requests.saturating_sub(1);
    let current = fault.clone();
    if current.requests == 0 {
        faults.remove(at);
    }
    Some(current)
}

fn spoilt(fault: &Fault, status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = fault.body.clone().unwrap_or_else(|| json!({"message": "as told"}).to_string());
    let mut response = (status, body).into_response();
    if let Some(value) = fault.retry_after.as_ref().and_then(|text| text.parse().ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

fn cut_connection() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(CutConnection);
    response
}

fn refusal(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    let token = locked(&shared.settings).token.clone()?;
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Basic ")).unwrap_or_default();
    let refused = given != token && !locked(&shared.world).clients.may_enter(given);
    refused.then(|| {
        (StatusCode::UNAUTHORIZED, Json(json!({"message": "The token is not valid."}))).into_response()
    })
}

async fn list_reports(State(shared): State<Arc<Shared>>) -> Response {
    Json(locked(&shared.store).summary()).into_response()
}

async fn forget_reports(State(shared): State<Arc<Shared>>) {
    *locked(&shared.store) = Store::default();
}

async fn show_report(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    match locked(&shared.store).reports.get(&id) {
        Some(received) => Json(&received.report).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn add_fault(State(shared): State<Arc<Shared>>, Json(fault): Json<Fault>) {
    locked(&shared.faults).push_back(fault);
}

async fn clear_faults(State(shared): State<Arc<Shared>>) {
    locked(&shared.faults).clear();
}

async fn set_settings(State(shared): State<Arc<Shared>>, Json(settings): Json<Settings>) {
    *locked(&shared.settings) = settings;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Down {
    milliseconds: u64,
}

async fn go_down(State(shared): State<Arc<Shared>>, Json(down): Json<Down>) {
    tokio::spawn(async move {
        shared.up.send_replace(false);
        tokio::time::sleep(Duration::from_millis(down.milliseconds)).await;
        shared.up.send_replace(true);
    });
}
