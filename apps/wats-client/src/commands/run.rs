//! `wats-client run`

use crate::Failure;
use crate::cli::ConfigFile;
use crate::config::{Environment, Live};
use crate::service::{self, ServiceError};
use landfall_service::Service;
use std::process::ExitCode;
use std::time::Duration;

/// A second less than the service managers are told, so that the last word is ours.
const STOP_TIMEOUT: Duration = Duration::from_secs(9);

/// Runs the service until it is told to end.
pub(crate) fn run(arguments: ConfigFile) -> ExitCode {
    Service::new("wats-client").stop_timeout(STOP_TIMEOUT).run(async move |context| {
        let (live, reloads) =
            Live::load(arguments.config.as_deref(), &Environment::of_process()).map_err(Failure::from)?;
        service::run(live, reloads, context).await.map_err(ServiceError::into_failure)
    })
}
