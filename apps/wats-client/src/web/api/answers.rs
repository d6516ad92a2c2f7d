//! What the paths of the control interface answer.

use super::super::alarms::alarms;
use super::super::look::{self, Entry, Wanted};
use super::super::problem::Problem;
use super::super::{Parts, Shared, connection, form, logs, reports, settings, trial};
use crate::config::keys::{self, KEYS};
use crate::health::{details, not_ready};
use crate::metrics;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wats::Secret;
use wats_converters::{AUTO, Arguments};

/// Most reports or log lines of one answer.
const MOST: usize = 1000;

/// An answer that is not the one that was asked for.
pub(super) struct Refused {
    status: StatusCode,
    text: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, text: &str) -> Self {
        Self { status, text: text.to_owned() }
    }
}

/// `{"error": "…"}` with a status.
pub(super) fn refusal(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({ "error": text }))).into_response()
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        refusal(self.status, &self.text)
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::new(problem.status(), problem.text())
    }
}

macro_rules! refused_from {
    ($($rejection:ty),*) => {
        $(impl From<$rejection> for Refused {
            fn from(rejection: $rejection) -> Self {
                Self::new(rejection.status(), &rejection.body_text())
            }
        })*
    };
}
refused_from!(BytesRejection, JsonRejection, PathRejection, QueryRejection);

pub(super) type Answer<T> = Result<T, Refused>;
type Number = Result<Path<i64>, PathRejection>;

pub(super) async fn status(Extension(parts): Shared) -> Json<Value> {
    let config = parts.live.current();
    let stuck = parts.liveness.stuck();
    let mut answer = details(&parts.queue, &parts.status, &config.station.name);
    if let Value::Object(members) = &mut answer {
        members.insert("alive".to_owned(), stuck.is_none().into());
        members.insert("ready".to_owned(), stuck.or_else(|| not_ready(&parts.status)).is_none().into());
        members.insert("line".to_owned(), parts.status.line(&parts.queue).into());
        members.insert("uptimeSeconds".to_owned(), parts.liveness.uptime().as_secs().into());
        members.insert("alarms".to_owned(), json!(alarms(&parts, &config)));
    }
    Json(answer)
}

#[derive(Deserialize)]
pub(super) struct Search {
    state: Option<String>,
    #[serde(default)]
    text: String,
    before: Option<i64>,
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Found {
    reports: Vec<Entry>,
    /// The value of `before` for the next ones; null when there are none.
    next: Option<i64>,
}

pub(super) async fn reports(
    Extension(parts): Shared,
    search: Result<Query<Search>, QueryRejection>,
) -> Answer<Json<Found>> {
    let Query(search) = search?;
    let state = match search.state.as_deref() {
        None => None,
        Some(word) => Some(reports::state_of(word).ok_or_else(|| {
            Refused::new(StatusCode::BAD_REQUEST, "state must be pending, delivered or quarantined")
        })?),
    };
    let limit = search.limit.unwrap_or(100).clamp(1, MOST);
    let wanted = Wanted { state, text: search.text, before: search.before, limit: limit + 1 };
    let folder = parts.live.current().queue.folder.clone();
    let mut reports = look::look(folder, move |connection| look::list(connection, &wanted)).await?;
    let more = reports.len() > limit;
    reports.truncate(limit);
    let next = reports.last().filter(|_| more).map(|entry| entry.sequence);
    Ok(Json(Found { reports, next }))
}

pub(super) async fn report(Extension(parts): Shared, sequence: Number) -> Answer<Json<Entry>> {
    let Path(sequence) = sequence?;
    Ok(Json(reports::find(&parts, sequence).await?.0))
}

pub(super) async fn content(Extension(parts): Shared, sequence: Number) -> Answer<Response> {
    let Path(sequence) = sequence?;
    let (_, body) = reports::find(&parts, sequence).await?;
    let body =
        body.ok_or_else(|| Refused::new(StatusCode::GONE, "the content of this report is not kept here"))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response())
}

