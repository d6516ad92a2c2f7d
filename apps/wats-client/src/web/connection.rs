//! Connection: is the server there, and does it take the token?

use super::form::Sent;
use super::layout::{Frame, Tab, badge, sentence};
use super::text::period;
use super::{Parts, Shared};
use crate::config::Config;
use crate::credentials::Token;
use crate::status::Connection;
use axum::Extension;
use axum::response::Html;
use maud::{Markup, html};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use wats::{Client, Failure, Retry, Secret, ServerUrl, Tls};

/// Longest wait for the server's answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Difference of the clocks that is worth a word: reports carry the time of this machine.
const CLOCK: Duration = Duration::from_secs(60);

/// What a test has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    /// The server answers and takes the token.
    pub(super) ok: bool,
    /// What it said, or why there is no answer.
    pub(super) message: String,
    /// Version of the server.
    pub(super) version: Option<String>,
    /// How long the answer took, in milliseconds.
    pub(super) milliseconds: u64,
    /// Seconds that this machine's clock is ahead of the server's.
    pub(super) clock_ahead_seconds: Option<i64>,
}

impl Finding {
    fn fault(message: String) -> Self {
        Self { ok: false, message, version: None, milliseconds: 0, clock_ahead_seconds: None }
    }
}

/// Asks a server for its version, with this token.
pub(super) async fn ask(config: &Config, server: ServerUrl, token: Secret) -> Finding {
    let certificates = match config.ca_file.as_ref().map(|file| (file, std::fs::read(file))) {
        None => None,
        Some((_, Ok(pem))) => Some(pem),
        Some((file, Err(error))) => {
            return Finding::fault(format!("{} cannot be read: {error}", file.display()));
        }
    };
    let builder = Client::builder(server, "wats-client", env!("CARGO_PKG_VERSION"))
        .token(token)
        .tls(Tls { authorities: certificates, ..Tls::default() })
        .retry(Retry::never());
    let client = match builder.build() {
        Ok(client) => client,
        Err(error) => return Finding::fault(error.to_string()),
    };
    let start = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, client.greet()).await;
    let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    match answer {
        Ok(Ok(greeting)) => Finding {
            ok: true,
            message: "the server answers and takes the token".to_owned(),
            version: Some(greeting.version),
            milliseconds,
            clock_ahead_seconds: greeting.date.map(ahead),
        },
        Ok(Err(Failure::Access { status: 401 | 403, message })) => Finding {
            milliseconds,
            ..Finding::fault(format!("the server answers and refuses the token: {message}"))
        },
        Ok(Err(failure)) => Finding { milliseconds, ..Finding::fault(failure.to_string()) },
        Err(_) => {
            Finding { milliseconds, ..Finding::fault(format!("no answer within {} s", PATIENCE.as_secs())) }
        }
    }
}

fn ahead(server: SystemTime) -> i64 {
    let seconds = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(server) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

/// Tests the line with what is configured.
pub(super) async fn test_configured(parts: &Parts) -> Finding {
    let config = parts.live.current();
    let Some(server) = config.server.clone() else {
        return Finding::fault("no server address is set (server.url)".to_owned());
    };
    match config.token.find() {
        Token::Found(token) => ask(&config, server, token).await,
        Token::Missing => Finding::fault("no API token is set".to_owned()),
        Token::Unreadable(why) => Finding::fault(why),
    }
}

pub(super) async fn page(Extension(parts): Shared, Extension(frame): Extension<Arc<Frame>>) -> Html<String> {
    show(&parts, &frame, None)
}

pub(super) async fn test(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    _: Sent,
) -> Html<String> {
    let finding = test_configured(&parts).await;
    show(&parts, &frame, Some(&finding))
}

fn show(parts: &Parts, frame: &Frame, finding: Option<&Finding>) -> Html<String> {
    let config = parts.live.current();
    let reason = match parts.status.connection() {
        Connection::Unconfigured(reason) | Connection::Degraded(reason) | Connection::Offline(reason) => {
            Some(reason)
        }
        Connection::Connecting | Connection::Connected => None,
    };
    frame.page(Tab::Connection, "Connection", &html! {
        h1 { "Connection" }
        dl.facts.card {
            div { dt { "Server" } dd.path {
                @match &config.server { Some(server) => (server.as_str()), None => a href="/setup" { "not set up yet" } }
            } }
            div { dt { "API token" } dd {
                @match config.token.find() {
                    Token::Found(_) => "set",
                    Token::Missing => "not set",
                    Token::Unreadable(why) => span.fault { (why) },
                }
            } }
            div { dt { "Own certificates" } dd.path {
                @match &config.ca_file { Some(file) => (file.display()), None => "none" }
            } }
            div { dt { "Now" } dd { (badge(frame.connection)) @if let Some(reason) = &reason { " " (sentence(reason)) } } }
        }
        form.orders method="post" action="/connection" {
            (frame.token())
            button.main data-busy="Testing…" { "Test now" }
        }
        @if let Some(finding) = finding { (outcome(finding)) }
    })
}

/// What was found, in words.
pub(super) fn outcome(finding: &Finding) -> Markup {
    html! {
        section.outcome data-tone=(if finding.ok { "good" } else { "bad" }) role="status" {
            p { strong { (sentence(&finding.message)) } }
            @if let Some(version) = &finding.version { p { "Version " (version) ", after " (finding.milliseconds) " ms." } }
            @if let Some(ahead) = finding.clock_ahead_seconds.filter(|ahead| ahead.unsigned_abs() > CLOCK.as_secs()) {
                p.fault {
                    "The clock of this machine is " (period(Duration::from_secs(ahead.unsigned_abs())))
                    @if ahead > 0 { " ahead of" } @else { " behind" } " the server's: reports carry its time."
                }
            }
        }
    }
}
