//! The control interface for fleet tools: `/api/v1`, with a token, described by `openapi.json`.

mod answers;
mod folders;
mod secrets;

use super::secret;
use crate::config::Config;
use crate::credentials::Token;
use answers::{Refused, refusal};
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post, put};

/// The description of all this.
const DESCRIPTION: &str = include_str!("openapi.json");

/// Every path, with what it answers. A test compares them with the description.
fn table() -> [(&'static str, MethodRouter); 17] {
    [
        ("/status", get(answers::status)),
        ("/reports", get(answers::reports)),
        ("/reports/retry", post(answers::retry_refused)),
        ("/reports/{sequence}", get(answers::report).delete(answers::discard)),
        ("/reports/{sequence}/content", get(answers::content).put(answers::replace)),
        ("/reports/{sequence}/retry", post(answers::retry)),
        ("/converters", get(answers::converters)),
        ("/convert", post(answers::convert)),
        ("/config", get(answers::config).patch(answers::configure)),
        ("/folders", get(folders::list).post(folders::add)),
        ("/folders/{number}", get(folders::show).patch(folders::change).delete(folders::remove)),
        ("/secrets", get(secrets::list)),
        ("/secrets/{name}", put(secrets::store).delete(secrets::forget)),
        ("/test-connection", post(answers::test_connection)),
        ("/logs", get(answers::logs)),
        ("/metrics", get(answers::metrics)),
        ("/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION))),
    ]
}

pub(super) fn routes() -> Router {
    let routes = table().into_iter().fold(Router::new(), |router, (path, answer)| {
        // The default answer to another method has no body.
        let wrong_method =
            async || Refused::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method");
        router.route(&format!("/api/v1{path}"), answer.fallback(wrong_method))
    });
    routes.fallback(async || Refused::new(StatusCode::NOT_FOUND, "there is no such path in this interface"))
}

/// Why a request is not let through: it needs the token. The description has nothing of this machine, and needs none.
pub(super) fn refused(config: &Config, headers: &HeaderMap, path: &str) -> Option<Response> {
    if path == "/api/v1/openapi.json" {
        return None;
    }
    let known = match config.web.token.find() {
        Token::Found(known) => known,
        Token::Missing => {
            let text = "the control interface is off: set web.token on this machine first";
            return Some(refusal(StatusCode::FORBIDDEN, text));
        }
        Token::Unreadable(why) => return Some(refusal(StatusCode::FORBIDDEN, &why)),
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    if given.is_some_and(|(_, token)| secret::equal(known.expose(), token.trim())) {
        return None;
    }
    let mut response =
        refusal(StatusCode::UNAUTHORIZED, "this needs the token of the control interface (web.token)");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_path_is_described_and_every_description_is_a_path() {
        let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
        let mut described: Vec<&str> =
            description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let table = table();
        let mut served: Vec<&str> = table.iter().map(|(path, _)| *path).collect();
        described.sort_unstable();
        served.sort_unstable();
        assert_eq!(described, served);
        assert_eq!(description["servers"][0]["url"], "/api/v1");
        assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
}
