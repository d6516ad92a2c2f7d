//! Settings: what the configuration file says, and what it is to say.
//!
//! Whoever can change the server's address, or the way to it, could have the API token sent to a server of his own. So
//! such a change needs the token itself — the one that is stored, or a new one that takes its place — unless the page
//! has a password, which was then entered. For the same reason the first password needs it.

use super::form::Sent;
use super::layout::{Frame, Tab, sentence};
use super::problem::Problem;
use super::{Parts, Shared, secret};
use crate::config::keys::{self, KEYS, Key, Kind, SecretKey};
use crate::config::{Applied, Config};
use crate::credentials::Token;
use axum::Extension;
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::sync::Arc;
use wats::Secret;

/// Parts of the configuration, and their names for people. Folders have a page of their own.
const GROUPS: [(&str, &str); 9] = [
    ("station.", "Station"),
    ("server.", "Server"),
    ("proxy.", "Proxy"),
    ("upload.", "Sending"),
    ("queue.", "Queue"),
    ("plugins.", "Plug-in converters"),
    ("web.", "Web page"),
    ("health.", "Monitoring"),
    ("log.", "Log"),
];
/// Secrets that the page stores; its own password has a form of its own.
const OFFERED_SECRETS: [SecretKey; 3] = [keys::TOKEN, keys::PROXY_PASSWORD, keys::WEB_TOKEN];
/// Starts of keys that have no say in where secrets go, or which files are read and written.
const HARMLESS: [&str; 11] = [
    "station.",
    "upload.",
    "watch[",
    "queue.max-",
    "queue.min-",
    "queue.keep-",
    "health.",
    "log.level",
    "log.format",
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
    if !trusted {
        changes.iter().try_for_each(|change| authorise(&config, token.trim(), &change.key))?;
    }
    keep_if_new(&config, token.trim())?;
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
    let is_entered = |known: &Secret| !token.is_empty() && secret::equal(known.expose(), token);
    // One that an administrator or a service manager hands over counts again when it is handed over anew, or when the
    // stored one is forgotten, and would then go to an address that it is not meant for.
    match config.token.handed_over() {
        Token::Found(known) if is_entered(&known) => return Ok(()),
        Token::Found(_) if token.is_empty() => {}
        Token::Found(_) => {
            let giver = config.token.giver().unwrap_or_default();
            return Err(format!("the API token comes from {giver}: enter that one, or change it there"));
        }
        Token::Unreadable(why) => return Err(why),
        Token::Missing => match config.token.find() {
            Token::Missing => return Ok(()),
            // It takes the place of the stored one before anything is sent, so that this is no way to learn that.
            _ if !token.is_empty() => return Ok(()),
            _ => {}
        },
    }
    Err(format!(
        "to change {key}, enter the API token too: whoever can change it could have the token sent elsewhere"
    ))
}

/// Stores the API token if another one was entered.
fn keep_if_new(config: &Config, token: &str) -> Result<(), String> {
    if token.is_empty() || config.token.find() == Token::Found(Secret::new(token)) {
        return Ok(());
    }
    keep(config, keys::TOKEN, &Secret::new(token))
}

/// Stores a secret where the service's account alone can read it.
fn keep(config: &Config, key: SecretKey, text: &Secret) -> Result<(), String> {
    let sources = config.secret(key);
    if sources.environment.is_some() {
        return Err(format!("{} is set and goes before what is stored: change it there", key.variable));
    }
    sources.keep(text)
}

/// Stores another secret, which is in force from now on.
pub(super) async fn put_secret(parts: &Parts, key: SecretKey, text: &Secret) -> Result<(), String> {
    if text.expose().trim().is_empty() {
        return Err(format!("enter the {}", key.about));
    }
    keep(&parts.live.current(), key, text)?;
    parts.live.reload().await.map(drop)
}

/// Forgets what was stored; what an administrator or the service manager hands over counts again.
pub(super) async fn forget_secret(parts: &Parts, key: SecretKey) -> Result<(), String> {
    parts.live.current().secret(key).forget()?;
    parts.live.reload().await.map(drop)
}

