//! From the text of the file and the environment to a checked configuration.

use super::error::ConfigError;
use super::keys::{self, KEYS, Key, OF_WATCH, SecretKey};
use super::{
    Config, ConverterSet, Environment, Log, Proxy, Queue, STATION_TEXT_LIMIT, SecretSources, Unknown, Upload,
    Watch, Web, file, paths, values,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};
use wats::{Secret, Station};

/// Most folders that variables may number.
const WATCH_LIMIT: usize = 100;
/// Requests a minute that suit a server that many share.
const HOSTED_RATE: u32 = 500;

impl Config {
    /// Reads the file, or the default one when it exists, and applies the environment.
    pub(crate) fn load(path: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let wanted = path.map_or_else(|| paths::default_config(environment), Path::to_owned);
        let text = match std::fs::read_to_string(&wanted) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_none() => None,
            Err(source) => return Err(ConfigError::Unreadable { file: wanted, source }),
        };
        Self::of_text(&wanted, text.as_deref(), environment)
    }

    /// The configuration if the file had this text; `None` is no file.
    pub(crate) fn of_text(
        path: &Path,
        text: Option<&str>,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let text_of_file = text.unwrap_or_default();
        let text_of_file = text_of_file.strip_prefix('\u{feff}').unwrap_or(text_of_file);
        let in_file = |error| ConfigError::in_file(path, text_of_file, &error);
        let unknown = unknown(path, text_of_file)?;
        let mut file: file::File = toml::from_str(text_of_file).map_err(in_file)?;
        let mut table: toml::Table = toml::from_str(text_of_file).map_err(in_file)?;
        let state = paths::state_folder(environment);
        for (place, variable, text) in variables(environment) {
            let fault = |message: String| ConfigError::Environment { name: variable.clone(), message };
            apply(&mut table, &place, &text, &state).map_err(fault)?;
            file =
                file::File::deserialize(table.clone()).map_err(|error| fault(error.message().to_owned()))?;
        }
        let mut given = BTreeMap::new();
        flatten("", &toml::Value::Table(table), &mut given);
        let mut config = put_together(file, path, text.is_some(), environment, &paths::plugins(path))?;
        config.given = given;
        config.unknown = unknown;
        config.check_folders()?;
        Ok(config)
    }
}

/// The variables that are set, with the keys that they go before.
fn variables(environment: &Environment) -> Vec<(Place, String, String)> {
    let mut found = Vec::new();
    for key in KEYS {
        let name = key.variable();
        let watch = key.name.strip_prefix(OF_WATCH).map(|_| 0);
        if let Some(text) = environment.get(&name) {
            found.push((Place { key, watch }, name, text));
        }
    }
    for number in 1..=WATCH_LIMIT {
        let start = format!("WATS_CLIENT_WATCH_{number}_");
        if environment.beginning(&start).next().is_none() {
            continue;
        }
        for key in KEYS.iter().filter(|key| key.name.starts_with(OF_WATCH)) {
            let name = key.variable().replacen("WATS_CLIENT_WATCH_", &start, 1);
            if let Some(text) = environment.get(&name) {
                found.push((Place { key, watch: Some(number - 1) }, name, text));
            }
        }
    }
    found
}

/// A key, and the watched folder that it is of.
struct Place {
    key: &'static Key,
    watch: Option<usize>,
}

/// Puts a variable's value where the file would have it.
fn apply(table: &mut toml::Table, place: &Place, text: &str, state: &Path) -> Result<(), String> {
    let value = place.key.value(text).map_err(|error| match error {
        ConfigError::Invalid { message, .. } => message,
        other => other.to_string(),
    })?;
    let value = plain(&value);
    let odd = || "the file has something else at this place".to_owned();
    let (table, name) = match place.watch {
        Some(number) => {
            let list = table.entry("watch").or_insert_with(|| toml::Value::Array(Vec::new()));
            let list = list.as_array_mut().ok_or_else(odd)?;
            let name = place.key.name.strip_prefix(OF_WATCH).unwrap_or(place.key.name);
            if list.len() == number && (number == 0 || name == "folder") {
                let folder = toml::Value::from(state.join("watch").display().to_string());
                list.push(toml::Value::Table(toml::Table::from_iter([("folder".to_owned(), folder)])));
            }
            let count = list.len();
            let entry = list.get_mut(number).and_then(toml::Value::as_table_mut);
            (entry.ok_or_else(|| format!("there are {count} watched folders; this one has no folder"))?, name)
        }
        None => {
            let (outer, name) = place.key.name.split_once('.').unwrap_or(("", place.key.name));
            if outer.is_empty() {
                (table, name)
            } else {
                let inner = table.entry(outer).or_insert_with(|| toml::Value::Table(toml::Table::new()));
                (inner.as_table_mut().ok_or_else(odd)?, name)
            }
        }
    };
    table.insert(name.to_owned(), value);
    Ok(())
}

fn plain(value: &toml_edit::Value) -> toml::Value {
    match value {
        toml_edit::Value::Integer(number) => (*number.value()).into(),
        toml_edit::Value::Array(texts) => texts.iter().map(plain).collect::<Vec<_>>().into(),
        other => other.as_str().unwrap_or_default().into(),
    }
}

