//! Logs: the last messages.

use super::layout::{Frame, Tab};
use super::{Parts, Shared, text};
use axum::Extension;
use axum::extract::Query;
use axum::response::Html;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use tracing::Level;

/// Messages that are shown.
const SHOWN: usize = 200;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    level: String,
}

/// The level of this name; `info` for anything else.
pub(super) fn level_of(word: &str) -> Level {
    match word {
        "error" => Level::ERROR,
        "warn" => Level::WARN,
        "debug" => Level::DEBUG,
        _ => Level::INFO,
    }
}

pub(super) async fn page(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    Query(wanted): Query<Wanted>,
) -> Html<String> {
    let level = level_of(&wanted.level);
    let word = level.as_str().to_ascii_lowercase();
    let names = [("error", "Errors"), ("warn", "Warnings"), ("info", "All"), ("debug", "With details")];
    frame.page(
        Tab::Logs,
        "Logs",
        &html! {
            h1 { "Logs" }
            nav.filters aria-label="Levels" {
                @for (own, name) in names {
                    a href={ "/logs?level=" (own) } aria-current=[(own == word).then_some("true")] { (name) }
                }
            }
            div data-live={ "/logs/live?level=" (word) } data-pause="3000" { (lines(&parts, level)) }
            @if let Some(file) = &parts.live.current().log.file {
                p.soft { "Older messages are in " span.path { (file.display()) } "." }
            }
        },
    )
}

pub(super) async fn live(Extension(parts): Shared, Query(wanted): Query<Wanted>) -> Html<String> {
    Html(lines(&parts, level_of(&wanted.level)).into_string())
}

fn lines(parts: &Parts, level: Level) -> Markup {
    let lines = parts.log.newest(level, SHOWN);
    html! {
        @if lines.is_empty() {
            p.soft { "No such message since the start." }
        } @else {
            ol.log {
                @for line in &lines {
                    li data-level=(line.level.as_str().to_ascii_lowercase()) {
                        (text::system_time(line.time)) " "
                        span.level { (line.level.as_str().to_ascii_lowercase()) } " "
                        span.text { (line.text) }
                    }
                }
            }
        }
    }
}
