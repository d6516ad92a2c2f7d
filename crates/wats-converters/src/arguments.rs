//! What a person tells a converter beyond what the file says.

use crate::{Argument, Refusal};
use std::collections::BTreeMap;

/// Arguments that every converter takes. They fill what a file does not say; they never replace what it says.
pub const COMMON_ARGUMENTS: &[Argument] = &[
    Argument { name: "part-number", meaning: "part number", default: "what the file says" },
    Argument {
        name: "part-revision",
        meaning: "revision of the part",
        default: "what the file says, else 1.0",
    },
    Argument { name: "process-code", meaning: "code of the test operation", default: "see the converter" },
    Argument { name: "station-name", meaning: "name of the station", default: "what the file says" },
    Argument { name: "location", meaning: "where the station stands", default: "what the file says" },
    Argument { name: "purpose", meaning: "what the station is for", default: "what the file says" },
    Argument { name: "operator", meaning: "who tested", default: "what the file says" },
    Argument { name: "sequence-name", meaning: "name of the test program", default: "what the file says" },
    Argument {
        name: "sequence-version",
        meaning: "version of the test program",
        default: "what the file says",
    },
    Argument {
        name: "encoding",
        meaning: "character encoding of the file, such as windows-1252 or shift_jis",
        default: "by byte order mark or declaration, else UTF-8, else windows-1252",
    },
    Argument {
        name: "utc-offset",
        meaning: "zone of times that the file gives without one, such as +02:00",
        default: "such times stay local, without a zone",
    },
    Argument {
        name: "status-mode",
        meaning: "import takes statuses as the file gives them; active computes them from the limits (not for the formats of WATS itself)",
        default: "import",
    },
];

/// Older names of arguments, as other clients call them.
const OTHER_NAMES: [(&str, &str); 4] = [
    ("operationtypecode", "processcode"),
    ("defaultprocesscode", "processcode"),
    ("defaultoperationtypecode", "processcode"),
    ("defaultstation", "stationname"),
];

/// Named texts. Case, `-` and `_` in a name make no difference: `partNumber` is `part-number`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    values: BTreeMap<String, (String, String)>,
}

impl Arguments {
    /// Sets one; a later value replaces an earlier one of the same name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(plain(name), (name.to_owned(), value.into()));
    }

    /// Its value; `None` when it is not given or blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .get(&plain(name))
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.trim().is_empty())
    }

    /// The names, as they were written.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.values().map(|(name, _)| name.as_str())
    }

    /// Those whose names start with this one and a dot, without that start.
    pub fn below<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let start = plain(name) + ".";
        self.values
            .iter()
            .filter(move |(plain, _)| plain.starts_with(&start))
            .filter_map(|(_, (name, value))| name.split_once('.').map(|(_, rest)| (rest, value.as_str())))
    }

    /// Whether the argument is one of these; for a dotted name, whether its first part is.
    pub(crate) fn is_one_of(name: &str, known: &[Argument]) -> bool {
        let wanted = plain(name);
        let wanted = wanted.split('.').next().unwrap_or_default();
        known.iter().any(|argument| plain(argument.name) == wanted)
    }

    /// A true-or-false argument.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Refusal> {
        match self.get(name).map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None => Ok(default),
            Some("true" | "yes" | "1") => Ok(true),
            Some("false" | "no" | "0") => Ok(false),
            Some(other) => Err(refusal(name, format!("{other:?} is neither true nor false"))),
        }
    }

    /// The process code, where it is given.
    pub(crate) fn process_code(&self) -> Result<Option<i64>, Refusal> {
        let name = "process-code";
        self.get(name)
            .map(|code| {
                code.trim()
                    .parse()
                    .map_err(|_| refusal(name, format!("{code:?} is not a whole number, such as 100")))
            })
            .transpose()
    }

    /// Whether statuses are to be computed from limits.
    pub(crate) fn computes_status(&self) -> Result<bool, Refusal> {
        let name = "status-mode";
        match self.get(name).map(|mode| mode.trim().to_ascii_lowercase()).as_deref() {
            None | Some("import") => Ok(false),
            Some("active") => Ok(true),
            Some(other) => Err(refusal(name, format!("{other:?} is neither import nor active"))),
        }
    }

    /// Minutes east of UTC, where they are given.
    pub(crate) fn utc_offset(&self) -> Result<Option<i16>, Refusal> {
        let name = "utc-offset";
        self.get(name)
            .map(|text| {
                crate::moment::zone(text.trim())
                    .ok_or_else(|| refusal(name, format!("{text:?} is not like +02:00 or Z")))
            })
            .transpose()
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Arguments {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut arguments = Self::default();
        for (name, value) in pairs {
            arguments.set(name.as_ref(), value);
        }
        arguments
    }
}

fn refusal(name: &str, message: String) -> Refusal {
    Refusal::Argument { name: name.to_owned(), message }
}

fn plain(name: &str) -> String {
    let plain: String =
        name.chars().filter(|letter| !matches!(letter, '-' | '_')).flat_map(char::to_lowercase).collect();
    OTHER_NAMES.iter().find(|(other, _)| *other == plain).map_or(plain, |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_names_are_one() {
        let arguments =
            Arguments::from_iter([("partNumber", "P"), ("operation_type_code", "30"), ("columns.SN", "a")]);
        assert_eq!(arguments.get("part-number"), Some("P"));
        assert_eq!(arguments.process_code().unwrap(), Some(30));
        assert_eq!(arguments.below("columns").collect::<Vec<_>>(), [("SN", "a")]);
        assert!(Arguments::is_one_of("Part_Number", COMMON_ARGUMENTS));
        assert!(!Arguments::is_one_of("colour", COMMON_ARGUMENTS));
    }

    #[test]
    fn wrong_values_are_named() {
        let arguments = Arguments::from_iter([("process-code", "ten"), ("utc-offset", "noon")]);
        assert_eq!(
            arguments.process_code().unwrap_err().to_string(),
            "the converter's argument process-code: \"ten\" is not a whole number, such as 100"
        );
        assert!(arguments.utc_offset().is_err());
    }
}
