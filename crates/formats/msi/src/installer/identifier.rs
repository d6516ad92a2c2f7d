//! Names of rows: the keys of a database's tables.

use std::fmt;

use sha1::{Digest, Sha1};

use crate::Error;

/// Longest identifier.
const LONGEST: usize = 72;
/// How much of a name stays readable in a derived identifier; streams named after rows leave no room for more.
const READABLE: usize = 32;

/// Key of a row: letters, digits, underscores and periods, beginning with a letter or an underscore.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(String);

impl Identifier {
    /// Takes `text` as it is.
    ///
    /// # Errors
    /// When it is no identifier.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        let sound = text.len() <= LONGEST
            && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        if sound {
            return Ok(Self(text));
        }
        Err(Error::Invalid(format!(
            "{text:?} is no identifier: it must have 1 to {LONGEST} letters, digits, underscores and periods, and \
             begin with a letter or an underscore"
        )))
    }

    /// An identifier for something that has a longer name, such as a path: what is readable of its last part, and a
    /// digest of the whole. The same name always gives the same identifier.
    pub fn derived(prefix: &str, name: &str) -> Self {
        let last = name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
        let readable = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' };
        let last: String = last.chars().map(readable).take(READABLE).collect();
        let digest = Sha1::digest(name);
        let digest: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{prefix}_{last}_{digest}"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&Identifier> for crate::Value {
    fn from(id: &Identifier) -> Self {
        Self::from(id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_rules() {
        for sound in ["INSTALLDIR", "_a", "a.b_1"] {
            assert!(Identifier::new(sound).is_ok());
        }
        for wrong in ["", "1a", "a b", "ä", ".a", &"a".repeat(73)] {
            assert!(Identifier::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn derived_ones_are_sound_and_differ() {
        let one = Identifier::derived("f", r"C:\Programme\Ä b\wats-client.exe");
        assert_eq!(one, Identifier::new(one.as_str()).unwrap());
        assert!(one.as_str().starts_with("f_wats_client.exe_"));
        assert_ne!(one, Identifier::derived("f", r"C:\Other\wats-client.exe"));
        assert!(Identifier::new(Identifier::derived("f", &"x".repeat(300)).as_str()).is_ok());
    }
}
