//! Components and what they install.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use super::{Identifier, Service};
use crate::Guid;

/// A component: what is installed and removed together. Windows counts the products that use it.
#[derive(Debug)]
pub struct Component {
    /// Its key.
    pub id: Identifier,
    /// Its identity on the machine; `None`: derived from what its key path names, which is the same in every version.
    pub guid: Option<Guid>,
    /// The folder that it installs to.
    pub directory: Identifier,
    /// What tells whether it is installed.
    pub key: KeyPath,
    /// The features that it belongs to; at least one.
    pub features: Vec<Identifier>,
    /// Installed only where this holds.
    pub condition: Option<String>,
    /// Stays when the product is removed.
    pub permanent: bool,
    /// Is not installed where its key path exists.
    pub never_overwrite: bool,
    /// Files.
    pub files: Vec<File>,
    /// Registry values.
    pub registry: Vec<RegistryValue>,
    /// Services whose program is the key path.
    pub services: Vec<Service>,
    /// Environment variables of the machine.
    pub environment: Vec<EnvironmentVariable>,
    /// Shortcuts.
    pub shortcuts: Vec<Shortcut>,
    /// Entries of INI files.
    pub ini_entries: Vec<IniEntry>,
    /// Folders that are made even when they stay empty, and removed when they are.
    pub folders: Vec<Folder>,
    /// What is deleted besides what was installed.
    pub removals: Vec<Removal>,
    /// Files of the machine that are copied.
    pub copies: Vec<FileCopy>,
}

/// What tells whether a component is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPath {
    /// Its folder.
    Directory,
    /// The file with this key.
    File(Identifier),
    /// The registry value with this key.
    Registry(Identifier),
}

impl Component {
    fn new(id: Identifier, directory: Identifier, feature: Identifier, key: KeyPath) -> Self {
        Self {
            id,
            guid: None,
            directory,
            key,
            features: vec![feature],
            condition: None,
            permanent: false,
            never_overwrite: false,
            files: Vec::new(),
            registry: Vec::new(),
            services: Vec::new(),
            environment: Vec::new(),
            shortcuts: Vec::new(),
            ini_entries: Vec::new(),
            folders: Vec::new(),
            removals: Vec::new(),
            copies: Vec::new(),
        }
    }

    /// A component for one file, its key path.
    pub fn for_file(directory: Identifier, feature: Identifier, file: File) -> Self {
        let id = Identifier::derived("c", file.id.as_str());
        let mut component = Self::new(id, directory, feature, KeyPath::File(file.id.clone()));
        component.files.push(file);
        component
    }

    /// A component for a registry value, its key path.
    pub fn for_registry(directory: Identifier, feature: Identifier, value: RegistryValue) -> Self {
        let id = Identifier::derived("c", value.id.as_str());
        let mut component = Self::new(id, directory, feature, KeyPath::Registry(value.id.clone()));
        component.registry.push(value);
        component
    }

    /// A component for a folder, its key path.
    pub fn for_folder(feature: Identifier, folder: Folder) -> Self {
        let id = Identifier::derived("c", folder.directory.as_str());
        let mut component = Self::new(id, folder.directory.clone(), feature, KeyPath::Directory);
        component.folders.push(folder);
        component
    }
}

/// A file.
#[derive(Debug)]
pub struct File {
    /// Its key; `[#key]` in formatted text is its path.
    pub id: Identifier,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub content: FileContent,
    /// Version in its version resource. A file without one is told from another by a digest.
    pub version: Option<[u16; 4]>,
    /// Languages of its version resource, as decimal numbers.
    pub language: Option<String>,
    /// Whether it cannot be written to.
    pub read_only: bool,
}

impl File {
    /// A file without version.
    pub fn new(id: Identifier, name: impl Into<String>, content: FileContent) -> Self {
        Self { id, name: name.into(), content, version: None, language: None, read_only: false }
    }
}

/// Opens a file's content.
type Open = dyn Fn() -> io::Result<Box<dyn Read>> + Send + Sync;

/// The bytes of a file; read once, when the cabinet is written.
pub struct FileContent {
    /// Size in bytes.
    pub size: u64,
    open: Box<Open>,
}

