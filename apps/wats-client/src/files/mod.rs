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

/// Moves a file to another name on the same disk, and fails with `AlreadyExists` when that name is taken.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match system::rename_new(from, to) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            // An empty file takes the name meanwhile; when the program is ended just then, it stays.
            File::create_new(to)?;
            std::fs::rename(from, to).inspect_err(|_| {
                let _ = std::fs::remove_file(to);
            })
        }
        other => other,
    }
}

/// Whether a file and a folder are on different disks. What cannot be found out counts as the same disk.
pub(crate) fn is_another_disk(file: &Path, folder: &Path) -> bool {
    let disk = |path| system::identity(path).map(|(disk, _)| disk).ok();
    file.parent().and_then(disk).zip(disk(folder)).is_some_and(|(one, other)| one != other)
}

/// Gives a file or folder to the owner of another one.
pub(crate) fn give_to(file: &File, other: &Path) -> io::Result<()> {
    system::give_to(file, other)
}

/// Whether a folder, or the nearest one around it that is there, belongs to another account than this process, so that
/// what is made in it would not be the owner's. Not known on Windows, where access lists say.
pub(crate) fn is_of_another(folder: &Path) -> bool {
    folder.ancestors().find(|ancestor| ancestor.exists()).is_some_and(system::is_of_another)
}

/// Opens a folder as such.
pub(crate) fn open_folder(folder: &Path) -> io::Result<File> {
    system::open_folder(folder)
}

/// Tells a folder from another one that later has the same name: the file system and the number in it.
pub(crate) type Identity = (u64, u64);

/// The identity of a folder.
pub(crate) fn identity(folder: &Path) -> io::Result<Identity> {
    system::identity(folder)
}
