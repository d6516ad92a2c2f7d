//! Reports: find them, look at them, decide about those that were refused.

use super::form::Sent;
use super::layout::{Frame, Tab, badge, sentence};
use super::look::{self, Entry, Wanted};
use super::problem::Problem;
use super::text::{moment, number, size, when};
use super::{Parts, Shared, overview};
use crate::queue::{QueueError, State, Store};
use axum::Extension;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// Reports of a page.
const PAGE: usize = 50;
/// Refused reports that are tried again in one go.
const PORTION: usize = 500;
/// Largest report that is shown; larger ones can be downloaded.
const SHOWN: usize = 16 << 20;
/// Largest report that can be edited in the page.
const EDITABLE: usize = 1 << 20;

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    state: String,
    #[serde(default)]
    q: String,
    before: Option<i64>,
}

/// The state of this name; none for anything else.
pub(super) fn state_of(word: &str) -> Option<State> {
    [State::Pending, State::Delivered, State::Quarantined].into_iter().find(|state| state.word() == word)
}

pub(super) async fn list(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    Query(search): Query<Search>,
) -> Result<Html<String>, Problem> {
    let text: String = search.q.trim().chars().take(200).collect();
    let state = state_of(&search.state);
    let wanted = Wanted { state, text: text.clone(), before: search.before, limit: PAGE + 1 };
    let folder = parts.live.current().queue.folder.clone();
    let mut found = look::look(folder, move |connection| look::list(connection, &wanted)).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let counts = parts.queue.counts();
    let all = counts.pending + counts.delivered + counts.quarantined;
    let filters = [
        ("", "All", all),
        ("pending", "Waiting", counts.pending),
        ("quarantined", "Refused", counts.quarantined),
        ("delivered", "Delivered", counts.delivered),
    ];
    let chosen = state.map_or("", State::word);
    let address = |state: &str, before: Option<i64>| {
        let pairs = [("state", state.to_owned()), ("q", text.clone())];
        let pairs = pairs.into_iter().chain(before.map(|before| ("before", before.to_string())));
        let pairs: Vec<_> = pairs.filter(|(_, value)| !value.is_empty()).collect();
        format!("/reports?{}", query(&pairs))
    };
    Ok(frame.page(Tab::Reports, "Reports", &html! {
        h1 { "Reports" }
        form.search method="get" action="/reports" role="search" {
            @if !chosen.is_empty() { input type="hidden" name="state" value=(chosen); }
            label.hidden for="q" { "Serial number, file name or report id" }
            input #q type="search" name="q" value=(text) placeholder="Serial number, file name or id";
            button { "Search" }
        }
        nav.filters aria-label="States" {
            @for (word, name, number_of) in filters {
                a href=(address(word, None)) aria-current=[(word == chosen).then_some("true")] {
                    (name) " " span.soft { (number(number_of)) }
                }
            }
        }
        @if state == Some(State::Quarantined) && counts.quarantined > 1 {
            form.orders method="post" action="/reports/retry-refused"
                data-ask={ "Try all " (counts.quarantined) " refused reports again?" } {
                (frame.token())
                button data-busy="Trying…" { "Try all refused again" }
            }
        }
        @if found.is_empty() {
            p.soft { @if text.is_empty() { "There are none." } @else { "No report has “" (text) "” in it." } }
        } @else {
            (table(&found))
            @if more {
                p { a.more href=(address(chosen, found.last().map(|entry| entry.sequence))) rel="next" { "Older reports" } }
            }
        }
    }))
}

/// Pairs as they stand in an address.
fn query(pairs: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text += name;
        text.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                text.push(char::from(byte));
            } else {
                text += &format!("%{byte:02X}");
            }
        }
    }
    text
}

