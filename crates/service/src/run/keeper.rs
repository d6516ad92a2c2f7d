//! Tells the service manager that the service lives, and how it is.

use super::Context;
use crate::{Host, systemd};
use std::time::Duration;

/// How often the manager hears from a service of which it wants no sign of life.
const STATUS_PAUSE: Duration = Duration::from_secs(10);
/// How often Windows hears that starting or stopping goes on.
const PROGRESS_PAUSE: Duration = Duration::from_secs(2);

/// Runs beside the main function, in the same runtime: a runtime that hangs gives no sign of life either.
pub(super) async fn keep(context: Context) {
    let watchdog = systemd::watchdog_interval();
    let pause = match (watchdog, context.host()) {
        // Half of the time is usual; a quarter leaves room for a machine that is busy.
        (Some(limit), _) => (limit / 4).min(STATUS_PAUSE),
        (None, Host::WindowsService) => PROGRESS_PAUSE,
        (None, _) => STATUS_PAUSE,
    };
    let mut keeper = Keeper { watched: watchdog.is_some(), ..Keeper::default() };
    loop {
        context.progress();
        // Before it is ready the manager expects READY=1 first.
        if context.is_ready() {
            keeper.turn(&context);
        }
        tokio::time::sleep(pause).await;
    }
}

/// What was told last.
#[derive(Default)]
struct Keeper {
    /// A watchdog wants signs of life.
    watched: bool,
    stuck: bool,
    status: Option<String>,
}

impl Keeper {
    fn turn(&mut self, context: &Context) {
        if let Some(reason) = context.liveness().stuck() {
            // No sign of life: the manager shall start the service anew.
            if !self.stuck {
                tracing::error!(event_id = crate::log::event::STUCK, "{reason}");
                context.send(&format!("STATUS={reason}"));
            }
            self.stuck = true;
            self.status = None;
            return;
        }
        if self.stuck {
            tracing::warn!(event_id = crate::log::event::STUCK, "every loop turns again");
            self.stuck = false;
        }
        let mut lines = Vec::new();
        if self.watched {
            lines.push("WATCHDOG=1".to_owned());
        }
        let status = context.current_status().filter(|_| !context.is_told());
        if status.is_some() && status != self.status {
            lines.extend(status.iter().map(|status| format!("STATUS={status}")));
            self.status = status;
        }
        if !lines.is_empty() {
            context.send(&lines.join("\n"));
        }
    }
}
