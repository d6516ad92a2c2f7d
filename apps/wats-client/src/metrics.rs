//! What Prometheus can scrape: its text format, version 0.0.4.

use crate::config::Config;
use crate::health::not_ready;
use crate::pulse::{BOUNDS, Histogram};
use crate::queue::Queue;
use crate::status::{Connection, Status};
use landfall_service::Liveness;
use std::fmt::{Display, Write};
use std::sync::atomic::Ordering;

/// All metrics of the client.
pub(crate) fn metrics(queue: &Queue, status: &Status, config: &Config, liveness: &Liveness) -> String {
    let counts = queue.counts();
    let mut text = Families::default();
    text.family("wats_client_build_info", "gauge", "1, with the version of the program.");
    text.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    text.family("wats_client_uptime_seconds", "gauge", "Time since the start.");
    text.sample(&[], liveness.uptime().as_secs());
    text.family(
        "wats_client_ready",
        "gauge",
        "1 when the service does its work; a server that is away is no reason not to.",
    );
    text.sample(&[], u8::from(liveness.stuck().is_none() && not_ready(status).is_none()));
    text.family("wats_client_connected", "gauge", "1 when the server takes reports.");
    text.sample(&[], u8::from(status.connection() == Connection::Connected));

    text.family("wats_client_reports", "gauge", "Reports known to the queue, by state.");
    let states =
        [("pending", counts.pending), ("delivered", counts.delivered), ("quarantined", counts.quarantined)];
    states.iter().for_each(|(state, reports)| text.sample(&[("state", state)], reports));
    text.family("wats_client_queue_bytes", "gauge", "Size of the reports that wait or were refused.");
    text.sample(&[], counts.bytes);
    let limits = &config.queue;
    text.family("wats_client_queue_limit_reports", "gauge", "Most reports that wait; 0 is no limit.");
    text.sample(&[], limits.max_reports);
    text.family("wats_client_queue_limit_bytes", "gauge", "Most bytes of reports that wait; 0 is no limit.");
    text.sample(&[], limits.max_bytes);
    if let Ok(free) = fs4::available_space(&limits.folder) {
        text.family("wats_client_disk_free_bytes", "gauge", "Free room on the disk of the queue.");
        text.sample(&[], free);
    }

    text.family("wats_client_files_total", "counter", "Source files since the start, by result.");
    let files = [("accepted", &status.files_accepted), ("failed", &status.files_failed)];
    files
        .iter()
        .for_each(|(result, files)| text.sample(&[("result", result)], files.load(Ordering::Relaxed)));
    let folders = status.folders();
    text.family("wats_client_folder_watched", "gauge", "1 when the folder can be watched.");
    for folder in &folders {
        text.sample(&[("folder", &folder.path.to_string_lossy())], u8::from(folder.problem.is_none()));
    }
    text.family(
        "wats_client_folder_files",
        "gauge",
        "Files that were seen in the folder and are not taken yet.",
    );
    for folder in &folders {
        text.sample(&[("folder", &folder.path.to_string_lossy())], folder.waiting);
    }

    text.family(
        "wats_client_upload_failures_total",
        "counter",
        "Requests since the start that failed and are tried again.",
    );
    text.sample(&[], status.upload_failures.load(Ordering::Relaxed));
    if let Some(time) = status.last_delivery_time() {
        text.family(
            "wats_client_last_delivery_timestamp_seconds",
            "gauge",
            "When the last report was delivered.",
        );
        text.sample(&[], time.unix_timestamp());
    }
    let name = "wats_client_delivery_seconds";
    text.family(name, "histogram", "Time from a report's arrival in the queue to its delivery.");
    text.histogram(&status.pulse.histogram());
    text.text
}

/// The text, family by family.
#[derive(Default)]
struct Families {
    text: String,
    /// Name of the family that was begun last.
    name: &'static str,
}

// Writing to a string cannot fail.
impl Families {
    /// Begins the family of this name and type.
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        self.name = name;
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.sample_of("", labels, value);
    }

    fn sample_of(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.text, "{}{suffix}", self.name);
        for (place, (name, label)) in labels.iter().enumerate() {
            let start = if place == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{start}{name}=\"{}\"", escaped(label));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {value}");
    }

    fn histogram(&mut self, histogram: &Histogram) {
        let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
        let mut so_far = 0;
        for (bound, count) in BOUNDS.into_iter().zip(histogram.counts) {
            so_far += count;
            self.sample_of("_bucket", &[("le", &seconds(bound).to_string())], so_far);
        }
        self.sample_of("_bucket", &[("le", "+Inf")], histogram.count);
        self.sample_of("_sum", &[], seconds(histogram.total));
        self.sample_of("_count", &[], histogram.count);
    }
}

/// The value of a label as it stands between its quotes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut text = Families::default();
        text.family("a", "gauge", "A.");
        text.sample(&[("b", "C:\\d \"e\"\nf"), ("g", "")], 7);
        assert_eq!(text.text, "# HELP a A.\n# TYPE a gauge\na{b=\"C:\\\\d \\\"e\\\"\\nf\",g=\"\"} 7\n");
    }
}
