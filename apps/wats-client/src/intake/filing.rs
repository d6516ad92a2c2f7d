//! Putting source files away: without overwriting anything, and also onto another disk.

use crate::files;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Moves a file into a folder, under its own name or one like it that is free. `hash` tells files of the same name
/// and different content apart. Gives the new path.
pub(super) fn put_away(source: &Path, folder: &Path, hash: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let target = reserve(source, folder, hash)?;
    move_onto(source, &target).inspect_err(|_| {
        // The reserved name is an empty file that nobody needs now.
        let _ = fs::remove_file(&target);
    })?;
    Ok(target)
}

/// Moves a file into a folder as [`put_away`] does, with a text file beside it that says why.
pub(super) fn put_aside(source: &Path, folder: &Path, hash: &str, why: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let target = reserve(source, folder, hash)?;
    let mut note = target.clone().into_os_string();
    note.push(".error.txt");
    let done = fs::write(&note, why).and_then(|()| move_onto(source, &target));
    done.inspect_err(|_| {
        let _ = fs::remove_file(&note);
        let _ = fs::remove_file(&target);
    })?;
    Ok(target)
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
                copy_onto(&entry.path(), &target.join(entry.file_name()))?;
            }
            fs::remove_dir(&folder)
        }
        other => other,
    }
}

/// Makes an empty file under a name that was free. Making it is what reserves the name.
fn reserve(source: &Path, folder: &Path, hash: &str) -> io::Result<PathBuf> {
    let stem = source.file_stem().unwrap_or(OsStr::new("report"));
    let short = &hash[..hash.len().min(8)];
    for attempt in 0..10_000 {
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
        match File::create_new(&target) {
            Ok(_) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many files of the same name and content"))
}

fn move_onto(source: &Path, target: &Path) -> io::Result<()> {
    match fs::rename(source, target) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => copy_onto(source, target),
        other => other,
    }
}

/// Moves to another disk: the source goes only when the copy is safe there.
fn copy_onto(source: &Path, target: &Path) -> io::Result<()> {
    fs::copy(source, target)?;
    File::options().write(true).open(target)?.sync_all()?;
    if let Some(folder) = target.parent() {
        files::sync_folder(folder)?;
    }
    fs::remove_file(source)
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
    fn a_copy_replaces_a_move() {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&source, "text").unwrap();
        copy_onto(&source, &target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "text");
        assert!(!source.exists());
    }
}
