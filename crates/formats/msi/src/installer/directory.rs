//! Folders.

use std::collections::{BTreeMap, BTreeSet};

use super::file_name::{self, ShortNames, fold};
use super::{Component, Identifier};
use crate::Error;

/// Key of the folder that people may choose.
pub const INSTALLDIR: &str = "INSTALLDIR";

/// Longest path in UTF-16 units that Windows Installer handles.
const LONGEST_PATH: usize = 259;

/// Key of the folder above all others.
pub(crate) const ROOT: &str = "TARGETDIR";

/// The folders that Windows itself names by a property: their keys, their names in an administrative image, and where
/// they usually are.
pub const STANDARD_FOLDERS: [(&str, &str, &str); 9] = [
    ("CommonAppDataFolder", "AppData", r"C:\ProgramData"),
    ("CommonFiles64Folder", "CFiles64", r"C:\Program Files\Common Files"),
    ("DesktopFolder", "Desktop", r"C:\Users\Public\Desktop"),
    ("ProgramFiles64Folder", "PFiles64", r"C:\Program Files"),
    ("ProgramMenuFolder", "PMenu", r"C:\ProgramData\Microsoft\Windows\Start Menu\Programs"),
    ("StartupFolder", "Startup", r"C:\ProgramData\Microsoft\Windows\Start Menu\Programs\StartUp"),
    ("System64Folder", "System64", r"C:\Windows\System32"),
    ("WindowsFolder", "Windows", r"C:\Windows"),
    ("WindowsVolume", "WinVol", r"C:"),
];

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its key; in upper case for one that can be given on the command line.
    pub id: Identifier,
    /// The folder it is in: another one of the package or a standard one.
    pub parent: Identifier,
    /// Its name.
    pub name: String,
}

/// The folders of a package with their paths.
#[derive(Debug)]
pub(crate) struct Folders<'p> {
    by_id: BTreeMap<&'p str, &'p Directory>,
}

impl<'p> Folders<'p> {
    /// Checks that the folders make a tree, and all names in it.
    pub(crate) fn new(directories: &'p [Directory], components: &[Component]) -> Result<Self, Error> {
        let mut by_id = BTreeMap::new();
        for directory in directories {
            file_name::check(&directory.name)?;
            let id = directory.id.as_str();
            if standard(id).is_some() || id == ROOT {
                return Err(Error::Invalid(format!("{id} is a folder of Windows; choose another key")));
            }
            if by_id.insert(id, directory).is_some() {
                return Err(Error::Invalid(format!("two folders have the key {id}")));
            }
        }
        let folders = Self { by_id };
        for directory in directories {
            folders.path(directory.id.as_str())?;
        }
        for component in components {
            folders.path(component.directory.as_str())?;
        }
        folders.check_names(components)?;
        Ok(folders)
    }

    /// The path of a folder where it usually is, with the standard folder's key in place of its path: the same on
    /// every machine.
    pub(crate) fn stable_path(&self, id: &str) -> Result<String, Error> {
        self.join(id, |standard| standard.0)
    }

    /// The path of a folder where it usually is.
    pub(crate) fn path(&self, id: &str) -> Result<String, Error> {
        self.join(id, |standard| standard.2)
    }

    fn join(
        &self,
        id: &str,
        root: impl Fn(&'static (&'static str, &'static str, &'static str)) -> &'static str,
    ) -> Result<String, Error> {
        let mut names = Vec::new();
        let mut current = id;
        while let Some(directory) = self.by_id.get(current) {
            names.push(directory.name.as_str());
            current = directory.parent.as_str();
            if names.len() > self.by_id.len() {
                return Err(Error::Invalid(format!("the folders above {id} run in a circle")));
            }
        }
        match standard(current) {
            Some(standard) => names.push(root(standard)),
            None if current == ROOT => names.push(ROOT),
            None => return Err(Error::Invalid(format!("there is no folder {current}, but {id} needs it"))),
        }
        names.reverse();
        Ok(names.join("\\"))
    }

    /// Names within a folder must differ in more than case, and paths must not be too long.
    fn check_names(&self, components: &[Component]) -> Result<(), Error> {
        let mut names: BTreeSet<(String, String)> = BTreeSet::new();
        let mut add = |folder: &str, name: &str| {
            let path = self.path(folder)?;
            let length = path.encode_utf16().count() + 1 + name.encode_utf16().count();
            if length > LONGEST_PATH {
                return Err(Error::Limit(format!(
                    "{path}\\{name} has {length} characters; Windows Installer handles paths of at most {LONGEST_PATH}"
                )));
            }
            if !names.insert((fold(&path), fold(name))) {
                return Err(Error::Invalid(format!(
                    "two things are called {name} in {path}; Windows does not tell names by case"
                )));
            }
            Ok(())
        };
        for directory in self.by_id.values() {
            add(directory.parent.as_str(), &directory.name)?;
        }
        for component in components {
            for file in &component.files {
                file_name::check(&file.name)?;
                add(component.directory.as_str(), &file.name)?;
            }
        }
        Ok(())
    }

    /// Short forms of the names in each folder, by the folder's path.
    pub(crate) fn short_names(
        &self,
        components: &[Component],
    ) -> Result<BTreeMap<String, ShortNames>, Error> {
        let mut names: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for directory in self.by_id.values() {
            names.entry(fold(&self.path(directory.parent.as_str())?)).or_default().push(&directory.name);
        }
        for component in components {
            let path = fold(&self.path(component.directory.as_str())?);
            let names = names.entry(path).or_default();
            names.extend(component.files.iter().map(|file| file.name.as_str()));
            for shortcut in &component.shortcuts {
                self.path(shortcut.directory.as_str())?;
            }
        }
        Ok(names.into_iter().map(|(path, names)| (path, ShortNames::new(names))).collect())
    }

    /// The standard folders that are used.
    pub(crate) fn standard_used<'k>(
        &'k self,
        others: impl Iterator<Item = &'k str>,
    ) -> Vec<&'static (&'static str, &'static str, &'static str)> {
        let used: BTreeSet<&str> =
            self.by_id.values().map(|directory| directory.parent.as_str()).chain(others).collect();
        STANDARD_FOLDERS.iter().filter(|(id, ..)| used.contains(id)).collect()
    }

    /// The package's own folders, by key.
    pub(crate) fn own(&self) -> impl Iterator<Item = &'p Directory> {
        self.by_id.values().copied()
    }
}

fn standard(id: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    STANDARD_FOLDERS.iter().find(|(standard, ..)| *standard == id)
}
