//! A service that starts waits in line for its queue.
//!
//! Somebody else may have it for a while: `wats-client send`, which lets a service go first, or the service before this
//! one, which is about to end. One that runs answers at the service's socket; then there is nothing to wait for.

use crate::config::Config;
use crate::control::SERVICE;
use crate::queue::{Turn, is_in_use};
use landfall_service::Context;
use landfall_service::ipc::Client;
use std::time::{Duration, Instant};

/// Longest wait.
const LONGEST: Duration = Duration::from_secs(30);
/// How often the queue is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How long the service manager is to be patient after each look.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a service that runs may take to answer.
const GREETING: Duration = Duration::from_secs(2);

/// Returns when the queue is free, or is not going to be, or when the service is to stop. Keep what it gives until the
/// queue is open. What is wrong with the queue is said by opening it.
pub(super) async fn wait(config: &Config, context: &Context) -> Option<Turn> {
    let folder = &config.queue.folder;
    let is_taken = || is_in_use(folder).unwrap_or(false);
    if !is_taken() || runs_already().await {
        return None;
    }
    let turn = Turn::take(folder).ok()??;
    tracing::warn!(
        "another wats-client is using the queue in {}: it is waited for, for up to {} s",
        folder.display(),
        LONGEST.as_secs()
    );
    context.status("waiting for the queue, which another wats-client is using");
    let end = Instant::now() + LONGEST;
    while Instant::now() < end && is_taken() && !context.is_stopping() {
        context.need_time(PATIENCE);
        tokio::select! {
            () = context.stopped() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    Some(turn)
}

async fn runs_already() -> bool {
    tokio::time::timeout(GREETING, Client::connect(SERVICE)).await.is_ok_and(|answer| answer.is_ok())
}
