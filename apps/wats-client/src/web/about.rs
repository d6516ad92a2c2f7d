//! About: which program this is, and what others can ask it.

use super::layout::{Frame, Tab};
use super::{Shared, text};
use axum::Extension;
use axum::response::Html;
use maud::html;
use std::sync::Arc;

pub(super) async fn page(Extension(parts): Shared, Extension(frame): Extension<Arc<Frame>>) -> Html<String> {
    let config = parts.live.current();
    let platform = format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH);
    frame.page(Tab::About, "About", &html! {
        h1 { "WATS Client " (env!("CARGO_PKG_VERSION")) }
        p { "Carries test reports from a factory floor to a WATS server and never loses one." }
        dl.facts.card {
            div { dt { "Runs" } dd { "for " (text::period(parts.liveness.uptime())) " (" (platform) ")" } }
            div { dt { "Station" } dd { (config.station.name) } }
            div { dt { "Configuration" } dd.path { (config.path.display()) @if config.file.is_none() { " (not there yet)" } } }
            div { dt { "Queue" } dd.path { (config.queue.folder.display()) } }
            div { dt { "License" } dd { "MIT or Apache-2.0" } }
        }
        h2 { "For monitoring and fleet tools" }
        dl.facts.card {
            div { dt { "Health and metrics" } dd {
                @match config.health {
                    Some(address) => { "http://" (address) "/health, /metrics (Prometheus)" },
                    None => "switched off (health.listen)",
                }
            } }
            div { dt { "Control interface" } dd {
                "/api/v1, with the token " code { "web.token" } "; "
                a href="/api/v1/openapi.json" { "its description (OpenAPI)" }
            } }
            div { dt { "Command line" } dd { code { "wats-client status" } ", " code { "wats-client queue list" } ", "
                code { "wats-client --help" } } }
        }
    })
}