/// All values with their dotted names.
pub(super) fn flatten(name: &str, value: &toml::Value, all: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(values) => {
            for (below, value) in values {
                let below = toml_edit::Key::new(below).to_string();
                let name = if name.is_empty() { below } else { format!("{name}.{below}") };
                flatten(&name, value, all);
            }
        }
        toml::Value::Array(values) if values.iter().all(toml::Value::is_table) && !values.is_empty() => {
            for (number, value) in values.iter().enumerate() {
                flatten(&format!("{name}[{number}]"), value, all);
            }
        }
        toml::Value::String(text) => drop(all.insert(name.to_owned(), text.clone())),
        other => drop(all.insert(name.to_owned(), other.to_string())),
    }
}

/// The keys in a file that there are none of.
fn unknown(path: &Path, text: &str) -> Result<Vec<Unknown>, ConfigError> {
    let table = DeTable::parse(text).map_err(|error| ConfigError::in_file(path, text, &error))?;
    let mut found = Vec::new();
    look_for_unknown("", table.get_ref(), &mut |name, byte| {
        let meant = keys::nearest(&name).map(|key| format!("; did you mean {key}?")).unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or(&name);
        let message = format!("unknown key `{last}`{meant}");
        found.push(Unknown { error: ConfigError::at(path, text, byte, &message).to_string(), name });
    });
    Ok(found)
}

fn look_for_unknown(name: &str, table: &DeTable<'_>, found: &mut dyn FnMut(String, usize)) {
    for (key, value) in table {
        let start = key.span().start;
        let name =
            if name.is_empty() { key.get_ref().to_string() } else { format!("{name}.{}", key.get_ref()) };
        let below = |name: &str| KEYS.iter().any(|key| key.name.starts_with(&format!("{name}.")));
        match value.get_ref() {
            DeValue::Table(_) if name == "watch[].arguments" => {}
            DeValue::Table(commands) if name == "command" => {
                for (_, value) in commands {
                    if let DeValue::Table(values) = value.get_ref() {
                        look_for_unknown("command[]", values, found);
                    }
                }
            }
            _ if name.strip_prefix("command[].").is_some_and(|key| keys::OF_COMMAND.contains(&key)) => {}
            DeValue::Table(values) if below(&name) => look_for_unknown(&name, values, found),
            DeValue::Array(values) if name == "watch" => {
                for value in values.iter() {
                    if let DeValue::Table(values) = value.get_ref() {
                        look_for_unknown("watch[]", values, found);
                    }
                }
            }
            _ if KEYS.iter().any(|key| key.name == name) => {}
            // Said by its type, with the place.
            _ if below(&name) => {}
            _ => found(name, start),
        }
    }
}

/// Where stored secrets are: with what else the service writes; for a file of its own place, beside that file.
fn secrets_folder(path: &Path, environment: &Environment) -> PathBuf {
    if path == paths::default_config(environment) {
        return paths::state_folder(environment).join("secrets");
    }
    path.with_file_name("secrets")
}

fn secret(environment: &Environment, folder: &Path, key: SecretKey, file: Option<PathBuf>) -> SecretSources {
    let named = |variable: &str| environment.get(variable).map(PathBuf::from);
    let mut files: Vec<PathBuf> = named(&format!("{}_FILE", key.variable)).into_iter().collect();
    if key == keys::TOKEN {
        files.extend(named(super::TOKEN_FILE));
    }
    files.extend(named("CREDENTIALS_DIRECTORY").map(|folder| folder.join(key.credential)));
    // The variable of the file's key may have named it before.
    let file = file.filter(|file| !files.contains(file));
    files.extend(file);
    let store = crate::credentials::Store::new(folder.to_owned(), key.credential);
    SecretSources { environment: environment.get(key.variable).map(Secret::new), files, store: Some(store) }
}

