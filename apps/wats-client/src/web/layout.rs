//! What all pages look like.

use super::session::Session;
use axum::response::Html;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Reports,
    Folders,
    Settings,
    Connection,
    Logs,
    About,
}

impl Tab {
    const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Overview, "/", "Overview"),
        (Self::Reports, "/reports", "Reports"),
        (Self::Folders, "/folders", "Folders"),
        (Self::Settings, "/settings", "Settings"),
        (Self::Connection, "/connection", "Connection"),
        (Self::Logs, "/logs", "Logs"),
        (Self::About, "/about", "About"),
    ];
}

/// What a page shows around its content.
pub(super) struct Frame {
    /// Name of the station.
    pub(super) station: String,
    /// The state of the line to the server, in one word.
    pub(super) connection: &'static str,
    /// The browser's session.
    pub(super) session: Session,
    /// Whether a password was entered, so that one can sign out.
    pub(super) signed_in: bool,
}

impl Frame {
    /// A page of the navigation.
    pub(super) fn page(&self, tab: Tab, title: &str, content: &Markup) -> Html<String> {
        let header = html! {
            header.top {
                a.name href="/" {
                    span.mark { (icon()) }
                    span { strong { "WATS Client" } span.station { (self.station) } }
                }
                nav aria-label="Pages" {
                    @for (own, address, name) in Tab::ALL {
                        a href=(address) aria-current=[(own == tab).then_some("page")] { (name) }
                    }
                }
                @if self.signed_in {
                    form.quiet method="post" action="/logout" { (self.token()) button.link { "Sign out" } }
                }
            }
        };
        document(
            title,
            &self.station,
            &html! {
                (header)
                main #content tabindex="-1" { (content) }
            },
        )
    }

    /// The field that every form needs.
    pub(super) fn token(&self) -> Markup {
        html! { input type="hidden" name=(super::form::TOKEN) value=(self.session.token); }
    }
}

/// A page of its own, without navigation.
pub(super) fn narrow(title: &str, content: &Markup) -> Html<String> {
    document(
        title,
        "",
        &html! {
            main.narrow #content tabindex="-1" {
                p.name { span.mark { (icon()) } strong { "WATS Client" } }
                (content)
            }
        },
    )
}

/// A page with nothing but a message.
pub(super) fn plain(title: &str, text: &str) -> Html<String> {
    narrow(
        title,
        &html! {
            h1 { (title) }
            p { (sentence(text)) }
            p { a href="/" { "To the overview" } }
        },
    )
}

/// A text with a capital letter at the start and a full stop at the end.
pub(super) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let mut sentence: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    sentence.push_str(characters.as_str());
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

fn document(title: &str, station: &str, body: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) @if !station.is_empty() { " · " (station) } " · WATS Client" }
                link rel="stylesheet" href=(super::assets::STYLE_ADDRESS.as_str());
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                script src=(super::assets::SCRIPT_ADDRESS.as_str()) defer {}
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                (body)
            }
        }
    };
    Html(page.into_string())
}

fn icon() -> PreEscaped<&'static str> {
    PreEscaped(super::assets::ICON)
}

/// A state as a coloured word.
pub(super) fn badge(word: &str) -> Markup {
    let (tone, text) = match word {
        "P" => ("good", "Passed"),
        "F" => ("bad", "Failed"),
        "E" => ("bad", "Error"),
        "T" => ("bad", "Terminated"),
        "D" => ("calm", "Done"),
        "S" => ("calm", "Skipped"),
        "pending" => ("wait", "Waiting"),
        "delivered" => ("good", "Delivered"),
        "quarantined" => ("bad", "Refused"),
        "connected" => ("good", "Connected"),
        "connecting" => ("calm", "Connecting"),
        "unconfigured" => ("wait", "Not set up"),
        "offline" => ("wait", "Offline"),
        "degraded" => ("bad", "Server refuses"),
        other => ("calm", other),
    };
    html! { span.badge data-tone=(tone) { (text) } }
}
