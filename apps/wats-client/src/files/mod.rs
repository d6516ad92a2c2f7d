//! What operating systems do differently with files and folders.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a file to read it whole. Where the system can tell, only when no other program has it open to write, and so
/// that none can while it is read; see [`is_held`].
pub(crate) fn open_finished(path: &Path) -> io::Result<File> {
    system::open_finished(path)
}

/// Whether a file could not be opened because another program has it open.
pub(crate) fn is_held(error: &io::Error) -> bool {
    system::is_held(error)
}

/// Makes new names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    system::sync_folder(folder)
}

/// Gives a new file the mode and the owner of the one that it is to replace; where there is none, readable for the
/// group and writable for the owner.
pub(crate) fn take_after(file: &File, old: &Path) -> io::Result<()> {
    system::take_after(file, old)
}

/// Tells a folder from another one that later has the same name: the file system and the number in it.
pub(crate) type Identity = (u64, u64);

/// The identity of a folder.
pub(crate) fn identity(folder: &Path) -> io::Result<Identity> {
    system::identity(folder)
}
