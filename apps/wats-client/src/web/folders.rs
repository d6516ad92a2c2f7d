//! Folders: what is watched, and which converter reads it.

use super::form::Sent;
use super::layout::{Frame, Tab, sentence};
use super::problem::Problem;
use super::settings::{applied, fault};
use super::text::setting;
use super::trial::{self, arguments, choice, explanations};
use super::{Parts, Shared, watches};
use crate::config::keys::{KEYS, Key, Kind, OF_WATCH};
use crate::config::{Applied, Config, ConverterSet, Watch};
use axum::Extension;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a form has beside the folder, its converter and what that is told.
const MORE: [(&str, &str, &str); 8] = [
    ("patterns", "File names", "as usual for the converter"),
    ("marker", "Ending of the file that says another one is complete", "none"),
    ("post-action", "When the reports of a file are safe", "move"),
    ("done", "Folder for files whose reports are safe", "as usual"),
    ("error", "Folder for files that hold no usable report", "as usual"),
    ("settle", "A file must stay unchanged for", "2s"),
    ("rescan", "The folder is looked at every", "5s"),
    ("priority", "Priority, 1 (first) to 10", "5"),
];

/// Field of the form that says which folder it was shown for.
const WAS: &str = "was";

/// What somebody has entered, or what the file says.
type Values = BTreeMap<String, String>;

pub(super) async fn page(Extension(parts): Shared, Extension(frame): Extension<Arc<Frame>>) -> Html<String> {
    list(&parts, &frame, &html! {})
}

fn list(parts: &Parts, frame: &Frame, outcome: &Markup) -> Html<String> {
    let config = parts.live.current();
    let states = parts.status.folders();
    frame.page(Tab::Folders, "Folders", &html! {
        h1 { "Folders" }
        (outcome)
        div.orders {
            a.button.main href="/folders/new" { "Watch another folder" }
            a.button href="/try" { "Try a file" }
        }
        @for (number, watch) in config.watches.iter().enumerate() {
            @let state = states.iter().find(|state| state.path == watch.folder);
            section.card.watch aria-label=(watch.folder.display()) {
                h2.path { (watch.folder.display()) }
                @match state {
                    Some(state) => { @match &state.problem {
                        Some(problem) => p.fault { (sentence(problem)) },
                        None => p.soft { "Watched. " (super::text::count(state.waiting as u64, "file waits", "files wait")) "." },
                    } },
                    None => p.soft { "Not watched yet." },
                }
                (facts(watch))
                div.orders {
                    a.button href={ "/folders/" (number) } { "Change" }
                    a.button.danger href={ "/folders/" (number) "/remove" } { "Watch it no more" }
                }
            }
        }
        (converters(&config.converters))
    })
}

fn facts(watch: &Watch) -> Markup {
    let arguments: Vec<String> = watch
        .arguments
        .names()
        .filter_map(|name| Some(format!("{name} = {}", watch.arguments.get(name)?)))
        .collect();
    html! {
        dl.facts {
            div { dt { "Converter" } dd { (watch.converter) } }
            div { dt { "File names" } dd { (watch.patterns.join(", ")) } }
            @if !arguments.is_empty() { div { dt { "Arguments" } dd { (arguments.join(", ")) } } }
            div { dt { "Done" } dd.path { (watch.done.display()) } }
            div { dt { "Error" } dd.path { (watch.error.display()) } }
            div { dt { "Settles in" } dd { (setting(watch.settle)) } }
            div { dt { "Priority" } dd { (watch.priority) } }
        }
    }
}

/// What there is to convert files with.
fn converters(set: &ConverterSet) -> Markup {
    html! {
        section aria-label="Converters" {
            h2 { "Converters" }
            @for fault in &set.faults { p.message { (sentence(fault)) } }
            div.table {
                table.converters {
                    thead { tr { th { "Name" } th { "Format" } th { "Usual file names" } th { "Kind" } } }
                    tbody {
                        @for converter in set.iter() {
                            @let description = converter.describe();
                            tr {
                                td.name { (converter.name()) }
                                td.title { (description.title) }
                                td.patterns { (description.patterns.join(", ")) }
                                td.kind { (kind(converter.name())) }
                            }
                        }
                    }
                }
            }
            p.soft {
                "Plug-ins of your own go into " span.path { (set.folder.display()) }
                "; commands stand in the configuration file, as [command.NAME]."
            }
        }
    }
}

