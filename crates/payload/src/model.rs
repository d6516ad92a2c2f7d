//! The payload's types.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use landfall_manifest::model::{Compression, Packages, Role};
use landfall_manifest::{Format, Version};
pub use landfall_service_definition::{Definition, Network, Setting, SettingType, Start};

use crate::Target;

/// Everything that one product puts on a machine of one target.
#[derive(Debug, Clone)]
pub struct Payload {
    /// What the product is called and who makes it.
    pub product: Product,
    /// The machine it is for.
    pub target: Target,
    /// Time of everything in the package, in seconds since 1970 (`SOURCE_DATE_EPOCH`).
    pub epoch: i64,
    /// Files, directories and links, sorted by path (bytewise). A path occurs more than once only where the
    /// entries are for different formats; use [`Payload::entries`].
    pub all_entries: Vec<Entry>,
    /// Accounts that must exist before the service starts.
    pub accounts: Vec<Account>,
    /// Directories that the product writes to while it runs; made at installation, deleted on purge.
    pub writable: Vec<WritableDirectory>,
    /// The service, if any.
    pub service: Option<Definition>,
    /// Settings, by name.
    pub settings: BTreeMap<String, Setting>,
    /// What the product's executables need from the system.
    pub needs: Vec<ElfNeeds>,
    /// Changelog, newest first; never empty.
    pub changelog: Vec<ChangelogEntry>,
    /// Script fragments common to all formats: content, not paths.
    pub hooks: Hooks,
    /// Options of single formats, as in the manifest. Its `scripts` hold paths; use
    /// [`Payload::native_script`] for their content.
    pub options: Packages,
    /// Content of `[package.<format>.scripts]`, by format and the script's name in the manifest
    /// (`postinst`, `pre-install`, …).
    pub native_scripts: BTreeMap<(Format, String), String>,
    /// How it can be seen that the installed product works.
    pub verification: Verification,
}

impl Payload {
    /// The entries for one format, sorted by path, each path once.
    pub fn entries(&self, format: Format) -> impl Iterator<Item = &Entry> {
        self.all_entries
            .iter()
            .filter(move |e| e.formats.as_ref().is_none_or(|f| f.contains(&format)))
            .filter(move |e| format != Format::Exe || e.role == Role::Program)
    }

    /// The product's own script fragment for one of a format's script slots.
    pub fn native_script(&self, format: Format, name: &str) -> Option<&str> {
        self.native_scripts.get(&(format, name.to_owned())).map(String::as_str)
    }
}

/// What the product is called and who makes it; all defaults filled in.
#[derive(Debug, Clone)]
pub struct Product {
    /// Package name.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Version with package revision and epoch.
    pub version: Version,
    /// Reverse-domain identifier.
    pub identifier: String,
    /// Organisation that answers for it.
    pub vendor: String,
    /// `Name <address>`.
    pub maintainer: String,
    /// SPDX licence expression.
    pub license: String,
    /// Copyright notice without the word «Copyright».
    pub copyright: String,
    /// Web address.
    pub homepage: Option<String>,
    /// One line, no full stop.
    pub summary: String,
    /// Paragraphs, each one line without line breaks; never empty.
    pub description: Vec<String>,
    /// The `.ico` file; only where the target is Windows.
    pub windows_icon: Option<Arc<[u8]>>,
}

/// A file, directory or link that lands on the machine.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Absolute path on the machine, without a final slash.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits, including set-id and sticky.
    pub mode: u32,
    /// Owning account.
    pub owner: String,
    /// Owning group.
    pub group: String,
    /// What it is for; decides its lifecycle.
    pub role: Role,
    /// The formats it is for; `None`: all.
    pub formats: Option<Vec<Format>>,
}

impl Entry {
    /// A directory of root that everybody may enter, for all formats.
    pub fn directory(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            kind: EntryKind::Directory,
            mode: 0o755,
            owner: "root".into(),
            group: "root".into(),
            role: Role::Data,
            formats: None,
        }
    }
}

/// What an entry is.
#[derive(Debug, Clone)]
pub enum EntryKind {
    /// A regular file.
    File(Content),
    /// A directory that the package owns.
    Directory,
    /// A symbolic link with its target.
    Symlink(String),
    /// A file that the product makes at run time and that goes with the package.
    Ghost,
}

