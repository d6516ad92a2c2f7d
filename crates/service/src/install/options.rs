//! What was asked for: flags, then the environment, then the answer file.

use super::answers;
use super::failure::{Failure, Result};
use super::flags;
use super::settings::{Settings, Source, Value, check, truth};
use crate::exit::Exit;
use clap::ArgMatches;
use landfall_service_definition::{Definition, SettingType};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that was asked for, whatever the way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Nothing is asked.
    pub(crate) silent: bool,
    /// One of several installations on one machine.
    pub(crate) instance: Option<String>,
    /// Account, where another one is meant than the definition's.
    pub(crate) account: Option<String>,
    /// Password of the account.
    pub(crate) password: Option<Value>,
    /// A service of the user.
    pub(crate) user: bool,
    /// Whether to start it; `None`: as it was, and the first time yes.
    pub(crate) start: Option<bool>,
    /// Nothing is done.
    pub(crate) dry_run: bool,
    /// Answers are in JSON.
    pub(crate) json: bool,
    /// A service that is there is replaced.
    pub(crate) upgrade: bool,
    /// Required settings may be missing.
    pub(crate) allow_unconfigured: bool,
    /// Configuration and data go too.
    pub(crate) purge: bool,
    /// Names of checks to leave out; `all` is all.
    pub(crate) skip: Vec<String>,
    /// The machine's files are below this folder.
    pub(crate) root: Option<PathBuf>,
    /// Service manager, where the one that is found is not meant.
    pub(crate) manager: Option<String>,
    /// Values that came with the command.
    pub(crate) settings: Settings,
    /// Things to say that are no reason to stop.
    pub(crate) warnings: Vec<String>,
}

/// One way to give options, with what was given that way.
struct Layer {
    source: Source,
    values: BTreeMap<String, String>,
    /// How a name is written there, for messages.
    place: Box<dyn Fn(&str) -> String>,
}

impl Options {
    /// Puts together what was asked for.
    ///
    /// # Errors
    /// When an answer file cannot be read, or a value is not valid.
    pub(crate) fn read(
        definition: &Definition,
        matches: &ArgMatches,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let mut layers = vec![
            Layer {
                source: Source::Flag,
                values: flags::given(definition, matches),
                place: Box::new(|name| format!("--{name}")),
            },
            from_environment(definition, environment),
        ];
        let answers = flags::path(matches, "answers")
            .or_else(|| environment(&flags::variable(definition, "answers")).map(PathBuf::from));
        if let Some(file) = answers {
            layers.push(Layer {
                source: Source::Answers,
                values: answers::read(&file, &flags::answerable(definition))?,
                place: Box::new(move |name| format!("{}: {name}", file.display())),
            });
        }
        Self {
            silent: flags::is_set(matches, "silent"),
            dry_run: flags::is_set(matches, "dry-run"),
            json: flags::is_set(matches, "json"),
            purge: flags::is_set(matches, "purge"),
            root: flags::path(matches, "root"),
            ..Self::default()
        }
        .with_layers(definition, &layers)
    }

    fn with_layers(mut self, definition: &Definition, layers: &[Layer]) -> Result<Self> {
        let text = |name: &str| first(layers, name).map(|(_, value)| value.to_owned());
        let flag = |name: &str| -> Result<Option<bool>> {
            let Some((layer, value)) = first(layers, name) else { return Ok(None) };
            let wrong = || {
                Failure::new(
                    Exit::Configuration,
                    format!("{}: {value:?} must be yes or no", (layer.place)(name)),
                )
            };
            truth(value).map(Some).ok_or_else(wrong)
        };
        self.instance = text("instance").filter(|name| !name.is_empty());
        self.account = text("account").filter(|name| !name.is_empty());
        self.manager = text("manager");
        self.user = flag("user")?.unwrap_or(false);
        self.start = flag("start")?;
        self.upgrade = flag("upgrade")?.unwrap_or(true);
        self.allow_unconfigured = flag("allow-unconfigured")?.unwrap_or(false);
        let checks = text("skip-preflight").unwrap_or_default();
        self.skip =
            checks.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        if let Some((layer, file)) = first(layers, "account-password-file") {
            let text = secret_of(Path::new(file))?;
            self.password = Some(Value { text, source: layer.source, secret: true });
        }
        for (name, setting) in &definition.settings {
            if let Some(value) = self.setting(definition, layers, name, setting.kind)? {
                self.settings.0.insert(name.clone(), value);
            }
        }
        Ok(self)
    }

    /// The value of a setting; a secret may stand in a file.
    fn setting(
        &mut self,
        definition: &Definition,
        layers: &[Layer],
        name: &str,
        kind: SettingType,
    ) -> Result<Option<Value>> {
        let secret = kind == SettingType::Secret;
        let in_file = format!("{name}-file");
        let place = layers.iter().find_map(|layer| {
            let direct = layer.values.get(name).map(|value| (layer, name, value));
            let file = layer.values.get(&in_file).map(|value| (layer, in_file.as_str(), value));
            direct.or(file.filter(|_| secret))
        });
        let Some((layer, given, text)) = place else { return Ok(None) };
        let text = if given == name { text.clone() } else { secret_of(Path::new(text))? };
        if secret && given == name && layer.source == Source::Flag {
            self.warnings.push(format!(
                "--{name} can be read by everybody in the list of processes, and stays in the shell's history; \
                 --{name}-file is safe"
            ));
        }
        let text = check(definition.platform, &definition.settings[name], &(layer.place)(given), &text)?;
        Ok(Some(Value { text, source: layer.source, secret }))
    }
}

/// The first way that gives a name, and what it gives.
fn first<'a>(layers: &'a [Layer], name: &str) -> Option<(&'a Layer, &'a str)> {
    layers.iter().find_map(|layer| Some((layer, layer.values.get(name)?.as_str())))
}

/// Variables that are set and not empty.
fn from_environment(definition: &Definition, environment: &dyn Fn(&str) -> Option<String>) -> Layer {
    let value =
        |name: &String| environment(&flags::variable(definition, name)).filter(|text| !text.is_empty());
    let names = flags::answerable(definition);
    let values = names.iter().filter_map(|name| Some((name.clone(), value(name)?))).collect();
    let variables: BTreeMap<String, String> =
        names.into_iter().map(|name| (name.clone(), flags::variable(definition, &name))).collect();
    Layer {
        source: Source::Environment,
        values,
        place: Box::new(move |name| variables.get(name).cloned().unwrap_or_default()),
    }
}

/// The secret in a file: its text without white space around it.
fn secret_of(file: &Path) -> Result<String> {
    let text = answers::text_of(file)?.trim().to_owned();
    if text.is_empty() {
        return Err(Failure::new(Exit::Configuration, format!("{} is empty", file.display())));
    }
    Ok(text)
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
