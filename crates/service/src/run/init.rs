//! Process 1 of a container.
//!
//! The kernel gives process 1 every process whose parent has ended, and waits for it to collect them; and it lets
//! process 1 ignore every signal it has no handler for. A service could do the collecting in passing only by taking
//! away from itself the exit codes of programs that it has started. So, as process 1, the program starts itself once
//! more and does nothing else than to pass on signals and to collect.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use tokio::signal::unix::{SignalKind, signal};

/// Tells the second process what it is.
const MARK: &str = "LANDFALL_SERVICE_BELOW_INIT";

/// What engines and people send to a container.
const PASSED_ON: [Signal; 6] =
    [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::USR1, Signal::USR2];

/// Whether process 1 is this program as well, and has started this process as the service.
pub(crate) fn is_below_own_init() -> bool {
    std::env::var_os(MARK).is_some() && std::os::unix::process::parent_id() == 1
}

/// Does the work of process 1 until the service has ended. `None` when this process is the service: it is not
/// process 1, or no other process can be started.
pub(super) fn run() -> Option<ExitCode> {
    if std::process::id() != 1 {
        return None;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(attend())
}

async fn attend() -> Option<ExitCode> {
    // Before the service is started: what comes from here on is passed on or collected.
    let mut ended = signal(SignalKind::child()).ok()?;
    let (sender, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    for kind in PASSED_ON {
        let mut incoming = signal(SignalKind::from_raw(kind.as_raw())).ok()?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while incoming.recv().await.is_some() {
                // Fails only when the program ends.
                let _ = sender.send(kind);
            }
        });
    }
    let service = start()?;
    loop {
        tokio::select! {
            Some(kind) = arrived.recv() => {
                // Fails only when it has just ended, which is about to be seen.
                let _ = kill_process(service, kind);
            }
            _ = ended.recv() => {
                while let Ok(Some((id, status))) = wait(WaitOptions::NOHANG) {
                    if id == service {
                        let code = status.exit_status().or(status.terminating_signal().map(|number| 128 + number));
                        return Some(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1).into());
                    }
                }
            }
        }
    }
}

/// Starts this program once more, in a process group of its own: a terminal's Ctrl-C then reaches process 1 alone,
/// which passes it on once.
fn start() -> Option<Pid> {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let program = std::env::current_exe().unwrap_or_else(|_| name.clone().into());
    let mut command = Command::new(program);
    command.arg0(name).args(arguments).env(MARK, "1").process_group(0);
    // Collected by wait() above, not by its handle.
    let child = command.spawn().ok()?;
    Pid::from_raw(child.id().try_into().ok()?)
}
