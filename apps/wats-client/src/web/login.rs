//! Entering the password.

use super::form::{self, Sent};
use super::layout;
use super::problem::Problem;
use super::secret::Password;
use super::session::{Session, Sessions};
use axum::body::Body;
use axum::extract::{FromRequest, Query};
use axum::http::{Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;
use std::net::IpAddr;
use wats::Secret;

/// Where to go afterwards.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
}

/// Sends whoever has not entered the password there first.
pub(super) fn first(wanted: &Uri, changes: bool) -> Response {
    if changes || wanted.path().ends_with("/live") {
        return Problem::Forbidden("enter the password first".to_owned()).into_response();
    }
    // A path has no character that would end the parameter but this one.
    let next =
        wanted.path_and_query().map_or("/", |path| path.as_str()).replace('%', "%25").replace('&', "%26");
    Redirect::to(&format!("/login?next={next}")).into_response()
}

/// The page with the password, and what comes of it.
pub(super) async fn answer(
    sessions: &Sessions,
    (password, stored): (Password, Secret),
    peer: IpAddr,
    session: Session,
    request: Request<Body>,
) -> Response {
    if request.method() != Method::POST {
        let next =
            Query::<Wanted>::try_from_uri(request.uri()).map(|wanted| wanted.0.next).unwrap_or_default();
        return page(&session, &next, StatusCode::OK, None);
    }
    let headers = request.headers().clone();
    let sent = match Sent::from_request(request, &()).await {
        Ok(sent) => sent,
        Err(problem) => return problem.into_response(),
    };
    if let Some(wait) = sessions.wait(peer) {
        let seconds = wait.as_secs() + 1;
        let text = format!("there were too many wrong passwords: try again in {seconds} s");
        let mut response =
            (StatusCode::TOO_MANY_REQUESTS, layout::plain("Please wait", &text)).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        return response;
    }
    // Counted before it is known, so that many at the same time are not all looked at.
    sessions.failed(peer);
    let entered = sent.exact("password").to_owned();
    let right = tokio::task::spawn_blocking(move || password.is(&entered)).await.unwrap_or(false);
    if !right {
        tracing::warn!(from = %peer, "a wrong password was entered on the web page");
        return page(&session, sent.get("next"), StatusCode::FORBIDDEN, Some("This is not the password."));
    }
    sessions.forgive(peer);
    tracing::info!(from = %peer, "somebody has signed in on the web page");
    let mut response = Redirect::to(safe(sent.get("next"))).into_response();
    if let Some(cookie) = sessions.sign_in(&stored).header(&headers) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Ends the session.
pub(super) async fn sign_out(sessions: &Sessions, session: &Session, request: Request<Body>) -> Response {
    match Sent::from_request(request, &()).await {
        Ok(_) => {
            sessions.sign_out(session);
            Redirect::to("/login").into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

/// An address of this site; anything else is the overview.
fn safe(next: &str) -> &str {
    let of_this_site = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if of_this_site { next } else { "/" }
}

fn page(session: &Session, next: &str, status: StatusCode, fault: Option<&str>) -> Response {
    let content = html! {
        h1 { "Password" }
        @if let Some(fault) = fault { p.fault role="alert" { (fault) } }
        form.card method="post" action="/login" {
            input type="hidden" name=(form::TOKEN) value=(session.token);
            input type="hidden" name="next" value=(safe(next));
            label for="password" { "Password of this page" }
            input #password type="password" name="password" required autofocus autocomplete="current-password";
            button.main { "Sign in" }
        }
    };
    (status, layout::narrow("Password", &content)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere() {
        for here in ["/", "/reports?state=all&q=x"] {
            assert_eq!(safe(here), here);
        }
        for elsewhere in ["", "https://evil.example", "//evil.example", "/\\evil.example", "/\r\nx: y"] {
            assert_eq!(safe(elsewhere), "/");
        }
    }
}