/// The bytes of a file.
#[derive(Debug, Clone)]
pub enum Content {
    /// Held in memory: generated files.
    Bytes(Arc<[u8]>),
    /// Read from disk when packed.
    Source {
        /// Where it is.
        path: PathBuf,
        /// Its size in bytes when the payload was made; packing fails if it has changed.
        size: u64,
    },
    /// A Windows program, given its version, manifest and icon when it is packed.
    Program {
        /// Where the program is.
        path: PathBuf,
        /// What changes in it.
        patch: landfall_pe::Patch,
    },
}

impl Content {
    /// Size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Source { size, .. } => *size,
            Self::Program { patch, .. } => patch.size(),
        }
    }

    /// The version of a Windows program; `None` for what is none or has none.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn windows_version(&self) -> std::io::Result<Option<landfall_pe::FileVersion>> {
        let program = match self {
            Self::Bytes(bytes) => landfall_pe::Program::read(std::io::Cursor::new(bytes)),
            Self::Source { path, .. } => landfall_pe::Program::read(std::fs::File::open(path)?),
            Self::Program { patch, .. } => return Ok(patch.file_version()),
        };
        match program {
            Ok(program) => Ok(program.file_version()),
            Err(landfall_pe::Error::Io(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Opens the content for reading.
    ///
    /// # Errors
    /// When the source cannot be opened.
    pub fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        Ok(match self {
            Self::Bytes(bytes) => Box::new(std::io::Cursor::new(Arc::clone(bytes))),
            Self::Source { path, .. } => Box::new(std::fs::File::open(path)?),
            Self::Program { path, patch } => Box::new(patch.open(std::fs::File::open(path)?)?),
        })
    }
}

/// A system account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Name of the account and of its group.
    pub name: String,
    /// Full name (GECOS).
    pub title: String,
    /// Home directory.
    pub home: String,
}

/// A directory that the product writes to while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritableDirectory {
    /// Absolute path.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Owning account.
    pub owner: String,
    /// Owning group.
    pub group: String,
}

/// How it can be seen that the installed product works; variables replaced.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    /// Values of settings that are laid out before the installation, by name.
    pub settings: BTreeMap<String, String>,
    /// A program that runs beside the service.
    pub companion: Option<Companion>,
    /// Text of the shell script that is asked `check`, `queue` and `done`.
    pub script: Option<String>,
    /// Absolute paths that may stay after a purge, with the reason.
    pub leftovers: Vec<(String, String)>,
}

/// A program that runs beside the service while it is verified.
#[derive(Debug, Clone)]
pub struct Companion {
    /// Path at which the package has the program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Address that answers 200 once it is ready.
    pub ready: Option<String>,
}

/// Script fragments common to all formats: their text, without a `#!` line.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// Before the files are unpacked; `$1` is `install` or `upgrade`.
    pub before_install: Option<String>,
    /// After everything is in place, before the service is started; `$1` is `install` or `upgrade`.
    pub after_install: Option<String>,
    /// Before the files are removed; `$1` is `remove`.
    pub before_remove: Option<String>,
    /// After the files are removed; `$1` is `remove`.
    pub after_remove: Option<String>,
    /// The formats they are for; `None`: all.
    pub formats: Option<Vec<Format>>,
}

/// What one ELF file needs from the system at run time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElfNeeds {
    /// Path of the file on the machine.
    pub path: String,
    /// Whether it is a 64-bit file.
    pub is_64bit: bool,
    /// Program interpreter (`/lib64/ld-linux-x86-64.so.2`); `None` for a static file.
    pub interpreter: Option<String>,
    /// Needed libraries (`libc.so.6`) with the symbol versions asked of each (`GLIBC_2.34`), sorted.
    pub libraries: BTreeMap<String, Vec<String>>,
    /// The library's own name (`DT_SONAME`), where it is a library.
    pub soname: Option<String>,
}

/// One release in the changelog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangelogEntry {
    /// Its version; the semantic version as written.
    pub version: String,
    /// When, in seconds since 1970.
    pub time: i64,
    /// What changed, one line an item; never empty.
    pub items: Vec<String>,
}
