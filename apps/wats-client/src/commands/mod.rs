//! One file per command.

mod check;
mod config;
mod convert;
mod demo;
mod diagnose;
mod import;
mod installation;
mod logs;
mod queue;
mod register;
mod run;
mod send;
mod status;
pub(crate) mod test_connection;

pub(crate) use check::check;
pub(crate) use config::config;
pub(crate) use convert::convert;
pub(crate) use demo::demo;
pub(crate) use diagnose::diagnose;
pub(crate) use import::import;
pub(crate) use installation::Installation;
pub(crate) use logs::logs;
pub(crate) use queue::queue;
pub(crate) use register::register;
pub(crate) use run::run;
pub(crate) use send::send;
pub(crate) use status::status;
pub(crate) use test_connection::test_connection;

use crate::Failure;
use crate::cli::ConfigFile;
use crate::config::{Config, ConverterSet, Environment};
use crate::control::{SEND, SERVICE};
use crate::status::Connection;
use landfall_service::Context;
use landfall_service::ipc::Client;
use std::io::Write;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long a service may take to answer that it looks at its queue now.
const WAKE: Duration = Duration::from_secs(3);

/// The runtime for everything that waits. One thread is enough: what takes long has threads of its own.
fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::general)
}

/// Returns when the program is told to end. `listening` is called as soon as it can be told.
async fn until_stopped(listening: impl FnOnce()) -> Result<(), Failure> {
    let context = Context::detached("wats-client");
    context.stop_on_signals().map_err(Failure::general)?;
    listening();
    context.stopped().await;
    Ok(())
}

/// The environment of the service that is meant: that of this process, and for an installed service also what its
/// service manager tells it. What cannot be read of that is said on standard error.
fn environment(arguments: &ConfigFile) -> Result<Environment, Failure> {
    if arguments.config.is_some() {
        return Ok(Environment::of_process());
    }
    let definition = Installation::new().of_instance(arguments.instance.as_deref())?;
    let (environment, trouble) = Environment::of_service(&definition);
    if let Some(trouble) = trouble {
        eprintln!("wats-client: note: {trouble}");
    }
    Ok(environment)
}

/// The configuration as the service that is meant sees it.
fn load(arguments: &ConfigFile) -> Result<Config, Failure> {
    Ok(Config::load(arguments.config.as_deref(), &environment(arguments)?)?)
}

/// The converters to choose from, and the name among them of the one that is meant. Plug-ins that cannot be used are
/// noted on standard error.
fn converters(config: &Config, wanted: &str) -> Result<(ConverterSet, String), Failure> {
    for fault in &config.converters.faults {
        eprintln!("wats-client: note: {fault}");
    }
    config.converters.with(wanted).map_err(Failure::General)
}

/// Has the service that has this queue look at it now; gives how things stand with the server. `None` when none can be
/// asked: it looks by itself within seconds.
async fn wake(config: &Config, of: &ConfigFile) -> Option<Connection> {
    let ask = async {
        let mut client = match &of.instance {
            Some(instance) => Client::connect_instance(SERVICE, instance).await,
            None => Client::connect(SERVICE).await,
        }
        .ok()?;
        let folder = config.queue.folder.canonicalize().ok()?;
        let answer = client.request(SEND, folder.to_string_lossy().as_bytes()).await.ok()?;
        serde_json::from_slice(&answer).ok()
    };
    tokio::time::timeout(WAKE, ask).await.ok()?
}

/// A line for whoever reads; one that reads no more ends it.
fn say(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::general)
}
