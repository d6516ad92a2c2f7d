//! `wats-client config`

use super::{runtime, say};
use crate::Failure;
use crate::cli::{Config as Command, ConfigFile};
use crate::config::keys::{self, KEYS, Key, SECRETS, SecretKey};
use crate::config::{Applied, Change, Config, Editor, Environment, default_config};
use crate::control::{RELOAD, SERVICE};
use landfall_service::ipc::Client;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use wats::Secret;

/// Looks at the configuration, or changes it.
pub(crate) fn config(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Get { key, json, config } => get(key.as_deref(), *json, config),
        Command::Set { key, value, file, config } => match secret_key(key) {
            Some(secret) => keep(secret, value.is_some(), file.as_deref(), config),
            None => {
                let value = match (value, file) {
                    (Some(value), _) => value.clone(),
                    (None, Some(file)) => read(file)?.trim_end().to_owned(),
                    (None, None) => {
                        return Err(Failure::General(format!("{key}: give the value, or --file with it")));
                    }
                };
                change(config, |editor| editor.set(key, &value).map_err(Failure::from))
            }
        },
        Command::Unset { key, config } if secret_key(key).is_some() => forget(key, config),
        Command::Unset { key, config } => change(config, |editor| {
            if editor.get(key)?.is_none() {
                return Err(Failure::General(format!("{key} is not set in the file")));
            }
            editor.remove(key).map(drop).map_err(Failure::from)
        }),
        Command::AddWatch { folder, values, config } => change(config, |editor| {
            let mut all = vec![("folder", folder.as_str())];
            all.extend(values.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            editor.add_watch(&all).map(drop).map_err(Failure::from)
        }),
        Command::EditWatch { number, values, config } => change(config, |editor| {
            let all: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            editor.edit_watch(*number, &all).map_err(Failure::from)
        }),
        Command::RemoveWatch { number, config } => {
            change(config, |editor| editor.remove_watch(*number).map_err(Failure::from))
        }
        Command::Check(config) => super::check(config),
    }
}

fn path(arguments: &ConfigFile, environment: &Environment) -> PathBuf {
    arguments.config.clone().unwrap_or_else(|| default_config(environment))
}

fn secret_key(name: &str) -> Option<SecretKey> {
    SECRETS.iter().find(|secret| secret.name == name).copied()
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::General(format!("{} cannot be read: {error}", file.display())))
}

/// Puts a secret into the store; the running service looks there every few seconds.
fn keep(key: SecretKey, given: bool, file: Option<&Path>, arguments: &ConfigFile) -> Result<(), Failure> {
    if given {
        return Err(Failure::Usage(format!(
            "{}: a secret is not given on the command line, where everybody can read it: leave it out and it is read \
             from standard input, or give --file",
            key.name
        )));
    }
    let secret = given_secret(key.about, file)?;
    let config = super::load(arguments)?;
    let sources = config.secret(key);
    sources.keep(&secret).map_err(Failure::General)?;
    if sources.environment.is_some() {
        eprintln!("wats-client: note: {} is set and goes before the stored one", key.variable);
    }
    say(&format!("{} is stored.", key.name))
}

/// A secret from the file, else from standard input, without the line's end that editors and pipes add.
pub(super) fn given_secret(about: &str, file: Option<&Path>) -> Result<Secret, Failure> {
    let text = match file {
        Some(file) => Secret::new(read(file)?),
        None => {
            let mut input = std::io::stdin();
            if input.is_terminal() {
                eprint!("{about} (shown while you type; end with Enter): ");
            }
            let mut text = String::new();
            let read = if input.is_terminal() {
                input.read_line(&mut text)
            } else {
                input.read_to_string(&mut text)
            };
            read.map_err(Failure::general)?;
            Secret::new(text)
        }
    };
    Ok(Secret::new(text.expose().trim_end_matches(['\r', '\n'])))
}

fn forget(name: &str, arguments: &ConfigFile) -> Result<(), Failure> {
    let config = super::load(arguments)?;
    match secret_key(name).map(|key| config.secret(key).forget()) {
        Some(Ok(true)) => say(&format!("{name} is deleted from the store.")),
        Some(Ok(false)) | None => Err(Failure::General(format!("{name} is not stored"))),
        Some(Err(error)) => Err(Failure::General(error)),
    }
}

