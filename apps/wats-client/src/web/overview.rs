//! Overview: do reports arrive?

use super::alarms::{Alarm, alarms};
use super::layout::{Frame, Tab, badge, sentence};
use super::look::{self, Wanted};
use super::problem::Problem;
use super::text::{count, moment, number, period, when};
use super::{Parts, Shared, figure};
use crate::pulse::{STEP, STEPS, Step};
use crate::queue::Counts;
use crate::status::Connection;
use axum::Extension;
use axum::response::Html;
use maud::{Markup, html};
use std::sync::Arc;
use std::time::Duration;

/// Reports that are listed.
const LAST: usize = 8;

pub(super) async fn page(
    Extension(parts): Shared,
    Extension(frame): Extension<Arc<Frame>>,
) -> Result<Html<String>, Problem> {
    let content = content(&parts).await?;
    Ok(frame.page(
        Tab::Overview,
        "Overview",
        &html! {
            noscript { p.soft { "This page does not follow by itself without scripts: load it again." } }
            div data-live="/live" data-pause="2000" { (content) }
        },
    ))
}

/// The part that changes.
pub(super) async fn live(Extension(parts): Shared) -> Result<Html<String>, Problem> {
    Ok(Html(content(&parts).await?.into_string()))
}

async fn content(parts: &Parts) -> Result<Markup, Problem> {
    let config = parts.live.current();
    let counts = parts.queue.counts();
    let connection = parts.status.connection();
    let steps = parts.status.pulse.steps();
    let wanted = Wanted { limit: LAST, ..Wanted::default() };
    let last =
        look::look(config.queue.folder.clone(), move |connection| look::list(connection, &wanted)).await?;
    let mut alarms = alarms(parts, &config);
    // The headline says it.
    alarms.retain(|alarm| alarm.kind != "server");
    let State { tone, headline, detail, help } = state(&connection, counts, &alarms);
    Ok(html! {
        section.state data-tone=(tone) aria-live="polite" {
            h1 { (headline) }
            p { (detail) @if let Some((page, words)) = help { " " a href=(page) { (words) } } }
        }
        @if !alarms.is_empty() {
            ul.alarms aria-label="Alarms" {
                @for alarm in &alarms {
                    li data-serious[alarm.serious] { a href=(alarm.page) { (sentence(&alarm.text)) } }
                }
            }
        }
        (figures(counts, &steps))
        section.card aria-label="The last ten minutes" { (figure::pulse(&steps)) }
        section aria-label="Last reports" {
            h2 { "Last reports" }
            @if last.is_empty() {
                p.soft { "None yet. Put a file of your tester into a watched folder, or "
                    a href="/try" { "try one here" } "." }
            } @else {
                (super::reports::table(&last))
                p { a href="/reports" { "All reports" } }
            }
        }
        section aria-label="Folders" {
            h2 { "Folders" }
            ul.folders {
                @for folder in parts.status.folders() {
                    li {
                        span.path { (folder.path.display()) }
                        @match &folder.problem {
                            Some(problem) => span.fault { (sentence(problem)) },
                            None if folder.waiting == 0 => span.soft { "Watched, empty" },
                            None => span.soft { (count(folder.waiting as u64, "file waits", "files wait")) },
                        }
                    }
                }
            }
        }
    })
}

/// How it is.
struct State {
    /// How good that is.
    tone: &'static str,
    /// The sentence.
    headline: &'static str,
    /// What it means.
    detail: String,
    /// The page that helps, and its name.
    help: Option<(&'static str, &'static str)>,
}

fn state(connection: &Connection, counts: Counts, alarms: &[Alarm]) -> State {
    let waiting = count(counts.pending, "report waits", "reports wait");
    let safe = match counts.pending {
        0 => "New reports are kept safe on this disk until then.".to_owned(),
        1 => "One report waits, safe on this disk.".to_owned(),
        many => format!("{} reports wait, safe on this disk.", number(many)),
    };
    let because = |reason: &str| format!("{} {safe}", sentence(reason));
    let test = Some(("/connection", "Test the connection"));
    let (tone, headline, detail, help) = match connection {
        Connection::Unconfigured(reason) => {
            ("wait", "Not set up yet", because(reason), Some(("/settings", "To the settings")))
        }
        Connection::Connecting => ("calm", "Connecting to the server", safe, None),
        Connection::Offline(reason) => ("wait", "The server does not answer", because(reason), test),
        Connection::Degraded(reason) => ("bad", "The server refuses reports", because(reason), test),
        Connection::Connected if alarms.iter().any(|alarm| alarm.serious) => {
            ("bad", "Reports arrive, but something needs you", sentence(&waiting), None)
        }
        Connection::Connected if counts.pending > 0 => {
            ("good", "Reports arrive", format!("{waiting} for their turn."), None)
        }
        Connection::Connected => ("good", "All reports have arrived", "Nothing waits.".to_owned(), None),
    };
    State { tone, headline, detail, help }
}

fn figures(counts: Counts, steps: &[Step; STEPS]) -> Markup {
    let minute = usize::try_from(60 / STEP.as_secs()).unwrap_or(1);
    let last: u64 = steps[STEPS - minute..].iter().map(|step| u64::from(step.delivered)).sum();
    let delivered: u64 = steps.iter().map(|step| u64::from(step.delivered)).sum();
    let total: u64 = steps.iter().map(|step| step.total).sum();
    let mean = total.checked_div(delivered).map(|mean| period(Duration::from_millis(mean)));
    html! {
        dl.figures {
            div { dt { "Waiting" } dd { a href="/reports?state=pending" { (number(counts.pending)) } } }
            div { dt { "Delivered" } dd { a href="/reports?state=delivered" { (number(counts.delivered)) } } }
            div data-tone=[(counts.quarantined > 0).then_some("bad")] {
                dt { "Refused" } dd { a href="/reports?state=quarantined" { (number(counts.quarantined)) } }
            }
            div { dt { "In the last minute" } dd { (number(last)) } }
            div { dt { "Time to deliver" } dd { (mean.as_deref().unwrap_or("–")) } }
        }
    }
}

/// When a report came in, and where it stands.
pub(super) fn standing(entry: &look::Entry) -> (Markup, Markup) {
    (when(moment(entry.accepted)), badge(entry.state))
}
