//! The configuration file as it is written.

use super::values::{Period, Size};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use wats::ServerUrl;

/// The version of the form that this program writes.
pub(super) const VERSION: i64 = 1;

/// All tables of the file. Every table and key may be left out. Keys that are unknown are found before, by their names.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub(super) version: Version,
    pub(super) server: Server,
    pub(super) proxy: Proxy,
    pub(super) station: Station,
    pub(super) watch: Vec<Watch>,
    pub(super) plugins: Plugins,
    pub(super) command: BTreeMap<String, Command>,
    pub(super) queue: Queue,
    pub(super) upload: Upload,
    pub(super) web: Web,
    pub(super) health: Health,
    pub(super) log: Log,
}

/// The version of the form of the file is one that this program knows.
#[derive(Debug, Default)]
pub(super) struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            VERSION => Ok(Self),
            later if later > VERSION => Err(de::Error::custom(format!(
                "this file was written for a later version of wats-client (form {later}, this one knows {VERSION}): \
                 install that version, or take the file from before"
            ))),
            other => Err(de::Error::custom(format!(
                "{other} is no version of this file; {VERSION} is the present one"
            ))),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Server {
    #[serde(deserialize_with = "server_url")]
    pub(super) url: Option<ServerUrl>,
    #[serde(deserialize_with = "path")]
    pub(super) token_file: Option<PathBuf>,
    #[serde(deserialize_with = "path")]
    pub(super) ca_file: Option<PathBuf>,
    pub(super) roots: Roots,
    #[serde(deserialize_with = "path")]
    pub(super) client_certificate: Option<PathBuf>,
    #[serde(deserialize_with = "path")]
    pub(super) client_key: Option<PathBuf>,
}

/// Authorities whose certificates are trusted, beside those of `server.ca-file`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Roots {
    /// Those of the operating system; where it has none, those that come with the program.
    #[default]
    System,
    /// Those that come with the program.
    Bundled,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Proxy {
    pub(super) mode: ProxyMode,
    #[serde(deserialize_with = "proxy_url")]
    pub(super) url: Option<String>,
    pub(super) user: String,
    #[serde(deserialize_with = "path")]
    pub(super) password_file: Option<PathBuf>,
    pub(super) bypass: Vec<String>,
}

/// How the server is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProxyMode {
    /// As the environment says: `HTTPS_PROXY`, `NO_PROXY`, and their like.
    #[default]
    System,
    /// Directly.
    None,
    /// Through the proxy of the configuration.
    Manual,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Station {
    #[serde(deserialize_with = "short_text")]
    pub(super) name: String,
    #[serde(deserialize_with = "short_text")]
    pub(super) location: String,
    #[serde(deserialize_with = "short_text")]
    pub(super) purpose: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Watch {
    pub(super) folder: PathBuf,
    /// `None` stands for those of the converter.
    pub(super) patterns: Option<Vec<String>>,
    #[serde(default = "Watch::default_converter")]
    pub(super) converter: String,
    #[serde(default)]
    pub(super) arguments: toml::Table,
    #[serde(default, deserialize_with = "path")]
    pub(super) done: Option<PathBuf>,
    #[serde(default, deserialize_with = "path")]
    pub(super) error: Option<PathBuf>,
    #[serde(default = "Watch::default_settle")]
    pub(super) settle: Period,
    #[serde(default = "Watch::default_rescan", deserialize_with = "rescan")]
    pub(super) rescan: Period,
    #[serde(default, deserialize_with = "marker")]
    pub(super) marker: String,
    #[serde(default)]
    pub(super) post_action: PostAction,
    #[serde(default = "Watch::default_priority", deserialize_with = "priority")]
    pub(super) priority: u8,
}

impl Watch {
    pub(super) fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            patterns: None,
            converter: Self::default_converter(),
            arguments: toml::Table::new(),
            done: None,
            error: None,
            settle: Self::default_settle(),
            rescan: Self::default_rescan(),
            marker: String::new(),
            post_action: PostAction::default(),
            priority: Self::default_priority(),
        }
    }
    fn default_converter() -> String {
        wats_converters::AUTO.to_owned()
    }
    fn default_settle() -> Period {
        Period(Duration::from_secs(2))
    }
    fn default_rescan() -> Period {
        Period(Duration::from_secs(5))
    }
    fn default_priority() -> u8 {
        5
    }
}

/// Converters in WebAssembly modules.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Plugins {
    #[serde(deserialize_with = "path")]
    pub(super) folder: Option<PathBuf>,
    #[serde(flatten)]
    pub(super) limits: Limits,
}

/// An external program as a converter.
#[derive(Debug, Deserialize)]
pub(super) struct Command {
    /// The program and its arguments.
    pub(super) run: Vec<String>,
    #[serde(default = "Command::default_patterns")]
    pub(super) patterns: Vec<String>,
    /// Not where it cannot be cut off from the network.
    #[serde(default)]
    pub(super) isolated: bool,
    #[serde(flatten)]
    pub(super) limits: Limits,
}

impl Command {
    fn default_patterns() -> Vec<String> {
        vec!["*".to_owned()]
    }
}

/// What a converter of somebody else may use; what is left out has its default.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Limits {
    pub(super) time: Option<Period>,
    pub(super) memory: Option<Size>,
    pub(super) output: Option<Size>,
}

/// What happens to a source file once its reports are safe in the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PostAction {
    /// It moves to the done folder.
    #[default]
    Move,
    /// It moves to a folder of the day in the done folder, which becomes a zip file when the day is over.
    Archive,
    /// It is deleted.
    Delete,
    /// It stays where it is.
    Keep,
}

