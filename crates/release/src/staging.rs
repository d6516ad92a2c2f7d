//! Putting a release in place at once.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{CHECKSUM_FILE, EVIDENCE_FILES, Error, RELEASE_FILE, Release};

/// A folder beside the output folder in which a release is made, and which takes its place when it is whole.
///
/// Dropped without [`Staging::publish`], it disappears and the old release stays as it was. What a killed build
/// left behind is removed by the next one.
#[derive(Debug)]
pub struct Staging {
    output: PathBuf,
    folder: PathBuf,
}

impl Staging {
    /// Begins a release that will be in `output`.
    ///
    /// # Errors
    /// When `output` is a file, holds something other than a release, or its parent cannot be written to.
    pub fn new(output: &Path) -> Result<Self, Error> {
        match fs::metadata(output) {
            Ok(meta) if !meta.is_dir() => return Err(Error::NotAFolder(output.to_owned())),
            Ok(_) => {
                let mut entries = fs::read_dir(output).map_err(Error::io("read", output))?;
                if Release::read(output)?.is_none() && entries.next().is_some() {
                    return Err(Error::Foreign(output.to_owned()));
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io("look at", output)(e)),
        }
        // The full path: `dist` alone has no parent, and the working directory may change.
        let output = std::path::absolute(output).map_err(Error::io("look at", output))?;
        let parent = output.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).map_err(Error::io("make the folder", parent))?;
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.building-");
        remove_abandoned(parent, &prefix);
        let folder = parent.join(format!("{prefix}{}", std::process::id()));
        fs::create_dir(&folder).map_err(Error::io("make the folder", &folder))?;
        Ok(Self { output, folder })
    }

    /// The folder in which artifacts and temporary files are made.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes `release.json` and `SHA256SUMS`, syncs everything, and puts the release in the output folder's
    /// place. Files in the old output folder that no release listed are kept.
    ///
    /// # Errors
    /// When something cannot be written; the old release is then untouched. When other people's files cannot be
    /// brought over, the new release is in place and the error names the folder that keeps the old one.
    pub fn publish(self, release: &Release) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(release)
            .map_err(|e| Error::Unreadable { path: self.folder.join(RELEASE_FILE), reason: e.to_string() })?;
        text.push('\n');
        for (name, text) in [(CHECKSUM_FILE, release.checksums()), (RELEASE_FILE, text)] {
            let path = self.folder.join(name);
            let mut file = File::create(&path).map_err(Error::io("write", &path))?;
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(Error::io("write", &path))?;
        }
        sync_folder(&self.folder)?;
        if !self.output.exists() {
            fs::rename(&self.folder, &self.output).map_err(Error::io("make the folder", &self.output))?;
        } else {
            let old = Release::read(&self.output)?;
            if exchange(&self.folder, &self.output) {
                if let Err(source) = keep_foreign(&self.folder, &self.output, old.as_ref()) {
                    // Out of the way of whoever removes this folder: somebody's files are in it.
                    let name = self.output.file_name().unwrap_or_default().to_string_lossy();
                    let kept = self.output.with_file_name(format!("{name}.kept-{}", std::process::id()));
                    fs::rename(&self.folder, &kept).map_err(Error::io("rename", &self.folder))?;
                    return Err(Error::io("bring files over from", &kept)(source));
                }
            } else {
                move_into(&self.folder, &self.output, release)?;
            }
        }
        sync_folder(self.output.parent().unwrap_or(Path::new("/")))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // After `publish` this is the old release, or nothing.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Folders of builds that no longer run.
fn remove_abandoned(parent: &Path, prefix: &str) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|n| n.strip_prefix(prefix)).and_then(|p| p.parse::<i32>().ok());
        if pid.is_some_and(|pid| !is_alive(pid)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(unix)]
