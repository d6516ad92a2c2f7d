//! Settings: what the configuration file says, and what it is to say.
//!
//! Whoever can change the server's address, or the way to it, could have the API token sent to a server of his own. So
//! such a change needs the token itself — the one that is stored, or a new one that takes its place — unless the page
//! has a password, which was then entered.

use super::form::Sent;
use super::layout::{Frame, Tab, sentence};
use super::problem::Problem;
use super::{Parts, Shared, secret};
use crate::config::keys::{self, KEYS, Key, Kind, SecretKey};
use crate::config::{Applied, Config, SecretSources};
use crate::credentials::Token;
use axum::Extension;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wats::Secret;

/// Parts of the configuration, and their names for people. Folders have a page of their own.
const GROUPS: [(&str, &str); 8] = [
    ("station.", "Station"),
    ("server.", "Server"),
    ("proxy.", "Proxy"),
    ("upload.", "Sending"),
    ("queue.", "Queue"),
    ("web.", "Web page"),
    ("health.", "Monitoring"),
    ("log.", "Log"),
];
/// Starts of keys that have no say in where secrets go, or which files are read and written.
const HARMLESS: [&str; 10] = [
    "station.",
    "upload.",
    "watch[",
    "queue.max-",
    "queue.min-",
    "queue.keep-",
    "health.",
    "log.level",
    "log.max-size",
    "log.keep",
];

pub(super) async fn page(Extension(parts): Shared, Extension(frame): Extension<Arc<Frame>>) -> Html<String> {
    let config = parts.live.current();
    show(&frame, &config, &BTreeMap::new(), &html! {})
}

/// Keys that the page offers.
fn offered() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(|key| GROUPS.iter().any(|(start, _)| key.name.starts_with(start)))
}

/// The configuration after a change.
pub(super) fn applied(applied: &Applied) -> Markup {
    html! {
        section.outcome data-tone="good" role="status" {
            p { strong {
                @if applied.changed.is_empty() { "Nothing is different." } @else { "Saved, and in force." }
            } }
            @if !applied.after_restart.is_empty() {
                p { (applied.after_restart.join(", ")) " will change when the service starts again." }
            }
        }
    }
}

pub(super) fn fault(text: &str) -> Markup {
    html! { p.fault role="alert" { (sentence(text)) } }
}

