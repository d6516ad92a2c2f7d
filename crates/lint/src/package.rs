//! A package that was read, with what is known of the content of its files.

use std::collections::HashMap;
use std::fs;
use std::io::{BufReader, Read};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use landfall_packages::{Error, FileRecord, Inspection, Kind, ReadSeek, Script};
use landfall_payload::{Architecture, Format};

use crate::contents::{Collector, Facts};
use crate::unit::{self, Unit};

/// A package that was read.
#[derive(Debug)]
pub struct Package {
    /// Its file's name.
    pub file_name: String,
    /// What it says of itself.
    pub description: Inspection,
    /// When it was read, in seconds since 1970.
    pub read_at: i64,
    paths: Vec<String>,
    by_path: HashMap<String, usize>,
    facts: HashMap<String, Facts>,
    units: Vec<Unit>,
}

/// A file of a package.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Path on the machine; for an archive, as if it were unpacked at the root, without the folder that holds
    /// everything.
    pub path: &'a str,
    /// What the package says of it.
    pub record: &'a FileRecord,
    /// What was seen of its content; `None` for everything but regular files, and where the content could not
    /// be seen.
    pub facts: Option<&'a Facts>,
}

/// Why a package cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("cannot read {0}: {1}")]
    Io(String, std::io::Error),
    /// It is a folder.
    #[error("{0} is a folder; name a package")]
    Folder(String),
    /// None of the known formats.
    #[error(
        "{0} is none of the packages that are known here: deb, rpm, apk, Arch package, Windows Installer \
         package, tar or zip archive"
    )]
    Unknown(String),
    /// A damaged package.
    #[error("{0}: {1}")]
    Damaged(String, Error),
}

impl Package {
    /// Reads a package of whatever format it is.
    ///
    /// # Errors
    /// When it cannot be read, is no package or a damaged one.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let shown = path.display().to_string();
        let unreadable = |e| OpenError::Io(shown.clone(), e);
        let file = fs::File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            return Err(OpenError::Folder(shown));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::read(&mut BufReader::new(file), &name).map_err(|e| match e {
            OpenError::Io(_, e) => OpenError::Io(shown, e),
            OpenError::Unknown(_) => OpenError::Unknown(shown),
            OpenError::Damaged(_, e) => OpenError::Damaged(shown, e),
            folder @ OpenError::Folder(_) => folder,
        })
    }

    /// Reads a package from a source; `file_name` is what it is called.
    ///
    /// # Errors
    /// As [`Package::open`].
    pub fn read(input: &mut dyn ReadSeek, file_name: &str) -> Result<Self, OpenError> {
        let unreadable = |e| OpenError::Io(file_name.to_owned(), e);
        let mut head = Vec::new();
        (&mut *input).take(512).read_to_end(&mut head).map_err(unreadable)?;
        input.rewind().map_err(unreadable)?;
        let packager = landfall_packages::all()
            .into_iter()
            .find(|packager| packager.recognises(&head, file_name))
            .ok_or_else(|| OpenError::Unknown(file_name.to_owned()))?;
        let mut collector = Collector::default();
        let description = packager.examine(input, &mut collector).map_err(|e| match e {
            Error::Io(e) => OpenError::Io(file_name.to_owned(), e),
            e => OpenError::Damaged(file_name.to_owned(), e),
        })?;
        Ok(Self::new(file_name, description, collector.facts))
    }

    fn new(file_name: &str, description: Inspection, facts: HashMap<String, Facts>) -> Self {
        let folder = if description.format.is_archive() { top_folder(&description.files) } else { "" };
        let paths: Vec<String> =
            description.files.iter().map(|file| on_machine(&file.path, folder)).collect();
        let by_path = paths.iter().enumerate().map(|(at, path)| (path.clone(), at)).collect();
        let read_at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
        let mut package = Self {
            file_name: file_name.to_owned(),
            description,
            read_at,
            paths,
            by_path,
            facts,
            units: vec![],
        };
        package.units = unit::of(&package);
        package
    }

    /// Its format.
    pub fn format(&self) -> Format {
        self.description.format
    }

    /// Its files, in the package's order.
    pub fn files(&self) -> impl Iterator<Item = File<'_>> {
        (0..self.paths.len()).map(|at| self.at(at))
    }

    /// The file with a path on the machine; of several with the same path the last, which is the one that
    /// stays.
    pub fn file(&self, path: &str) -> Option<File<'_>> {
        self.by_path.get(path).map(|&at| self.at(at))
    }

    fn at(&self, at: usize) -> File<'_> {
        let record = &self.description.files[at];
        File { path: &self.paths[at], record, facts: self.facts.get(&record.path) }
    }

    /// As [`Package::file`], also under the path's other name where `/bin`, `/sbin`, `/lib` and `/lib64` are
    /// links into `/usr`.
    pub fn file_in_merged_usr(&self, path: &str) -> Option<File<'_>> {
        self.file(path).or_else(|| match path.strip_prefix("/usr") {
            Some(rest) => self.file(rest),
            None => self.file(&format!("/usr{path}")),
        })
    }

    /// The first value of a field, whatever the case of its name; empty where there is none.
    pub fn field(&self, name: &str) -> &str {
        let found = self.description.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// All values of a field, whatever the case of its name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.description.fields.iter();
        fields.filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A script by its name in the format.
    pub fn script(&self, name: &str) -> Option<&Script> {
        self.description.scripts.iter().find(|script| script.name == name)
    }

    /// Its systemd units.
    pub(crate) fn units(&self) -> &[Unit] {
        &self.units
    }

    /// What the package needs before it works, an item each, as the format writes it (without versions where
    /// the format has them elsewhere).
    pub fn dependencies(&self) -> Vec<&str> {
        let split = |text: &'static str| self.values(text).flat_map(|v| v.split(',')).map(str::trim);
        match self.format() {
            Format::Deb => split("Depends").chain(split("Pre-Depends")).filter(|d| !d.is_empty()).collect(),
            Format::Rpm => {
                let fields = self.description.fields.iter();
                fields.filter(|(name, _)| name.starts_with("Requires")).map(|(_, v)| v.as_str()).collect()
            }
            Format::Apk | Format::Arch => self.values("depend").collect(),
            _ => Vec::new(),
        }
    }

    /// Whether parts of the product come with another package of it, such as `demo-common`: what is missing here may
    /// be there.
    pub fn has_sister(&self) -> bool {
        let name = self.description.name.as_str();
        let stem = name.split('-').next().unwrap_or_default();
        let is_sister = |dependency: &&str| !stem.is_empty() && dependency.starts_with(stem);
        name.ends_with("-common") || self.dependencies().iter().any(is_sister)
    }

    /// The architecture that it says it is for; `None` for one that is for all, and for what is not known
    /// here.
    pub fn architecture(&self) -> Option<Architecture> {
        let name = self.description.architecture.as_str();
        if self.format() == Format::Rpm && matches!(name, "i386" | "i486" | "i586") {
            return Some(Architecture::I686);
        }
        ARCHITECTURES.iter().copied().find(|a| a.in_format(self.format()) == Some(name))
    }

    /// Whether it says that it is for every architecture.
    pub fn is_for_all(&self) -> bool {
        matches!(self.description.architecture.as_str(), "all" | "noarch" | "any")
    }
}

