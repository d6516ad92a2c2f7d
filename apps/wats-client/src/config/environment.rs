//! The environment variables.

use landfall_service::install::environment_value;
use landfall_service_definition::Definition;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

/// Start of the names of variables that a service's environment file may hold for this program.
const OWN: [&str; 2] = ["WATS_CLIENT_", "WATS_TOKEN_FILE"];
/// Those that libraries look at.
const SHARED: [&str; 8] = [
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
    "no_proxy",
];

/// The environment variables, as they were when the program started. Empty ones count as not set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment(pub(super) HashMap<String, String>);

impl Environment {
    /// The variables of this process.
    pub(crate) fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| !name.is_empty());
        Self(variables.collect())
    }

    /// These variables and no others.
    pub(crate) fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables = variables.into_iter();
        Self(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The variables of this process, and those that the installed service has: of its environment file, its folders
    /// and its credentials. `definition` is that of the instance that is meant. Gives what could not be read.
    pub(crate) fn of_service(definition: &Definition) -> (Self, Option<String>) {
        let mut all = Self::of_process();
        if all.get("CREDENTIALS_DIRECTORY").is_none()
            && let Some(folder) = definition.credentials.values().find_map(|file| Path::new(file).parent())
        {
            all.0.insert("CREDENTIALS_DIRECTORY".to_owned(), folder.display().to_string());
        }
        let folders = &definition.folders;
        if definition.instance.is_some() {
            for (name, folder) in
                [("CONFIGURATION_DIRECTORY", &folders.configuration), ("STATE_DIRECTORY", &folders.state)]
            {
                all.0.entry(name.to_owned()).or_insert_with(|| folder.clone());
            }
        }
        let file = definition
            .environment_file
            .clone()
            .unwrap_or_else(|| format!("{}{}environment", folders.configuration, std::path::MAIN_SEPARATOR));
        let trouble = match std::fs::read_to_string(&file) {
            Ok(text) => {
                all.add(&text);
                None
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                Some(format!("{file} cannot be read, so the service may see other values: {error}"))
            }
        };
        (all, trouble)
    }

    /// Adds the variables of an environment file that are not set.
    fn add(&mut self, text: &str) {
        let names = text.lines().filter_map(|line| Some(line.split_once('=')?.0.trim()));
        let known = |name: &&str| OWN.iter().any(|start| name.starts_with(start)) || SHARED.contains(name);
        for name in names.filter(known) {
            if self.get(name).is_none()
                && let Some(value) = environment_value(text, name)
            {
                self.0.insert(name.to_owned(), value);
            }
        }
    }

    /// The value of a variable, unless it is not set or empty.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.trim().is_empty()).cloned()
    }

    /// Names of all variables that are set and begin so.
    pub(super) fn beginning(&self, start: &str) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(move |name| name.starts_with(start))
    }
}
