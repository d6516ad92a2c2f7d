//! The API token: where it is, and when it changes.

use crate::config::SecretSources;
use std::path::Path;
use wats::Secret;

/// A token that was found, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// The token.
    Found(Secret),
    /// No source holds one.
    Missing,
    /// A source is there and cannot be read.
    Unreadable(String),
}

impl SecretSources {
    /// Looks for the token. A source that is empty or not there counts as not configured.
    pub(crate) fn find(&self) -> Token {
        if let Some(token) = self.environment.as_ref().and_then(|secret| clean(secret.expose())) {
            return Token::Found(token);
        }
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
        let mut sources = SecretSources { environment: None, files: vec![missing, empty, full] };
        assert_eq!(sources.find(), Token::Found(Secret::new("dG9rZW4=")));
        sources.files.pop();
        assert_eq!(sources.find(), Token::Missing);
        sources.files.push(folder.path().to_owned());
        assert!(matches!(sources.find(), Token::Unreadable(_)));
        sources.environment = Some(Secret::new("abc "));
        assert_eq!(sources.find(), Token::Found(Secret::new("abc")));
    }
}
