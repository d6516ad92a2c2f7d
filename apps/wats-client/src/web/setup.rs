//! The first page of a new installation: server, token, station, folder.

use super::form::Sent;
use super::layout::{Frame, Tab};
use super::problem::Problem;
use super::settings::{change, fault};
use super::{Parts, Shared, connection, needs_setup};
use crate::credentials::Token;
use axum::Extension;
use axum::response::{Html, IntoResponse, Redirect, Response};
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::sync::Arc;
use wats::{Secret, ServerUrl};

/// Names of the fields, and the keys that they stand for.
const FIELDS: [(&str, &str); 4] = [
    ("server", "server.url"),
    ("name", "station.name"),
    ("location", "station.location"),
    ("purpose", "station.purpose"),
];

pub(super) async fn page(Extension(parts): Shared, Extension(frame): Extension<Arc<Frame>>) -> Response {
    let config = parts.live.current();
    if !needs_setup(&config) {
        return Redirect::to("/settings").into_response();
    }
    let folder = config.watches.first().map(|watch| watch.folder.display().to_string());
    let values = BTreeMap::from([
        ("name", config.station.name.clone()),
        ("location", config.station.location.clone()),
        ("purpose", config.station.purpose.clone()),
        ("folder", folder.unwrap_or_default()),
    ]);
    show(&parts, &frame, &values, &html! {}).into_response()
}

pub(super) async fn save(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    sent: Sent,
) -> Result<Response, Problem> {
    let config = parts.live.current();
    if !needs_setup(&config) {
        return Err(Problem::Conflict("this station is set up already: use the settings".to_owned()));
    }
    let names = ["server", "name", "location", "purpose", "folder"];
    let values: BTreeMap<&str, String> =
        names.into_iter().map(|name| (name, sent.get(name).to_owned())).collect();
    let token = sent.exact("api-token").trim();
    let again = |outcome: &Markup| Ok(show(&parts, &frame, &values, outcome).into_response());
    let server: ServerUrl = match values["server"].parse() {
        Ok(server) => server,
        Err(error) => return again(&fault(&format!("server: {error}"))),
    };
    let secret = match (token.is_empty(), config.token.find()) {
        (false, _) => Secret::new(token),
        // Handed over by the service manager or a variable. It has gone nowhere yet, and goes nowhere from here.
        (true, Token::Found(_)) => return again(&fault("enter the API token too, also where one is stored")),
        (true, _) => return again(&fault("enter the API token")),
    };
    if sent.get("action") != "save" {
        return again(&connection::outcome(&connection::ask(&config, server, secret).await));
    }
    match put(&parts, frame.signed_in, &values, token).await {
        Ok(()) => {
            tracing::info!("the station was set up on the web page");
            Ok(Redirect::to("/").into_response())
        }
        Err(text) => again(&fault(&text)),
    }
}

/// Puts all into the file and into force: first the folder, so that the service is set up when the address is there.
async fn put(
    parts: &Parts,
    trusted: bool,
    values: &BTreeMap<&str, String>,
    token: &str,
) -> Result<(), String> {
    let config = parts.live.current();
    let folder = &values["folder"];
    let words = |error: crate::config::ConfigError| error.to_string();
    if !folder.is_empty()
        && config.watches.first().is_none_or(|watch| watch.folder.display().to_string() != *folder)
    {
        let mut editor = parts.live.edit().map_err(words)?;
        if editor.watches() == 0 {
            editor.add_watch(&[("folder", folder)]).map_err(words)?;
        } else {
            editor.edit_watch(0, &[("folder", folder)]).map_err(words)?;
        }
        editor.save().map_err(words)?;
    }
    let keys = FIELDS.iter().map(|(field, key)| ((*key).to_owned(), values[field].clone()));
    let keys = keys.filter(|(key, value)| key != "station.name" || *value != config.station.name);
    change(parts, trusted, &keys.collect(), token).await.map(drop)
}

fn show(parts: &Parts, frame: &Frame, values: &BTreeMap<&str, String>, outcome: &Markup) -> Html<String> {
    let value = |name: &str| values.get(name).map_or("", String::as_str);
    let file = parts.live.current().path.display().to_string();
    frame.page(Tab::Overview, "Set up", &html! {
        h1 { "Set up this station" }
        p { "Four answers, and reports are on their way. Everything can be changed later." }
        (outcome)
        form method="post" action="/setup" {
            (frame.token())
            fieldset.card {
                legend { "1. Server" }
                label for="server" { "Address of the WATS server" }
                input #server type="url" name="server" value=(value("server")) required placeholder="https://company.wats.com" autocomplete="off";
                label for="api-token" { "API token" }
                input #api-token type="password" name="api-token" required autocomplete="off" aria-describedby="token-hint";
                p.hint #token-hint { "Made on the server, under its settings. It is stored for this service alone and never shown again." }
                button name="action" value="test" data-busy="Testing…" { "Test the connection" }
            }
            fieldset.card {
                legend { "2. Station" }
                p.soft { "Reports that do not say where they come from get this." }
                label for="name" { "Name" }
                input #name name="name" value=(value("name")) maxlength="100";
                label for="location" { "Location" }
                input #location name="location" value=(value("location")) maxlength="100" placeholder="Line 1";
                label for="purpose" { "Purpose" }
                input #purpose name="purpose" value=(value("purpose")) maxlength="100" placeholder="Production";
            }
            fieldset.card {
                legend { "3. Folder" }
                label for="folder" { "Folder where your tester puts its files" }
                input #folder name="folder" value=(value("folder")) spellcheck="false" autocomplete="off";
                p.hint { "Every file of a format that this program knows is taken from there. More folders, converters and file names: later, under Folders." }
            }
            div.orders.stay { button.main name="action" value="save" data-busy="Saving…" { "Save and start" } }
        }
        p.soft { "The answers go into " span.path { (file) } "." }
    })
}
