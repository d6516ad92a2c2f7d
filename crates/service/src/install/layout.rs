//! What every service has, whatever its manager: account, folders, configuration, settings, secrets.
//!
//! The places are those of the packages, so that either can follow the other.

use super::environment_file;
use super::failure::{Failure, Result};
use super::host::Host;
use super::program::Program;
use super::settings::{Settings, Source, Value};
use super::step::{Access, Step, Text};
use crate::exit::Exit;
use landfall_service_definition::{Account, Definition, Ownership, Platform, SettingType};

/// Permission bits of folders into which others put files for the service: whoever does joins its group.
const SHARED_MODE: u32 = 0o2770;

/// Where the values of settings are kept. A service manager that reads no such file is told its content at each
/// installation.
pub(crate) fn environment_file(definition: &Definition) -> String {
    let separator = if definition.platform == Platform::Windows { '\\' } else { '/' };
    let usual = || format!("{}{separator}environment", definition.folders.configuration);
    definition.environment_file.clone().unwrap_or_else(usual)
}

/// The settings with the values that are there already, and the defaults.
pub(crate) fn complete(host: &Host, definition: &Definition, given: &Settings) -> Result<Settings> {
    let file = host.read(&environment_file(definition))?.unwrap_or_default();
    let mut all = given.clone();
    for (name, setting) in &definition.settings {
        if all.0.contains_key(name) {
            continue;
        }
        let secret = setting.kind == SettingType::Secret;
        let present = match definition.credentials.get(name).filter(|_| secret) {
            Some(file) => host.read(file)?.map(|text| text.trim().to_owned()),
            None => environment_file::get(&file, &setting.environment),
        };
        let present = present.filter(|text| !text.is_empty()).map(|text| (text, Source::Present));
        let value = present.or_else(|| setting.default.clone().map(|text| (text, Source::Default)));
        if let Some((text, source)) = value {
            all.0.insert(name.clone(), Value { text, source, secret });
        }
    }
    Ok(all)
}

/// The definition for these settings: folders that they name outside the service's own are opened to it, and a
/// service manager that reads no environment file is told the values.
pub(crate) fn adapted(host: &Host, definition: &Definition, settings: &Settings) -> Result<Definition> {
    let mut adapted = definition.clone();
    for path in named_folders(definition, settings) {
        if !is_own(definition, path) && !adapted.writable.iter().any(|known| known == path) {
            adapted.writable.push(path.to_owned());
        }
    }
    if definition.environment_file.is_none() {
        let text = new_environment(host, definition, settings)?.unwrap_or_default();
        let names = text.lines().filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned()));
        let variables = names.filter(|name| !name.starts_with(['#', ';'])).filter_map(|name| {
            let value = environment_file::get(&text, &name)?;
            Some((name, value))
        });
        adapted.environment.extend(variables);
    }
    Ok(adapted)
}

fn named_folders<'a>(definition: &'a Definition, settings: &'a Settings) -> impl Iterator<Item = &'a str> {
    let folders = definition.settings.iter().filter(|(_, setting)| setting.kind == SettingType::Directory);
    folders.filter_map(|(name, _)| settings.get(name))
}

/// Whether a path is in one of the service's own folders.
fn is_own(definition: &Definition, path: &str) -> bool {
    let folders = &definition.folders;
    [&folders.state, &folders.logs, &folders.cache].iter().any(|own| {
        path.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
    })
}

/// The text of the environment file with the new values; `None` when there is nothing to write.
fn new_environment(host: &Host, definition: &Definition, settings: &Settings) -> Result<Option<String>> {
    let path = environment_file(definition);
    let before = host.read(&path)?;
    let mut variables = Vec::new();
    for (name, value) in &settings.0 {
        // A secret without a file of its own goes the way of the other settings.
        if value.is_new() && !definition.credentials.contains_key(name) {
            variables.push((definition.settings[name].environment.clone(), value.text.clone()));
        }
    }
    if variables.is_empty() {
        return Ok(before);
    }
    environment_file::set(&before.unwrap_or_default(), &variables).map(Some).map_err(|error| {
        Failure::new(Exit::Configuration, format!("a setting cannot be written to {path}: {}", error.0))
    })
}

/// Whose things are.
struct Owners<'a> {
    definition: &'a Definition,
}

