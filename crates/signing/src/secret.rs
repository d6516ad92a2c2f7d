//! Where keys, certificates and passwords come from.

use std::path::Path;

use landfall_manifest::model::SecretSource;
use zeroize::Zeroizing;

use crate::Error;

/// Bytes that are overwritten when they are dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// What a machine knows besides the manifest.
pub struct Environment<'a> {
    /// The manifest's folder, from which paths begin.
    pub folder: &'a Path,
    /// Value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Environment<'_> {
    /// Takes what `source` names. `key` is its key in the manifest, for messages.
    ///
    /// # Errors
    /// When the variable is not set or the file cannot be read.
    pub fn take(&self, key: &'static str, source: &SecretSource) -> Result<Secret, Error> {
        let fail = |reason: String| Error::Secret { key, reason };
        let set = |name: &str| {
            (self.variable)(name).filter(|value| !value.is_empty()).ok_or_else(|| {
                fail(format!(
                    "the environment variable {name} is not set; set it, or build with --unsigned what nobody else \
                     gets"
                ))
            })
        };
        let path = match (&source.file, &source.env, &source.file_env) {
            (_, Some(name), _) => return Ok(Zeroizing::new(set(name)?.into_bytes())),
            (Some(path), ..) => path.clone(),
            (.., Some(name)) => set(name)?,
            (None, None, None) => return Err(fail("it names neither a file nor a variable".into())),
        };
        std::fs::read(self.folder.join(&path))
            .map(Zeroizing::new)
            .map_err(|error| fail(format!("cannot read the file {path}: {error}")))
    }

    /// As [`Environment::take`], as text without the line end that editors and `echo` put behind it.
    ///
    /// # Errors
    /// As [`Environment::take`], and when it is not UTF-8.
    pub fn text(&self, key: &'static str, source: &SecretSource) -> Result<Zeroizing<String>, Error> {
        let bytes = self.take(key, source)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Error::Secret { key, reason: "it is not UTF-8".into() })?;
        Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}
