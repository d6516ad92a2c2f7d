//! `wats-client install-service`, `uninstall-service`, `preflight`

use crate::config::{Config, ConfigError, Environment, shipped};
use crate::connect;
use clap::ArgMatches;
use landfall_service::exit::Exit;
use landfall_service::install::{self, Program, ServerAnswer, ServerOutcome, Settings};
use landfall_service_definition::Definition;
use std::path::{MAIN_SEPARATOR, Path};
use std::time::Duration;
use wats::{Failure, Secret, ServerUrl};

/// Longest wait for the server's answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// What service managers must know, from landfall.toml.
const DEFINITION: &str = include_str!(concat!(env!("OUT_DIR"), "/definition.json"));

/// What the installer must know of this program.
pub(crate) struct Installation(Definition);

impl Installation {
    /// Reads the embedded definition.
    pub(crate) fn new() -> Self {
        // The build script has written it with the same types.
        Self(serde_json::from_str(DEFINITION).expect("the embedded definition is valid"))
    }

    /// What is known of the service, or of one of several instances.
    pub(super) fn of_instance(&self, instance: Option<&str>) -> Result<Definition, crate::Failure> {
        match instance {
            None => Ok(self.0.clone()),
            Some(name) => self.0.for_instance(name).map_err(crate::Failure::general),
        }
    }

    /// The three commands.
    pub(crate) fn commands(&self) -> [clap::Command; 3] {
        install::commands(&self.0)
    }

    /// Runs one of them.
    pub(crate) fn run(&self, name: &str, matches: &ArgMatches) -> Exit {
        install::run(self, name, matches)
    }
}

impl Program for Installation {
    fn definition(&self) -> &Definition {
        &self.0
    }

    fn files(&self, definition: &Definition) -> Vec<(String, String)> {
        vec![("config.toml".to_owned(), shipped(&definition.folders, definition.platform))]
    }

    fn ask_server(&self, definition: &Definition, settings: &Settings) -> Option<ServerAnswer> {
        let server: ServerUrl = settings.get("server-url")?.parse().ok()?;
        let token = settings.get("api-token").map(Secret::new);
        let name = server.as_str().to_owned();
        let has_token = token.is_some();
        let (outcome, message, date) = match ask(definition, server, token) {
            Ok(greeting) if has_token => (
                ServerOutcome::Accepted,
                format!("{name} takes the token; version {}", greeting.version),
                greeting.date,
            ),
            Ok(greeting) => (
                ServerOutcome::Reached,
                format!("{name} answers; version {}", greeting.version),
                greeting.date,
            ),
            Err(Trouble::Refused { status: 401 | 403, .. }) if !has_token => {
                (ServerOutcome::Reached, format!("{name} answers and wants a token"), None)
            }
            Err(Trouble::Refused { status: 401 | 403, message }) => {
                (ServerOutcome::Refused, format!("{name} refuses the token: {message}"), None)
            }
            Err(Trouble::Refused { message, .. } | Trouble::Other(message)) => {
                (ServerOutcome::Unreachable, format!("{name}: {message}"), None)
            }
        };
        Some(ServerAnswer { outcome, message, date })
    }
}

/// Why there is no greeting.
enum Trouble {
    /// The server refuses access.
    Refused {
        /// HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// Anything else.
    Other(String),
}

fn ask(definition: &Definition, server: ServerUrl, token: Option<Secret>) -> Result<wats::Greeting, Trouble> {
    let other = |text: String| Trouble::Other(text);
    let config = configured(definition).map_err(|error| other(error.to_string()))?;
    let client = connect::client(&config, &server, token).map_err(other)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| other(error.to_string()))?;
    let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, client.greet()).await });
    match answer {
        Ok(Ok(greeting)) => Ok(greeting),
        Ok(Err(Failure::Access { status, message })) => Err(Trouble::Refused { status, message }),
        Ok(Err(failure)) => Err(other(failure.to_string())),
        Err(_) => Err(other(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
}

/// What the configuration says of the way to the server; what is wrong with it is told when it is used.
fn configured(definition: &Definition) -> Result<Config, ConfigError> {
    let file = format!("{}{MAIN_SEPARATOR}config.toml", definition.folders.configuration);
    let path = Path::new(&file);
    let environment = Environment::of_process();
    Config::load(Some(path), &environment).or_else(|_| Config::of_text(path, None, &Environment::default()))
}
