//! `wats-client run`

use super::{runtime, stop_signal};
use crate::cli::ConfigFile;
use crate::config::{Config, Environment};
use crate::{Failure, logging, service};

/// Runs the service until it is told to end.
pub(crate) fn run(arguments: &ConfigFile) -> Result<(), Failure> {
    let config = Config::load(arguments.config.as_deref(), &Environment::of_process())?;
    logging::start(config.log_level);
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let stop = stop_signal().map_err(Failure::general)?;
        service::run(config, stop).await.map_err(Failure::general)
    });
    // A thread that still waits for a slow disk does not keep the program.
    runtime.shutdown_background();
    result
}
