//! Connection: the way to the server, step by step, as `wats-client test-connection` goes it.

use super::form::Sent;
use super::layout::{Frame, Tab, badge, sentence};
use super::{Parts, Shared};
use crate::commands::test_connection::{Step, steps};
use crate::config::Config;
use crate::credentials::Token;
use crate::status::Connection;
use axum::Extension;
use axum::response::Html;
use maud::{Markup, html};
use serde::Serialize;
use std::sync::Arc;
use wats::{Secret, ServerUrl};

/// What a test has found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// The server answers and takes the token.
    pub(super) ok: bool,
    /// The same in words, or what stands in the way.
    pub(super) message: String,
    /// The steps on the way, up to the first that cannot be taken.
    pub(super) steps: Vec<Step>,
}

/// Goes the way to a server with this token, and otherwise as configured.
pub(super) async fn ask(config: &Config, server: ServerUrl, token: Secret) -> Finding {
    let mut config = config.clone();
    config.server = Some(server);
    config.token.environment = Some(token);
    go(config).await
}

/// Goes the configured way, beside everything else.
pub(super) async fn test_configured(parts: &Parts) -> Finding {
    go(Config::clone(&parts.live.current())).await
}

async fn go(config: Config) -> Finding {
    let fault = |message: String| Finding { ok: false, message, steps: Vec::new() };
    match tokio::task::spawn_blocking(move || steps(&config)).await {
        Ok(Ok(steps)) => {
            let trouble = steps.iter().find(|step| !step.ok);
            let message = trouble.map_or_else(
                || "the server answers and takes the token".to_owned(),
                |step| format!("{}: {}", name(step.step), step.found),
            );
            Finding { ok: trouble.is_none(), message, steps }
        }
        Ok(Err(failure)) => fault(landfall_service::Failure::from(failure).to_string()),
        Err(error) => fault(error.to_string()),
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

/// What was found: the verdict, and the steps that led to it.
pub(super) fn outcome(finding: &Finding) -> Markup {
    html! {
        section.outcome data-tone=(if finding.ok { "good" } else { "bad" }) role="status" {
            p { strong { (sentence(&finding.message)) } }
        }
        @if !finding.steps.is_empty() {
            ol.way aria-label="The way to the server" {
                @for step in &finding.steps {
                    li data-ok=(step.ok) {
                        span.step { (name(step.step)) }
                        span.found {
                            (step.found)
                            @if let Some(milliseconds) = step.milliseconds { span.soft { " " (milliseconds) " ms" } }
                            @if let Some(advice) = &step.advice { span.advice { (sentence(advice)) } }
                        }
                    }
                }
            }
        }
    }
}

/// A step's name for people.
fn name(step: &str) -> String {
    match step {
        "tcp" | "tls" => step.to_ascii_uppercase(),
        other => sentence(other).trim_end_matches('.').to_owned(),
    }
}
