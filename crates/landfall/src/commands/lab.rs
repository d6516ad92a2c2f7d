//! `landfall lab`

use landfall_verify::lab::{Blueprint, LabError};

use crate::commands::verify::laboratories;
use crate::failure::Failure;
use crate::output::{Output, good, heading, table};

/// Set up laboratories, or look inside one
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the laboratories and what each one needs
    List,
    /// Build what laboratories keep between runs
    Prepare {
        /// The laboratories [default: all]
        laboratories: Vec<String>,
    },
    /// Open a fresh laboratory with a shell in it; it is gone when the shell ends
    Shell {
        /// The laboratory
        laboratory: String,
        /// A package to install first
        #[arg(long, value_name = "FILE")]
        install: Option<std::path::PathBuf>,
    },
}

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    match &arguments.command {
        Command::List => list(output),
        Command::Prepare { laboratories } => prepare(laboratories, output),
        Command::Shell { laboratory, install } => shell(laboratory, install.as_deref(), output),
    }
}

/// What a laboratory lacks on this machine; empty if nothing.
fn lacks(blueprint: &dyn Blueprint) -> String {
    match blueprint.check() {
        Ok(()) => String::new(),
        Err(error) => error.to_string(),
    }
}

fn list(output: &Output) -> Result<(), Failure> {
    let all = laboratories(&[])?;
    if output.is_json() {
        let list: Vec<_> = all
            .iter()
            .map(|blueprint| {
                serde_json::json!({ "laboratory": blueprint.describe(), "missing": lacks(blueprint.as_ref()) })
            })
            .collect();
        return output.json(&list);
    }
    let mut rows = vec![["laboratory", "what it is", "here"].map(str::to_owned).to_vec()];
    for blueprint in &all {
        let lacks = lacks(blueprint.as_ref());
        let here = if lacks.is_empty() { good("yes") } else { lacks };
        rows.push(vec![blueprint.id().to_owned(), blueprint.title(), here]);
    }
    let text = table(&rows, &[]);
    let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
    output.product(&heading(head));
    output.product(body);
    Ok(())
}

fn prepare(names: &[String], output: &Output) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for blueprint in laboratories(names)? {
        output.note(&format!("preparing {}", blueprint.id()));
        match blueprint.check().and_then(|()| blueprint.prepare()) {
            Ok(()) => output.result(&format!("{} {}", good("ready"), blueprint.id())),
            Err(LabError::Missing(what)) => missing.push(format!("{} needs {what}", blueprint.id())),
            Err(error) => return Err(Failure::Io(format!("{}: {error}", blueprint.id()))),
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Failure::Io(missing.join("\n"))) }
}

fn shell(name: &str, install: Option<&std::path::Path>, output: &Output) -> Result<(), Failure> {
    let failure = |error: LabError| Failure::Io(format!("{name}: {error}"));
    for blueprint in laboratories(std::slice::from_ref(&name.to_owned()))? {
        let lab = blueprint.open().map_err(failure)?;
        if let Some(file) = install {
            let package = landfall_verify::lab::Package { file, name: "", manager: blueprint.manager() };
            let outcome = lab.install(&package).map_err(failure)?;
            output.note(outcome.to_string().trim_end());
        }
        lab.shell().map_err(failure)?;
    }
    Ok(())
}
