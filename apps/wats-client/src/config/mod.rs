//! The configuration: file, environment, and defaults, checked and put together.

mod error;
mod file;
mod paths;
mod values;

pub(crate) use error::ConfigError;
pub(crate) use file::{LogLevel, PostAction};
pub(crate) use paths::default_config;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wats::{Secret, ServerUrl, Station};
use wats_converters::{Arguments, Refusal, check_arguments, find};

/// Address of the WATS server; overrides `server.url`.
pub(crate) const SERVER_URL: &str = "WATS_CLIENT_SERVER_URL";
/// API token; used before a credential or a token file.
pub(crate) const API_TOKEN: &str = "WATS_CLIENT_API_TOKEN";
/// Folder to watch; overrides the first one in the file.
pub(crate) const WATCH_FOLDER: &str = "WATS_CLIENT_WATCH_FOLDER";
/// Name of the station; overrides `station.name`.
pub(crate) const STATION_NAME: &str = "WATS_CLIENT_STATION_NAME";

/// Where the health endpoints listen, `HOST:PORT`; overrides `health.listen`.
pub(crate) const HEALTH_LISTEN: &str = "WATS_CLIENT_HEALTH_LISTEN";

/// Longest station text, in characters, that a server takes.
const STATION_TEXT_LIMIT: usize = 100;

/// The environment variables, as they were when the program started. Empty ones count as not set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment(HashMap<String, String>);

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
}

/// The whole configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The file it was read from; `None` when there is none and the defaults hold.
    pub(crate) file: Option<PathBuf>,
    /// Address of the server; `None` as long as nobody has entered it.
    pub(crate) server: Option<ServerUrl>,
    /// Where to look for the API token.
    pub(crate) token: TokenSources,
    /// PEM file with certificates of the company's own authority.
    pub(crate) ca_file: Option<PathBuf>,
    /// What fills gaps in reports.
    pub(crate) station: Station,
    /// Folders to watch, at least one.
    pub(crate) watches: Vec<Watch>,
    /// The queue on disk.
    pub(crate) queue: Queue,
    /// Sending.
    pub(crate) upload: Upload,
    /// Where the health endpoints listen; `None` is off.
    pub(crate) health: Option<SocketAddr>,
    /// How much is logged.
    pub(crate) log_level: LogLevel,
}

/// Where the API token may come from, in the order to look.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenSources {
    /// The token itself, from the environment.
    pub(crate) environment: Option<Secret>,
    /// Files that may hold it: the service manager's credential, then the configured file.
    pub(crate) files: Vec<PathBuf>,
}

/// One folder to watch.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    /// The folder where testers put their files.
    pub(crate) folder: PathBuf,
    /// File names to take, with `*` and `?`.
    pub(crate) patterns: Vec<String>,
    /// Files that no converter knows stay where they are, because nobody has said that all files are for this program.
    pub(crate) leave_unknown: bool,
    /// Name of the converter, or `auto`.
    pub(crate) converter: String,
    /// What the converter is told.
    pub(crate) arguments: Arguments,
    /// Where files go whose reports are safe in the queue.
    pub(crate) done: PathBuf,
    /// Where files go that hold no usable report.
    pub(crate) error: PathBuf,
    /// How long a file must stay unchanged before it is read.
    pub(crate) settle: Duration,
    /// How often the folder is looked at, whatever the operating system reports.
    pub(crate) rescan: Duration,
    /// What happens to a file once it is safe.
    pub(crate) post_action: PostAction,
    /// Which reports go first: 1 before 10.
    pub(crate) priority: u8,
}

/// Limits of the queue.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    /// Folder of the queue's files.
    pub(crate) folder: PathBuf,
    /// Most reports that wait. 0 is no limit.
    pub(crate) max_reports: u64,
    /// Most bytes of reports that wait. 0 is no limit.
    pub(crate) max_bytes: u64,
    /// Bytes of disk that must stay free for new reports to be taken in.
    pub(crate) min_free_disk: u64,
}

/// How reports are sent.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    /// Reports on their way at the same time.
    pub(crate) concurrency: usize,
    /// Most requests a minute. 0 is no limit.
    pub(crate) rate_per_minute: u32,
    /// Pause after the first failure.
    pub(crate) retry_first: Duration,
    /// Longest pause.
    pub(crate) retry_limit: Duration,
    /// Pause after the server refused access.
    pub(crate) access_retry: Duration,
    /// How often an idle connection is tried.
    pub(crate) probe: Duration,
}

