//! `wats-client run`

use crate::Failure;
use crate::cli::ConfigFile;
use crate::config::{self, Config, Environment, Live, LogFormat};
use crate::service::{self, ServiceError};
use landfall_service::Service;
use landfall_service::log::{Log, Recent, RotatingFile};
use std::process::ExitCode;
use std::time::Duration;

/// A second less than the service managers are told, so that the last word is ours.
const STOP_TIMEOUT: Duration = Duration::from_secs(9);

/// Messages of the log that the web page can show.
const LOG_LINES: usize = 1000;

/// Runs the service until it is told to end.
pub(crate) fn run(arguments: ConfigFile) -> ExitCode {
    // Under its service manager it has all it needs; started by hand, an instance is found as by other commands.
    let environment = match arguments.instance {
        Some(_) => super::environment(&arguments),
        None => Ok(Environment::of_process()),
    };
    let recent = Recent::new(LOG_LINES);
    let log = environment.as_ref().map_or_else(|_| Log::new(), |environment| log(&arguments, environment));
    let service = Service::new("wats-client").stop_timeout(STOP_TIMEOUT).log(log.recent(recent.clone()));
    service.run(async move |context| {
        let environment = environment.map_err(landfall_service::Failure::from)?;
        let (live, reloads) = Live::load(arguments.config.as_deref(), &environment).map_err(Failure::from)?;
        service::run(live, reloads, context, recent).await.map_err(ServiceError::into_failure)
    })
}

/// Where the service logs beside where its host looks. A configuration that does not hold is told by the service.
fn log(arguments: &ConfigFile, environment: &Environment) -> Log {
    match Config::load(arguments.config.as_deref(), environment).map(|config| config.log) {
        Ok(config::Log { file: Some(path), format, max_size, keep, .. }) => {
            let file = RotatingFile::new(path).limit(max_size).keep(keep);
            Log::new().file(file.json(format == LogFormat::Json))
        }
        _ => Log::new(),
    }
}
