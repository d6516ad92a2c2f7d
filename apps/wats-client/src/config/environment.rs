//! The environment variables.

use std::collections::HashMap;

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

    /// The value of a variable, unless it is not set or empty.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.trim().is_empty()).cloned()
    }

    /// Names of all variables that are set and begin so.
    pub(super) fn beginning(&self, start: &str) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(move |name| name.starts_with(start))
    }
}
