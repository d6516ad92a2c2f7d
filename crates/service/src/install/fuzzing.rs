//! Parsers of what comes from outside, for the fuzz targets. Nobody else has a use for them.

use super::{answers, environment_file, settings};
use landfall_service_definition::{Platform, Setting};
use std::collections::BTreeMap;

/// What an answer file says that has these names.
pub fn answers(bytes: &[u8], known: &[String]) -> Result<BTreeMap<String, String>, String> {
    let text = answers::decode(bytes.to_vec()).ok_or("it is no text")?;
    answers::parse(&text, known).map_err(|(line, message)| format!("{line}: {message}"))
}

/// An environment file with a variable set.
pub fn environment(text: &str, name: &str, value: &str) -> Result<String, String> {
    let variable = (name.to_owned(), value.to_owned());
    environment_file::set(text, &[variable]).map_err(|unwritable| unwritable.0.to_owned())
}

/// The value of a setting as the program wants it.
pub fn value(platform: Platform, setting: &Setting, text: &str) -> Result<String, String> {
    settings::check(platform, setting, "--setting", text).map_err(|failure| failure.message)
}