const ARCHITECTURES: &[Architecture] = &[
    Architecture::X86_64,
    Architecture::I686,
    Architecture::Aarch64,
    Architecture::Armv7,
    Architecture::Armv6,
    Architecture::Riscv64,
    Architecture::Powerpc64le,
    Architecture::S390x,
    Architecture::Loongarch64,
];

impl<'a> File<'a> {
    /// Whether it is a regular file, or a further name of one.
    pub fn is_file(&self) -> bool {
        matches!(self.record.kind, Kind::File | Kind::Hardlink)
    }

    /// Whether the package marks it so: `conffile`, `config`, `ghost`, …
    pub fn has_flag(&self, flag: &str) -> bool {
        self.record.flags.iter().any(|known| known == flag)
    }

    /// Whether it is a setting that the package manager keeps when somebody edited it.
    pub fn is_setting(&self) -> bool {
        ["conffile", "config", "backup"].iter().any(|flag| self.has_flag(flag))
    }

    /// The folder it is in.
    pub fn folder(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Its name in that folder.
    pub fn name(&self) -> &'a str {
        self.path.rsplit_once('/').map_or(self.path, |(_, name)| name)
    }

    /// Whether it lies in a folder of programs.
    pub fn is_in_program_folder(&self) -> bool {
        ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/games"].contains(&self.folder())
    }
}

/// Folders of a machine's root: an archive that begins with one of them has no folder of its own.
const ROOT: &[&str] = &["bin", "etc", "lib", "opt", "sbin", "srv", "usr", "var"];

/// The one folder that holds everything in an archive, with a final slash; empty where there is none.
fn top_folder(files: &[FileRecord]) -> &str {
    let Some(first) = files.first() else { return "" };
    let end = first.path.find('/').unwrap_or(first.path.len());
    let folder = &first.path[..end];
    let holds = |file: &FileRecord| {
        file.path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/') || rest.is_empty() && file.kind == Kind::Directory)
    };
    if folder.is_empty() || ROOT.contains(&folder) || !files.iter().all(holds) { "" } else { folder }
}

fn on_machine(path: &str, folder: &str) -> String {
    let rest = path.strip_prefix(folder).unwrap_or(path);
    if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") }
}
