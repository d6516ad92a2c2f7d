//! What the command line can ask the running service, and what it hears from it.

use crate::config::Live;
use crate::health::{details, not_ready};
use crate::queue::Queue;
use crate::status::SharedStatus;
use landfall_service::{Context, ipc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Notify;

/// Name of the service, for whoever looks for it.
pub(crate) const SERVICE: &str = "wats-client";
/// The request for a [`State`].
pub(crate) const STATUS: &str = "status";
/// The request to read the configuration's file now. The body may name the file that is meant. The answer is a
/// `Result` of an [`Applied`](crate::config::Applied) and the reason why the file does not hold.
pub(crate) const RELOAD: &str = "reload";
/// The request to send what waits now, and not only when it is next looked at. The body may name the queue's folder that
/// is meant. The answer is a [`Connection`](crate::status::Connection).
pub(crate) const SEND: &str = "send";
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
    bell: &Arc<Notify>,
    live: &Live,
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
    let (live, bell) = (live.clone(), bell.clone());
    tokio::spawn(server.serve(move |request| {
        let (liveness, queue, status, live) = (liveness.clone(), queue.clone(), status.clone(), live.clone());
        let bell = bell.clone();
        async move {
            let json = |error: serde_json::Error| error.to_string();
            match request.command.as_str() {
                STATUS => serde_json::to_vec(&State {
                    alive: liveness.stuck().is_none(),
                    problem: liveness.stuck().or_else(|| not_ready(&status)),
                    line: status.line(&queue),
                    details: details(&queue, &status, &live.current().station.name),
                })
                .map_err(json),
                RELOAD => {
                    // Somebody who has changed another instance's file is told so.
                    let file = String::from_utf8_lossy(&request.body).into_owned();
                    let own = live.current().path.canonicalize().unwrap_or_default();
                    if !file.is_empty() && own != Path::new(&file) {
                        return Err(format!("this service uses {}", own.display()));
                    }
                    serde_json::to_vec(&live.reload().await).map_err(json)
                }
                SEND => {
                    let folder = String::from_utf8_lossy(&request.body).into_owned();
                    let own = live.current().queue.folder.canonicalize().unwrap_or_default();
                    if !folder.is_empty() && own != Path::new(&folder) {
                        return Err(format!("this service sends what is in {}", own.display()));
                    }
                    bell.notify_one();
                    serde_json::to_vec(&status.connection()).map_err(json)
                }
                _ => Err(request.unknown()),
            }
        }
    }));
    Some(events)
}
