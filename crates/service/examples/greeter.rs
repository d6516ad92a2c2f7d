//! A whole service: it greets every second, says that it is alive, reads its configuration again when asked to, and
//! stops when told to. It runs under every service manager, in a container, and here and now:
//! `cargo run -p landfall-service --example greeter`.

use landfall_service::{Context, Failure, Service};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    Service::new("greeter").run(greet)
}

async fn greet(context: Context) -> Result<(), Failure> {
    let mut whom = std::env::var("GREETER_WHOM")?;
    let beat = context.liveness().watch("the greeting", Duration::from_secs(30));
    context.ready();
    loop {
        tracing::info!(whom, "hello");
        beat.turn();
        tokio::select! {
            () = context.stopped() => return Ok(()),
            _done = context.reload_requested() => whom = std::fs::read_to_string("/etc/greeter")?,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}
