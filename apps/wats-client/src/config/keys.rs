//! Every key that a configuration may have: its name, what its value looks like, and its default.
//!
//! What a value means once it is read is said by [`super::Config`]; here is what the command line, the environment and
//! the page need in order to show and change it.

use super::error::ConfigError;
use toml_edit::{Array, Value};

/// What the value of a key looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// A web address.
    Url,
    /// A file or a folder.
    Path,
    /// A whole number.
    Number,
    /// A length of time with its unit, such as `"2s"`.
    Period,
    /// A number of bytes, or one with its unit, such as `"512MiB"`.
    Size,
    /// Address and port to listen at; empty is off.
    Listen,
    /// Texts.
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// A key of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its dotted name. Keys of a watched folder begin with `watch[].`.
    pub(crate) name: &'static str,
    /// What its value looks like.
    pub(crate) kind: Kind,
    /// The value without one in the file, as it would be written there; empty where there is none, or where it depends
    /// on the machine.
    pub(crate) default: &'static str,
    /// What it is, in a few words.
    pub(crate) about: &'static str,
}

const fn key(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Key {
    Key { name, kind, default, about }
}

/// Start of the names of keys that each watched folder has.
pub(crate) const OF_WATCH: &str = "watch[].";
/// Start of the names of what a converter is told.
const ARGUMENTS: &str = "watch[].arguments.";

/// Keys of a command. Which programs are run is decided in the file alone: no variable and no page changes it.
pub(crate) const OF_COMMAND: [&str; 6] = ["run", "patterns", "isolated", "time", "memory", "output"];

/// All keys, in the order of the shipped file.
pub(crate) const KEYS: &[Key] = &[
    key("version", Kind::Number, "1", "version of the file's form"),
    key("server.url", Kind::Url, "", "address of the WATS server"),
    key("server.token-file", Kind::Path, "", "file that holds the API token"),
    key("server.ca-file", Kind::Path, "", "certificates (PEM) of your own authority"),
    key("server.roots", Kind::Choice(&["system", "bundled"]), "system", "authorities that are trusted"),
    key("server.client-certificate", Kind::Path, "", "certificate (PEM) of this client"),
    key("server.client-key", Kind::Path, "", "its private key (PEM), if it is in a file of its own"),
    key("proxy.mode", Kind::Choice(&["system", "none", "manual"]), "system", "how the server is reached"),
    key("proxy.url", Kind::Url, "", "address of the proxy"),
    key("proxy.user", Kind::Text, "", "user name at the proxy"),
    key("proxy.password-file", Kind::Path, "", "file that holds the password at the proxy"),
    key("proxy.bypass", Kind::List, "", "hosts and networks that are reached without the proxy"),
    key("station.name", Kind::Text, "", "name of this station"),
    key("station.location", Kind::Text, "", "where it stands"),
    key("station.purpose", Kind::Text, "", "what it is used for"),
    key("watch[].folder", Kind::Path, "", "folder to watch"),
    key("watch[].converter", Kind::Text, "auto", "what kind of files"),
    key("watch[].patterns", Kind::List, "", "file names to take"),
    key("watch[].done", Kind::Path, "", "where files go whose reports are safe"),
    key("watch[].error", Kind::Path, "", "where files go that hold no usable report"),
    key("watch[].settle", Kind::Period, "2s", "how long a file must stay unchanged"),
    key("watch[].rescan", Kind::Period, "5s", "how often the folder is looked at"),
    key("watch[].marker", Kind::Text, "", "ending of the file that says another one is complete"),
    key(
        "watch[].post-action",
        Kind::Choice(&["move", "archive", "delete", "keep"]),
        "move",
        "what happens to a safe file",
    ),
    key("watch[].priority", Kind::Number, "5", "whose reports go first: 1 before 10"),
    key("plugins.folder", Kind::Path, "", "folder of converters in WebAssembly"),
    key("plugins.time", Kind::Period, "10s", "longest time that a plug-in takes for a file"),
    key("plugins.memory", Kind::Size, "256MiB", "most memory of a plug-in"),
    key("plugins.output", Kind::Size, "32MiB", "longest answer of a plug-in"),
    key("queue.folder", Kind::Path, "", "folder of the queue"),
    key("queue.max-reports", Kind::Number, "100000", "most reports that wait; 0 is no limit"),
    key("queue.max-bytes", Kind::Size, "4GiB", "most bytes that wait; 0 is no limit"),
    key("queue.min-free-disk", Kind::Size, "256MiB", "disk that stays free"),
    key("queue.keep-delivered", Kind::Period, "30d", "how long delivered reports are remembered"),
    key(
        "queue.keep-delivered-bytes",
        Kind::Size,
        "256MiB",
        "room for the content of delivered reports; 0 keeps none",
    ),
    key("upload.concurrency", Kind::Number, "5", "reports on their way at the same time"),
    key(
        "upload.rate-per-minute",
        Kind::Number,
        "500",
        "most requests a minute; 0 is no limit, as for a server of your own",
    ),
    key("upload.retry-first", Kind::Period, "1s", "first pause between tries"),
    key("upload.retry-limit", Kind::Period, "5m", "longest pause between tries"),
    key("upload.access-retry", Kind::Period, "5m", "pause after the server refused the token"),
    key("upload.probe", Kind::Period, "20s", "how often an idle connection is tested"),
    key("web.listen", Kind::Listen, "127.0.0.1:8765", "where the web page is"),
    key("web.hosts", Kind::List, "", "further names under which the web page may be called"),
    key("web.password-file", Kind::Path, "", "file that holds the password of the web page"),
    key("web.token-file", Kind::Path, "", "file that holds the token of the control interface"),
    key("health.listen", Kind::Listen, "127.0.0.1:8080", "where monitoring can ask"),
    key("log.level", Kind::Choice(&["error", "warn", "info", "debug"]), "info", "how much is logged"),
    key("log.file", Kind::Path, "", "file for the log, beside where the platform looks"),
    key("log.format", Kind::Choice(&["text", "json"]), "text", "what the lines of that file look like"),
    key("log.max-size", Kind::Size, "10MB", "size at which a new log file is begun"),
    key("log.keep", Kind::Number, "5", "full log files that are kept"),
];

/// A secret: never in the configuration file, but in a file named there, in the environment, with the service
/// manager, or in the platform's store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SecretKey {
    /// Its dotted name, as `config set` takes it.
    pub(crate) name: &'static str,
    /// Name of the service manager's credential, and of the entry in the store.
    pub(crate) credential: &'static str,
    /// Variable that holds it; with `_FILE` added, the one that names a file.
    pub(crate) variable: &'static str,
    /// What it is, in a few words.
    pub(crate) about: &'static str,
}

