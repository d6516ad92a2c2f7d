//! `wats-client import`

use super::config::{apply, show};
use super::{environment, say};
use crate::Failure;
use crate::cli::Import as Arguments;
use crate::config::{Config, Editor, Import, default_config};
use std::path::Path;

/// Takes over the Python client's configuration.
pub(crate) fn import(arguments: &Arguments) -> Result<(), Failure> {
    let file = &arguments.file;
    let fault = |why: String| Failure::Configuration(format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| fault(format!("it cannot be read: {error}")))?;
    let folder = std::path::absolute(file).map_err(Failure::general)?;
    let import = Import::of(&text, folder.parent().unwrap_or(Path::new("/"))).map_err(fault)?;

    let environment = environment(&arguments.config)?;
    let path = arguments.config.config.clone().unwrap_or_else(|| default_config(&environment));
    let mut editor = Editor::open(&path, &environment)?;
    let notes = import.put_into(&mut editor)?;
    let config: Config = editor.check()?;
    show(&editor.changes()?, &environment)?;
    for (key, _) in &import.secrets {
        say(&format!("{}: goes into the store", key.name))?;
    }
    for note in &notes {
        say(&format!("note: {note}"))?;
    }
    if arguments.dry_run {
        return say("Nothing was changed.");
    }
    for (key, secret) in &import.secrets {
        config.secret(*key).keep(secret).map_err(Failure::General)?;
    }
    if editor.save()?.is_empty() {
        return say("Nothing is different.");
    }
    apply(&path, arguments.config.instance.as_deref())?;
    if !import.secrets.is_empty() {
        say(&format!("{} still holds secrets in clear text: delete it when all is well.", file.display()))?;
    }
    Ok(())
}
