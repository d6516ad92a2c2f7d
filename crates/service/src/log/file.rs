//! A file that does not grow for ever.

use super::stream::{json_line, text_line};
use super::{Record, Sink};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Lines for people, or a JSON object a line, in a file. When the file is full it becomes `NAME.1`, what was `NAME.1` becomes `NAME.2`, and so
/// on; the oldest is deleted.
#[derive(Debug)]
pub struct RotatingFile {
    path: PathBuf,
    limit: u64,
    keep: u32,
    json: bool,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    file: File,
    length: u64,
}

impl RotatingFile {
    /// At this path, at most 10 MB, with five older ones. Nothing is opened before the first message.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), limit: 10_000_000, keep: 5, json: false, open: Mutex::default() }
    }

    /// Bytes that a file may have; a longer message gets a file of its own.
    #[must_use]
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// How many full files are kept.
    #[must_use]
    pub fn keep(mut self, files: u32) -> Self {
        self.keep = files;
        self
    }

    /// With a JSON object a line, for whatever collects it: `time` (RFC 3339), `level`, `target`, `message`, and where
    /// there are any, `event` and `fields`.
    #[must_use]
    pub fn json(mut self, json: bool) -> Self {
        self.json = json;
        self
    }

    /// The path of the file that is written to.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        if number > 0 {
            path.push(format!(".{number}"));
        }
        path.into()
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        let mut guard = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let length = line.len() as u64;
        if guard.as_ref().is_none_or(|open| !open.is_at(&self.path)) {
            *guard = Some(Open::at(&self.path)?);
        }
        if guard.as_ref().is_some_and(|open| open.length > 0 && open.length + length > self.limit) {
            // Windows renames no file that is open.
            *guard = None;
            self.rotate()?;
            *guard = Some(Open::at(&self.path)?);
        }
        let Some(open) = guard.as_mut() else { return Ok(()) };
        // Counted also when it fails: part of it may be there.
        open.length += length;
        open.file.write_all(line.as_bytes())
    }

    fn rotate(&self) -> io::Result<()> {
        if self.keep == 0 {
            return fs::remove_file(&self.path);
        }
        for number in (0..self.keep).rev() {
            match fs::rename(self.numbered(number), self.numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        let file = options.open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    /// Whether the path still leads here: somebody else may rotate, or delete, files as well.
    #[cfg(unix)]
    fn is_at(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        match (self.file.metadata(), fs::metadata(path)) {
            (Ok(own), Ok(there)) => (own.dev(), own.ino()) == (there.dev(), there.ino()),
            _ => false,
        }
    }

    #[cfg(not(unix))]
    fn is_at(&self, _: &Path) -> bool {
        true
    }
}

impl Sink for RotatingFile {
    fn write(&self, record: &Record<'_>) -> io::Result<()> {
        let line = if self.json { json_line(record) } else { text_line(record) };
        self.write_line(&(line + "\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<(String, u64)> {
        let mut found: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len()))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn full_files_make_way_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/x.log");
        let line = |number: u8| format!("message {number}\n");
        let log = RotatingFile::new(&path).limit(20).keep(2);
        for number in 0..9 {
            log.write_line(&line(number)).unwrap();
        }
        let folder = path.parent().unwrap();
        let expected = [("x.log".to_owned(), 10), ("x.log.1".to_owned(), 20), ("x.log.2".to_owned(), 20)];
        assert_eq!(names(folder), expected);
        assert_eq!(fs::read_to_string(folder.join("x.log.2")).unwrap(), line(4) + &line(5));

        // A program that starts again goes on where it was.
        let log = RotatingFile::new(&path).limit(20).keep(2);
        log.write_line(&line(9)).unwrap();
        assert_eq!(names(folder)[0].1, 20);
        log.write_line(&"x".repeat(50)).unwrap();
        assert_eq!(names(folder)[0].1, 50);

        // Windows deletes no file that is open.
        drop(log);
        let log = RotatingFile::new(&path).limit(20).keep(0);
        log.write_line(&line(0)).unwrap();
        assert_eq!(names(folder)[0].1, 10);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_somebody_took_away_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let log = RotatingFile::new(&path);
        log.write_line("one\n").unwrap();
        fs::rename(&path, folder.path().join("taken")).unwrap();
        log.write_line("two\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
    }
}
