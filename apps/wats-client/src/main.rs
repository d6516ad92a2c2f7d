//! WATS Client: carries test reports from a factory floor to a WATS server and never loses one.

#![warn(clippy::unwrap_used)]

mod cli;
mod commands;
mod config;
mod credentials;
mod files;
mod health;
mod intake;
mod queue;
mod service;
mod status;
mod upload;

use clap::Parser;
use cli::{Cli, Command};
use config::ConfigError;
use landfall_service::Exit;
use std::fmt;
use std::process::ExitCode;

/// Something went wrong, and how the program ends because of it.
enum Failure {
    /// General error: exit code 1.
    General(String),
    /// The configuration is not valid: exit code 3.
    Configuration(String),
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
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error.to_string())
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        // A service manager may be waiting: everything else happens in its presence.
        Command::Run(arguments) => return commands::run(arguments),
        Command::Demo(arguments) => commands::demo(&arguments),
        Command::Check(arguments) => commands::check(&arguments),
        Command::Queue(command) => commands::queue(&command),
        Command::Convert(arguments) => commands::convert(&arguments),
    };
    let (exit, text) = match result {
        Ok(()) => return Exit::Success.into(),
        Err(Failure::General(text)) => (Exit::General, text),
        Err(Failure::Configuration(text)) => (Exit::Configuration, text),
    };
    eprintln!("wats-client: {text}");
    exit.into()
}
