//! A file to convert.

use crate::arguments::Arguments;
use crate::refusal::Refusal;
use crate::{limits, text, xml};
use std::borrow::Cow;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use wats::ContentHash;

/// A source file: its name, its content, and the folder that may belong to it.
#[derive(Debug)]
pub struct Source {
    name: String,
    bytes: Vec<u8>,
    folder: Option<PathBuf>,
    companions: OnceLock<Vec<Companion>>,
    head: OnceLock<String>,
    outline: OnceLock<xml::Outline>,
}

/// A file in the folder that belongs to a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Companion {
    /// Its name without any folder.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Source {
    /// A file by its name, without folders, and its content.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            bytes,
            folder: None,
            companions: OnceLock::new(),
            head: OnceLock::new(),
            outline: OnceLock::new(),
        }
    }

    /// Reads a file. Of one that is too long for any converter no more is read than shows that.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(limits::SOURCE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        Ok(Self::new(file_name(path), bytes).beside(path))
    }

    /// Says where the file lies, so that the folder beside it can be found that has its name without the extension.
    #[must_use]
    pub fn beside(mut self, path: &Path) -> Self {
        self.folder = Some(path.with_extension("")).filter(|folder| folder != path);
        self
    }

    /// Gives the files that belong to the source, instead of looking for them.
    #[must_use]
    pub fn with_companions(mut self, companions: Vec<Companion>) -> Self {
        self.companions = OnceLock::from(companions);
        self
    }

    /// Its name without folders.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The files of the folder that has the name of the source without its extension, in the order of their names.
    ///
    /// Only regular files directly in the folder are read; links, deeper folders, and a folder that is too large or
    /// cannot be read count as none: what a converter then misses it says itself.
    pub fn companions(&self) -> &[Companion] {
        self.companions.get_or_init(|| {
            self.folder.as_deref().and_then(|folder| read_companions(folder).ok()).unwrap_or_default()
        })
    }

    /// Hash of the content; with its companions for a converter that reads them.
    pub fn content_hash(&self, with_companions: bool) -> ContentHash {
        if !with_companions || self.companions().is_empty() {
            return ContentHash::of(&self.bytes);
        }
        let mut all = ContentHash::of(&self.bytes).as_bytes().to_vec();
        for companion in self.companions() {
            all.extend_from_slice(ContentHash::of(companion.name.as_bytes()).as_bytes());
            all.extend_from_slice(ContentHash::of(&companion.bytes).as_bytes());
        }
        ContentHash::of(&all)
    }

    /// Whether the name ends like this; case makes no difference.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        self.name.rsplit_once('.').is_some_and(|(_, own)| own.eq_ignore_ascii_case(extension))
    }

    /// Text of the first bytes; empty when they are no text.
    pub(crate) fn head(&self) -> &str {
        self.head.get_or_init(|| {
            let bytes = &self.bytes[..self.bytes.len().min(limits::HEAD_BYTES)];
            // A character may be cut at the end; up to three bytes of it are left out.
            let whole = (0..4)
                .filter_map(|less| bytes.get(..bytes.len().checked_sub(less)?))
                .find(|bytes| std::str::from_utf8(bytes).is_ok())
                .unwrap_or(bytes);
            text::decode(whole, None)
                .ok()
                .flatten()
                .unwrap_or_default()
                .trim_start_matches('\u{feff}')
                .to_owned()
        })
    }

    /// The first elements, when the file is XML; nothing else.
    pub(crate) fn outline(&self) -> &xml::Outline {
        self.outline.get_or_init(|| xml::Outline::of(self.head()))
    }

    /// The whole text, for a converter that reads text.
    pub(crate) fn text(&self, arguments: &Arguments) -> Result<Cow<'_, str>, Refusal> {
        limits::check_size(self.bytes.len())?;
        let text = text::decode(&self.bytes, arguments.get("encoding"))?
            .ok_or_else(|| Refusal::malformed("the file is not text: it contains zero bytes"))?;
        if text.trim().is_empty() { Err(Refusal::Empty) } else { Ok(text) }
    }
}

/// The last part of a path, as text.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read_companions(folder: &Path) -> io::Result<Vec<Companion>> {
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Ok(Vec::new());
    }
    let too_large = || io::Error::other("the folder is too large");
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            paths.push(entry.path());
        }
        if paths.len() > limits::COMPANIONS {
            return Err(too_large());
        }
    }
    paths.sort();
    let mut left = limits::COMPANION_BYTES;
    let mut companions = Vec::with_capacity(paths.len());
    for path in paths {
        let mut bytes = Vec::new();
        fs::File::open(&path)?.take(left + 1).read_to_end(&mut bytes)?;
        left = left.checked_sub(bytes.len() as u64).ok_or_else(too_large)?;
        companions.push(Companion { name: file_name(&path), bytes });
    }
    Ok(companions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_same_name_belongs_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unit 1.txt");
        fs::write(&path, "a").unwrap();
        let alone = Source::open(&path).unwrap();
        assert!(alone.companions().is_empty());
        fs::create_dir_all(folder.path().join("unit 1/deeper")).unwrap();
        fs::write(folder.path().join("unit 1/b.txt"), "B").unwrap();
        fs::write(folder.path().join("unit 1/a.txt"), "A").unwrap();
        let source = Source::open(&path).unwrap();
        let names: Vec<&str> = source.companions().iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.txt", "b.txt"]);
        assert_eq!(source.content_hash(false), alone.content_hash(true));
        assert_ne!(source.content_hash(true), alone.content_hash(true));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unit.txt");
        fs::write(&path, "a").unwrap();
        fs::create_dir(folder.path().join("unit")).unwrap();
        fs::write(folder.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), folder.path().join("unit/link.txt"))
            .unwrap();
        assert!(Source::open(&path).unwrap().companions().is_empty());
    }

    #[test]
    fn the_head_copes_with_a_cut_character() {
        let long = format!("{}é", "x".repeat(limits::HEAD_BYTES - 1));
        assert_eq!(Source::new("a", long.into_bytes()).head().len(), limits::HEAD_BYTES - 1);
    }
}