impl FileContent {
    /// Bytes held in memory.
    pub fn bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes: Arc<[u8]> = bytes.into();
        let size = bytes.len() as u64;
        Self::opened_by(size, move || Ok(Box::new(io::Cursor::new(Arc::clone(&bytes)))))
    }

    /// A file on this machine.
    ///
    /// # Errors
    /// When its size cannot be found.
    pub fn path(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let size = fs::metadata(&path)?.len();
        Ok(Self::opened_by(size, move || Ok(Box::new(fs::File::open(&path)?))))
    }

    /// `size` bytes from wherever `open` takes them.
    pub fn opened_by(
        size: u64,
        open: impl Fn() -> io::Result<Box<dyn Read>> + Send + Sync + 'static,
    ) -> Self {
        Self { size, open: Box::new(open) }
    }

    /// Opens the content.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read>> {
        (self.open)()
    }
}

impl std::fmt::Debug for FileContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileContent").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Where a registry key begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryRoot {
    /// `HKEY_CLASSES_ROOT`.
    ClassesRoot,
    /// `HKEY_CURRENT_USER`.
    CurrentUser,
    /// `HKEY_LOCAL_MACHINE`.
    LocalMachine,
    /// `HKEY_USERS`.
    Users,
}

impl RegistryRoot {
    pub(crate) fn number(self) -> i32 {
        match self {
            Self::ClassesRoot => 0,
            Self::CurrentUser => 1,
            Self::LocalMachine => 2,
            Self::Users => 3,
        }
    }
}

/// A registry value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryValue {
    /// Its key.
    pub id: Identifier,
    /// Where its path begins.
    pub root: RegistryRoot,
    /// Path of the registry key.
    pub key: String,
    /// Its name; `None`: the key's default value.
    pub name: Option<String>,
    /// Its data.
    pub data: RegistryData,
    /// Who may do what with its key, as SDDL; `None`: as the key above says.
    pub permissions: Option<String>,
}

/// An entry of an INI file, which is made where it is missing. Internet shortcuts are such files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IniEntry {
    /// Its key.
    pub id: Identifier,
    /// Folder of the file.
    pub directory: Identifier,
    /// Name of the file.
    pub file: String,
    /// Section.
    pub section: String,
    /// Name of the entry.
    pub name: String,
    /// Its value; formatted text.
    pub value: String,
}

/// Data of a registry value. Text is formatted: `[PROPERTY]` is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryData {
    /// `REG_SZ`.
    Text(String),
    /// `REG_EXPAND_SZ`.
    Expandable(String),
    /// `REG_DWORD`.
    Number(u32),
    /// `REG_MULTI_SZ`.
    Lines(Vec<String>),
}

impl RegistryData {
    /// The value as the table `Registry` takes it.
    pub(crate) fn to_text(&self) -> String {
        match self {
            // A leading # would mean a type.
            Self::Text(text) if text.starts_with('#') => format!("#{text}"),
            Self::Text(text) => text.clone(),
            Self::Expandable(text) => format!("#%{text}"),
            // The table takes signed numbers.
            Self::Number(number) => format!("#{}", *number as i32),
            Self::Lines(lines) => format!("[~]{}[~]", lines.join("[~]")),
        }
    }
}

/// An environment variable of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentVariable {
    /// Its key.
    pub id: Identifier,
    /// Its name.
    pub name: String,
    /// Its value; formatted text.
    pub value: String,
    /// Whether the value is added to the end of a list, as in `PATH`, and taken out of it again.
    pub append: bool,
}

/// A shortcut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortcut {
    /// Its key.
    pub id: Identifier,
    /// The folder in which it appears.
    pub directory: Identifier,
    /// Its name, without `.lnk`.
    pub name: String,
    /// What it opens; formatted text such as `[#file]`.
    pub target: String,
    /// Arguments.
    pub arguments: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Its icon; one of the package's.
    pub icon: Option<Identifier>,
    /// Folder in which its target starts.
    pub working_directory: Option<Identifier>,
}

/// A folder that is made at installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its key.
    pub directory: Identifier,
    /// Who may do what in it, as SDDL; `None`: as its parent says.
    pub permissions: Option<String>,
}

/// What is deleted besides what was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Its key.
    pub id: Identifier,
    /// The folder, or a property that holds its path.
    pub directory: Identifier,
    /// Name of the files, with `*` and `?`; `None`: the folder itself, if it is empty.
    pub name: Option<String>,
    /// When.
    pub on: RemoveOn,
}

/// A file of the machine that is copied when its component is installed; nothing happens where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCopy {
    /// Its key.
    pub id: Identifier,
    /// The property that holds the file's path.
    pub source: String,
    /// The folder that the copy goes to.
    pub directory: Identifier,
    /// Name of the copy.
    pub name: String,
}

/// When something is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveOn {
    /// When the component is installed.
    Install,
    /// When it is removed.
    Uninstall,
    /// Both.
    Both,
}
