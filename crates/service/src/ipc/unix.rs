//! Sockets of Unix.

use super::{Endpoint, Peer};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// A socket that others connect to.
#[derive(Debug)]
pub(super) struct Listener {
    socket: UnixListener,
    path: PathBuf,
    /// To tell our socket from one that another instance has put in its place.
    inode: u64,
    /// Folders that were not there before, the innermost first: they go with the socket.
    made: Vec<PathBuf>,
}

/// Somebody who has connected.
pub(super) struct Stream(UnixStream);

impl Listener {
    /// Opens the socket in a folder that only this account can enter.
    pub(super) fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        let path = &endpoint.path;
        let told = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let folder = path.parent().ok_or_else(|| told(io::ErrorKind::InvalidInput.into()))?;
        let made = private_folder(folder).map_err(told)?;
        // Nobody listens at what a crash has left.
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            let error = "another instance of the service answers there; stop it first";
            return Err(told(io::Error::new(io::ErrorKind::AddrInUse, error)));
        }
        // Complete before it is to be seen.
        let new = path.with_extension(format!("{}.new", std::process::id()));
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(told(error)),
            _ => {}
        }
        let socket = UnixListener::bind(&new).map_err(told)?;
        fs::set_permissions(&new, Permissions::from_mode(0o600)).map_err(told)?;
        let inode = fs::metadata(&new).map_err(told)?.ino();
        fs::rename(&new, path).map_err(told)?;
        Ok(Self { socket, path: path.clone(), inode, made })
    }

    pub(super) async fn accept(&mut self) -> io::Result<Stream> {
        self.socket.accept().await.map(|(stream, _)| Stream(stream))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if fs::metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            // One that stays is replaced at the next start.
            let _ = fs::remove_file(&self.path);
            for folder in &self.made {
                // One in which others have put something stays.
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

impl Stream {
    /// Who it is, if it may be: root, or the service's own account.
    pub(super) fn peer(&self) -> io::Result<Peer> {
        // SO_PEERCRED, getpeereid() or what else the system has.
        let credentials = self.0.peer_cred()?;
        let (user, own) = (credentials.uid(), rustix::process::geteuid().as_raw());
        if user != 0 && user != own {
            let error = format!("user {user} is neither root nor the service's account ({own})");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, error));
        }
        Ok(Peer {
            process: credentials.pid().and_then(|pid| u32::try_from(pid).ok()),
            account: user.to_string(),
        })
    }

    pub(super) fn into_inner(self) -> UnixStream {
        self.0
    }
}

/// Makes a folder that is nobody else's, or makes sure that it is one. Gives those that were not there, the innermost
/// first.
fn private_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut made = Vec::new();
    if let Some(parent) = folder.parent() {
        made.extend(parent.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned));
        // /run/NAME: others may look for other files there.
        fs::DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
        check(parent, 0o022)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => made.insert(0, folder.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    check(folder, 0o077)?;
    Ok(made)
}

/// A folder, not a link to one, that is root's or ours and of which others do not have these rights.
fn check(folder: &Path, others: u32) -> io::Result<()> {
    let found = fs::symlink_metadata(folder)?;
    let owner_is_fine = [0, rustix::process::geteuid().as_raw()].contains(&found.uid());
    if found.is_dir() && owner_is_fine && found.mode() & others == 0 {
        return Ok(());
    }
    let error = format!(
        "{} belongs to user {} with mode {:o}; it must be a folder of the service's account that others cannot write to",
        folder.display(),
        found.uid(),
        found.mode() & 0o7777
    );
    Err(io::Error::new(io::ErrorKind::PermissionDenied, error))
}

/// Connects, and makes sure that it is the service that answers: root, or the owner of the folder, into which nobody
/// else can put a socket.
pub(super) async fn connect(endpoint: &Endpoint) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(&endpoint.path).await?;
    let folder = endpoint.path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let found = fs::symlink_metadata(folder)?;
    let server = stream.peer_cred()?.uid();
    if found.is_dir() && found.mode() & 0o022 == 0 && (server == 0 || server == found.uid()) {
        return Ok(stream);
    }
    let error = format!("user {server} answers at {}, who is not the service", endpoint.path.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_made_for_the_socket_goes_with_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("made").join("ipc");
        let endpoint = Endpoint::at(folder.join("socket"));
        drop(Listener::bind(&endpoint).unwrap());
        assert!(!root.path().join("made").exists());

        // What was there stays, and so does what others have put beside it.
        fs::create_dir(root.path().join("made")).unwrap();
        let listener = Listener::bind(&endpoint).unwrap();
        fs::write(folder.join("note"), "").unwrap();
        drop(listener);
        assert!(folder.join("note").exists() && !endpoint.path.exists());
        fs::remove_file(folder.join("note")).unwrap();
        fs::remove_dir(&folder).unwrap();
        drop(Listener::bind(&endpoint).unwrap());
        assert!(root.path().join("made").exists() && !folder.exists());
    }
}