/// Prints the values that hold: of the environment, else of the file, else the defaults.
fn get(wanted: Option<&str>, as_json: bool, arguments: &ConfigFile) -> Result<(), Failure> {
    let config = super::load(arguments)?;
    if let Some(secret) = wanted.and_then(secret_key) {
        // Where it comes from, and never what it is.
        let origin = config.secret(secret).origin();
        return say(&match (&origin, as_json) {
            (_, true) => serde_json::json!({ secret.name: origin }).to_string(),
            (Some(origin), false) => format!("set, from {origin}"),
            (None, false) => "not set".to_owned(),
        });
    }
    let made = made(&config);
    let value = |name: &str| {
        let default = || Key::find(name).map(|key| key.default.to_owned());
        config.given.get(name).or_else(|| made.get(name)).cloned().or_else(default)
    };
    if let Some(name) = wanted {
        if Key::find(name).is_none() && !keys::is_argument(name) {
            return Err(Failure::Configuration(format!("{name}: {}", keys::no_such_key(name))));
        }
        let value = value(name).unwrap_or_default();
        return say(&if as_json { serde_json::json!({ name: value }).to_string() } else { value });
    }
    let mut names: Vec<String> = KEYS
        .iter()
        .filter(|key| !key.name.starts_with(keys::OF_WATCH))
        .map(|key| key.name.to_owned())
        .collect();
    let more: BTreeSet<_> =
        config.given.keys().chain(made.keys()).filter(|name| !names.contains(name)).collect();
    names.extend(more.into_iter().cloned().collect::<Vec<_>>());
    let values = names.into_iter().map(|name| (value(&name).unwrap_or_default(), name));
    if as_json {
        let all: serde_json::Map<_, _> = values.map(|(value, name)| (name, value.into())).collect();
        return say(&serde_json::Value::Object(all).to_string());
    }
    values.into_iter().try_for_each(|(value, name)| say(&format!("{name} = {value}")))
}

/// The defaults that this machine makes: its name, and places.
fn made(config: &Config) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut add = |name: String, value: &dyn fmt::Display| all.insert(name, value.to_string());
    add("station.name".to_owned(), &config.station.name);
    add("queue.folder".to_owned(), &config.queue.folder.display());
    for (number, watch) in config.watches.iter().enumerate() {
        for (key, folder) in [("folder", &watch.folder), ("done", &watch.done), ("error", &watch.error)] {
            add(format!("watch[{number}].{key}"), &folder.display());
        }
    }
    all
}

/// Changes the file, says what is different, and has the service read it.
fn change(
    arguments: &ConfigFile,
    order: impl FnOnce(&mut Editor) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let environment = super::environment(arguments)?;
    let path = path(arguments, &environment);
    let mut editor = Editor::open(&path, &environment)?;
    order(&mut editor)?;
    let changes = editor.save()?;
    show(&changes, &environment)?;
    if changes.is_empty() {
        return say("Nothing is different.");
    }
    apply(&path, arguments.instance.as_deref())
}

/// Says what is different.
pub(super) fn show(changes: &[Change], environment: &Environment) -> Result<(), Failure> {
    for Change { key, before, after } in changes {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(not set)".to_owned());
        say(&format!("{key}: {} -> {}", shown(before), shown(after)))?;
        let variable = Key::find(key).map(Key::variable).filter(|name| environment.get(name).is_some());
        if let Some(variable) = variable {
            eprintln!("wats-client: note: {variable} is set and goes before the file");
        }
    }
    Ok(())
}

/// Has the running service, if there is one, use the changed file, and says what became of it.
pub(super) fn apply(path: &Path, instance: Option<&str>) -> Result<(), Failure> {
    match reload(path, instance) {
        Some(Ok(applied)) if applied.after_restart.is_empty() => say("The running service has applied it."),
        Some(Ok(applied)) => say(&format!(
            "The running service applies {} when it starts again.",
            applied.after_restart.join(", ")
        )),
        Some(Err(why)) => Err(Failure::General(format!("the running service does not apply it: {why}"))),
        None => Ok(()),
    }
}

/// Has the service that uses this file read it; `None` when none can be asked. One that runs for another account
/// notices the change by itself.
fn reload(path: &Path, instance: Option<&str>) -> Option<Result<Applied, String>> {
    runtime().ok()?.block_on(async {
        let mut client = match instance {
            Some(instance) => Client::connect_instance(SERVICE, instance).await.ok()?,
            None => Client::connect(SERVICE).await.ok()?,
        };
        let path = path.canonicalize().ok()?;
        match client.request(RELOAD, path.to_string_lossy().as_bytes()).await {
            Ok(answer) => serde_json::from_slice(&answer).ok()?,
            Err(_) => None,
        }
    })
}