/// Where a converter comes from, by its name.
fn kind(name: &str) -> &'static str {
    match name.split_once(':') {
        Some(("plugin", _)) => "plug-in",
        Some(_) => "command",
        None => "built in",
    }
}

pub(super) async fn new(Extension(parts): Shared, Extension(frame): Extension<Arc<Frame>>) -> Html<String> {
    form(&parts, &frame, None, &Values::new(), &html! {})
}

pub(super) async fn edit(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    Path(number): Path<usize>,
) -> Result<Html<String>, Problem> {
    let config = parts.live.current();
    let watch = watches::find(&config, number)?;
    Ok(form(&parts, &frame, Some(number), &stored(&config, number, watch), &html! {}))
}

/// What the file says of a folder.
fn stored(config: &Config, number: usize, watch: &Watch) -> Values {
    let start = format!("watch[{number}].");
    let own = config.given.iter().filter_map(|(key, value)| Some((key.strip_prefix(&start)?, value)));
    let mut values: Values = own
        .filter(|(name, _)| !name.starts_with(watches::ARGUMENTS))
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    let lines = watches::stored_arguments(config, number)
        .map(|(key, value)| format!("{} = {value}\n", key.trim_start_matches(watches::ARGUMENTS)));
    values.insert("arguments".to_owned(), lines.collect());
    // The folder that is watched when the file names none.
    values.entry("folder".to_owned()).or_insert_with(|| watch.folder.display().to_string());
    values.entry("converter".to_owned()).or_insert_with(|| watch.converter.clone());
    values.insert(WAS.to_owned(), watch.folder.display().to_string());
    values
}

pub(super) async fn add(
    parts: Shared,
    frame: Extension<Arc<Frame>>,
    sent: Sent,
) -> Result<Response, Problem> {
    receive(parts, frame, None, sent).await
}

pub(super) async fn change(
    parts: Shared,
    frame: Extension<Arc<Frame>>,
    Path(number): Path<usize>,
    sent: Sent,
) -> Result<Response, Problem> {
    watches::find(&parts.live.current(), number)?;
    receive(parts, frame, Some(number), sent).await
}

/// Tries the chosen file with what was entered, or saves what was entered.
async fn receive(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    number: Option<usize>,
    mut sent: Sent,
) -> Result<Response, Problem> {
    let mut values: Values = sent.fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    values.insert("arguments".to_owned(), sent.exact("arguments").to_owned());
    let converter = sent.get("converter").to_owned();
    let lines = sent.exact("arguments").to_owned();
    if sent.get("action") == "try" {
        let outcome = match sent.file.take() {
            None => fault("choose a file to try first"),
            Some(file) => trial::attempt_with(&parts, file, converter, &lines).await,
        };
        return Ok(form(&parts, &frame, number, &values, &outcome).into_response());
    }
    Ok(match save(&parts, number, &values).await {
        Ok(done) => list(&parts, &frame, &applied(&done)).into_response(),
        Err(problem) => form(&parts, &frame, number, &values, &fault(problem.text())).into_response(),
    })
}

async fn save(parts: &Parts, number: Option<usize>, entered: &Values) -> Result<Applied, Problem> {
    let told = arguments(entered.get("arguments").map_or("", String::as_str)).map_err(Problem::Invalid)?;
    let config = parts.live.current();
    let told = told.names().map(|name| {
        let key = watches::argument_key(&config, number, name);
        (key, told.get(name).unwrap_or_default().to_owned())
    });
    let known = KEYS.iter().filter_map(|key| key.name.strip_prefix(OF_WATCH));
    let known = known.filter_map(|name| Some((name.to_owned(), entered.get(name)?.clone())));
    let mut values: watches::Values = known.chain(told).collect();
    let Some(number) = number else { return Ok(watches::add(parts, &values).await?.1) };
    // The form shows all arguments: one that is there no more is taken out.
    let gone = watches::stored_arguments(&config, number)
        .filter(|(key, _)| !values.iter().any(|(own, _)| own == key))
        .map(|(key, _)| (key.to_owned(), String::new()));
    values = gone.collect::<Vec<_>>().into_iter().chain(values).collect();
    watches::change(parts, number, entered.get(WAS).map_or("", String::as_str), &values).await
}

