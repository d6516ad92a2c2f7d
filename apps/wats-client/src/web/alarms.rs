//! What somebody should look after.

use super::Parts;
use super::text::{count, size};
use crate::config::Config;
use crate::status::Connection;
use serde::Serialize;

/// Something that needs a person, and where that person goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Alarm {
    /// What it is about, in one word for programs.
    pub(super) kind: &'static str,
    /// Reports do not arrive, or will not soon.
    pub(super) serious: bool,
    /// The sentence.
    pub(super) text: String,
    /// The page that helps.
    #[serde(skip)]
    pub(super) page: &'static str,
}

/// All alarms, the serious ones first.
pub(super) fn alarms(parts: &Parts, config: &Config) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    let mut add = |kind, serious, page, text: String| alarms.push(Alarm { kind, serious, text, page });
    if let Some(stuck) = parts.liveness.stuck() {
        add("stuck", true, "/logs", stuck);
    }
    if let Some(alarm) = parts.status.alarm() {
        add("configuration", true, "/settings", alarm);
    }
    if let Connection::Degraded(reason) = parts.status.connection() {
        add("server", true, "/connection", format!("the server refuses: {reason}"));
    }
    for folder in parts.status.folders() {
        if let Some(problem) = folder.problem {
            add("folder", true, "/folders", format!("{}: {problem}", folder.path.display()));
        }
    }
    for fault in &config.converters.faults {
        add("plugin", false, "/folders", fault.clone());
    }
    let free = fs4::available_space(&config.queue.folder).ok();
    let (limit, counts) = (config.queue.min_free_disk, parts.queue.counts());
    if let Some(free) = free.filter(|free| *free < limit.saturating_mul(2)) {
        let full = free < limit;
        let what = if full { "no more files are taken" } else { "soon no more files are taken" };
        add(
            "disk",
            full,
            "/settings",
            format!("the disk has {} free: {what} (at {})", size(free), size(limit)),
        );
    }
    for (now, most, what) in [
        (counts.pending, config.queue.max_reports, "reports wait"),
        (counts.bytes >> 20, config.queue.max_bytes >> 20, "MiB of reports wait"),
    ] {
        if most > 0 && now >= most / 10 * 9 {
            add(
                "queue",
                now >= most,
                "/settings",
                format!("the queue is nearly full: {now} of {most} {what}"),
            );
        }
    }
    if counts.quarantined > 0 {
        let reports = count(
            counts.quarantined,
            "report that the server refused waits",
            "reports that the server refused wait",
        );
        let text = format!("{reports} for somebody to decide");
        add("refused", false, "/reports?state=quarantined", text);
    }
    let failed = parts.status.files_failed.load(std::sync::atomic::Ordering::Relaxed);
    if failed > 0 {
        let files = count(failed, "file", "files");
        let text = format!("{files} could not be read since the start and went to the error folder");
        add("files", false, "/logs?level=error", text);
    }
    alarms.sort_by_key(|alarm| !alarm.serious);
    alarms
}
