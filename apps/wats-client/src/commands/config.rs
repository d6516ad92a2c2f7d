//! `wats-client config`

use super::{runtime, say};
use crate::Failure;
use crate::cli::{Config as Command, ConfigFile};
use crate::config::keys::{self, KEYS, Key};
use crate::config::{Applied, Change, Config, Editor, Environment, default_config};
use crate::control::{RELOAD, SERVICE};
use landfall_service::ipc::Client;
use std::path::PathBuf;

/// Looks at the configuration, or changes it.
pub(crate) fn config(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Get { key, json, config } => get(key.as_deref(), *json, config),
        Command::Set { key, value, config } => {
            change(config, |editor| editor.set(key, value).map_err(Failure::from))
        }
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

/// Prints the values that hold: of the environment, else of the file, else the defaults.
fn get(wanted: Option<&str>, as_json: bool, arguments: &ConfigFile) -> Result<(), Failure> {
    let config = Config::load(arguments.config.as_deref(), &Environment::of_process())?;
    let value = |name: &str| {
        let default = || Key::find(name).map(|key| key.default.to_owned());
        config.given.get(name).cloned().or_else(default)
    };
    if let Some(name) = wanted {
        if Key::find(name).is_none() && !keys::is_argument(name) {
            let meant = keys::nearest(name).map(|key| format!("; did you mean {key}?")).unwrap_or_default();
            return Err(Failure::Configuration(format!("{name}: there is no such key{meant}")));
        }
        let value = value(name).unwrap_or_default();
        return say(&if as_json { serde_json::json!({ name: value }).to_string() } else { value });
    }
    let mut names: Vec<String> = KEYS
        .iter()
        .filter(|key| !key.name.starts_with(keys::OF_WATCH))
        .map(|key| key.name.to_owned())
        .collect();
    names.extend(config.given.keys().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
    let values = names.into_iter().map(|name| (value(&name).unwrap_or_default(), name));
    if as_json {
        let all: serde_json::Map<_, _> = values.map(|(value, name)| (name, value.into())).collect();
        return say(&serde_json::Value::Object(all).to_string());
    }
    values.into_iter().try_for_each(|(value, name)| say(&format!("{name} = {value}")))
}

/// Changes the file, says what is different, and has the service read it.
fn change(
    arguments: &ConfigFile,
    order: impl FnOnce(&mut Editor) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let path = path(arguments, &environment);
    let mut editor = Editor::open(&path, &environment)?;
    order(&mut editor)?;
    let changes = editor.save()?;
    for Change { key, before, after } in &changes {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(not set)".to_owned());
        say(&format!("{key}: {} -> {}", shown(before), shown(after)))?;
        let variable = Key::find(key).map(Key::variable).filter(|name| environment.get(name).is_some());
        if let Some(variable) = variable {
            eprintln!("wats-client: note: {variable} is set and goes before the file");
        }
    }
    if changes.is_empty() {
        return say("Nothing is different.");
    }
    match reload(&path) {
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
fn reload(path: &std::path::Path) -> Option<Result<Applied, String>> {
    runtime().ok()?.block_on(async {
        let mut client = Client::connect(SERVICE).await.ok()?;
        let path = path.canonicalize().ok()?;
        match client.request(RELOAD, path.to_string_lossy().as_bytes()).await {
            Ok(answer) => serde_json::from_slice(&answer).ok()?,
            Err(_) => None,
        }
    })
}