/// Reports as a table.
pub(super) fn table(entries: &[Entry]) -> Markup {
    html! {
        div.table {
            table.reports {
                thead { tr { th { "Serial number" } th { "State" } th { "Source" } th { "Taken in" } th { "Note" } } }
                tbody {
                    @for entry in entries {
                        @let (accepted, state) = overview::standing(entry);
                        tr {
                            td.serial { a href={ "/reports/" (entry.sequence) } {
                                @if entry.serial_number.is_empty() { "(none)" } @else { (entry.serial_number) }
                            } }
                            td { (state) }
                            td.source { (entry.source) }
                            td.time { (accepted) }
                            td.note { (entry.message.as_deref().unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

/// A report by its number, with its content as long as that is kept.
pub(super) async fn find(parts: &Parts, sequence: i64) -> Result<(Entry, Option<Vec<u8>>), Problem> {
    let folder = parts.live.current().queue.folder.clone();
    let found = look::look(folder, move |connection| look::one(connection, sequence)).await?;
    found.ok_or_else(|| Problem::Missing(format!("the queue has no report {sequence}")))
}

pub(super) async fn show(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    Path(sequence): Path<i64>,
) -> Result<Html<String>, Problem> {
    let (entry, body) = find(&parts, sequence).await?;
    let has_body = body.is_some();
    let is_editable = body.as_ref().is_some_and(|body| body.len() <= EDITABLE);
    let (content, result) = match body {
        None => (html! { p.soft { "The server has this report; its content is not kept here." } }, None),
        Some(body) if body.len() > SHOWN => {
            let size = size(body.len() as u64);
            (html! { p.soft { "The report has " (size) ": too much to show here. Download it." } }, None)
        }
        Some(body) => super::heavy(move || content(&body)).await?,
    };
    let title = if entry.serial_number.is_empty() { "Report" } else { &entry.serial_number };
    Ok(frame.page(
        Tab::Reports,
        title,
        &html! {
            h1 { (title) }
            p.verdicts {
                @if let Some(result) = &result { span { span.soft { "Unit " } (badge(result)) } }
                span { span.soft { "Report " } (badge(entry.state)) }
            }
            @if let Some(message) = &entry.message { p.message { (sentence(message)) } }
            (orders(&frame, &entry, has_body, is_editable))
            (content)
            section aria-label="On its way" {
                h2 { "On its way" }
                dl.facts.card {
                    div { dt { "Source" } dd { (entry.source) } }
                    div { dt { "Converter" } dd { (entry.converter) } }
                    div { dt { "Taken in" } dd { (when(moment(entry.accepted))) } }
                    @if entry.finished > 0 {
                        div { dt { @if entry.state == "delivered" { "Delivered" } @else { "Refused" } }
                            dd { (when(moment(entry.finished))) } }
                    }
                    @if entry.state == "pending" && entry.due > 0 {
                        div { dt { "Next try" } dd { (when(moment(entry.due))) } }
                    }
                    div { dt { "Tried in vain" } dd { (entry.attempts) } }
                    div { dt { "Priority" } dd { (entry.priority) } }
                    div { dt { "Size" } dd { (size(entry.size)) } }
                    div { dt { "Number in the queue" } dd { (entry.sequence) } }
                }
            }
        },
    ))
}

/// The report itself, and what came of the test.
fn content(body: &[u8]) -> (Markup, Option<String>) {
    match serde_json::from_slice(body) {
        Ok(serde_json::Value::Object(members)) => {
            let result = members.get("result").and_then(|result| result.as_str()).map(str::to_owned);
            (super::report::report(&members), result)
        }
        _ => (html! { p.fault { "The stored report is damaged." } }, None),
    }
}

/// What can be done with it.
fn orders(frame: &Frame, entry: &Entry, has_body: bool, is_editable: bool) -> Markup {
    let address = format!("/reports/{}", entry.sequence);
    let refused = entry.state == "quarantined";
    html! {
        div.orders {
            @if refused || entry.state == "pending" || has_body {
                form method="post" action={ (address) "/retry" } {
                    (frame.token())
                    button.main data-busy="Trying…" { @match entry.state { "pending" => "Try now", "delivered" => "Send again", _ => "Try again" } }
                }
            }
            @if has_body {
                @if refused && is_editable { a.button href={ (address) "/correct" } { "Correct" } }
                a.button href={ (address) "/wsjf" } { "Download WSJF" }
            }
            @if refused { a.button.danger href={ (address) "/discard" } { "Discard" } }
        }
    }
}

pub(super) async fn download(
    Extension(parts): Shared,
    Path(sequence): Path<i64>,
) -> Result<Response, Problem> {
    let (entry, body) = find(&parts, sequence).await?;
    let body =
        body.ok_or_else(|| Problem::Missing("the content of this report is not kept here".to_owned()))?;
    // The id is made of digits and hyphens, unlike the name of the source.
    let name = format!(
        "attachment; filename=\"{}.json\"",
        entry.id.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
    );
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], body).into_response())
}

/// Gives the queue an order, and has it carried out at once.
pub(super) async fn order<T: Send + 'static>(
    parts: &Parts,
    order: impl FnOnce(&mut Store) -> Result<T, QueueError> + Send + 'static,
) -> Result<T, Problem> {
    let done = parts.queue.call(order).ready().await.map_err(|error| match error {
        QueueError::Refused(why) => Problem::Conflict(why),
        error => Problem::Unavailable(error.to_string()),
    })?;
    parts.bell.notify_one();
    Ok(done)
}

pub(super) async fn retry(
    Extension(parts): Shared,
    Path(sequence): Path<i64>,
    _: Sent,
) -> Result<Redirect, Problem> {
    find(&parts, sequence).await?;
    order(&parts, move |store| store.requeue(sequence)).await?;
    tracing::info!(sequence, "a report is tried again, as somebody on the web page wants");
    Ok(Redirect::to(&format!("/reports/{sequence}")))
}

/// Tries all again that were refused: whatever was wrong on the server may be mended. Says how many.
pub(super) async fn requeue_refused(parts: &Parts) -> Result<usize, Problem> {
    let mut all = 0;
    loop {
        let some = order(parts, |store| store.requeue_refused(PORTION)).await?;
        all += some;
        if some < PORTION {
            return Ok(all);
        }
    }
}

pub(super) async fn retry_refused(Extension(parts): Shared, _: Sent) -> Result<Redirect, Problem> {
    let all = requeue_refused(&parts).await?;
    tracing::info!("{all} refused reports are tried again, as somebody on the web page wants");
    Ok(Redirect::to("/reports?state=pending"))
}

pub(super) async fn ask_discard(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    Path(sequence): Path<i64>,
) -> Result<Html<String>, Problem> {
    let (entry, _) = find(&parts, sequence).await?;
    Ok(frame.page(
        Tab::Reports,
        "Discard a report",
        &html! {
            h1 { "Discard this report?" }
            p { "The report of " strong { (entry.serial_number) } " from " (entry.source)
                " is deleted here and never reaches the server. Its source file stays where it was put." }
            form.orders method="post" action={ "/reports/" (sequence) "/discard" } {
                (frame.token())
                button.danger { "Discard it" }
                a.button href={ "/reports/" (sequence) } { "Keep it" }
            }
        },
    ))
}

pub(super) async fn discard(
    Extension(parts): Shared,
    Path(sequence): Path<i64>,
    _: Sent,
) -> Result<Redirect, Problem> {
    find(&parts, sequence).await?;
    order(&parts, move |store| store.discard(sequence)).await?;
    tracing::warn!(sequence, "a refused report was discarded, as somebody on the web page wants");
    Ok(Redirect::to("/reports?state=quarantined"))
}

pub(super) async fn edit(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    Path(sequence): Path<i64>,
) -> Result<Html<String>, Problem> {
    let (entry, body) = find(&parts, sequence).await?;
    let body =
        body.ok_or_else(|| Problem::Missing("the content of this report is not kept here".to_owned()))?;
    let text = serde_json::from_slice::<serde_json::Value>(&body)
        .ok()
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
    Ok(editor(&frame, &entry, &text, None))
}

fn editor(frame: &Frame, entry: &Entry, text: &str, fault: Option<&str>) -> Html<String> {
    frame.page(
        Tab::Reports,
        "Correct a report",
        &html! {
            h1 { "Correct this report" }
            @if let Some(message) = &entry.message { p.message { "The server said: " (message) } }
            @if let Some(fault) = fault { p.fault role="alert" { (sentence(fault)) } }
            form method="post" action={ "/reports/" (entry.sequence) "/correct" } {
                (frame.token())
                label for="report" { "Report (WSJF)" }
                textarea #report name="report" rows="24" spellcheck="false" autocomplete="off" { (text) }
                div.orders {
                    button.main data-busy="Saving…" { "Save and send" }
                    a.button href={ "/reports/" (entry.sequence) } { "Leave it as it is" }
                }
            }
        },
    )
}

pub(super) async fn correct(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
    Path(sequence): Path<i64>,
    sent: Sent,
) -> Result<Response, Problem> {
    let text = sent.exact("report").to_owned();
    let (entry, _) = find(&parts, sequence).await?;
    let new = text.clone();
    if let Err(problem) = order(&parts, move |store| store.replace(sequence, &new)).await {
        return Ok(editor(&frame, &entry, &text, Some(problem.text())).into_response());
    }
    tracing::info!(sequence, "a refused report was corrected on the web page and is tried again");
    Ok(Redirect::to(&format!("/reports/{sequence}")).into_response())
}