pub(super) async fn retry(Extension(parts): Shared, sequence: Number) -> Answer<StatusCode> {
    let Path(sequence) = sequence?;
    reports::find(&parts, sequence).await?;
    reports::order(&parts, move |store| store.requeue(sequence)).await?;
    tracing::info!(sequence, "a report is tried again, as the control interface was told");
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn retry_refused(Extension(parts): Shared) -> Answer<Json<Value>> {
    let reports = reports::requeue_refused(&parts).await?;
    tracing::info!("{reports} refused reports are tried again, as the control interface was told");
    Ok(Json(json!({ "reports": reports })))
}

pub(super) async fn replace(
    Extension(parts): Shared,
    sequence: Number,
    body: Result<Bytes, BytesRejection>,
) -> Answer<StatusCode> {
    let (Path(sequence), body) = (sequence?, body?);
    let text = String::from_utf8(body.to_vec())
        .map_err(|_| Refused::new(StatusCode::BAD_REQUEST, "the report is not in UTF-8"))?;
    reports::find(&parts, sequence).await?;
    reports::order(&parts, move |store| store.replace(sequence, &text)).await?;
    tracing::info!(sequence, "a refused report was corrected, as the control interface was told");
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn discard(Extension(parts): Shared, sequence: Number) -> Answer<StatusCode> {
    let Path(sequence) = sequence?;
    reports::find(&parts, sequence).await?;
    reports::order(&parts, move |store| store.discard(sequence)).await?;
    tracing::warn!(sequence, "a report was discarded, as the control interface was told");
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn converters(Extension(parts): Shared) -> Json<Value> {
    let config = parts.live.current();
    let argument = |argument: &wats_converters::Argument| json!({"name": argument.name, "meaning": argument.meaning, "default": argument.default});
    let all = config.converters.iter().map(|converter| {
        let description = converter.describe();
        let arguments: Vec<Value> = description.arguments.iter().map(argument).collect();
        json!({"name": converter.name(), "title": description.title, "patterns": description.patterns, "arguments": arguments})
    });
    let common: Vec<Value> = wats_converters::COMMON_ARGUMENTS.iter().map(argument).collect();
    Json(json!({
        "converters": all.collect::<Vec<_>>(),
        "commonArguments": common,
        "faults": config.converters.faults,
    }))
}

/// `name`, `converter`, and everything else is an argument of the converter.
pub(super) async fn convert(
    Extension(parts): Shared,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<Value>> {
    let Query(query) = query?;
    let (mut name, mut converter, mut arguments) = ("file".to_owned(), AUTO.to_owned(), Arguments::default());
    for (key, value) in query {
        match key.as_str() {
            "name" => name = form::base_name(&value).to_owned(),
            "converter" => converter = value,
            _ => arguments.set(&key, value),
        }
    }
    let trial = trial::convert(&parts, form::Upload { name, bytes: body? }, converter, arguments).await?;
    Ok(Json(json!({"converter": trial.converter, "confidence": trial.confidence, "reports": trial.reports})))
}

/// The values that hold, by key. Secrets are not among them.
fn values(parts: &Parts) -> BTreeMap<String, String> {
    let config = parts.live.current();
    let plain = KEYS.iter().filter(|key| !key.name.starts_with(keys::OF_WATCH));
    let mut values: BTreeMap<String, String> =
        plain.map(|key| (key.name.to_owned(), key.default.to_owned())).collect();
    values.extend(config.given.iter().map(|(key, value)| (key.clone(), value.clone())));
    values
}

pub(super) async fn config(Extension(parts): Shared) -> Json<BTreeMap<String, String>> {
    Json(values(&parts))
}

/// Gives keys new values; null takes a key out. The API token may stand beside them: the one that is stored, or a new
/// one, which may go where the new values say.
pub(super) async fn configure(
    Extension(parts): Shared,
    body: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Answer<Json<Value>> {
    let Json(wanted) = body?;
    let texts = wanted.into_iter().map(|(key, value)| Ok((key.clone(), text_of(&key, &value)?)));
    let mut values: BTreeMap<String, String> = texts.collect::<Answer<_>>()?;
    let token = Secret::new(values.remove(keys::TOKEN.name).unwrap_or_default());
    // The token of the control interface is not that of the server: the same care as on the page.
    let done = settings::change(&parts, false, &values, token.expose()).await;
    let applied = done.map_err(|text| invalid(&text))?;
    tracing::info!("the configuration was changed, as the control interface was told: {applied}");
    Ok(Json(json!(applied)))
}

/// A value as the configuration takes it; null is an empty text.
pub(super) fn text_of(key: &str, value: &Value) -> Answer<String> {
    Ok(match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Array(texts) if texts.iter().all(Value::is_string) => {
            let texts: toml_edit::Array = texts.iter().filter_map(Value::as_str).collect();
            texts.to_string()
        }
        _ => return Err(invalid(&format!("{key}: must be a text, a number, true or false, texts, or null"))),
    })
}

/// What was sent is understood and cannot be.
pub(super) fn invalid(text: &str) -> Refused {
    Refused::new(StatusCode::UNPROCESSABLE_ENTITY, text)
}

pub(super) async fn test_connection(Extension(parts): Shared) -> Json<connection::Finding> {
    Json(connection::test_configured(&parts).await)
}

#[derive(Deserialize)]
pub(super) struct WantedLines {
    #[serde(default)]
    level: String,
    limit: Option<usize>,
}

pub(super) async fn logs(
    Extension(parts): Shared,
    wanted: Result<Query<WantedLines>, QueryRejection>,
) -> Answer<Json<Value>> {
    let Query(wanted) = wanted?;
    let lines = parts.log.newest(logs::level_of(&wanted.level), wanted.limit.unwrap_or(100).clamp(1, MOST));
    let lines = lines.into_iter().map(|line| {
        let time = OffsetDateTime::from(line.time).format(&Rfc3339).unwrap_or_default();
        json!({"time": time, "level": line.level.as_str().to_ascii_lowercase(), "text": line.text})
    });
    Ok(Json(json!({ "lines": lines.collect::<Vec<_>>() })))
}

pub(super) async fn metrics(Extension(parts): Shared) -> Response {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    let config = parts.live.current();
    let text = metrics::metrics(&parts.queue, &parts.status, &config, &parts.liveness);
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
