//! What monitoring can ask over HTTP: the library's answers, with our numbers.

use crate::config::Live;
use crate::pulse::BOUNDS;
use crate::queue::Queue;
use crate::status::{Connection, SharedStatus, Status};
use landfall_service::{Context, Liveness, health::Health};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::atomic::Ordering;

/// The client's health.
pub(crate) fn health(context: &Context, queue: &Queue, status: &SharedStatus, live: &Live) -> Health {
    let (for_ready, for_details, for_metrics) =
        (status.clone(), (queue.clone(), status.clone()), (queue.clone(), status.clone()));
    let live = live.clone();
    let liveness = context.liveness().clone();
    Health::of(context)
        .not_ready(move || not_ready(&for_ready))
        .details(move || details(&for_details.0, &for_details.1, &live.current().station.name).to_string())
        .metrics(move || metrics(&for_metrics.0, &for_metrics.1, &liveness))
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

/// Name, kind, help, and the values with their labels.
type Metric<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, u64)]);

/// Prometheus' text format, version 0.0.4.
pub(crate) fn metrics(queue: &Queue, status: &Status, liveness: &Liveness) -> String {
    let counts = queue.counts();
    let connection = status.connection();
    let connected = u64::from(connection == Connection::Connected);
    let metrics: [Metric<'_>; 6] = [
        (
            "wats_client_reports",
            "gauge",
            "Reports known to the queue, by state.",
            &[
                ("{state=\"pending\"}", counts.pending),
                ("{state=\"delivered\"}", counts.delivered),
                ("{state=\"quarantined\"}", counts.quarantined),
            ],
        ),
        ("wats_client_queue_bytes", "gauge", "Bytes of reports kept in the queue.", &[("", counts.bytes)]),
        ("wats_client_connected", "gauge", "1 when the server takes reports.", &[("", connected)]),
        (
            "wats_client_files_total",
            "counter",
            "Source files since the start, by result.",
            &[
                ("{result=\"accepted\"}", status.files_accepted.load(Ordering::Relaxed)),
                ("{result=\"failed\"}", status.files_failed.load(Ordering::Relaxed)),
            ],
        ),
        (
            "wats_client_upload_failures_total",
            "counter",
            "Requests since the start that failed and are tried again.",
            &[("", status.upload_failures.load(Ordering::Relaxed))],
        ),
        (
            "wats_client_uptime_seconds",
            "gauge",
            "Time since the start.",
            &[("", liveness.uptime().as_secs())],
        ),
    ];
    let mut text = String::new();
    for (name, kind, help, values) in metrics {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    }
    write_delivery_times(&mut text, status);
    text
}

/// The time from the queue to the server, as a histogram.
fn write_delivery_times(text: &mut String, status: &Status) {
    const NAME: &str = "wats_client_delivery_seconds";
    let histogram = status.pulse.histogram();
    let _ = writeln!(
        text,
        "# HELP {NAME} Time from a report's arrival in the queue to its delivery.\n# TYPE {NAME} histogram"
    );
    let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
    let mut so_far = 0;
    for (bound, count) in BOUNDS.into_iter().zip(histogram.counts) {
        so_far += count;
        let _ = writeln!(text, "{NAME}_bucket{{le=\"{}\"}} {so_far}", seconds(bound));
    }
    let (count, total) = (histogram.count, seconds(histogram.total));
    let _ = writeln!(text, "{NAME}_bucket{{le=\"+Inf\"}} {count}\n{NAME}_sum {total}\n{NAME}_count {count}");
}
