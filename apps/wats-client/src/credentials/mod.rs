//! Secrets: where they are, and when they change.

mod store;
#[cfg(windows)]
mod windows;

pub(crate) use store::Store;

use crate::config::SecretSources;
use std::path::Path;
use wats::Secret;

/// A secret that was found, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// The secret.
    Found(Secret),
    /// No source holds one.
    Missing,
    /// A source is there and cannot be read.
    Unreadable(String),
}

impl SecretSources {
    /// Looks for the secret. A source that is empty or not there counts as not configured.
    ///
    /// What was stored by a command or the page and what an administrator has put into a file may differ: the later
    /// one counts. So the store remembers what was in the files when it was written.
    pub(crate) fn find(&self) -> Token {
        if let Some(secret) = self.environment.as_ref().and_then(|secret| clean(secret.expose())) {
            return Token::Found(secret);
        }
        let given = self.given();
        let Some(store) = &self.store else { return given };
        match store.get() {
            Ok(Some((_, beside))) if beside != store::mark(&given) && matches!(given, Token::Found(_)) => {
                given
            }
            Ok(Some((secret, _))) => Token::Found(secret),
            Ok(None) => given,
            Err(_) if matches!(given, Token::Found(_)) => given,
            Err(error) => Token::Unreadable(format!("{} cannot be read: {error}", store.file().display())),
        }
    }

    /// Keeps the secret in the platform's store, from where it goes before what is in the files now.
    ///
    /// # Errors
    /// What keeps it from being stored, and what to do.
    pub(crate) fn keep(&self, secret: &Secret) -> Result<(), String> {
        let secret = clean(secret.expose()).ok_or("an empty secret cannot be stored")?;
        if secret.expose().contains(['\n', '\r', '\0']) {
            return Err("a secret must be one line".to_owned());
        }
        let store = self.store.as_ref().ok_or("there is no place for secrets")?;
        store.set(&secret, &store::mark(&self.given())).map_err(|error| {
            format!(
                "the secret cannot be stored in {}: {error}; run the command as root or administrator",
                store.file().display()
            )
        })
    }

    /// Forgets what was stored. Says whether there was something.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub(crate) fn forget(&self) -> Result<bool, String> {
        let Some(store) = &self.store else { return Ok(false) };
        store.remove().map_err(|error| format!("{} cannot be deleted: {error}", store.file().display()))
    }

    /// The secret that an administrator or a service manager hands over, whether or not another one is stored.
    pub(crate) fn handed_over(&self) -> Token {
        match self.environment.as_ref().and_then(|secret| clean(secret.expose())) {
            Some(secret) => Token::Found(secret),
            None => self.given(),
        }
    }

    /// Where [`Self::handed_over`] comes from, in words; `None` when there is none.
    pub(crate) fn giver(&self) -> Option<String> {
        if self.environment.as_ref().is_some_and(|secret| clean(secret.expose()).is_some()) {
            return Some("the environment".to_owned());
        }
        let holds = |file: &&std::path::PathBuf| read(file).is_ok_and(|secret| secret.is_some());
        self.files.iter().find(holds).map(|file| file.display().to_string())
    }

    /// Where the secret comes from, in words; `None` when there is none.
    pub(crate) fn origin(&self) -> Option<String> {
        let found = self.find();
        if !matches!(found, Token::Found(_)) {
            return None;
        }
        let giver = self.giver().filter(|_| found == self.handed_over());
        giver.or_else(|| self.store.as_ref().map(|store| store.file().display().to_string()))
    }

    /// What the files give, without the store.
    fn given(&self) -> Token {
        let mut trouble = None;
        for file in &self.files {
            match read(file) {
                Ok(Some(token)) => return Token::Found(token),
                Ok(None) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    trouble.get_or_insert_with(|| {
                        format!("token file {} cannot be read: {error}", file.display())
                    });
                }
            }
        }
        trouble.map_or(Token::Missing, Token::Unreadable)
    }
}

fn read(file: &Path) -> std::io::Result<Option<Secret>> {
    let bytes = Secret::new(std::fs::read_to_string(file)?);
    Ok(clean(bytes.expose()))
}

/// The bare token: people copy it with white space, a byte order mark, or the word in front.
fn clean(text: &str) -> Option<Secret> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let token = text.strip_prefix("Basic ").unwrap_or(text).trim();
    (!token.is_empty()).then(|| Secret::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_tried_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, full) = (folder.path().join("empty"), folder.path().join("full"));
        std::fs::write(&empty, "\n").unwrap();
        std::fs::write(&full, "\u{feff}Basic dG9rZW4=\r\n").unwrap();
        let missing = folder.path().join("missing");
        let mut sources = SecretSources { environment: None, files: vec![missing, empty, full], store: None };
        assert_eq!(sources.find(), Token::Found(Secret::new("dG9rZW4=")));
        sources.files.pop();
        assert_eq!(sources.find(), Token::Missing);
        sources.files.push(folder.path().to_owned());
        assert!(matches!(sources.find(), Token::Unreadable(_)));
        sources.environment = Some(Secret::new("abc "));
        assert_eq!(sources.find(), Token::Found(Secret::new("abc")));
    }

    #[test]
    fn the_later_of_store_and_file_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "first").unwrap();
        let store = Store::new(folder.path().join("secrets"), "api-token");
        let sources = SecretSources { environment: None, files: vec![file.clone()], store: Some(store) };
        let found = |text: &str| Token::Found(Secret::new(text));
        assert_eq!(sources.find(), found("first"));
        sources.keep(&Secret::new("Basic second\n")).unwrap();
        assert_eq!(sources.find(), found("second"));
        assert!(sources.origin().unwrap().contains("secrets"));
        std::fs::write(&file, "third").unwrap();
        assert_eq!(sources.find(), found("third"));
        assert_eq!(sources.origin().unwrap(), file.display().to_string());
        sources.keep(&Secret::new("fourth")).unwrap();
        assert_eq!((sources.find(), sources.handed_over()), (found("fourth"), found("third")));
        assert_eq!(sources.giver().unwrap(), file.display().to_string());
        assert!(sources.origin().unwrap().contains("secrets"));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(sources.find(), found("fourth"));
        assert!(sources.forget().unwrap() && !sources.forget().unwrap());
        assert_eq!((sources.find(), sources.origin()), (Token::Missing, None));
        assert!(
            sources.keep(&Secret::new("two\nlines")).is_err() && sources.keep(&Secret::new(" ")).is_err()
        );
    }
}
