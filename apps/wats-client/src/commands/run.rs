//! `wats-client run`

use crate::Failure;
use crate::cli::ConfigFile;
use crate::config::{Config, Environment, LogLevel};
use crate::service::{self, ServiceError};
use landfall_service::Service;
use std::process::ExitCode;
use std::time::Duration;
use tracing::Level;

/// A second less than the service managers are told, so that the last word is ours.
const STOP_TIMEOUT: Duration = Duration::from_secs(9);

/// Runs the service until it is told to end.
pub(crate) fn run(arguments: ConfigFile) -> ExitCode {
    Service::new("wats-client").stop_timeout(STOP_TIMEOUT).run(async move |context| {
        let config =
            Config::load(arguments.config.as_deref(), &Environment::of_process()).map_err(Failure::from)?;
        context.log_level(match config.log_level {
            LogLevel::Error => Level::ERROR,
            LogLevel::Warn => Level::WARN,
            LogLevel::Info => Level::INFO,
            LogLevel::Debug => Level::DEBUG,
        });
        service::run(config, context).await.map_err(ServiceError::into_failure)
    })
}
