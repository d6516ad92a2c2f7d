//! How a module describes itself: JSON.

use super::PluginError;
use serde::Deserialize;
use wats_converters::COMMON_ARGUMENTS;

/// The only version of the interface there is.
const INTERFACE: u64 = 1;

/// A converter in words, as it declares itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Declaration {
    /// Version of the interface that it keeps to.
    pub interface: u64,
    /// Short name: small letters, digits and `-`. It is part of each report's id.
    pub name: String,
    /// The format it reads.
    pub title: String,
    /// File names that are usual for it, such as `*.log`.
    #[serde(default)]
    pub patterns: Vec<String>,
    /// The arguments it takes besides those that all take.
    #[serde(default)]
    pub arguments: Vec<DeclaredArgument>,
}

/// An argument that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DeclaredArgument {
    /// Its name.
    pub name: String,
    /// What it does.
    #[serde(default)]
    pub meaning: String,
    /// What holds without it.
    #[serde(default)]
    pub default: String,
}

impl Declaration {
    /// Reads and checks it.
    pub(super) fn read(text: &[u8]) -> Result<Self, PluginError> {
        let wrong = |message: String| Err(PluginError::Declaration(message));
        let own: Self = match serde_json::from_slice(text) {
            Ok(own) => own,
            Err(error) => return wrong(error.to_string()),
        };
        if own.interface != INTERFACE {
            return wrong(format!(
                "it keeps to version {} of the interface; this program knows version {INTERFACE}",
                own.interface
            ));
        }
        if !is_name(&own.name) {
            return wrong(format!(
                "the name {:?} must be small letters, digits and \"-\", at most 40, beginning with a letter",
                own.name.chars().take(60).collect::<String>()
            ));
        }
        if !is_line(&own.title, 100) {
            return wrong("the title must be one line of at most 100 characters".into());
        }
        if own.patterns.len() > 16 || !own.patterns.iter().all(|pattern| is_pattern(pattern)) {
            return wrong(
                "patterns must be at most 16 file names, such as \"*.log\", without folders".into(),
            );
        }
        if own.arguments.len() > 64 {
            return wrong("there may be at most 64 arguments".into());
        }
        for argument in &own.arguments {
            if !is_name(&argument.name) || COMMON_ARGUMENTS.iter().any(|common| common.name == argument.name)
            {
                return wrong(format!(
                    "the argument {:?} must have a name of small letters, digits and \"-\" that no common argument has",
                    argument.name.chars().take(60).collect::<String>()
                ));
            }
            // An empty meaning or default is no help, and does no harm.
            if [&argument.meaning, &argument.default]
                .iter()
                .any(|text| !text.is_empty() && !is_line(text, 200))
            {
                return wrong(format!(
                    "meaning and default of the argument {} must be one line of at most 200 characters",
                    argument.name
                ));
            }
        }
        Ok(own)
    }
}

/// Whether a text can name a plug-in, a command or an argument.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
}

fn is_line(text: &str, longest: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= longest && !text.contains(char::is_control)
}

fn is_pattern(text: &str) -> bool {
    is_line(text, 100) && !text.contains(['/', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_checked() {
        let good = r#"{"interface":1,"name":"acme-7","title":"ACME","patterns":["*.acm"],"arguments":[{"name":"lane"}]}"#;
        assert_eq!(Declaration::read(good.as_bytes()).unwrap().name, "acme-7");
        for (from, to, fault) in [
            (":1,", ":2,", "version 2 of the interface"),
            ("acme-7", "Acme", "the name \"Acme\" must be"),
            ("acme-7", "", "the name \"\" must be"),
            ("ACME", " ", "the title must be"),
            ("ACME", "A\\u001b", "the title must be"),
            ("*.acm", "../*", "patterns must be"),
            ("lane", "part-number", "that no common argument has"),
            ("\"title\":\"ACME\",", "", "missing field `title`"),
        ] {
            let text = good.replacen(from, to, 1);
            let error = Declaration::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(fault), "{text}: {error}");
        }
    }
}