#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Queue {
    #[serde(deserialize_with = "path")]
    pub(super) folder: Option<PathBuf>,
    pub(super) max_reports: u64,
    pub(super) max_bytes: Size,
    pub(super) min_free_disk: Size,
    pub(super) keep_delivered: Period,
    pub(super) keep_delivered_bytes: Size,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            folder: None,
            max_reports: 100_000,
            max_bytes: Size(4 << 30),
            min_free_disk: Size(256 << 20),
            keep_delivered: Period(Duration::from_secs(30 * 86_400)),
            keep_delivered_bytes: Size(256 << 20),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Upload {
    #[serde(deserialize_with = "concurrency")]
    pub(super) concurrency: usize,
    /// `None` stands for what suits the server.
    pub(super) rate_per_minute: Option<u32>,
    #[serde(deserialize_with = "pause")]
    pub(super) retry_first: Period,
    #[serde(deserialize_with = "pause")]
    pub(super) retry_limit: Period,
    #[serde(deserialize_with = "pause")]
    pub(super) access_retry: Period,
    #[serde(deserialize_with = "pause")]
    pub(super) probe: Period,
}

impl Default for Upload {
    fn default() -> Self {
        Self {
            concurrency: 5,
            rate_per_minute: None,
            retry_first: Period(Duration::from_secs(1)),
            retry_limit: Period(Duration::from_secs(300)),
            access_retry: Period(Duration::from_secs(300)),
            probe: Period(Duration::from_secs(20)),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Web {
    #[serde(deserialize_with = "listen")]
    pub(super) listen: Option<SocketAddr>,
    pub(super) hosts: Vec<String>,
    #[serde(deserialize_with = "path")]
    pub(super) password_file: Option<PathBuf>,
    #[serde(deserialize_with = "path")]
    pub(super) token_file: Option<PathBuf>,
}

impl Default for Web {
    fn default() -> Self {
        let listen = Some(SocketAddr::from(([127, 0, 0, 1], 8765)));
        Self { listen, hosts: Vec::new(), password_file: None, token_file: None }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct Health {
    #[serde(deserialize_with = "listen")]
    pub(super) listen: Option<SocketAddr>,
}

impl Default for Health {
    fn default() -> Self {
        Self { listen: Some(SocketAddr::from(([127, 0, 0, 1], 8080))) }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Log {
    pub(super) level: LogLevel,
    #[serde(deserialize_with = "path")]
    pub(super) file: Option<PathBuf>,
    pub(super) format: LogFormat,
    pub(super) max_size: Size,
    pub(super) keep: u32,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: LogLevel::default(),
            file: None,
            format: LogFormat::default(),
            max_size: Size(10_000_000),
            keep: 5,
        }
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogLevel {
    /// Only what needs somebody's attention now.
    Error,
    /// Also what may need it soon.
    Warn,
    /// Also every file and report.
    #[default]
    Info,
    /// Also every step.
    Debug,
}

/// What the lines of the log file look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// A JSON object each.
    Json,
}

/// An empty path is none.
fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.trim().is_empty()).then(|| PathBuf::from(text)))
}

/// The proxy's address. What it holds of a user is refused: this file is no place for a password.
fn proxy_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let host = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    match host {
        Some(host) if host.contains('@') => {
            Err(de::Error::custom("the user belongs into proxy.user, and the password out of this file"))
        }
        Some(host) if !host.trim_matches('/').is_empty() && !host.contains(char::is_whitespace) => {
            Ok(Some(text.to_owned()))
        }
        _ => Err(de::Error::custom(format!(
            "{text:?} is not the address of a proxy such as http://proxy:3128"
        ))),
    }
}

fn server_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ServerUrl>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Ok(None) } else { text.parse().map(Some).map_err(de::Error::custom) }
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if matches!(text.trim(), "" | "off") {
        return Ok(None);
    }
    text.trim().parse().map(Some).map_err(|_| {
        de::Error::custom(format!(
            "{text:?} is not an address and port such as \"127.0.0.1:8080\"; \"\" is off"
        ))
    })
}

fn short_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    super::check_station_text(&text).map_err(de::Error::custom)?;
    Ok(text)
}

fn priority<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let value = i64::deserialize(deserializer)?;
    u8::try_from(value)
        .ok()
        .filter(|value| (1..=10).contains(value))
        .ok_or_else(|| de::Error::custom("the priority must be between 1 (first) and 10 (last)"))
}

fn marker<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.contains(['/', '\\', '*', '?']) {
        return Err(de::Error::custom(
            "a marker is what stands behind a file's name, such as \".done\"; \"\" is none",
        ));
    }
    Ok(text)
}

fn concurrency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let value = i64::deserialize(deserializer)?;
    usize::try_from(value)
        .ok()
        .filter(|value| (1..=100).contains(value))
        .ok_or_else(|| de::Error::custom("the number of uploads at a time must be between 1 and 100"))
}

/// A pause of nothing would make a busy loop.
fn pause<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
    let period = Period::deserialize(deserializer)?;
    if period.0 < Duration::from_millis(10) {
        return Err(de::Error::custom("this time must be at least \"10ms\""));
    }
    Ok(period)
}

fn rescan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
    let period = pause(deserializer)?;
    if period.0 > Duration::from_secs(3600) {
        return Err(de::Error::custom("a folder must be looked at once an hour (\"1h\") or more often"));
    }
    Ok(period)
}
