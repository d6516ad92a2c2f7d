//! Values of the program's settings: where they come from, and what they must look like.

use super::failure::{Failure, Result};
use crate::exit::Exit;
use landfall_service_definition::{Definition, Platform, Setting, SettingType};
use std::collections::BTreeMap;
use std::fmt;

/// Where a value comes from; the first that has one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The command line.
    Flag,
    /// The environment of the command.
    Environment,
    /// The answer file.
    Answers,
    /// Somebody at the terminal.
    Person,
    /// An earlier installation, or an administrator's own file.
    Present,
    /// The program's default.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "command line",
            Self::Environment => "environment",
            Self::Answers => "answer file",
            Self::Person => "terminal",
            Self::Present => "as it is",
            Self::Default => "default",
        })
    }
}

/// A value and where it comes from.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// The value, checked. Of a secret, never to be shown.
    pub text: String,
    /// Where it comes from.
    pub source: Source,
    /// Whether it is secret.
    pub secret: bool,
}

impl Value {
    /// Whether it came with this command and so is to be written.
    pub(crate) fn is_new(&self) -> bool {
        self.source < Source::Present
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.secret { "(secret)" } else { &self.text };
        write!(f, "{text:?} ({})", self.source)
    }
}

/// The values of all settings that have one, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(pub(crate) BTreeMap<String, Value>);

impl Settings {
    /// The value of a setting, whatever its source.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.text.as_str())
    }

    /// The value with its source.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Names of required settings without a value.
    pub(crate) fn missing<'a>(&self, definition: &'a Definition) -> Vec<&'a str> {
        let required = definition.settings.iter().filter(|(_, setting)| setting.required);
        required.map(|(name, _)| name.as_str()).filter(|name| self.get(name).is_none()).collect()
    }
}

/// The value as the program wants it.
///
/// # Errors
/// When it is none of the setting's kind. `place` names where it stands, such as `--server-url`.
pub(crate) fn check(platform: Platform, setting: &Setting, place: &str, text: &str) -> Result<String> {
    let text = text.trim();
    let refuse = |why: &str| {
        // A secret is not repeated, and neither is what might be one.
        let shown = if setting.kind == SettingType::Secret { String::new() } else { format!(" {text:?}") };
        Err(Failure::new(Exit::Configuration, format!("{place}:{shown} {why}")))
    };
    if text.contains(['\n', '\r', '\0']) {
        return refuse("must be one line");
    }
    Ok(match setting.kind {
        SettingType::Url => {
            if address(text).is_none() {
                return refuse("is not a web address, such as https://example.wats.com");
            }
            text.to_owned()
        }
        SettingType::Directory => {
            if !is_absolute(platform, text) {
                return refuse("must be a full path, starting at the root");
            }
            text.to_owned()
        }
        SettingType::Integer => match text.parse::<i64>() {
            Ok(number) => number.to_string(),
            Err(_) => return refuse("is not a whole number"),
        },
        SettingType::Boolean => match truth(text) {
            Some(truth) => truth.to_string(),
            None => return refuse("must be true or false"),
        },
        SettingType::String | SettingType::Secret => text.to_owned(),
    })
}

/// `yes`, `no` and their like.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Host and port of an `http` or `https` address, and whether it is encrypted.
pub(crate) fn address(url: &str) -> Option<(String, u16, bool)> {
    let lower = url.to_ascii_lowercase();
    let (secure, rest) = match lower.strip_prefix("https://") {
        Some(rest) => (true, rest),
        None => (false, lower.strip_prefix("http://")?),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    // Secrets do not belong into an address, which is logged.
    if authority.contains(['@', ' ', '\\']) || url.contains(char::is_whitespace) {
        return None;
    }
    let usual = if secure { 443 } else { 80 };
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port.strip_prefix(':').map_or(Some(usual), |port| port.parse().ok())?)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, usual),
        },
    };
    (!host.is_empty() && port != 0).then(|| (host.to_owned(), port, secure))
}

/// Whether a path starts at a root of the platform.
pub(crate) fn is_absolute(platform: Platform, path: &str) -> bool {
    if platform != Platform::Windows {
        return path.starts_with('/');
    }
    let mut letters = path.chars();
    let drive = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.next() == Some(':')
        && matches!(letters.next(), Some('\\' | '/'));
    drive || path.starts_with(r"\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(kind: SettingType, text: &str) -> std::result::Result<String, String> {
        let setting =
            Setting { title: "S".into(), kind, required: false, default: None, environment: "S".into() };
        check(Platform::Linux, &setting, "--s", text).map_err(|failure| {
            assert_eq!(failure.exit, Exit::Configuration);
            failure.message
        })
    }

    #[test]
    fn values_are_of_their_kind() {
        assert_eq!(checked(SettingType::Url, " https://x.example/api ").unwrap(), "https://x.example/api");
        assert!(
            checked(SettingType::Url, "company").unwrap_err().starts_with("--s: \"company\" is not a web")
        );
        assert_eq!(checked(SettingType::Boolean, "Yes").unwrap(), "true");
        assert!(checked(SettingType::Boolean, "maybe").is_err());
        assert_eq!(checked(SettingType::Integer, "007").unwrap(), "7");
        assert!(checked(SettingType::Integer, "7.5").is_err());
        assert!(checked(SettingType::Directory, "reports").is_err());
        assert!(checked(SettingType::String, "two\nlines").is_err());
    }

    #[test]
    fn a_secret_is_never_repeated() {
        let message = checked(SettingType::Secret, "hush\nhush").unwrap_err();
        assert_eq!(message, "--s: must be one line");
        let value = Value { text: "hush".into(), source: Source::Flag, secret: true };
        assert!(!format!("{value:?}").contains("hush"));
    }

    #[test]
    fn addresses_are_taken_apart() {
        let parts = |url: &str| address(url).map(|(host, port, secure)| format!("{host} {port} {secure}"));
        assert_eq!(parts("https://Example.com/a?b").as_deref(), Some("example.com 443 true"));
        assert_eq!(parts("http://[::1]:9000").as_deref(), Some("::1 9000 false"));
        assert_eq!(parts("HTTP://10.0.0.1").as_deref(), Some("10.0.0.1 80 false"));
        for wrong in
            ["ftp://x", "https://", "https://u:p@x", "http://x:99999", "http://x:0", "http://a b", "x"]
        {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn paths_are_those_of_the_platform() {
        assert!(is_absolute(Platform::Linux, "/srv"));
        assert!(!is_absolute(Platform::Linux, r"C:\x"));
        assert!(is_absolute(Platform::Windows, r"C:\x") && is_absolute(Platform::Windows, r"\\server\share"));
        assert!(!is_absolute(Platform::Windows, r"x\y") && !is_absolute(Platform::Windows, "C:"));
    }
}
