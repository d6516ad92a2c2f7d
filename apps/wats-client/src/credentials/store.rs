//! The place for secrets that commands and the page are given: a file that only the service's account can read. On
//! Windows its content is also encrypted for this machine (DPAPI).

use super::Token;
use crate::files;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use wats::Secret;

/// One entry of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Store {
    file: PathBuf,
}

/// Tells what else there was when a secret was stored, without saying what it is.
pub(super) fn mark(given: &Token) -> String {
    match given {
        Token::Found(secret) => {
            let digest =
                Sha256::new().chain_update("wats-client secret ").chain_update(secret.expose()).finalize();
            digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
        }
        Token::Missing | Token::Unreadable(_) => "nothing".to_owned(),
    }
}

impl Store {
    /// The entry of this name below a folder, which need not be there yet.
    pub(crate) fn new(folder: PathBuf, name: &str) -> Self {
        Self { file: folder.join(name) }
    }

    /// Where it is.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The secret, and the mark of what else there was; `None` when nothing is stored.
    pub(super) fn get(&self) -> io::Result<Option<(Secret, String)>> {
        let bytes = match fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let text = Secret::new(String::from_utf8_lossy(&unprotected(bytes)?));
        let damaged = || io::Error::new(ErrorKind::InvalidData, "it is damaged: store the secret anew");
        let (secret, mark) = text.expose().split_once('\n').ok_or_else(damaged)?;
        Ok(Some((Secret::new(secret), mark.trim().to_owned())))
    }

    /// Stores the secret, at once or not at all.
    pub(super) fn set(&self, secret: &Secret, mark: &str) -> io::Result<()> {
        let folder = self.file.parent().ok_or(ErrorKind::InvalidInput)?;
        let owner = make(folder)?;
        let text = Secret::new(format!("{}\n{mark}\n", secret.expose()));
        let mut file = tempfile::Builder::new().prefix(".secret-").tempfile_in(folder)?;
        file.write_all(&protected(text.expose().as_bytes())?)?;
        // Made for its owner alone; whoever stores it for the service hands it over.
        files::give_to(file.as_file(), &owner)?;
        file.as_file().sync_all()?;
        file.persist(&self.file).map_err(|error| error.error)?;
        files::sync_folder(folder)
    }

    /// Deletes the entry. Says whether it was there.
    pub(super) fn remove(&self) -> io::Result<bool> {
        match fs::remove_file(&self.file) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Makes the folder for its owner alone, who is the owner of the folder around it. Gives the place whose owner counts.
fn make(folder: &Path) -> io::Result<PathBuf> {
    let around = folder.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(around)?;
    match new_folder(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) => files::give_to(&files::open_folder(folder)?, around)?,
        Err(_) => {}
    }
    Ok(around.to_owned())
}

#[cfg(unix)]
fn new_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(folder)
}

/// What is below the configuration has its access rights from there.
#[cfg(not(unix))]
fn new_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

#[cfg(windows)]
fn protected(bytes: &[u8]) -> io::Result<Vec<u8>> {
    super::windows::protect(bytes)
}

#[cfg(windows)]
fn unprotected(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    super::windows::unprotect(&bytes)
}

#[cfg(not(windows))]
fn protected(bytes: &[u8]) -> io::Result<Vec<u8>> {
    Ok(bytes.to_owned())
}

#[cfg(not(windows))]
fn unprotected(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("state/secrets"), "api-token");
        assert_eq!(store.get().unwrap(), None);
        store.set(&Secret::new("hush"), "nothing").unwrap();
        assert_eq!(store.get().unwrap(), Some((Secret::new("hush"), "nothing".to_owned())));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(store.file()), mode(store.file().parent().unwrap())), (0o600, 0o700));
        }
        fs::write(store.file(), "x").unwrap();
        assert!(store.get().is_err());
    }

    #[test]
    fn a_mark_tells_secrets_apart_and_shows_none() {
        let mark_of = |text: &str| mark(&Token::Found(Secret::new(text)));
        assert_ne!(mark_of("a"), mark_of("b"));
        assert!(!mark_of("hush").contains("hush"));
        assert_eq!(mark(&Token::Missing), mark(&Token::Unreadable("why".into())));
    }
}
