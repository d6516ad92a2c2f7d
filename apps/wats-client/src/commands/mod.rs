//! One file per command.

mod check;
mod config;
mod convert;
mod demo;
mod installation;
mod queue;
mod run;
mod status;

pub(crate) use check::check;
pub(crate) use config::config;
pub(crate) use convert::convert;
pub(crate) use demo::demo;
pub(crate) use installation::Installation;
pub(crate) use queue::queue;
pub(crate) use run::run;
pub(crate) use status::status;

use crate::Failure;
use landfall_service::Context;
use std::io::Write;
use tokio::runtime::Runtime;

/// The runtime for everything that waits. One thread is enough: what takes long has threads of its own.
fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::general)
}

/// Returns when the program is told to end.
async fn until_stopped() -> Result<(), Failure> {
    let context = Context::detached("wats-client");
    context.stop_on_signals().map_err(Failure::general)?;
    context.stopped().await;
    Ok(())
}

/// A line for whoever reads; one that reads no more ends it.
fn say(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::general)
}