pub(super) async fn ask_remove(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    Path(number): Path<usize>,
) -> Result<Html<String>, Problem> {
    let config = parts.live.current();
    let watch = watches::find(&config, number)?;
    Ok(frame.page(
        Tab::Folders,
        "Watch a folder no more",
        &html! {
            h1 { "Watch this folder no more?" }
            p.path { (watch.folder.display()) }
            p { "Files that are put there stay there. Reports that were taken from it are still sent." }
            form.orders method="post" action={ "/folders/" (number) "/remove" } {
                (frame.token())
                input type="hidden" name="folder" value=(watch.folder.display());
                button.danger { "Watch it no more" }
                a.button href="/folders" { "Leave it" }
            }
        },
    ))
}

pub(super) async fn remove(
    Extension(parts): Shared,
    Path(number): Path<usize>,
    sent: Sent,
) -> Result<Redirect, Problem> {
    watches::remove(&parts, number, sent.get("folder")).await?;
    Ok(Redirect::to("/folders"))
}

/// What can happen to a file.
fn post_actions() -> &'static [&'static str] {
    match Key::find("watch[].post-action").map(|key| key.kind) {
        Some(Kind::Choice(words)) => words,
        _ => &[],
    }
}

fn form(
    parts: &Parts,
    frame: &Frame,
    number: Option<usize>,
    values: &Values,
    outcome: &Markup,
) -> Html<String> {
    let config = parts.live.current();
    let value = |name: &str| values.get(name).map_or("", String::as_str);
    let title = if number.is_some() { "Change a folder" } else { "Watch another folder" };
    let action = number.map_or_else(|| "/folders/new".to_owned(), |number| format!("/folders/{number}"));
    let converter = if value("converter").is_empty() { wats_converters::AUTO } else { value("converter") };
    frame.page(Tab::Folders, title, &html! {
        h1 { (title) }
        (outcome)
        form.card method="post" action=(action) enctype="multipart/form-data" {
            (frame.token())
            @if number.is_some() { input type="hidden" name=(WAS) value=(value(WAS)); }
            label for="folder" { "Folder on this machine" }
            input #folder name="folder" value=(value("folder")) required spellcheck="false" autocomplete="off";
            label for="converter" { "Converter" }
            (choice(&config.converters, converter))
            (explanations(&config.converters))
            label for="arguments" { "What the converter is told, one a line" }
            textarea #arguments name="arguments" rows="3" spellcheck="false"
                placeholder="part-number = PSU-100" { (value("arguments")) }
            details open[MORE.iter().any(|(name, ..)| !value(name).is_empty())] {
                summary { "More" }
                @for (name, about, default) in MORE {
                    div.field {
                        label for=(name) { (about) }
                        @if name == "post-action" {
                            select id=(name) name=(name) {
                                option value="" selected[value(name).is_empty()] { "as usual (" (default) ")" }
                                @for word in post_actions() {
                                    option value=(word) selected[*word == value(name)] { (word) }
                                }
                            }
                        } @else {
                            input id=(name) name=(name) value=(value(name)) placeholder=(default) spellcheck="false" autocomplete="off";
                        }
                    }
                }
            }
            fieldset {
                legend { "Try it first" }
                p.soft { "Choose a file of your tester to see the reports that it gives. Nothing is sent or stored." }
                label.hidden for="file" { "File to try" }
                input #file type="file" name="file";
                button name="action" value="try" data-busy="Reading…" { "Try it" }
            }
            div.orders.stay {
                button.main name="action" value="save" data-busy="Saving…" { "Save" }
                a.button href="/folders" { "Leave it" }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_folder_is_in_its_form() {
        let form = ["folder", "converter"].into_iter().chain(MORE.iter().map(|(name, ..)| *name));
        let form: std::collections::BTreeSet<&str> = form.collect();
        let keys = KEYS.iter().filter_map(|key| key.name.strip_prefix(OF_WATCH)).collect();
        assert_eq!(form, keys);
    }
}
