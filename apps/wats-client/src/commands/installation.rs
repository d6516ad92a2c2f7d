//! `wats-client install-service`, `uninstall-service`, `preflight`

use crate::config::{Config, Environment};
use clap::ArgMatches;
use landfall_service::exit::Exit;
use landfall_service::install::{self, Program, ServerAnswer, ServerOutcome, Settings};
use landfall_service_definition::Definition;
use std::path::{MAIN_SEPARATOR, Path};
use std::time::Duration;
use wats::{Client, Failure, Retry, Secret, ServerUrl, Tls};

/// Longest wait for the server's answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// What service managers must know, from landfall.toml.
const DEFINITION: &str = include_str!(concat!(env!("OUT_DIR"), "/definition.json"));
/// The configuration that packages bring.
const CONFIGURATION: &str = include_str!("../../packaging/config.toml");

/// What the installer must know of this program.
pub(crate) struct Installation(Definition);

impl Installation {
    /// Reads the embedded definition.
    pub(crate) fn new() -> Self {
        // The build script has written it with the same types.
        Self(serde_json::from_str(DEFINITION).expect("the embedded definition is valid"))
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

    fn files(&self) -> Vec<(String, String)> {
        vec![("config.toml".to_owned(), CONFIGURATION.to_owned())]
    }

    fn ask_server(&self, definition: &Definition, settings: &Settings) -> Option<ServerAnswer> {
        let server: ServerUrl = settings.get("server-url")?.parse().ok()?;
        let token = settings.get("api-token").map(Secret::new);
        let name = server.as_str().to_owned();
        let has_token = token.is_some();
        let (outcome, message, date) = match ask(server, token, certificates(definition)) {
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

fn ask(server: ServerUrl, token: Option<Secret>, pem: Option<Vec<u8>>) -> Result<wats::Greeting, Trouble> {
    let other = |text: String| Trouble::Other(text);
    let mut builder = Client::builder(server, "wats-client", env!("CARGO_PKG_VERSION"));
    if let Some(token) = token {
        builder = builder.token(token);
    }
    builder = builder.tls(Tls { authorities: pem, ..Tls::default() }).retry(Retry::never());
    let client = builder.build().map_err(|error| other(error.to_string()))?;
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

/// The company's own certificates, where the configuration names some.
fn certificates(definition: &Definition) -> Option<Vec<u8>> {
    let file = format!("{}{MAIN_SEPARATOR}config.toml", definition.folders.configuration);
    // What is wrong with the configuration is told when it is used.
    let config = Config::load(Some(Path::new(&file)), &Environment::default()).ok()?;
    std::fs::read(config.ca_file?).ok()
}
