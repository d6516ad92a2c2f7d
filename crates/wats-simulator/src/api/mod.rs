//! Everything but taking reports: what a server is asked besides.
//!
//! The simulator knows each call's parameters and refuses others with status 400, wants a `Referer` for internal calls,
//! and keeps what it is told, so that one call sees what another one did.

mod app;
mod asked;
mod clients;
mod products;
mod query;
mod reports;
mod serial_numbers;
mod software;
mod units;

pub(crate) use asked::Asked;
pub use clients::RegisteredClient;

use crate::web::Shared;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What the server knows besides reports.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) clients: clients::Clients,
    products: products::Catalogue,
    units: units::Floor,
    numbers: serial_numbers::Pools,
    software: software::Shelf,
}

/// An answer, or a refusal.
type Outcome = Result<Response, Refusal>;

/// Why a call is refused.
pub(crate) struct Refusal(StatusCode, String);

impl Refusal {
    fn bad(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, message.into())
    }

    fn missing(what: &str) -> Self {
        Self(StatusCode::NOT_FOUND, format!("{what} was not found."))
    }

    fn conflict(message: impl Into<String>) -> Self {
        Self(StatusCode::CONFLICT, message.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"message": self.1}))).into_response()
    }
}

fn reply(value: impl Into<Value>) -> Outcome {
    Ok(Json(value.into()).into_response())
}

fn done() -> Outcome {
    Ok(StatusCode::OK.into_response())
}

/// Answers a call below `/api/`.
pub(crate) fn answer(shared: &Shared, asked: &Asked) -> Response {
    let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
    let internal = segments.first() == Some(&"internal");
    if internal && !asked.has_referer() {
        return Refusal::bad("An internal call needs a Referer.").into_response();
    }
    let rest = if internal { &segments[1..] } else { &segments[..] };
    let outcome = match (internal, rest) {
        (false, ["App", rest @ ..]) => app::answer(asked, rest),
        (true, ["Process", rest @ ..]) => app::internal(asked, rest),
        (false, ["Report", rest @ ..]) => reports::answer(shared, asked, rest),
        (false, ["Product" | "Products", ..]) => products::answer(shared, asked, rest),
        (_, ["Production", "SerialNumbers", rest @ ..]) => {
            serial_numbers::answer(shared, asked, internal, rest)
        }
        (true, ["Production", "GetAndReserveNewSerialNumbers"]) => serial_numbers::reserve(shared, asked),
        (_, ["Production" | "Mes", rest @ ..]) => units::answer(shared, asked, internal, rest),
        (false, ["Software", rest @ ..]) => software::answer(shared, asked, rest),
        (true, ["Software", rest @ ..]) => software::internal(shared, asked, rest),
        (_, ["Client" | "Auth", ..]) => clients::answer(shared, asked, internal, rest),
        _ => Err(Refusal::missing("The endpoint")),
    };
    outcome.unwrap_or_else(IntoResponse::into_response)
}
