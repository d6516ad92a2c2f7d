//! Linux, macOS and their relatives.

use super::Identity;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

/// Whoever writes a file keeps nobody from reading it here: that it has settled must do.
pub(super) fn open_finished(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub(super) fn is_held(_: &io::Error) -> bool {
    false
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

pub(super) fn take_after(file: &File, old: &Path) -> io::Result<()> {
    let Ok(metadata) = fs::metadata(old) else {
        return file.set_permissions(fs::Permissions::from_mode(0o640));
    };
    give_to(file, old)?;
    file.set_permissions(fs::Permissions::from_mode(metadata.mode() & 0o7777))
}

pub(super) fn give_to(file: &File, other: &Path) -> io::Result<()> {
    let (own, other) = (file.metadata()?, fs::metadata(other)?);
    if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
        fchown(file, Some(other.uid()), Some(other.gid()))?;
    }
    Ok(())
}

pub(super) fn is_of_another(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| metadata.uid() != rustix::process::geteuid().as_raw())
}

pub(super) fn open_folder(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

/// Some network and removable file systems do not offer it.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Err(io::ErrorKind::Unsupported.into()),
        other => Ok(other?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn rename_new(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn identity(folder: &Path) -> io::Result<Identity> {
    let metadata = fs::metadata(folder)?;
    Ok((metadata.dev(), metadata.ino()))
}
