//! One file per command.

mod check;
mod convert;
mod demo;
mod installation;
mod queue;
mod run;

pub(crate) use check::check;
pub(crate) use convert::convert;
pub(crate) use demo::demo;
pub(crate) use installation::Installation;
pub(crate) use queue::queue;
pub(crate) use run::run;

use crate::Failure;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// The runtime for everything that waits. One thread is enough: what takes long has threads of its own.
fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::general)
}

/// Becomes true when the program is told to end. Must be called inside the runtime.
fn stop_signal() -> std::io::Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            sender.send_replace(true);
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        sender.send_replace(true);
    });
    Ok(receiver)
}
