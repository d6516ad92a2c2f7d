//! A service that uses all of the library, and misbehaves when asked to. The tests run it.

use landfall_service::{Context, Exit, Failure, Service};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    Service::new("everything").stop_timeout(Duration::from_secs(2)).run(everything)
}

/// An environment variable that may be missing.
fn wish(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn everything(context: Context) -> Result<(), Failure> {
    if let Some(reason) = wish("FAIL") {
        return Err(Failure::new(Exit::Configuration, reason));
    }
    let beat = context.liveness().watch("the work", Duration::from_millis(300));
    let mut greetings = 0_u64;
    let mut sockets = context.handed_over()?;
    if let Some(socket) = sockets.pop() {
        let name = socket.name.clone();
        let listener = socket.into_tcp_listener()?;
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            while let Ok((mut stream, _)) = listener.accept().await {
                // Who has gone needs no answer.
                let _ = stream.write_all(name.as_bytes()).await;
            }
        });
    }
    println!("host: {}", context.host());
    context.ready();
    context.status("at work\nREADY=no");
    let stuck_when = wish("STUCK_WHEN");
    while !context.is_stopping() {
        greetings += 1;
        if !stuck_when.as_deref().is_some_and(|path| Path::new(path).exists()) {
            beat.turn();
        }
        tokio::select! {
            () = context.stopped() => {}
            reload = context.reload_requested() => {
                context.status(format!("reloading after {greetings} greetings"));
                drop(reload);
            }
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
    }
    println!("stopping: {:?}", context.stop_reason());
    if wish("IGNORE_STOP").is_some() {
        std::future::pending::<()>().await;
    }
    Ok(())
}
