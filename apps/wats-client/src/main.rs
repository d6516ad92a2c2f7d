//! WATS Client: carries test reports from a factory floor to a WATS server and never loses one.

#![warn(clippy::unwrap_used)]

mod cli;
mod commands;
mod config;
mod credentials;
mod files;
mod health;
mod intake;
mod liveness;
mod logging;
mod queue;
mod service;
mod service_manager;
mod status;
mod upload;

use clap::Parser;
use cli::{Cli, Command};
use config::ConfigError;
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

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error.to_string())
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(arguments) => commands::run(&arguments),
        Command::Demo(arguments) => commands::demo(&arguments),
        Command::Check(arguments) => commands::check(&arguments),
        Command::Queue(command) => commands::queue(&command),
        Command::Convert(arguments) => commands::convert(&arguments),
    };
    let (code, text) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::General(text)) => (1, text),
        Err(Failure::Configuration(text)) => (3, text),
    };
    eprintln!("wats-client: {text}");
    ExitCode::from(code)
}
