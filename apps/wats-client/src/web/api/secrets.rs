//! Secrets in the control interface: whether there is one and where it comes from, and putting another in its place.
//! None is ever told.

use super::super::{Shared, settings};
use super::answers::{Answer, Refused, invalid};
use crate::config::keys::{self, SECRETS, SecretKey};
use crate::credentials::Token;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Extension, Path};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wats::Secret;

/// What may be known of a secret.
#[derive(Serialize)]
struct Known {
    name: &'static str,
    about: &'static str,
    /// Where it comes from; null when there is none.
    origin: Option<String>,
    /// Why it cannot be read; null when nothing hinders.
    problem: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Given {
    value: String,
    /// The API token, for a secret that opens the way to it.
    #[serde(default)]
    api_token: String,
}

type Name = Result<Path<String>, PathRejection>;

pub(super) async fn list(Extension(parts): Shared) -> Json<Value> {
    let config = parts.live.current();
    let known = SECRETS.iter().map(|key| {
        let sources = config.secret(*key);
        let problem = match sources.find() {
            Token::Unreadable(why) => Some(why),
            Token::Found(_) | Token::Missing => None,
        };
        Known { name: key.name, about: key.about, origin: sources.origin(), problem }
    });
    Json(json!({ "secrets": known.collect::<Vec<_>>() }))
}

pub(super) async fn store(
    Extension(parts): Shared,
    name: Name,
    body: Result<Json<Given>, JsonRejection>,
) -> Answer<StatusCode> {
    let key = key(name)?;
    let Json(given) = body?;
    let (value, token) = (Secret::new(given.value), Secret::new(given.api_token));
    let done = if key == keys::WEB_PASSWORD {
        // Whoever sets the password of the page can enter it.
        settings::set_password(&parts, false, value.expose().to_owned(), token.expose()).await
    } else {
        settings::put_secret(&parts, key, &value).await
    };
    done.map_err(|text| invalid(&text))?;
    tracing::info!("the secret {} is stored, as the control interface was told", key.name);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn forget(Extension(parts): Shared, name: Name) -> Answer<StatusCode> {
    let key = key(name)?;
    settings::forget_secret(&parts, key).await.map_err(|text| invalid(&text))?;
    tracing::info!("the secret {} is forgotten, as the control interface was told", key.name);
    Ok(StatusCode::NO_CONTENT)
}

fn key(name: Name) -> Answer<SecretKey> {
    let Path(name) = name?;
    let found = SECRETS.iter().find(|key| key.name == name).copied();
    found.ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "there is no secret of this name"))
}
