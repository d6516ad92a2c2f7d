//! `landfall completions`

use clap::CommandFactory;

use crate::Cli;
use crate::failure::Failure;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    clap_complete::generate(arguments.shell, &mut Cli::command(), "landfall", &mut std::io::stdout());
    Ok(())
}
