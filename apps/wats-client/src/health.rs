//! What monitoring can ask over HTTP: the library's answers, with our numbers.

use crate::config::Live;
use crate::metrics::metrics;
use crate::queue::Queue;
use crate::status::{Connection, SharedStatus, Status};
use landfall_service::{Context, health::Health};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// The client's health.
pub(crate) fn health(context: &Context, queue: &Queue, status: &SharedStatus, live: &Live) -> Health {
    let (for_ready, for_details, for_metrics) =
        (status.clone(), (queue.clone(), status.clone()), (queue.clone(), status.clone()));
    let (live, for_limits) = (live.clone(), live.clone());
    let liveness = context.liveness().clone();
    Health::of(context)
        .not_ready(move || not_ready(&for_ready))
        .details(move || details(&for_details.0, &for_details.1, &live.current().station.name).to_string())
        .metrics(move || metrics(&for_metrics.0, &for_metrics.1, &for_limits.current(), &liveness))
        .build()
}

/// Why the service does not do its work, if it does not. A server that is away is no reason: then reports are kept,
/// which is the service's work.
pub(crate) fn not_ready(status: &Status) -> Option<String> {
    let folders = status.folders();
    match status.connection() {
        Connection::Unconfigured(reason) | Connection::Degraded(reason) => Some(reason),
        Connection::Connecting | Connection::Connected | Connection::Offline(_) => folders
            .into_iter()
            .find_map(|folder| folder.problem.map(|problem| format!("{}: {problem}", folder.path.display()))),
    }
}

/// How it is, as a JSON object.
pub(crate) fn details(queue: &Queue, status: &Status, station: &str) -> Value {
    let counts = queue.counts();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "station": station,
        "server": status.connection(),
        "alarm": status.alarm(),
        "lastDelivery": status.last_delivery(),
        "queue": {
            "pending": counts.pending,
            "delivered": counts.delivered,
            "quarantined": counts.quarantined,
            "bytes": counts.bytes,
        },
        "files": {
            "accepted": status.files_accepted.load(Ordering::Relaxed),
            "failed": status.files_failed.load(Ordering::Relaxed),
        },
        "uploadFailures": status.upload_failures.load(Ordering::Relaxed),
        "watch": status.folders(),
    })
}
