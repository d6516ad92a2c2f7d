//! WATS Client: carries test reports from a factory floor to a WATS server and never loses one.

#![warn(clippy::unwrap_used)]

mod cli;
mod commands;
mod config;
mod connect;
mod control;
mod credentials;
mod files;
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod intake;
mod metrics;
mod pulse;
mod queue;
mod service;
mod status;
mod upload;
mod web;

use clap::{CommandFactory, FromArgMatches};
use cli::{Cli, Command};
use commands::Installation;
use config::ConfigError;
use landfall_service::Exit;
use landfall_service::install::{INSTALL, PREFLIGHT, UNINSTALL};
use std::fmt;
use std::process::ExitCode;

/// Something went wrong, and how the program ends because of it.
enum Failure {
    /// General error: exit code 1.
    General(String),
    /// The configuration is not valid: exit code 3.
    Configuration(String),
    /// The command line is wrong: exit code 64.
    Usage(String),
    /// Anything that has a code of its own.
    Other(Exit, String),
}

impl Failure {
    fn general(error: impl fmt::Display) -> Self {
        Self::General(error.to_string())
    }
}

impl From<Failure> for landfall_service::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::General(text) => Self::new(Exit::General, text),
            Failure::Configuration(text) => Self::new(Exit::Configuration, text),
            Failure::Usage(text) => Self::new(Exit::Usage, text),
            Failure::Other(exit, text) => Self::new(exit, text),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error.to_string())
    }
}

/// Runs the program with the arguments and the environment of this process.
pub fn main() -> ExitCode {
    let installation = Installation::new();
    let matches = Cli::command().subcommands(installation.commands()).try_get_matches();
    let cli = match matches {
        Ok(matches) => match matches.subcommand() {
            Some((name @ (INSTALL | UNINSTALL | PREFLIGHT), arguments)) => {
                return installation.run(name, arguments).into();
            }
            _ => Cli::from_arg_matches(&matches),
        },
        Err(error) => Err(error),
    };
    let result = match cli.map(|cli| cli.command) {
        // A service manager may be waiting: everything else happens in its presence.
        Ok(Command::Run(arguments)) => return commands::run(arguments),
        Ok(Command::Demo(arguments)) => commands::demo(&arguments),
        Ok(Command::Check(arguments)) => commands::check(&arguments),
        Ok(Command::Config(command)) => commands::config(&command),
        Ok(Command::TestConnection(arguments)) => commands::test_connection(&arguments),
        Ok(Command::Register(arguments)) => commands::register(&arguments),
        Ok(Command::Diagnose(arguments)) => commands::diagnose(&arguments),
        Ok(Command::Logs(arguments)) => commands::logs(&arguments),
        Ok(Command::Import(arguments)) => commands::import(&arguments),
        Ok(Command::Status(arguments)) => commands::status(&arguments),
        Ok(Command::Queue(command)) => commands::queue(&command),
        Ok(Command::Send(arguments)) => commands::send(&arguments),
        Ok(Command::Convert(arguments)) => commands::convert(&arguments),
        Err(error) => {
            // Nobody reads what cannot be written.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    let (exit, text) = match result {
        Ok(()) => return Exit::Success.into(),
        Err(Failure::General(text)) => (Exit::General, text),
        Err(Failure::Configuration(text)) => (Exit::Configuration, text),
        Err(Failure::Usage(text)) => (Exit::Usage, text),
        Err(Failure::Other(exit, text)) => (exit, text),
    };
    eprintln!("wats-client: {text}");
    exit.into()
}
