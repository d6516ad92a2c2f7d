//! What the command line can ask the running service, and what it hears from it.

use crate::health::{details, not_ready};
use crate::queue::Queue;
use crate::status::SharedStatus;
use landfall_service::{Context, ipc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wats::Station;

/// Name of the service, for whoever looks for it.
pub(crate) const SERVICE: &str = "wats-client";
/// The request for a [`State`].
pub(crate) const STATUS: &str = "status";
/// The event when the state changes; its body is the new line.
pub(crate) const CHANGED: &str = "changed";

/// How the service is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct State {
    /// Whether every loop turns.
    pub(crate) alive: bool,
    /// Why it does not do its work, if it does not.
    pub(crate) problem: Option<String>,
    /// All in one line.
    pub(crate) line: String,
    /// The numbers that monitoring gets too.
    pub(crate) details: Value,
}

/// Lets the command line ask. Without it the service goes on.
pub(crate) fn open(
    context: &Context,
    queue: &Queue,
    status: &SharedStatus,
    station: &Station,
) -> Option<ipc::Publisher> {
    let server = match ipc::Server::bind(SERVICE) {
        Ok(server) => server,
        Err(error) => {
            tracing::warn!("wats-client status will not find this service: {error}");
            return None;
        }
    };
    let events = server.events();
    let (liveness, queue, status) = (context.liveness().clone(), queue.clone(), status.clone());
    let station = station.name.clone();
    tokio::spawn(server.serve(move |request| {
        let answer = match request.command.as_str() {
            STATUS => {
                let state = State {
                    alive: liveness.stuck().is_none(),
                    problem: liveness.stuck().or_else(|| not_ready(&status)),
                    line: status.line(&queue),
                    details: details(&queue, &status, &station),
                };
                serde_json::to_vec(&state).map_err(|error| error.to_string())
            }
            _ => Err(request.unknown()),
        };
        std::future::ready(answer)
    }));
    Some(events)
}