/// All secrets.
pub(crate) const SECRETS: &[SecretKey] = &[TOKEN, PROXY_PASSWORD, WEB_PASSWORD, WEB_TOKEN];

/// The API token.
pub(crate) const TOKEN: SecretKey = SecretKey {
    name: "server.token",
    credential: "api-token",
    variable: "WATS_CLIENT_API_TOKEN",
    about: "API token",
};
/// The password at the proxy.
pub(crate) const PROXY_PASSWORD: SecretKey = SecretKey {
    name: "proxy.password",
    credential: "proxy-password",
    variable: "WATS_CLIENT_PROXY_PASSWORD",
    about: "password at the proxy",
};
/// The password of the web page.
pub(crate) const WEB_PASSWORD: SecretKey = SecretKey {
    name: "web.password",
    credential: "web-password",
    variable: "WATS_CLIENT_WEB_PASSWORD",
    about: "password of the web page",
};
/// The token of the control interface.
pub(crate) const WEB_TOKEN: SecretKey = SecretKey {
    name: "web.token",
    credential: "web-token",
    variable: "WATS_CLIENT_WEB_TOKEN",
    about: "token of the control interface",
};

impl Key {
    /// The key of this name; the number of a watched folder may stand in its brackets.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        let general = general(name);
        KEYS.iter().find(|key| key.name == general)
    }

    /// The environment variable that goes before the file; for a watched folder, that of the first one.
    pub(crate) fn variable(&self) -> String {
        let name = self.name.replace("[]", "").replace(['.', '-'], "_");
        format!("WATS_CLIENT_{}", name.to_ascii_uppercase())
    }

    /// The value as it is written into the file.
    pub(crate) fn value(&self, text: &str) -> Result<Value, ConfigError> {
        let refuse = |why: &str| Err(ConfigError::of_key(self.name, format!("{text:?} {why}")));
        let trimmed = text.trim();
        Ok(match self.kind {
            Kind::Number => match trimmed.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => return refuse("is not a whole number"),
            },
            Kind::Size => match trimmed.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => trimmed.into(),
            },
            Kind::List => match list(text) {
                Some(texts) => Array::from_iter(texts).into(),
                None => return refuse("is not a list such as [\"a\", \"b\"]"),
            },
            Kind::Text => text.into(),
            Kind::Url | Kind::Path | Kind::Period | Kind::Listen => trimmed.into(),
            Kind::Choice(words) => match words.iter().find(|word| word.eq_ignore_ascii_case(trimmed)) {
                Some(word) => (*word).into(),
                None => return refuse(&format!("must be one of {}", words.join(", "))),
            },
        })
    }
}

