//! The `landfall` command.

#![warn(clippy::unwrap_used)]

mod commands;
mod discovery;
mod failure;
mod output;
mod progress;
mod project;
mod signing;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::Output;

/// Builds every native package of a product from one manifest, `landfall.toml`.
#[derive(Debug, Parser)]
#[command(name = "landfall", version, about, max_term_width = 100, after_help = failure::EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command knows.
#[derive(Debug, clap::Args)]
struct Global {
    /// The manifest
    #[arg(long, short, global = true, value_name = "FILE", default_value = "landfall.toml")]
    manifest: std::path::PathBuf,
    /// Print results in JSON on standard output, for machines
    #[arg(long, global = true)]
    json: bool,
    /// Print nothing but errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look at the project in this folder and write a landfall.toml for it
    Init(commands::init::Arguments),
    /// Check the manifest and everything it names
    Check(commands::check::Arguments),
    /// Show what would be built, and why something would not
    Plan(commands::plan::Arguments),
    /// Build the packages
    Build(commands::build::Arguments),
    /// Install, run, upgrade and remove what was built, and write down what was seen
    Verify(commands::verify::Arguments),
    /// Set up laboratories, or look inside one
    Lab(commands::lab::Arguments),
    /// Show what is in a package, whoever built it
    Inspect(commands::inspect::Arguments),
    /// Judge packages, whoever built them
    Lint(commands::lint::Arguments),
    /// Show what changes on a machine from one package or release to another, and what of it bites later
    Diff(commands::diff::Arguments),
    /// Read, remove, attach or judge the signature of a Windows program or installer
    Signature(commands::signature::Arguments),
    /// Print what one service manager is told of the service
    Render(commands::render::Arguments),
    /// Print the JSON Schema of landfall.toml, release.json or evidence.json
    Schema(commands::schema::Arguments),
    /// Print a completion script for a shell
    Completions(commands::completions::Arguments),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.global.json, cli.global.quiet);
    let result = match cli.command {
        Command::Init(a) => commands::init::run(&a, &cli.global, &output),
        Command::Check(a) => commands::check::run(&a, &cli.global, &output),
        Command::Plan(a) => commands::plan::run(&a, &cli.global, &output),
        Command::Build(a) => commands::build::run(&a, &cli.global, &output),
        Command::Verify(a) => commands::verify::run(&a, &cli.global, &output),
        Command::Lab(a) => commands::lab::run(&a, &output),
        Command::Inspect(a) => commands::inspect::run(&a, &output),
        Command::Lint(a) => commands::lint::run(&a, &output),
        Command::Diff(a) => commands::diff::run(&a, &output),
        Command::Signature(a) => commands::signature::run(&a, &output),
        Command::Render(a) => commands::render::run(&a, &cli.global, &output),
        Command::Schema(a) => commands::schema::run(&a, &output),
        Command::Completions(a) => commands::completions::run(&a),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            failure.code()
        }
    }
}