/// Stores another secret, or forgets what was stored.
pub(super) async fn store_secret(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    sent: Sent,
) -> Result<Response, Problem> {
    let name = sent.get("name").to_owned();
    let Some(key) = OFFERED_SECRETS.into_iter().find(|key| key.name == name) else {
        return Err(Problem::bad("there is no secret of this name"));
    };
    let result = match sent.get("action") {
        "forget" => forget_secret(&parts, key).await.map(|()| "is forgotten"),
        _ => {
            let text = Secret::new(sent.exact("value").trim());
            put_secret(&parts, key, &text).await.map(|()| "is stored, and in force")
        }
    };
    let outcome = match result {
        Ok(done) => {
            tracing::info!("the secret {} {done}, as somebody on the web page wants", key.name);
            html! { section.outcome data-tone="good" role="status" { p { strong { "The " (key.about) " " (done) "." } } } }
        }
        Err(text) => fault(&text),
    };
    Ok(show(&frame, &parts.live.current(), &BTreeMap::new(), &outcome).into_response())
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
        set_password(&parts, frame.signed_in, first, sent.exact("api-token")).await
    } else {
        Err("the two entries are not the same".to_owned())
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

/// Stores another password. Whoever has entered one may change where the API token goes, so that somebody who has not
/// needs that token.
pub(super) async fn set_password(
    parts: &Parts,
    trusted: bool,
    password: String,
    token: &str,
) -> Result<(), String> {
    secret::check(&password)?;
    let config = parts.live.current();
    if !trusted {
        authorise(&config, token.trim(), keys::WEB_PASSWORD.name)?;
    }
    keep_if_new(&config, token.trim())?;
    let hash = tokio::task::spawn_blocking(move || secret::hashed(&password)).await;
    let hash = hash.map_err(|error| error.to_string())?;
    keep(&config, keys::WEB_PASSWORD, &hash)?;
    parts.live.reload().await.map(drop)
}

fn show(
    frame: &Frame,
    config: &Config,
    entered: &BTreeMap<String, String>,
    outcome: &Markup,
) -> Html<String> {
    let needs_token = !frame.signed_in && matches!(config.token.find(), Token::Found(_));
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
            @if needs_token {
                fieldset.card {
                    legend { "API token" }
                    p.soft { "Needed only to change the server, the proxy or the web page." }
                    label for="settings-token" { "API token" }
                    input #settings-token type="password" name="api-token" autocomplete="off";
                }
            }
            div.orders.stay { button.main data-busy="Saving…" { "Save" } }
        }
        section aria-label="Secrets" {
            h2 { "Secrets" }
            p.soft { "They are kept apart from the settings, for this service's account alone, and never shown." }
            @for key in OFFERED_SECRETS { (secret_field(frame, config, key)) }
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
            @if needs_token {
                label for="password-token" { "API token" }
                input #password-token type="password" name="api-token" required autocomplete="off" aria-describedby="password-hint";
                p.hint #password-hint { "Or, as administrator: " code { "wats-client config set web.password" } }
            }
            button { "Set it" }
        }
        p.soft { "These settings are in " span.path { (config.path.display()) } ". Comments there stay as they are." }
    })
}

/// A secret: whether there is one and where it comes from, and a field for another one.
fn secret_field(frame: &Frame, config: &Config, key: SecretKey) -> Markup {
    let sources = config.secret(key);
    let is_stored = sources.store.as_ref().is_some_and(|store| store.file().exists());
    html! {
        form.card.secret method="post" action="/settings/secret" {
            (frame.token())
            input type="hidden" name="name" value=(key.name);
            label for=(key.name) { (sentence(key.about).trim_end_matches('.')) }
            div.row {
                input id=(key.name) type="password" name="value" autocomplete="off" placeholder="another one";
                button { "Store it" }
                @if is_stored { button.danger name="action" value="forget" { "Forget it" } }
            }
            p.hint {
                code { (key.name) } " – "
                @match sources.find() {
                    Token::Found(_) => { "set, from " span.path { (sources.origin().unwrap_or_default()) } },
                    Token::Missing => "not set",
                    Token::Unreadable(why) => span.fault { (why) },
                }
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Folders have a page of their own; the version is the program's business.
    #[test]
    fn every_key_and_every_secret_has_its_place() {
        for key in KEYS {
            let places = GROUPS.iter().filter(|(start, _)| key.name.starts_with(start)).count();
            let elsewhere = key.name.starts_with(keys::OF_WATCH) || key.name == "version";
            assert_eq!(places, usize::from(!elsewhere), "{}", key.name);
        }
        for key in keys::SECRETS {
            assert!(OFFERED_SECRETS.contains(key) || *key == keys::WEB_PASSWORD, "{}", key.name);
        }
    }
}
