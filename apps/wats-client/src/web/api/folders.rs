//! Watched folders in the control interface: members have the names that keys have in a folder's block.

use super::super::problem::Problem;
use super::super::text::setting;
use super::super::{Parts, Shared, watches};
use super::answers::{Answer, invalid, text_of};
use crate::config::{Config, PostAction};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A folder as it is watched, with the values that hold.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Folder {
    number: usize,
    folder: String,
    converter: String,
    patterns: Vec<String>,
    arguments: BTreeMap<String, String>,
    done: String,
    error: String,
    settle: String,
    rescan: String,
    marker: String,
    post_action: PostAction,
    priority: u8,
    /// Null as long as the service has not begun to look at it.
    state: Option<State>,
}

#[derive(Serialize)]
struct State {
    problem: Option<String>,
    waiting: usize,
}

impl Folder {
    fn new(parts: &Parts, config: &Config, number: usize) -> Result<Self, Problem> {
        let watch = watches::find(config, number)?;
        let state = parts.status.folders().into_iter().find(|state| state.path == watch.folder);
        let told = |name: &str| Some((name.to_owned(), watch.arguments.get(name)?.to_owned()));
        Ok(Self {
            number,
            folder: watch.folder.display().to_string(),
            converter: watch.converter.clone(),
            patterns: watch.patterns.clone(),
            arguments: watch.arguments.names().filter_map(told).collect(),
            done: watch.done.display().to_string(),
            error: watch.error.display().to_string(),
            settle: setting(watch.settle),
            rescan: setting(watch.rescan),
            marker: watch.marker.clone(),
            post_action: watch.post_action,
            priority: watch.priority,
            state: state.map(|state| State { problem: state.problem, waiting: state.waiting }),
        })
    }
}

/// The folder that a number is thought to stand for.
#[derive(Deserialize)]
pub(super) struct Expected {
    folder: String,
}

type Number = Result<Path<usize>, PathRejection>;
type Members = Result<Json<Map<String, Value>>, JsonRejection>;
type Guard = Result<Query<Expected>, QueryRejection>;

pub(super) async fn list(Extension(parts): Shared) -> Answer<Json<Value>> {
    let config = parts.live.current();
    let folders = (0..config.watches.len()).map(|number| Folder::new(&parts, &config, number));
    Ok(Json(json!({ "folders": folders.collect::<Result<Vec<_>, _>>()? })))
}

pub(super) async fn show(Extension(parts): Shared, number: Number) -> Answer<Json<Folder>> {
    let Path(number) = number?;
    Ok(Json(Folder::new(&parts, &parts.live.current(), number)?))
}

pub(super) async fn add(Extension(parts): Shared, body: Members) -> Answer<Response> {
    let Json(members) = body?;
    let values = values(&parts.live.current(), None, &members)?;
    let (number, _) = watches::add(&parts, &values).await?;
    let folder = Folder::new(&parts, &parts.live.current(), number)?;
    tracing::info!("{} is watched, as the control interface was told", folder.folder);
    let place = format!("/api/v1/folders/{number}");
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(folder)).into_response())
}

pub(super) async fn change(
    Extension(parts): Shared,
    number: Number,
    guard: Guard,
    body: Members,
) -> Answer<Json<Folder>> {
    let (Path(number), Query(expected), Json(members)) = (number?, guard?, body?);
    let values = values(&parts.live.current(), Some(number), &members)?;
    let applied = watches::change(&parts, number, &expected.folder, &values).await?;
    tracing::info!("a watched folder was changed, as the control interface was told: {applied}");
    Ok(Json(Folder::new(&parts, &parts.live.current(), number)?))
}

pub(super) async fn remove(Extension(parts): Shared, number: Number, guard: Guard) -> Answer<StatusCode> {
    let (Path(number), Query(expected)) = (number?, guard?);
    watches::remove(&parts, number, &expected.folder).await?;
    tracing::info!("{} is watched no more, as the control interface was told", expected.folder);
    Ok(StatusCode::NO_CONTENT)
}

/// The keys that members stand for, with their values. Keys that are taken out come first: one argument may make room
/// for others below its name.
fn values(config: &Config, number: Option<usize>, members: &Map<String, Value>) -> Answer<watches::Values> {
    let mut values = watches::Values::new();
    for (name, value) in members {
        match (name.as_str(), value) {
            ("arguments", Value::Null) => {
                let all = number.map(|number| watches::stored_arguments(config, number));
                values.extend(all.into_iter().flatten().map(|(key, _)| (key.to_owned(), String::new())));
            }
            ("arguments", Value::Object(arguments)) => {
                for (name, value) in arguments {
                    values.push((watches::argument_key(config, number, name), text_of(name, value)?));
                }
            }
            ("arguments", _) => return Err(invalid("arguments: must be an object, or null")),
            _ => values.push((name.clone(), text_of(name, value)?)),
        }
    }
    values.sort_by_key(|(_, value)| !value.trim().is_empty());
    Ok(values)
}
