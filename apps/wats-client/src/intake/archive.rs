//! The archive: files go into a folder with the day's date, and when the day is over it becomes a zip file.
//!
//! A zip file is written under a hidden name and gets its own when it is safe on the disk; only then the files in it
//! are deleted. Whatever moment the program is ended at, each file is in the folder or in a zip file, or in both for
//! a while: then the next pass finds it in the zip file and deletes it.

use crate::files;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipArchive, ZipWriter};

/// Most files in one zip file.
const FILE_LIMIT: usize = 50_000;
/// How often days that are over are looked for.
const PERIOD: Duration = Duration::from_secs(60);
/// How fast the thread ends.
const TURN: Duration = Duration::from_millis(200);
/// Size from which an entry needs the larger fields of the format.
const LARGE: u64 = u32::MAX as u64;

/// The folder for a file that is put away now. Days are those of UTC: they never overlap.
pub(super) fn of_today(archive: &Path) -> PathBuf {
    archive.join(name(OffsetDateTime::now_utc().date()))
}

fn name(day: Date) -> String {
    // No part of a date fails to be written into a string.
    day.format(format_description!("[year]-[month]-[day]")).unwrap_or_default()
}

/// The thread that packs the days that are over.
pub(crate) struct Packer {
    stop: Arc<AtomicBool>,
}

impl Packer {
    /// Starts to look after these archives.
    pub(crate) fn start(archives: Vec<PathBuf>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(archives.is_empty()));
        let told = stop.clone();
        std::thread::Builder::new().name("archive".to_owned()).spawn(move || {
            let mut pause = Duration::ZERO;
            while !told.load(Ordering::Relaxed) {
                if pause.is_zero() {
                    let today = OffsetDateTime::now_utc().date();
                    archives.iter().for_each(|archive| pack_all(archive, today, &told));
                    pause = PERIOD;
                }
                std::thread::sleep(TURN);
                pause = pause.saturating_sub(TURN);
            }
        })?;
        Ok(Self { stop })
    }
}

impl Drop for Packer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn pack_all(archive: &Path, today: Date, stop: &AtomicBool) {
    let Ok(entries) = fs::read_dir(archive) else { return };
    for entry in entries.flatten() {
        let day = entry.file_name().to_str().and_then(|name| {
            Date::parse(name, format_description!("[year]-[month]-[day]")).ok().filter(|day| *day < today)
        });
        if day.is_none() || !entry.path().is_dir() {
            continue;
        }
        match pack(&entry.path(), stop) {
            Ok(()) => tracing::debug!(day = %entry.path().display(), "the day is packed"),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => {
                tracing::error!(day = %entry.path().display(), "the day cannot be packed and stays a folder: {error}");
            }
        }
    }
}

/// Packs the folder of a day.
fn pack(day: &Path, stop: &AtomicBool) -> io::Result<()> {
    let zips: Vec<PathBuf> =
        (1..).map(|number| zip_path(day, number)).take_while(|zip| zip.exists()).collect();
    for zip in &zips {
        delete_packed(day, zip, stop)?;
    }
    for number in zips.len() + 1.. {
        let members = members(day)?;
        if members.is_empty() {
            break;
        }
        let zip = zip_path(day, number);
        let part = zip.with_file_name(format!(".{}.part", zip.file_name().unwrap_or_default().display()));
        let written = write(&part, &members, stop).and_then(|()| files::rename_new(&part, &zip));
        written.inspect_err(|_| {
            let _ = fs::remove_file(&part);
        })?;
        if let Some(archive) = zip.parent() {
            files::sync_folder(archive)?;
        }
        delete_packed(day, &zip, stop)?;
    }
    for folder in fs::read_dir(day)?.flatten() {
        fs::remove_dir(folder.path())?;
    }
    fs::remove_dir(day)
}

fn zip_path(day: &Path, number: usize) -> PathBuf {
    let name = day.file_name().unwrap_or_default().display();
    day.with_file_name(if number == 1 { format!("{name}.zip") } else { format!("{name}-{number}.zip") })
}

/// The files of a day, and those of the folders in it, by their names in the zip file.
fn members(day: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(day)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            for inner in fs::read_dir(entry.path())? {
                let inner = inner?;
                found.insert(format!("{name}/{}", inner.file_name().to_string_lossy()), inner.path());
            }
        } else {
            found.insert(name, entry.path());
        }
        if found.len() >= FILE_LIMIT {
            break;
        }
    }
    Ok(found)
}