fn is_alive(pid: i32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    // This very process: its number was used again after an earlier build ended.
    if pid.cast_unsigned() == std::process::id() {
        return false;
    }
    Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_alive(_: i32) -> bool {
    true
}

/// Swaps two folders in one step, where the system can.
#[cfg(target_os = "linux")]
fn exchange(a: &Path, b: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> bool {
    false
}

/// After an exchange: brings files over that somebody else put into the old folder.
fn keep_foreign(old_folder: &Path, output: &Path, old: Option<&Release>) -> std::io::Result<()> {
    let mut ours: BTreeSet<&str> = [RELEASE_FILE, CHECKSUM_FILE].into();
    ours.extend(EVIDENCE_FILES);
    ours.extend(old.into_iter().flat_map(|r| r.artifacts.iter().map(|a| a.path.as_str())));
    for entry in fs::read_dir(old_folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let target = output.join(&name);
        if !name.to_str().is_some_and(|n| ours.contains(n)) && !target.exists() {
            fs::rename(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Where folders cannot be swapped (a mount point, another system): the files, one by one, and `release.json`
/// last.
fn move_into(folder: &Path, output: &Path, release: &Release) -> Result<(), Error> {
    for name in EVIDENCE_FILES.map(|name| output.join(name)) {
        match fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &name)(error));
            }
            _ => {}
        }
    }
    let artifacts = release.artifacts.iter().map(|a| a.path.as_str());
    for name in artifacts.chain([CHECKSUM_FILE, RELEASE_FILE]) {
        let target = output.join(name);
        fs::rename(folder.join(name), &target).map_err(Error::io("write", &target))?;
    }
    sync_folder(output)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(Error::io("write", folder))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Artifact;
    use landfall_manifest::Format;

    fn release(name: &str) -> Release {
        Release {
            schema: 1,
            product: "demo".into(),
            title: "Demo".into(),
            identifier: "example.demo".into(),
            version: "1.0.0".into(),
            commit: None,
            epoch: 0,
            artifacts: vec![Artifact {
                path: name.into(),
                format: Format::Deb,
                target: "x86_64-unknown-linux-gnu".into(),
                size: 1,
                sha256: "00".into(),
                contains: "nothing".into(),
            }],
        }
    }

    fn make(output: &Path, name: &str) {
        let staging = Staging::new(output).unwrap();
        fs::write(staging.folder().join(name), "x").unwrap();
        staging.publish(&release(name)).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut all: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        all.sort();
        all
    }

    #[test]
    fn a_new_release_replaces_the_old_one_and_keeps_other_files() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("dist");
        make(&out, "a.deb");
        fs::write(out.join("notes.txt"), "mine").unwrap();
        // Evidence speaks of the old release.
        fs::write(out.join("evidence.json"), "{}").unwrap();
        make(&out, "b.deb");
        assert_eq!(names(&out), ["SHA256SUMS", "b.deb", "notes.txt", "release.json"]);
        assert_eq!(names(dir.path()), ["dist"]);
        assert_eq!(Release::read(&out).unwrap().unwrap(), release("b.deb"));
    }

    #[test]
    fn an_abandoned_build_leaves_the_old_release_whole() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("dist");
        make(&out, "a.deb");
        let staging = Staging::new(&out).unwrap();
        fs::write(staging.folder().join("b.deb"), "half").unwrap();
        drop(staging);
        assert_eq!(names(&out), ["SHA256SUMS", "a.deb", "release.json"]);
        fs::create_dir(dir.path().join(".dist.building-999999999")).unwrap();
        make(&out, "b.deb");
        assert_eq!(names(dir.path()), ["dist"]);
    }

    #[test]
    fn files_and_foreign_folders_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(matches!(Staging::new(&file), Err(Error::NotAFolder(_))));
        assert!(matches!(Staging::new(dir.path()), Err(Error::Foreign(_))));
        fs::write(dir.path().join(RELEASE_FILE), "{}").unwrap();
        assert!(matches!(Staging::new(dir.path()), Err(Error::Unreadable { .. })));
    }
}
