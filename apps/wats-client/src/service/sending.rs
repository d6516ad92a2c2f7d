//! The uploader, made anew when what it works with has changed.

use crate::config::Config;
use crate::queue::Queue;
use crate::status::SharedStatus;
use crate::upload::Uploader;
use landfall_service::{Beat, Liveness};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// Longest silence of the part that sends, which never waits long for anything.
const SILENCE: Duration = Duration::from_secs(45);

/// Time for reports on their way when the service ends.
pub(crate) const LAST_CALL: Duration = Duration::from_millis(1200);
/// The same when another uploader goes on: what is cut off now is sent twice.
pub(crate) const HANDOVER: Duration = Duration::from_secs(3);

/// The uploader at work. There is one at a time: each knows of its own reports on their way alone.
pub(crate) struct Sending {
    stop: watch::Sender<Option<Duration>>,
    task: JoinHandle<()>,
    beat: Beat,
}

impl Sending {
    pub(crate) fn start(
        config: &Config,
        queue: &Queue,
        status: &SharedStatus,
        bell: &Arc<Notify>,
        liveness: &Liveness,
    ) -> Self {
        let beat = liveness.watch("the upload", SILENCE);
        let uploader = Uploader::new(config, queue.clone(), status.clone(), bell.clone(), beat.clone());
        let (stop, told) = watch::channel(None);
        Self { stop, task: tokio::spawn(uploader.run(told)), beat }
    }

    /// Whether another uploader is needed for the new configuration.
    pub(crate) fn differs(old: &Config, new: &Config) -> bool {
        old.server != new.server
            || old.token != new.token
            || old.ca_file != new.ca_file
            || old.roots != new.roots
            || old.client_certificate != new.client_certificate
            || old.client_key != new.client_key
            || old.proxy != new.proxy
            || old.upload != new.upload
    }

    /// Ends it, with so much time for what is on its way; what is cut off is sent again under the same id.
    pub(crate) async fn end(&mut self, patience: Duration) {
        self.stop.send_replace(Some(patience));
        // If it failed, the program says so elsewhere.
        let _ = (&mut self.task).await;
        self.beat.clone().end();
    }
}
