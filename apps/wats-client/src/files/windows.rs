//! Windows.

use super::Identity;
use std::fs::File;
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;
use winapi_util::Handle;

/// `FILE_SHARE_READ`: others may read meanwhile, and neither write nor delete.
const SHARE_READ: u32 = 1;
/// `ERROR_SHARING_VIOLATION`
const SHARING_VIOLATION: i32 = 32;
/// `ERROR_LOCK_VIOLATION`
const LOCK_VIOLATION: i32 = 33;

/// Fails as long as another program has the file open to write, also on a share.
pub(super) fn open_finished(path: &Path) -> io::Result<File> {
    File::options().read(true).share_mode(SHARE_READ).open(path)
}

pub(super) fn is_held(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(SHARING_VIOLATION | LOCK_VIOLATION))
}

/// NTFS and ReFS keep a journal of names; there is nothing to ask for.
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A new file has the access list of its folder, as the old one had.
pub(super) fn take_after(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

/// The library only knows a move that replaces.
pub(super) fn rename_new(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What is in a folder belongs to whom the folder's access list says.
pub(super) fn give_to(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn is_of_another(_: &Path) -> bool {
    false
}

/// `FILE_FLAG_BACKUP_SEMANTICS`, without which a folder cannot be opened.
const BACKUP_SEMANTICS: u32 = 0x0200_0000;

pub(super) fn open_folder(folder: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(BACKUP_SEMANTICS).open(folder)
}

pub(super) fn identity(folder: &Path) -> io::Result<Identity> {
    let information = winapi_util::file::information(Handle::from_path_any(folder)?)?;
    Ok((information.volume_serial_number(), information.file_index()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_is_being_written_cannot_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, "{").unwrap();
        let writer = File::options().append(true).open(&path).unwrap();
        assert!(is_held(&open_finished(&path).unwrap_err()));
        drop(writer);
        let reader = open_finished(&path).unwrap();
        assert!(is_held(&File::options().append(true).open(&path).unwrap_err()));
        assert!(fs::read(&path).is_ok());
        drop(reader);
        assert!(!is_held(&open_finished(&folder.path().join("b.json")).unwrap_err()));
    }

    #[test]
    fn a_new_folder_of_the_same_name_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch");
        fs::create_dir(&path).unwrap();
        let first = identity(&path).unwrap();
        assert_eq!(identity(&path).unwrap(), first);
        fs::rename(&path, folder.path().join("old")).unwrap();
        fs::create_dir(&path).unwrap();
        assert_ne!(identity(&path).unwrap(), first);
    }
}