impl Config {
    /// Reads the file, or the default one when it exists, and applies the environment.
    pub(crate) fn load(path: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let default = default_config();
        let wanted = path.unwrap_or(&default);
        let text = match std::fs::read_to_string(wanted) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && path.is_none() => None,
            Err(source) => return Err(ConfigError::Unreadable { file: wanted.to_owned(), source }),
        };
        let file = match &text {
            Some(text) => toml::from_str(text.trim_start_matches('\u{feff}'))
                .map_err(|error| ConfigError::in_file(wanted, text, &error))?,
            None => file::File::default(),
        };
        Self::put_together(file, text.map(|_| wanted.to_owned()), environment)
    }

    fn put_together(
        mut file: file::File,
        path: Option<PathBuf>,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let state = paths::state_folder(environment);
        if let Some(text) = environment.get(SERVER_URL) {
            let url = text.parse().map_err(|error| ConfigError::environment(SERVER_URL, &error))?;
            file.server.url = Some(url);
        }
        if let Some(name) = environment.get(STATION_NAME) {
            check_station_text(&name).map_err(|error| ConfigError::environment(STATION_NAME, &error))?;
            file.station.name = name;
        }
        if let Some(text) = environment.get(HEALTH_LISTEN) {
            let address = text.parse().map_err(|_| {
                ConfigError::environment(
                    HEALTH_LISTEN,
                    &format!("\"{text}\" is not HOST:PORT such as 0.0.0.0:8080"),
                )
            })?;
            file.health.listen = Some(address);
        }
        if file.watch.is_empty() {
            file.watch.push(file::Watch::at(state.join("watch")));
        }
        if let Some(folder) = environment.get(WATCH_FOLDER) {
            file.watch[0].folder = folder.into();
        }
        if file.station.name.trim().is_empty() {
            file.station.name =
                gethostname::gethostname().to_string_lossy().chars().take(STATION_TEXT_LIMIT).collect();
        }
        let credential =
            environment.get("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join("api-token"));
        let watches = file
            .watch
            .into_iter()
            .enumerate()
            .map(|(index, watch)| Watch::new(watch, index, &state, path.as_deref()))
            .collect::<Result<_, _>>()?;
        let config = Self {
            server: file.server.url,
            token: TokenSources {
                environment: environment.get(API_TOKEN).map(Secret::new),
                files: credential.into_iter().chain(file.server.token_file).collect(),
            },
            ca_file: file.server.ca_file,
            station: Station {
                name: file.station.name,
                location: file.station.location,
                purpose: file.station.purpose,
            },
            watches,
            queue: Queue {
                folder: file.queue.folder.unwrap_or_else(|| state.join("queue")),
                max_reports: file.queue.max_reports,
                max_bytes: file.queue.max_bytes.0,
                min_free_disk: file.queue.min_free_disk.0,
            },
            upload: Upload {
                concurrency: file.upload.concurrency,
                rate_per_minute: file.upload.rate_per_minute,
                retry_first: file.upload.retry_first.0,
                retry_limit: file.upload.retry_limit.0.max(file.upload.retry_first.0),
                access_retry: file.upload.access_retry.0,
                probe: file.upload.probe.0,
            },
            health: file.health.listen,
            log_level: file.log.level,
            file: path,
        };
        config.check_folders()?;
        Ok(config)
    }

    /// Folders that must not be the same, because files would go round in circles or be taken twice.
    fn check_folders(&self) -> Result<(), ConfigError> {
        let invalid = |place: String, message: String| {
            Err(ConfigError::Invalid { file: self.file.clone(), place, message })
        };
        for (index, watch) in self.watches.iter().enumerate() {
            let place = format!("watch[{index}]");
            if watch.patterns.is_empty() {
                return invalid(
                    format!("{place}.patterns"),
                    "at least one pattern is needed, such as \"*.json\"".into(),
                );
            }
            for (key, folder) in [("done", &watch.done), ("error", &watch.error)] {
                if self.watches.iter().any(|other| other.folder == *folder) {
                    let message =
                        format!("{} is a watched folder itself: choose another one", folder.display());
                    return invalid(format!("{place}.{key}"), message);
                }
            }
            if self.queue.folder == watch.folder {
                let message = format!("{} holds the queue: choose another folder", watch.folder.display());
                return invalid(format!("{place}.folder"), message);
            }
            if let Some(first) = self.watches[..index].iter().position(|other| other.folder == watch.folder) {
                let message = format!(
                    "{} is watched by watch[{first}] already: put all patterns there",
                    watch.folder.display()
                );
                return invalid(format!("{place}.folder"), message);
            }
        }
        Ok(())
    }
}

impl Watch {
    fn new(watch: file::Watch, index: usize, state: &Path, file: Option<&Path>) -> Result<Self, ConfigError> {
        let invalid = |place: &str, message: String| ConfigError::Invalid {
            file: file.map(Path::to_owned),
            place: format!("watch[{index}].{place}"),
            message,
        };
        let mut arguments = Arguments::default();
        for (name, value) in &watch.arguments {
            values::flatten(name, value, &mut |name, text| arguments.set(name, text)).map_err(|name| {
                invalid(&format!("arguments.{name}"), "must be a text, a number or true or false".into())
            })?;
        }
        check_arguments(&watch.converter, &arguments).map_err(|refusal| match refusal {
            Refusal::Argument { name, message } => invalid(&format!("arguments.{name}"), message),
            other => invalid("converter", other.to_string()),
        })?;
        let usual = || match find(&watch.converter) {
            Some(converter) => converter.describe().patterns.to_vec(),
            None => wats_converters::patterns(),
        };
        let leave_unknown = watch.patterns.is_none();
        Ok(Self {
            folder: watch.folder,
            patterns: watch.patterns.unwrap_or_else(|| usual().into_iter().map(str::to_owned).collect()),
            leave_unknown,
            converter: watch.converter,
            arguments,
            done: watch.done.unwrap_or_else(|| state.join("done")),
            error: watch.error.unwrap_or_else(|| state.join("error")),
            settle: watch.settle.0,
            rescan: watch.rescan.0,
            post_action: watch.post_action,
            priority: watch.priority,
        })
    }
}

#[cfg(test)]
impl Watch {
    /// A folder with the defaults, for tests of other modules.
    pub(crate) fn of_test(folder: &str) -> Self {
        Self::new(file::Watch::at(folder.into()), 0, Path::new("/state"), None)
            .expect("the defaults are valid")
    }
}

fn check_station_text(text: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length > STATION_TEXT_LIMIT {
        return Err(format!(
            "this text has {length} characters; a server takes at most {STATION_TEXT_LIMIT}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