fn write(part: &Path, members: &BTreeMap<String, PathBuf>, stop: &AtomicBool) -> io::Result<()> {
    let mut zip = ZipWriter::new(BufWriter::new(File::create(part)?));
    for (name, path) in members {
        go_on(stop)?;
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let options = SimpleFileOptions::default()
            .large_file(metadata.len() >= LARGE)
            .last_modified_time(metadata.modified().ok().and_then(dos_time).unwrap_or_default());
        zip.start_file(name.as_str(), options)?;
        io::copy(&mut file, &mut zip)?;
    }
    let mut file = zip.finish()?;
    file.flush()?;
    file.get_ref().sync_all()
}

fn dos_time(time: SystemTime) -> Option<DateTime> {
    let time = OffsetDateTime::from(time);
    let year = u16::try_from(time.year()).ok()?;
    DateTime::from_date_and_time(
        year,
        time.month().into(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
    )
    .ok()
}

/// Deletes the files of a day that are in its zip file, byte for byte.
fn delete_packed(day: &Path, zip: &Path, stop: &AtomicBool) -> io::Result<()> {
    let mut zip = ZipArchive::new(BufReader::new(File::open(zip)?))?;
    for (name, path) in members(day)? {
        go_on(stop)?;
        let packed = match zip.by_name(&name) {
            Ok(packed) => packed,
            Err(ZipError::FileNotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        if packed.size() == fs::metadata(&path)?.len() && is_same(packed, File::open(&path)?)? {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn is_same(one: impl Read, other: impl Read) -> io::Result<bool> {
    let (mut one, mut other) = (BufReader::new(one).bytes(), BufReader::new(other).bytes());
    loop {
        match (one.next().transpose()?, other.next().transpose()?) {
            (None, None) => return Ok(true),
            (left, right) if left == right => {}
            _ => return Ok(false),
        }
    }
}

fn go_on(stop: &AtomicBool) -> io::Result<()> {
    if stop.load(Ordering::Relaxed) { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    static RUN: AtomicBool = AtomicBool::new(false);

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn unpack(zip: &Path) -> BTreeMap<String, String> {
        let mut zip = ZipArchive::new(File::open(zip).unwrap()).unwrap();
        (0..zip.len())
            .map(|index| {
                let mut file = zip.by_index(index).unwrap();
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                (file.name().unwrap().into_owned(), text)
            })
            .collect()
    }

    #[test]
    fn days_that_are_over_become_zip_files() {
        let folder = tempfile::tempdir().unwrap();
        for day in ["2026-11-19", "2026-11-20", "2026-11-21", "other"] {
            fs::create_dir_all(folder.path().join(day).join("unit")).unwrap();
            fs::write(folder.path().join(day).join("a.json"), format!("{{{day}}}")).unwrap();
            fs::write(folder.path().join(day).join("unit/b.txt"), "b").unwrap();
        }
        pack_all(folder.path(), date!(2026 - 11 - 21), &RUN);
        assert_eq!(names(folder.path()), ["2026-11-19.zip", "2026-11-20.zip", "2026-11-21", "other"]);
        let found = unpack(&folder.path().join("2026-11-20.zip"));
        assert_eq!(found.len(), 2);
        assert_eq!((found["a.json"].as_str(), found["unit/b.txt"].as_str()), ("{2026-11-20}", "b"));
    }

    #[test]
    fn packing_that_was_cut_short_is_finished_and_late_files_get_a_zip_file_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let day = folder.path().join("2026-11-20");
        let put = |name: &str, text: &str| {
            fs::create_dir_all(&day).unwrap();
            fs::write(day.join(name), text).unwrap();
        };
        put("a.json", "a");
        fs::write(folder.path().join(".2026-11-20.zip.part"), "half of a zip file").unwrap();
        pack(&day, &RUN).unwrap();
        assert_eq!(names(folder.path()), ["2026-11-20.zip"]);
        // Cut short before the files were deleted: nothing is packed twice.
        put("a.json", "a");
        pack(&day, &RUN).unwrap();
        assert_eq!(names(folder.path()), ["2026-11-20.zip"]);
        put("a.json", "b");
        put("c.json", "c");
        pack(&day, &RUN).unwrap();
        assert_eq!(names(folder.path()), ["2026-11-20-2.zip", "2026-11-20.zip"]);
        assert_eq!(unpack(&folder.path().join("2026-11-20.zip"))["a.json"], "a");
        assert_eq!(unpack(&folder.path().join("2026-11-20-2.zip"))["a.json"], "b");
    }

    #[test]
    fn it_stops_when_told_and_leaves_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let day = folder.path().join("2026-11-20");
        fs::create_dir(&day).unwrap();
        fs::write(day.join("a.json"), "a").unwrap();
        assert_eq!(pack(&day, &AtomicBool::new(true)).unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert_eq!(names(folder.path()), ["2026-11-20"]);
        assert_eq!(names(&day), ["a.json"]);
    }
}
