//! The configuration: file, environment, and defaults, checked and put together.
//!
//! [`Config`] is one that holds. [`Editor`] changes the file and leaves everything else in it as it is. [`Live`] is
//! what the running service works with: it follows the file. [`keys`] lists what there is to set.

mod converters;
mod edit;
mod environment;
mod error;
mod file;
mod import;
pub(crate) mod keys;
mod live;
mod load;
mod paths;
mod shipped;
mod values;

pub(crate) use converters::ConverterSet;
pub(crate) use edit::{Change, Editor};
pub(crate) use environment::Environment;
pub(crate) use error::ConfigError;
pub(crate) use file::{LogFormat, LogLevel, PostAction, ProxyMode, Roots};
pub(crate) use import::Import;
pub(crate) use live::{Applied, Live, Reloads};
pub(crate) use paths::default_config;
pub(crate) use shipped::shipped;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wats::{Secret, ServerUrl, Station};
use wats_converters::Arguments;

/// A file that holds the API token, as containers are often told.
pub(crate) const TOKEN_FILE: &str = "WATS_TOKEN_FILE";

/// Longest station text, in characters, that a server takes.
const STATION_TEXT_LIMIT: usize = 100;

/// The whole configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where the file is, or would be.
    pub(crate) path: PathBuf,
    /// The file it was read from; `None` when there is none and the defaults hold.
    pub(crate) file: Option<PathBuf>,
    /// All values that the file or the environment gives, by their dotted names.
    pub(crate) given: BTreeMap<String, String>,
    /// Keys in the file that there are none of. They are left alone: a later version may know them.
    pub(crate) unknown: Vec<Unknown>,
    /// Address of the server; `None` as long as nobody has entered it.
    pub(crate) server: Option<ServerUrl>,
    /// Where to look for the API token.
    pub(crate) token: SecretSources,
    /// PEM file with certificates of the company's own authority.
    pub(crate) ca_file: Option<PathBuf>,
    /// Authorities that are trusted beside those.
    pub(crate) roots: Roots,
    /// PEM file with the certificate that this client shows, and perhaps its key.
    pub(crate) client_certificate: Option<PathBuf>,
    /// PEM file with its key, if that is in a file of its own.
    pub(crate) client_key: Option<PathBuf>,
    /// How the server is reached.
    pub(crate) proxy: Proxy,
    /// What fills gaps in reports.
    pub(crate) station: Station,
    /// What there is to convert files with.
    pub(crate) converters: ConverterSet,
    /// Folders to watch, at least one.
    pub(crate) watches: Vec<Watch>,
    /// The queue on disk.
    pub(crate) queue: Queue,
    /// Sending.
    pub(crate) upload: Upload,
    /// Where the health endpoints listen; `None` is off.
    pub(crate) health: Option<SocketAddr>,
    /// The web page.
    pub(crate) web: Web,
    /// The log.
    pub(crate) log: Log,
}

/// A key in the file that there is none of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// Its dotted name.
    pub(crate) name: String,
    /// Where it stands, and which one may be meant.
    pub(crate) error: String,
}

/// How the server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// By which way.
    pub(crate) mode: ProxyMode,
    /// Address of the proxy; there in [`ProxyMode::Manual`].
    pub(crate) url: Option<String>,
    /// User name at the proxy; empty where it asks for none.
    pub(crate) user: String,
    /// Where to look for the password at the proxy.
    pub(crate) password: SecretSources,
    /// Hosts, `.domains` and networks that are reached without it.
    pub(crate) bypass: Vec<String>,
}

/// The web page, and the control interface beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Web {
    /// Where it listens; `None` is off.
    pub(crate) listen: Option<SocketAddr>,
    /// Names, beside those of this machine, under which it may be called.
    pub(crate) hosts: Vec<String>,
    /// Where to look for the page's password.
    pub(crate) password: SecretSources,
    /// Where to look for the token of the control interface.
    pub(crate) token: SecretSources,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    /// How much is logged.
    pub(crate) level: LogLevel,
    /// A file for it, beside where the platform looks.
    pub(crate) file: Option<PathBuf>,
    /// What its lines look like.
    pub(crate) format: LogFormat,
    /// Bytes at which a new file is begun.
    pub(crate) max_size: u64,
    /// Full files that are kept.
    pub(crate) keep: u32,
}

/// Where a secret may come from, in the order to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SecretSources {
    /// The secret itself, from the environment.
    pub(crate) environment: Option<Secret>,
    /// Files that may hold it: those that variables name, the service manager's credential, the configured one.
    pub(crate) files: Vec<PathBuf>,
    /// Its place in the platform's store.
    pub(crate) store: Option<crate::credentials::Store>,
}

/// One folder to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watch {
    /// The folder where testers put their files.
    pub(crate) folder: PathBuf,
    /// File names to take, with `*` and `?`.
    pub(crate) patterns: Vec<String>,
    /// Files that no converter knows stay where they are, because nobody has said that all files are for this program.
    pub(crate) leave_unknown: bool,
    /// Name of the converter, or `auto`.
    pub(crate) converter: String,
    /// What there is to choose from.
    pub(crate) converters: ConverterSet,
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
    /// What stands behind a file's name in that of another one that says it is complete; empty when there is none.
    pub(crate) marker: String,
    /// What happens to a file once it is safe.
    pub(crate) post_action: PostAction,
    /// Which reports go first: 1 before 10.
    pub(crate) priority: u8,
}

/// Limits of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Folder of the queue's files.
    pub(crate) folder: PathBuf,
    /// Most reports that wait. 0 is no limit.
    pub(crate) max_reports: u64,
    /// Most bytes of reports that wait. 0 is no limit.
    pub(crate) max_bytes: u64,
    /// Bytes of disk that must stay free for new reports to be taken in.
    pub(crate) min_free_disk: u64,
    /// How long delivered reports are remembered, so that the same file dropped again is not sent again.
    pub(crate) keep_delivered: Duration,
    /// Bytes of delivered reports' content that are kept too; 0 keeps none.
    pub(crate) keep_delivered_bytes: u64,
}

/// How reports are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Where a secret is looked for, and kept.
    pub(crate) fn secret(&self, key: keys::SecretKey) -> &SecretSources {
        match key.name {
            "proxy.password" => &self.proxy.password,
            "web.password" => &self.web.password,
            "web.token" => &self.web.token,
            _ => &self.token,
        }
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
    /// How single files are converted that lie in no watched folder.
    pub(crate) fn of_single_files(
        converters: &ConverterSet,
        converter: &str,
        arguments: Arguments,
        priority: u8,
    ) -> Result<Self, String> {
        converters.check_arguments(converter, &arguments).map_err(|refusal| refusal.to_string())?;
        let settings = file::Watch::at(PathBuf::new());
        let watch =
            Self::new(settings, 0, Path::new(""), None, converters).map_err(|error| error.to_string())?;
        Ok(Self { converter: converter.to_owned(), arguments, priority, ..watch })
    }
}

#[cfg(test)]
impl Watch {
    /// A folder with the defaults, for tests of other modules.
    pub(crate) fn of_test(folder: &str) -> Self {
        Self::new(file::Watch::at(folder.into()), 0, Path::new("/state"), None, &ConverterSet::of_test())
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
