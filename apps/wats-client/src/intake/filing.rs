//! Putting source files away: without overwriting anything, and also onto another disk.

use crate::files;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use wats::ContentHash;

/// Names tried for one file.
const ATTEMPTS: u32 = 10_000;

/// One at a time chooses a name for a file and its note, because folders may share one for errors.
static NOTES: Mutex<()> = Mutex::new(());

/// Moves a file into a folder, under its own name or one like it that is free. `hash` tells files of the same name
/// and different content apart. Gives the new path.
pub(super) fn put_away(source: &Path, folder: &Path, hash: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    first_free(source, folder, hash, |target| {
        // Another disk: the copy may be there from before the program was ended, with only the source to go.
        let earlier = files::is_another_disk(source, folder) && same_content(source, target);
        if earlier { fs::remove_file(source) } else { move_new(source, target) }
    })
}

/// Moves a file into a folder as [`put_away`] does, with a text file beside it that says why.
pub(super) fn put_aside(source: &Path, folder: &Path, hash: &str, why: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let _one_at_a_time = NOTES.lock().unwrap_or_else(PoisonError::into_inner);
    first_free(source, folder, hash, |target| {
        if fs::symlink_metadata(target).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // The note goes first. One that stands alone is left from an attempt that was cut short.
        let note = with_ending(target, ".error.txt");
        write_whole(&note, why.as_bytes()).and_then(|()| move_new(source, target)).inspect_err(|_| {
            let _ = fs::remove_file(&note);
        })
    })
}

/// Moves the folder that belongs to a source file to where the file went, or deletes its files when the file was
/// deleted. The folder has the file's name without its extension.
pub(super) fn follow(source: &Path, target: Option<&Path>) -> io::Result<()> {
    let folder = source.with_extension("");
    let Some(target) = target.map(|target| target.with_extension("")) else {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        return fs::remove_dir(&folder);
    };
    if target.exists() {
        let message = format!("{} is there already", target.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    match fs::rename(&folder, &target) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            fs::create_dir(&target)?;
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                copy_new(&entry.path(), &target.join(entry.file_name()))?;
            }
            fs::remove_dir(&folder)
        }
        other => other,
    }
}

/// Tries one name after the other until `put` finds one that is not taken.
fn first_free(
    source: &Path,
    folder: &Path,
    hash: &str,
    mut put: impl FnMut(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let stem = source.file_stem().unwrap_or(OsStr::new("report"));
    let short = &hash[..hash.len().min(8)];
    for attempt in 0..ATTEMPTS {
        let mut name = OsString::from(stem);
        match attempt {
            0 => {}
            1 => name.push(format!("-{short}")),
            _ => name.push(format!("-{short}-{attempt}")),
        }
        if let Some(extension) = source.extension() {
            name.push(".");
            name.push(extension);
        }
        let target = folder.join(name);
        match put(&target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|()| target),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many files of the same name and content"))
}

/// Moves a file to a name that must be free.
fn move_new(source: &Path, target: &Path) -> io::Result<()> {
    match files::rename_new(source, target) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => copy_new(source, target),
        other => other,
    }
}

/// Moves to another disk: the source goes only when the copy is safe there, under its whole name.
fn copy_new(source: &Path, target: &Path) -> io::Result<()> {
    let part = partial(target);
    let copied = fs::copy(source, &part)
        .and_then(|_| File::options().write(true).open(&part)?.sync_all())
        .and_then(|()| files::rename_new(&part, target));
    copied.inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })?;
    if let Some(folder) = target.parent() {
        files::sync_folder(folder)?;
    }
    fs::remove_file(source)
}

/// Writes a file that is there as a whole or not at all, over one that is there already.
fn write_whole(target: &Path, content: &[u8]) -> io::Result<()> {
    let part = partial(target);
    let written = fs::write(&part, content)
        .and_then(|()| File::options().write(true).open(&part)?.sync_all())
        .and_then(|()| fs::rename(&part, target));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

/// The name of a file that is still being written: hidden, and the same at the next attempt.
fn partial(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".part");
    target.with_file_name(name)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn same_content(source: &Path, target: &Path) -> bool {
    let read = |path| fs::read(path).map(|bytes| ContentHash::of(&bytes)).ok();
    let length = |path| fs::metadata(path).map(|metadata| metadata.len()).ok();
    length(source) == length(target) && read(source).is_some_and(|hash| Some(hash) == read(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("a.json");
        let done = folder.path().join("made/when/needed");
        let mut names = Vec::new();
        for text in ["one", "two", "three"] {
            fs::write(&source, text).unwrap();
            let target = put_away(&source, &done, "0123456789").unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), text);
            assert!(!source.exists());
            names.push(target.file_name().unwrap().to_owned());
        }
        assert_eq!(names, ["a.json", "a-01234567.json", "a-01234567-2.json"]);
    }

    #[test]
    fn the_reason_stands_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("a.json");
        let error = folder.path().join("error");
        fs::write(&source, "{").unwrap();
        let target = put_aside(&source, &error, "0123456789", "why").unwrap();
        assert_eq!(target, error.join("a.json"));
        assert_eq!(fs::read_to_string(error.join("a.json.error.txt")).unwrap(), "why");
    }

    #[test]
    fn a_folder_follows_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("unit.txt");
        let data = folder.path().join("unit");
        let done = folder.path().join("done");
        fs::create_dir_all(&done).unwrap();
        for target in [Some(done.join("unit-0123.txt")), None] {
            fs::create_dir(&data).unwrap();
            fs::write(data.join("a.txt"), "a").unwrap();
            follow(&source, target.as_deref()).unwrap();
            assert!(!data.exists());
        }
        assert_eq!(fs::read_to_string(done.join("unit-0123/a.txt")).unwrap(), "a");
        fs::create_dir(&data).unwrap();
        assert!(follow(&source, Some(&done.join("unit-0123.txt"))).is_err());
        assert!(data.exists());
    }

    #[test]
    fn a_failed_move_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing.json");
        let error = folder.path().join("error");
        assert!(put_aside(&missing, &error, "0123456789", "why").is_err());
        assert_eq!(fs::read_dir(&error).unwrap().count(), 0);
    }

    #[test]
    fn a_note_left_alone_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("a.json");
        let error = folder.path().join("error");
        fs::create_dir(&error).unwrap();
        fs::write(&source, "{").unwrap();
        fs::write(error.join("a.json.error.txt"), "cut sh").unwrap();
        assert_eq!(put_aside(&source, &error, "0123456789", "why").unwrap(), error.join("a.json"));
        assert_eq!(fs::read_to_string(error.join("a.json.error.txt")).unwrap(), "why");
        assert_eq!(fs::read_dir(&error).unwrap().count(), 2);
    }

    #[test]
    fn a_copy_replaces_a_move() {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&source, "text").unwrap();
        copy_new(&source, &target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "text");
        assert!(!source.exists());
        fs::write(&source, "other").unwrap();
        assert_eq!(copy_new(&source, &target).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&target).unwrap(), "text");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