pub(super) async fn save(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    sent: Sent,
) -> Result<Response, Problem> {
    let values: BTreeMap<String, String> = sent
        .fields()
        .filter(|(name, _)| offered().any(|key| key.name == *name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let result = change(&parts, frame.signed_in, &values, sent.exact("api-token")).await;
    let config = parts.live.current();
    Ok(match result {
        Ok(done) => show(&frame, &config, &BTreeMap::new(), &applied(&done)).into_response(),
        Err(text) => show(&frame, &config, &values, &fault(&text)).into_response(),
    })
}

/// Puts values into the file and into force; an empty one takes its key out.
pub(super) async fn change(
    parts: &Parts,
    trusted: bool,
    values: &BTreeMap<String, String>,
    token: &str,
) -> Result<Applied, String> {
    let config = parts.live.current();
    let mut editor = parts.live.edit().map_err(|error| error.to_string())?;
    for (name, value) in values {
        let before = editor.get(name).map_err(|error| error.to_string())?.unwrap_or_default();
        if before == *value {
            continue;
        }
        if value.is_empty() { editor.remove(name).map(drop) } else { editor.set(name, value) }
            .map_err(|error| error.to_string())?;
    }
    let changes = editor.changes().map_err(|error| error.to_string())?;
    editor.check().map_err(|error| error.to_string())?;
    let token = token.trim();
    if !trusted {
        changes.iter().try_for_each(|change| authorise(&config, token, &change.key))?;
    }
    if !token.is_empty() && config.token.find() != Token::Found(Secret::new(token)) {
        let file = keep(&config, keys::TOKEN, token)?;
        if editor.get("server.token-file").map_err(|error| error.to_string())?.is_none() {
            editor
                .set("server.token-file", &file.display().to_string())
                .map_err(|error| error.to_string())?;
        }
    }
    editor.save().map_err(|error| error.to_string())?;
    parts.live.reload().await
}

/// Whether somebody may change a key who has not entered the page's password, but perhaps a token.
fn authorise(config: &Config, token: &str, key: &str) -> Result<(), String> {
    if HARMLESS.iter().any(|start| key.starts_with(start)) {
        return Ok(());
    }
    if keys::SECRETS.iter().any(|secret| key.strip_suffix("-file") == Some(secret.name)) {
        return Err(format!(
            "{key} names the file of a secret: set a password for this page to change it here"
        ));
    }
    match config.token.find() {
        Token::Missing => Ok(()),
        Token::Found(known) if !token.is_empty() && secret::equal(known.expose(), token) => Ok(()),
        // It takes the place of the old one before anything is sent, so that this is no way to learn that.
        _ if !token.is_empty() => overruled(&config.token, keys::TOKEN, &own_file(config, keys::TOKEN)),
        _ => Err(format!(
            "to change {key}, enter the API token too: whoever can change it could have the token sent elsewhere"
        )),
    }
}

/// The file of a secret that the page stores.
fn own_file(config: &Config, key: SecretKey) -> PathBuf {
    let configured = config.given.get(&format!("{}-file", key.name)).map(PathBuf::from);
    let state = config.queue.folder.parent().unwrap_or(&config.queue.folder);
    configured.unwrap_or_else(|| state.join("secrets").join(key.credential))
}

/// Says what goes before a secret's file, if anything does: what is stored there would have no effect.
fn overruled(sources: &SecretSources, key: SecretKey, file: &Path) -> Result<(), String> {
    if sources.environment.is_some() {
        return Err(format!("{} is set and goes before any file: change it there", key.variable));
    }
    match sources.files.iter().take_while(|other| *other != file).find(|other| other.exists()) {
        Some(other) => Err(format!("{} goes before any other file: change it there", other.display())),
        None => Ok(()),
    }
}

/// Stores a secret in its file, for no other account to read, and gives the file.
fn keep(config: &Config, key: SecretKey, text: &str) -> Result<PathBuf, String> {
    let sources = if key == keys::TOKEN { &config.token } else { &config.web.password };
    let file = own_file(config, key);
    overruled(sources, key, &file)?;
    write(&file, text).map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    Ok(file)
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().ok_or(std::io::ErrorKind::InvalidInput)?;
    std::fs::create_dir_all(folder)?;
    // Made for no other account to read.
    let mut new = tempfile::Builder::new().prefix(".secret-").suffix(".tmp").tempfile_in(folder)?;
    writeln!(new, "{text}")?;
    new.as_file().sync_all()?;
    new.persist(file).map_err(|error| error.error)?;
    crate::files::sync_folder(folder)
}

/// Stores another API token.
pub(super) async fn token(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    sent: Sent,
) -> Result<Response, Problem> {
    let config = parts.live.current();
    let text = sent.exact("api-token").trim();
    let result = if text.is_empty() {
        Err("enter the token".to_owned())
    } else {
        change(&parts, true, &BTreeMap::new(), text).await
    };
    let outcome = match result {
        Ok(_) => {
            html! { section.outcome data-tone="good" role="status" { p { strong { "The token is stored. It is tried at once." } } } }
        }
        Err(text) => fault(&text),
    };
    Ok(show(&frame, &config, &BTreeMap::new(), &outcome).into_response())
}

/// Stores another password of the page.
pub(super) async fn password(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    sent: Sent,
) -> Result<Response, Problem> {
    let config = parts.live.current();
    let (first, second) = (sent.exact("password").to_owned(), sent.exact("again"));
    let result = if first == second {
        secret::check(&first)
    } else {
        Err("the two entries are not the same".to_owned())
    };
    let result = match result {
        Ok(()) => set_password(&parts, &config, first).await,
        Err(text) => Err(text),
    };
    let outcome = match result {
        Ok(()) => html! { section.outcome data-tone="good" role="status" {
            p { strong { "The password is set. Every browser has to enter it now." } }
            p { a href="/" { "Enter it" } }
        } },
        Err(text) => fault(&text),
    };
    Ok(show(&frame, &config, &BTreeMap::new(), &outcome).into_response())
}

async fn set_password(parts: &Parts, config: &Config, password: String) -> Result<(), String> {
    let hash = tokio::task::spawn_blocking(move || secret::hashed(&password)).await;
    let hash = hash.map_err(|error| error.to_string())?;
    let file = keep(config, keys::WEB_PASSWORD, hash.expose())?;
    let mut editor = parts.live.edit().map_err(|error| error.to_string())?;
    if editor.get("web.password-file").map_err(|error| error.to_string())?.is_none() {
        editor.set("web.password-file", &file.display().to_string()).map_err(|error| error.to_string())?;
        editor.save().map_err(|error| error.to_string())?;
    }
    parts.live.reload().await.map(drop)
}

fn show(
    frame: &Frame,
    config: &Config,
    entered: &BTreeMap<String, String>,
    outcome: &Markup,
) -> Html<String> {
    let has_token = matches!(config.token.find(), Token::Found(_));
    frame.page(Tab::Settings, "Settings", &html! {
        h1 { "Settings" }
        (outcome)
        form.settings method="post" action="/settings" {
            (frame.token())
            @for (start, title) in GROUPS {
                fieldset.card {
                    legend { (title) }
                    @for key in offered().filter(|key| key.name.starts_with(start)) { (field(key, config, entered)) }
                }
            }
            @if has_token && !frame.signed_in {
                fieldset.card {
                    legend { "API token" }
                    p.soft { "Needed only to change the server, the proxy or the web page." }
                    label for="settings-token" { "API token" }
                    input #settings-token type="password" name="api-token" autocomplete="off";
                }
            }
            div.orders.stay { button.main data-busy="Saving…" { "Save" } }
        }
        form.card method="post" action="/settings/token" {
            h2 { "Another API token" }
            (frame.token())
            p.soft { @if has_token { "One is stored. It is never shown." } @else { "None is stored." } }
            label for="api-token" { "New API token" }
            input #api-token type="password" name="api-token" required autocomplete="off";
            button { "Store it" }
        }
        form.card method="post" action="/settings/password" {
            h2 { "Password of this page" }
            (frame.token())
            p.soft {
                @if frame.signed_in { "A password is set." } @else { "None is set: everybody who can use this machine can change the settings." }
                " Other machines can reach this page only with one (web.listen)."
            }
            label for="password" { "New password" }
            input #password type="password" name="password" required minlength=(secret::PASSWORD_LENGTH) autocomplete="new-password";
            label for="again" { "Once more" }
            input #again type="password" name="again" required autocomplete="new-password";
            button { "Set it" }
        }
        p.soft { "These settings are in " span.path { (config.path.display()) } ". Comments there stay as they are." }
    })
}

/// A key with its value.
fn field(key: &Key, config: &Config, entered: &BTreeMap<String, String>) -> Markup {
    let own = entered.get(key.name).or_else(|| config.given.get(key.name));
    let value = own.map_or("", String::as_str);
    let by_environment = std::env::var_os(key.variable()).is_some_and(|value| !value.is_empty());
    html! {
        div.field {
            label for=(key.name) { (sentence(key.about).trim_end_matches('.')) }
            @match key.kind {
                Kind::Choice(words) => {
                    select id=(key.name) name=(key.name) disabled[by_environment] {
                        option value="" selected[value.is_empty()] { "default (" (key.default) ")" }
                        @for word in words { option value=(word) selected[*word == value] { (word) } }
                    }
                },
                kind => {
                    input id=(key.name) name=(key.name) value=(value) placeholder=(key.default) spellcheck="false"
                        autocomplete="off" disabled[by_environment]
                        inputmode=(match kind { Kind::Number => "numeric", Kind::Url => "url", _ => "text" });
                },
            }
            p.hint {
                code { (key.name) }
                @if by_environment { " – set by " code { (key.variable()) } }
            }
        }
    }
}
