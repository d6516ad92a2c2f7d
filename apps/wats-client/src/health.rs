//! What monitoring can ask over HTTP.

use crate::liveness::Liveness;
use crate::queue::Queue;
use crate::status::{Connection, SharedStatus};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use tokio::net::TcpListener;

/// What the answers are made of.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) queue: Queue,
    pub(crate) status: SharedStatus,
    pub(crate) liveness: Liveness,
    /// Name of the station, to tell many clients apart.
    pub(crate) station: String,
}

impl Health {
    /// Listens at this address. When that is not possible the service goes on without.
    pub(crate) async fn serve(self, address: SocketAddr) {
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(%address, "health endpoints are off, the address cannot be used ({error}): set health.listen");
                return;
            }
        };
        if let Ok(address) = listener.local_addr() {
            tracing::info!("health endpoints are at http://{address}/health");
        }
        let app = Router::new()
            .route("/", get(health))
            .route("/health", get(health))
            .route("/health/live", get(live))
            .route("/health/ready", get(ready))
            .route("/health/details", get(details))
            .route("/metrics", get(metrics))
            .fallback(async || (StatusCode::NOT_FOUND, Json(json!({"error": "Not found"}))))
            .with_state(self);
        if let Err(error) = axum::serve(listener, app).await {
            tracing::warn!("health endpoints have ended: {error}");
        }
    }

    /// Why the service does not do its work, if it does not. A server that is away is no reason: then reports are
    /// kept, which is the service's work.
    fn not_ready(&self) -> Option<String> {
        let folders = self.status.folders();
        match self.status.connection() {
            Connection::Unconfigured(reason) | Connection::Degraded(reason) => Some(reason),
            Connection::Connecting | Connection::Connected | Connection::Offline(_) => {
                folders.into_iter().find_map(|folder| {
                    folder.problem.map(|problem| format!("{}: {problem}", folder.path.display()))
                })
            }
        }
    }
}

fn answer(good: bool, body: Value) -> Response {
    let status = if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

async fn health(State(health): State<Health>) -> Response {
    match health.liveness.stuck() {
        None => answer(true, json!({"status": "ok"})),
        Some(reason) => answer(false, json!({"status": "unhealthy", "reason": reason})),
    }
}

async fn live(State(health): State<Health>) -> Response {
    match health.liveness.stuck() {
        None => answer(true, json!({"status": "alive"})),
        Some(reason) => answer(false, json!({"status": "stuck", "reason": reason})),
    }
}

async fn ready(State(health): State<Health>) -> Response {
    match health.liveness.stuck().or_else(|| health.not_ready()) {
        None => answer(true, json!({"status": "ready"})),
        Some(reason) => answer(false, json!({"status": "not ready", "reason": reason})),
    }
}

async fn details(State(health): State<Health>) -> Response {
    let counts = health.queue.counts();
    let stuck = health.liveness.stuck();
    let body = json!({
        "healthy": stuck.is_none(),
        "reason": stuck,
        "version": env!("CARGO_PKG_VERSION"),
        "station": health.station,
        "uptimeSeconds": health.liveness.uptime().as_secs(),
        "server": health.status.connection(),
        "lastDelivery": health.status.last_delivery(),
        "queue": {
            "pending": counts.pending,
            "delivered": counts.delivered,
            "quarantined": counts.quarantined,
            "bytes": counts.bytes,
        },
        "files": {
            "accepted": health.status.files_accepted.load(Ordering::Relaxed),
            "failed": health.status.files_failed.load(Ordering::Relaxed),
        },
        "uploadFailures": health.status.upload_failures.load(Ordering::Relaxed),
        "watch": health.status.folders(),
    });
    answer(body["healthy"] == true, body)
}

/// Name, kind, help, and the values with their labels.
type Metric<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, u64)]);

/// Prometheus' text format, version 0.0.4.
async fn metrics(State(health): State<Health>) -> Response {
    let counts = health.queue.counts();
    let status = &health.status;
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
            &[("", health.liveness.uptime().as_secs())],
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
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