fn put_together(
    mut file: file::File,
    place: &Path,
    is_there: bool,
    environment: &Environment,
    plugins: &Path,
) -> Result<Config, ConfigError> {
    let state = &paths::state_folder(environment);
    let secrets = secrets_folder(place, environment);
    let path = is_there.then(|| place.to_owned());
    if file.watch.is_empty() {
        file.watch.push(file::Watch::at(state.join("watch")));
    }
    if file.station.name.trim().is_empty() {
        file.station.name =
            gethostname::gethostname().to_string_lossy().chars().take(STATION_TEXT_LIMIT).collect();
    }
    let invalid = |place: &str, message: &str| ConfigError::Invalid {
        file: path.clone(),
        place: place.to_owned(),
        message: message.to_owned(),
    };
    if file.proxy.mode == super::ProxyMode::Manual && file.proxy.url.is_none() {
        return Err(invalid(
            "proxy.url",
            "is needed where proxy.mode is \"manual\", such as http://proxy:3128",
        ));
    }
    if file.server.client_key.is_some() && file.server.client_certificate.is_none() {
        return Err(invalid("server.client-certificate", "is needed where server.client-key is set"));
    }
    let converters =
        ConverterSet::new(&mut file, plugins).map_err(|(place, message)| invalid(&place, &message))?;
    let watches = file.watch.into_iter().enumerate();
    let watches = watches.map(|(index, watch)| Watch::new(watch, index, state, path.as_deref(), &converters));
    let watches = watches.collect::<Result<_, _>>()?;
    // Many companies share a hosted server; how much one of their own bears is for them to say.
    let own = file.server.url.as_ref().is_some_and(|server| !server.is_hosted());
    let rate_per_minute = file.upload.rate_per_minute.unwrap_or(if own { 0 } else { HOSTED_RATE });
    Ok(Config {
        path: place.to_owned(),
        server: file.server.url,
        token: secret(environment, &secrets, keys::TOKEN, file.server.token_file),
        ca_file: file.server.ca_file,
        roots: file.server.roots,
        client_certificate: file.server.client_certificate,
        client_key: file.server.client_key,
        proxy: Proxy {
            mode: file.proxy.mode,
            url: file.proxy.url,
            user: file.proxy.user,
            password: secret(environment, &secrets, keys::PROXY_PASSWORD, file.proxy.password_file),
            bypass: file.proxy.bypass,
        },
        station: Station {
            name: file.station.name,
            location: file.station.location,
            purpose: file.station.purpose,
        },
        converters,
        watches,
        queue: Queue {
            folder: file.queue.folder.unwrap_or_else(|| state.join("queue")),
            max_reports: file.queue.max_reports,
            max_bytes: file.queue.max_bytes.0,
            min_free_disk: file.queue.min_free_disk.0,
            keep_delivered: file.queue.keep_delivered.0,
            keep_delivered_bytes: file.queue.keep_delivered_bytes.0,
        },
        upload: Upload {
            concurrency: file.upload.concurrency,
            rate_per_minute,
            retry_first: file.upload.retry_first.0,
            retry_limit: file.upload.retry_limit.0.max(file.upload.retry_first.0),
            access_retry: file.upload.access_retry.0,
            probe: file.upload.probe.0,
        },
        web: Web {
            listen: file.web.listen,
            hosts: file.web.hosts,
            password: secret(environment, &secrets, keys::WEB_PASSWORD, file.web.password_file),
            token: secret(environment, &secrets, keys::WEB_TOKEN, file.web.token_file),
        },
        health: file.health.listen,
        log: Log {
            level: file.log.level,
            file: file.log.file,
            format: file.log.format,
            max_size: file.log.max_size.0,
            keep: file.log.keep,
        },
        file: path,
        given: BTreeMap::new(),
        unknown: Vec::new(),
    })
}

/// The file's own checks of one value, for a message without a place in a file.
pub(super) fn check_value(key: &'static Key, value: &toml_edit::Value) -> Result<(), ConfigError> {
    let mut table = toml::Table::new();
    let place = Place { key, watch: key.name.starts_with(OF_WATCH).then_some(0) };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    apply(&mut table, &place, &text, Path::new(""))
        .map_err(|message| ConfigError::of_key(key.name, message))?;
    file::File::deserialize(table).map(drop).map_err(|error| ConfigError::of_key(key.name, error.message()))
}

impl Watch {
    pub(super) fn new(
        watch: file::Watch,
        index: usize,
        state: &Path,
        file: Option<&Path>,
        converters: &ConverterSet,
    ) -> Result<Self, ConfigError> {
        let invalid = |place: &str, message: String| ConfigError::Invalid {
            file: file.map(Path::to_owned),
            place: format!("watch[{index}].{place}"),
            message,
        };
        let mut arguments = wats_converters::Arguments::default();
        for (name, value) in &watch.arguments {
            values::flatten(name, value, &mut |name, text| arguments.set(name, text)).map_err(|name| {
                invalid(&format!("arguments.{name}"), "must be a text, a number or true or false".into())
            })?;
        }
        converters.check_arguments(&watch.converter, &arguments).map_err(|refusal| match refusal {
            wats_converters::Refusal::Argument { name, message } => {
                invalid(&format!("arguments.{name}"), message)
            }
            other => invalid(
                "converter",
                [vec![other.to_string()], converters.faults.clone()].concat().join("\n  "),
            ),
        })?;
        let usual = || match converters.find(&watch.converter) {
            Some(converter) => converter.describe().patterns.to_vec(),
            None => converters.patterns(),
        };
        let leave_unknown = watch.patterns.is_none();
        Ok(Self {
            folder: watch.folder,
            patterns: watch.patterns.unwrap_or_else(|| usual().into_iter().map(str::to_owned).collect()),
            leave_unknown,
            converter: watch.converter,
            converters: converters.clone(),
            arguments,
            done: watch.done.unwrap_or_else(|| state.join("done")),
            error: watch.error.unwrap_or_else(|| state.join("error")),
            settle: watch.settle.0,
            rescan: watch.rescan.0,
            marker: watch.marker,
            post_action: watch.post_action,
            priority: watch.priority,
        })
    }
}
