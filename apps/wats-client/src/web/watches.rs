//! Changing which folders are watched, for the page and for the control interface.

use super::Parts;
use super::problem::Problem;
use crate::config::{Applied, Config, ConfigError, Watch};

/// What a folder is told, by the keys of its block, such as `folder` or `arguments.part-number`. An empty value takes
/// its key out.
pub(super) type Values = Vec<(String, String)>;

/// Start of the keys of what a converter is told.
pub(super) const ARGUMENTS: &str = "arguments.";

/// The folder with this number.
pub(super) fn find(config: &Config, number: usize) -> Result<&Watch, Problem> {
    config.watches.get(number).ok_or_else(|| Problem::Missing(format!("there is no folder number {number}")))
}

/// The folder with this number, if it is the expected one: numbers move when somebody else removes a folder meanwhile.
fn expect<'a>(config: &'a Config, number: usize, folder: &str) -> Result<&'a Watch, Problem> {
    let watch = find(config, number)?;
    if watch.folder.display().to_string() == folder {
        Ok(watch)
    } else {
        Err(Problem::Conflict("the folders have changed meanwhile: look again".to_owned()))
    }
}

/// Watches another folder, and gives its number.
pub(super) async fn add(parts: &Parts, values: &Values) -> Result<(usize, Applied), Problem> {
    if !values.iter().any(|(name, value)| name == "folder" && !value.trim().is_empty()) {
        return Err(Problem::Invalid("enter the folder".to_owned()));
    }
    let mut editor = parts.live.edit().map_err(problem)?;
    // The folder that is watched while the file names none goes on to be watched.
    if editor.watches() == 0
        && let Some(first) = parts.live.current().watches.first()
    {
        editor.add_watch(&[("folder", &first.folder.display().to_string())]).map_err(problem)?;
    }
    let number = editor.add_watch(&pairs(values)).map_err(problem)?;
    editor.save().map_err(problem)?;
    Ok((number, parts.live.reload().await.map_err(Problem::Invalid)?))
}

/// Changes what the file says of a folder, which is `folder` so far.
pub(super) async fn change(
    parts: &Parts,
    number: usize,
    folder: &str,
    values: &Values,
) -> Result<Applied, Problem> {
    let config = parts.live.current();
    expect(&config, number, folder)?;
    if values.iter().any(|(name, value)| name == "folder" && value.trim().is_empty()) {
        return Err(Problem::Invalid("enter the folder".to_owned()));
    }
    let mut editor = parts.live.edit().map_err(problem)?;
    if number > editor.watches() {
        let text = format!("watch[{number}] comes from the environment: change it there");
        return Err(Problem::Invalid(text));
    }
    // It may be watched without a word in the file. Then there is one now.
    if number == editor.watches() {
        editor.add_watch(&[("folder", folder)]).map_err(problem)?;
    }
    editor.edit_watch(number, &pairs(values)).map_err(problem)?;
    editor.save().map_err(problem)?;
    parts.live.reload().await.map_err(Problem::Invalid)
}

/// Watches a folder no more, which is `folder` so far.
pub(super) async fn remove(parts: &Parts, number: usize, folder: &str) -> Result<Applied, Problem> {
    expect(&parts.live.current(), number, folder)?;
    let mut editor = parts.live.edit().map_err(problem)?;
    editor.remove_watch(number).map_err(problem)?;
    editor.save().map_err(problem)?;
    parts.live.reload().await.map_err(Problem::Invalid)
}

/// The key of an argument of a folder: the one that the file has for it, else one whose parts are quoted where they are
/// not plain.
pub(super) fn argument_key(config: &Config, number: Option<usize>, name: &str) -> String {
    let name = name.replace('"', "");
    let stored = number.and_then(|number| {
        let mut keys = stored_arguments(config, number).map(|(key, _)| key);
        keys.find(|key| key.strip_prefix(ARGUMENTS).is_some_and(|own| own.replace('"', "") == name))
    });
    if let Some(stored) = stored {
        return stored.to_owned();
    }
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let parts = name
        .split('.')
        .map(|part| if plain(part) { part.to_owned() } else { toml::Value::from(part).to_string() });
    format!("{ARGUMENTS}{}", parts.collect::<Vec<_>>().join("."))
}

/// What a folder's converter is told by the file: the keys of its block, and their values.
pub(super) fn stored_arguments(config: &Config, number: usize) -> impl Iterator<Item = (&str, &str)> {
    let start = format!("watch[{number}].");
    config.given.iter().filter_map(move |(key, value)| {
        let key = key.strip_prefix(&start).filter(|key| key.starts_with(ARGUMENTS))?;
        Some((key, value.as_str()))
    })
}

fn pairs(values: &Values) -> Vec<(&str, &str)> {
    values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn problem(error: ConfigError) -> Problem {
    match error {
        ConfigError::Changed { .. } => Problem::Conflict(error.to_string()),
        _ => Problem::Invalid(error.to_string()),
    }
}