impl Owners<'_> {
    fn service(&self, mode: u32) -> Access {
        match self.definition.platform {
            // Windows has steps of its own for it.
            Platform::Windows => Access::inherited(),
            _ if self.definition.is_user_service() => Access::of(None, mode),
            _ => Access::of(Some(self.definition.account.user()), mode),
        }
    }

    /// Of root, and on macOS of its group wheel.
    fn administrator(&self, mode: u32) -> Access {
        match self.definition.platform {
            Platform::Windows => Access::inherited(),
            _ if self.definition.is_user_service() => Access::of(None, mode),
            Platform::Macos => Access { mode, owner: Some("root".into()), group: Some("wheel".into()) },
            _ => Access::root(mode),
        }
    }

    /// Root's alone. launchd hands no secrets over, so there the service reads them where they are.
    fn secret(&self, mode: u32) -> Access {
        match &self.definition.account {
            Account::Own(name) if self.definition.platform == Platform::Macos => Access {
                mode: mode | (mode >> 3 & 0o050),
                owner: Some("root".into()),
                group: Some(name.clone()),
            },
            Account::Named(name) if self.definition.platform == Platform::Macos => {
                Access { mode, owner: Some(name.clone()), group: Some("wheel".into()) }
            }
            _ => self.administrator(mode),
        }
    }
}

/// The account and the folders, in the order of their making.
pub(crate) fn folders(host: &Host, definition: &Definition, settings: &Settings) -> Vec<Step> {
    let owners = Owners { definition };
    let mut steps = Vec::new();
    if let Account::Own(name) = &definition.account
        && definition.platform != Platform::Windows
    {
        steps.push(Step::Account {
            name: name.clone(),
            title: definition.title.clone(),
            home: definition.folders.state.clone(),
        });
    }
    for folder in definition.own_folders() {
        // Service managers of Linux make the one for the run time anew at each start.
        if folder.path == definition.folders.runtime && definition.platform == Platform::Linux {
            continue;
        }
        let access = match folder.ownership {
            Ownership::Administrator => owners.administrator(folder.mode),
            Ownership::Service => owners.service(folder.mode),
        };
        steps.push(Step::Folder { path: folder.path.to_owned(), access });
    }
    steps.extend(shared_folders(host, definition, settings));
    if let Some(path) = definition.credentials_folder() {
        steps.push(Step::Folder { path: path.to_owned(), access: owners.secret(0o700) });
    }
    steps
}

/// The folders that settings name and into which others put files.
pub(crate) fn shared_folders(host: &Host, definition: &Definition, settings: &Settings) -> Vec<Step> {
    let owners = Owners { definition };
    named_folders(definition, settings)
        .filter(|path| is_own(definition, path) || !host.exists(path))
        .map(|path| Step::Folder { path: path.to_owned(), access: owners.service(SHARED_MODE) })
        .collect()
}

/// Configuration files.
pub(crate) fn files(host: &Host, definition: &Definition, program: &dyn Program) -> Vec<Step> {
    let owners = Owners { definition };
    let mut steps = Vec::new();
    let separator = if definition.platform == Platform::Windows { '\\' } else { '/' };
    for (name, text) in program.files(definition) {
        let path = format!("{}{separator}{name}", definition.folders.configuration);
        if !host.exists(&path) {
            steps.push(Step::write(path, Text::open(text), owners.administrator(0o644)));
        }
    }
    steps
}

/// Settings and secrets.
pub(crate) fn values(host: &Host, definition: &Definition, settings: &Settings) -> Result<Vec<Step>> {
    let owners = Owners { definition };
    let mut steps = Vec::new();
    let path = environment_file(definition);
    let text = new_environment(host, definition, settings)?;
    if let Some(text) = text.filter(|text| host.read(&path).ok().flatten().as_ref() != Some(text)) {
        // It may hold what is not everybody's business.
        steps.push(Step::write(path, Text::open(text), owners.administrator(0o640)));
    }
    for (name, file) in &definition.credentials {
        match settings.value(name).filter(|value| value.is_new()) {
            Some(value) => {
                steps.push(Step::write(file, Text::secret(value.text.clone()), owners.secret(0o600)));
            }
            None if !host.exists(file) => {
                steps.push(Step::write(file, Text::secret(""), owners.secret(0o600)))
            }
            None => {}
        }
    }
    Ok(steps)
}

/// Deletes everything that the service has written and everything that was configured.
pub(crate) fn purge(host: &Host, definition: &Definition) -> Vec<Step> {
    let folders = definition.own_folders();
    let here = folders.iter().filter(|folder| host.exists(folder.path));
    here.map(|folder| Step::RemoveTree { path: folder.path.to_owned() }).collect()
}
