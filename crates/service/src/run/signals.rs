//! Signals of Unix and of Windows' consoles.

use super::{Context, Stop};
use std::future::Future;
use std::io;

/// Ended by a second Ctrl-C: 128 and the number of SIGINT, as a shell has it.
const FORCED: i32 = 130;

/// Begins to listen. The answer has to run beside the main function. Must be called inside the runtime.
#[cfg(unix)]
pub(super) fn listen(context: &Context) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    use crate::Host;
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let context = context.clone();
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => context.request_stop(Stop::Requested),
                _ = interrupt.recv() => interrupted(&context),
                _ = hang_up.recv() => match context.host() {
                    // The terminal was closed.
                    Host::Terminal => context.request_stop(Stop::Requested),
                    _ => context.request_reload(),
                },
            }
        }
    })
}

/// Begins to listen. The answer has to run beside the main function. Must be called inside the runtime.
#[cfg(windows)]
pub(super) fn listen(context: &Context) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    use tokio::signal::windows;
    let (mut c, mut r#break, mut close, mut shutdown) =
        (windows::ctrl_c()?, windows::ctrl_break()?, windows::ctrl_close()?, windows::ctrl_shutdown()?);
    let context = context.clone();
    Ok(async move {
        loop {
            tokio::select! {
                _ = c.recv() => interrupted(&context),
                _ = r#break.recv() => interrupted(&context),
                _ = close.recv() => context.request_stop(Stop::Requested),
                // Containers of Windows are stopped like this.
                _ = shutdown.recv() => context.request_stop(Stop::Shutdown),
            }
        }
    })
}

/// The first time asks, the second time does not.
fn interrupted(context: &Context) {
    if context.is_stopping() {
        tracing::warn!("{} is ended where it stands", context.name());
        std::process::exit(FORCED);
    }
    tracing::info!("{} stops; press Ctrl-C again to end it at once", context.name());
    context.request_stop(Stop::Requested);
}
