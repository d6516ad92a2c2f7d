//! Parsers of what comes from outside, for the fuzz targets. Nobody else has a use for them.

mod page;

pub use page::{Page, Reply, TOKEN};

use crate::config::{Config, ConfigError, Editor, Environment, Import, keys};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// A place where there is neither a file nor a folder of plug-ins.
const FILE: &str = "/nowhere/config.toml";

/// A configuration that holds.
pub struct Configuration {
    /// All values that the file gives, by their dotted names.
    pub given: BTreeMap<String, String>,
    /// The longest time in it.
    pub longest: Duration,
}

/// A file that was changed.
pub struct Edited {
    /// Its new text.
    pub text: String,
    /// The value of the key as it is read from that.
    pub value: Option<String>,
    /// Names of the keys that are different, and whether they had a value.
    pub changes: Vec<(String, bool)>,
}

/// The names of all keys.
pub fn keys() -> impl Iterator<Item = &'static str> {
    keys::KEYS.iter().map(|key| key.name)
}

/// The configuration if the file has this text.
pub fn configuration(text: &str) -> Result<Configuration, String> {
    let config = Config::of_text(Path::new(FILE), Some(text), &Environment::default()).map_err(in_words)?;
    let upload = &config.upload;
    let times = [upload.retry_first, upload.retry_limit, upload.access_retry, upload.probe];
    let of_folders = config.watches.iter().flat_map(|watch| [watch.settle, watch.rescan]);
    let longest = of_folders.chain(times).chain([config.queue.keep_delivered]).max().unwrap_or_default();
    Ok(Configuration { given: config.given, longest })
}

/// The file after `config set`, or `config unset` where there is no value.
pub fn edited(text: &str, key: &str, value: Option<&str>) -> Result<Edited, String> {
    let mut editor = editor(text)?;
    match value {
        Some(value) => editor.set(key, value).map_err(in_words)?,
        None => drop(editor.remove(key).map_err(in_words)?),
    }
    let changes = editor.changes().map_err(in_words)?;
    let changes = changes.into_iter().map(|change| (change.key, change.before.is_some())).collect();
    let value = self::editor(&editor.text())?.get(key).map_err(in_words)?;
    Ok(Edited { text: editor.text(), value, changes })
}

/// Our file with what another client's says, and what is said of that.
pub fn imported(theirs: &str, ours: &str) -> Result<(String, Vec<String>), String> {
    let import = Import::of(theirs, Path::new("/nowhere"))?;
    let mut editor = editor(ours)?;
    let notes = import.put_into(&mut editor).map_err(in_words)?;
    Ok((editor.text(), notes))
}

fn editor(text: &str) -> Result<Editor, String> {
    Editor::of_text(Path::new(FILE), Some(text.to_owned()), &Environment::default()).map_err(in_words)
}

fn in_words(error: ConfigError) -> String {
    error.to_string()
}
