//! A service that uses all of the library, and misbehaves when asked to by an environment variable. The tests run it.
//! `everything ask COMMAND` asks the running service; `everything listen` prints what happens in it.

use landfall_service::health::Health;
use landfall_service::log::{Log, RotatingFile};
use landfall_service::{Context, Exit, Failure, Instance, Service, ipc};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ask", command] => return client(command),
        ["listen"] => return client(""),
        _ => {}
    }
    let mut log = Log::new();
    if let Some(path) = wish("LOG_FILE") {
        log = log.file(RotatingFile::new(path));
    }
    Service::new("everything")
        .stop_timeout(Duration::from_secs(2))
        .pre_shutdown_timeout(Duration::from_secs(30))
        .log(log)
        .run(everything)
}

/// An environment variable that may be missing.
fn wish(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn everything(context: Context) -> Result<(), Failure> {
    if let Some(reason) = wish("FAIL") {
        return Err(Failure::new(Exit::Configuration, reason));
    }
    let _instance = match wish("LOCK_FOLDER") {
        Some(folder) => Some(
            Instance::acquire(Path::new(&folder), context.name())
                .map_err(|error| Failure::new(Exit::AlreadyRunning, error))?,
        ),
        None => None,
    };
    if let Some(address) = wish("HEALTH") {
        let health = Health::of(&context).details(|| r#"{"answer":42}"#.to_owned()).build();
        tokio::spawn(health.serve(address.parse()?));
    }
    let events = match wish("TALK") {
        Some(_) => Some(talk(&context)?),
        None => None,
    };
    for socket in context.handed_over()? {
        let name = socket.name.clone();
        let listener = socket.into_tcp_listener()?;
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                // Who has gone needs no answer.
                let _ = stream.write_all(name.as_bytes()).await;
            }
        });
    }
    println!("host: {}", context.host());
    let beat = context.liveness().watch("the work", Duration::from_millis(300));
    context.ready();
    context.status("at work\nREADY=no");
    let stuck_when = wish("STUCK_WHEN");
    let mut turns = 0_u64;
    while !context.is_stopping() {
        turns += 1;
        if !stuck_when.as_deref().is_some_and(|path| Path::new(path).exists()) {
            beat.turn();
        }
        if let Some(events) = &events {
            events.publish("turned", turns.to_string().as_bytes());
        }
        tokio::select! {
            () = context.stopped() => {}
            reload = context.reload_requested() => {
                tracing::warn!(event_id = 1000, turns, "reading the configuration again");
                context.status(format!("reloading after {turns} turns"));
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

/// Opens the socket and answers.
fn talk(context: &Context) -> Result<ipc::Publisher, Failure> {
    let server = ipc::Server::bind(context.name())?;
    let events = server.events();
    let context = context.clone();
    tokio::spawn(server.serve(move |request| {
        let context = context.clone();
        async move {
            match request.command.as_str() {
                "who" => Ok(request.peer.account.into_bytes()),
                "stop" => {
                    context.stop();
                    Ok(Vec::new())
                }
                _ => Err(request.unknown()),
            }
        }
    }));
    Ok(events)
}

/// Asks one question, or listens to three events.
fn client(command: &str) -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Exit::General.into();
    };
    let result = runtime.block_on(async {
        let mut client = ipc::Client::connect("everything").await?;
        if command.is_empty() {
            client.subscribe().await?;
            for _ in 0..3 {
                println!("{:?}", client.event().await?);
            }
            return Ok(());
        }
        let answer = client.request(command, b"").await?;
        println!("{}", String::from_utf8_lossy(&answer));
        Ok::<(), ipc::ClientError>(())
    });
    match result {
        Ok(()) => Exit::Success.into(),
        Err(error) => {
            eprintln!("{error}");
            match error {
                ipc::ClientError::NotRunning { .. } => Exit::ServerUnreachable.into(),
                ipc::ClientError::NotAllowed(_) => Exit::AuthenticationFailed.into(),
                _ => Exit::General.into(),
            }
        }
    }
}