/// The name with empty brackets.
pub(crate) fn general(name: &str) -> String {
    match watch_and_rest(name) {
        Some((_, rest)) => format!("{OF_WATCH}{rest}"),
        None => name.to_owned(),
    }
}

/// Whether this is the name of something that a converter is told.
pub(crate) fn is_argument(name: &str) -> bool {
    general(name).len() > ARGUMENTS.len() && general(name).starts_with(ARGUMENTS)
}

/// Number and key of `watch[NUMBER].KEY`.
pub(crate) fn watch_and_rest(name: &str) -> Option<(Option<usize>, &str)> {
    let (number, rest) = name.strip_prefix("watch[")?.split_once("].")?;
    Some((number.parse().ok(), rest))
}

/// A list as people give it: in brackets and quotes, or with commas or line breaks between.
fn list(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if text.starts_with('[') {
        let Value::Array(array) = text.parse().ok()? else { return None };
        return array.iter().map(|value| value.as_str().map(str::to_owned)).collect();
    }
    Some(text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

/// That there is no key of this name, and which one may be meant.
pub(crate) fn no_such_key(name: &str) -> String {
    match nearest(name) {
        Some(key) => format!("there is no such key; did you mean {key}?"),
        None => "there is no such key; wats-client config get lists them".to_owned(),
    }
}

/// The key that was probably meant.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let general = general(name);
    let names = KEYS.iter().map(|key| key.name).chain(SECRETS.iter().map(|secret| secret.name));
    let measured = names.map(|other| (distance(&general, other), other));
    measured.min().filter(|(distance, _)| *distance <= 2).map(|(_, name)| name)
}

/// How many letters must be changed, added, left out or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<_>>()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let changed = rows[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut best = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_values() {
        let value = |name: &str, text: &str| Key::find(name).unwrap().value(text).unwrap().to_string();
        assert_eq!(value("upload.concurrency", " 8"), "8");
        assert_eq!(value("queue.max-bytes", "2GiB"), "\"2GiB\"");
        assert_eq!(value("queue.max-bytes", "0"), "0");
        assert_eq!(value("watch[3].patterns", "*.json, *.xml"), "[\"*.json\", \"*.xml\"]");
        assert_eq!(value("watch[3].patterns", "[\"a,b\"]"), "[\"a,b\"]");
        assert_eq!(value("log.level", "WARN"), "\"warn\"");
        assert!(Key::find("upload.concurrency").unwrap().value("many").is_err());
        assert!(Key::find("log.level").unwrap().value("loud").is_err());
    }

    #[test]
    fn names_are_told_from_their_likes() {
        assert!(Key::find("watch[0].folder").is_some() && Key::find("watch.folder").is_none());
        assert_eq!(nearest("server.ulr"), Some("server.url"));
        assert_eq!(nearest("watch[2].foldr"), Some("watch[].folder"));
        assert_eq!(nearest("weather"), None);
        assert!(is_argument("watch[0].arguments.part-number") && !is_argument("watch[0].arguments."));
    }

    #[test]
    fn variables_have_the_names_of_the_keys() {
        assert_eq!(Key::find("server.url").unwrap().variable(), "WATS_CLIENT_SERVER_URL");
        assert_eq!(Key::find("watch[].folder").unwrap().variable(), "WATS_CLIENT_WATCH_FOLDER");
        assert_eq!(
            Key::find("upload.rate-per-minute").unwrap().variable(),
            "WATS_CLIENT_UPLOAD_RATE_PER_MINUTE"
        );
    }
}
