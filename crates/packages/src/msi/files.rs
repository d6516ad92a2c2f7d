//! Where files land, and the components that bring them.

use std::collections::BTreeSet;

use landfall_msi::installer::{
    Component, Directory, File, FileContent, Folder, INSTALLDIR, Identifier, Package, check_file_name,
};
use landfall_payload::{Content, Entry, EntryKind, Format, Payload, Role};

use super::{error, inexpressible};
use crate::Error;

/// Key of the folder below `ProgramData`.
pub(super) const DATA: &str = "DATADIR";
/// Key of the only feature.
pub(super) const FEATURE: &str = "Main";

/// The payload's folders that lie below `ProgramData`, each with its name there.
const BELOW_DATA: [(&str, &str); 5] =
    [("config", ""), ("state", "state"), ("logs", "logs"), ("cache", "cache"), ("runtime", "run")];

/// An identifier that is known to be one.
pub(super) fn id(text: &str) -> Result<Identifier, Error> {
    Identifier::new(text).map_err(error)
}

/// A place on the machine: one of the two folders, and the names below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    root: &'static str,
    names: Vec<String>,
}

impl Place {
    /// Where a path of the payload lands.
    fn of(path: &str) -> Self {
        let mut names: Vec<String> =
            path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let data = names.first().and_then(|first| BELOW_DATA.iter().find(|(name, _)| name == first));
        let root = match data {
            Some((_, name)) => {
                names.remove(0);
                if !name.is_empty() {
                    names.insert(0, (*name).to_owned());
                }
                DATA
            }
            None => INSTALLDIR,
        };
        Self { root, names }
    }

    /// A place below `ProgramData`, by the names that lead to it.
    pub(super) fn below_data(names: &[&str]) -> Self {
        Self { root: DATA, names: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// The key of this folder; added to the package with those above it.
    pub(super) fn directory(&self, package: &mut Package) -> Result<Identifier, Error> {
        let mut current = id(self.root)?;
        for depth in 1..=self.names.len() {
            let name = &self.names[depth - 1];
            check_file_name(name).map_err(error)?;
            let path = format!("{}\\{}", self.root, self.names[..depth].join("\\").to_uppercase());
            let key = Identifier::derived("d", &path);
            if !package.directories.iter().any(|directory| directory.id == key) {
                let directory = Directory { id: key.clone(), parent: current, name: name.clone() };
                package.directories.push(directory);
            }
            current = key;
        }
        Ok(current)
    }

    /// The folder and the last name.
    fn split(mut self) -> Option<(Self, String)> {
        let name = self.names.pop()?;
        Some((self, name))
    }
}

/// The key of the file that lands where `path` of the payload says.
pub(super) fn file_id(path: &str) -> Identifier {
    Identifier::derived("f", &path.to_lowercase())
}

/// Adds the two folders of the product, and everything that lands in them.
pub(super) fn add(payload: &Payload, package: &mut Package) -> Result<(), Error> {
    let name = &payload.product.name;
    for (key, parent) in [(INSTALLDIR, "ProgramFiles64Folder"), (DATA, "CommonAppDataFolder")] {
        package.directories.push(Directory { id: id(key)?, parent: id(parent)?, name: name.clone() });
    }
    // Manual pages are read by a program that Windows lacks.
    let entries: Vec<&Entry> =
        payload.entries(Format::Msi).filter(|entry| entry.role != Role::ManualPage).collect();
    let occupied: BTreeSet<&str> =
        entries.iter().filter_map(|entry| entry.path.rsplit_once('/')).map(|(folder, _)| folder).collect();
    for entry in &entries {
        match &entry.kind {
            EntryKind::File(content) => {
                let component = file(entry, content, package)?;
                package.components.push(component);
            }
            EntryKind::Directory if !occupied.contains(entry.path.as_str()) => {
                let place = Place::of(&entry.path);
                // What is below ProgramData is the service's, which brings its folders itself.
                if place.root == INSTALLDIR && !place.names.is_empty() {
                    let directory = place.directory(package)?;
                    let folder = Folder { directory, permissions: None };
                    package.components.push(Component::for_folder(id(FEATURE)?, folder));
                }
            }
            EntryKind::Directory | EntryKind::Ghost => {}
            EntryKind::Symlink(target) => {
                return Err(inexpressible(format!(
                    "the symbolic link {} to {target}; leave it out for this format with `except = [\"msi\"]`",
                    entry.path
                )));
            }
        }
    }
    Ok(())
}

fn file(entry: &Entry, content: &Content, package: &mut Package) -> Result<Component, Error> {
    let place = Place::of(&entry.path);
    let (folder, name) = place.split().ok_or_else(|| inexpressible(format!("the path {:?}", entry.path)))?;
    let directory = folder.directory(package)?;
    let source = content.clone();
    let bytes = FileContent::opened_by(content.size(), move || Ok(source.open()?));
    let mut file = File::new(file_id(&entry.path), name, bytes);
    if let Some(version) = content.windows_version()? {
        file.version = Some(version.number);
        file.language = Some(version.language.to_string());
    }
    let mut component = Component::for_file(directory, id(FEATURE)?, file);
    if entry.role == Role::Config {
        // Whoever edited it keeps it, through upgrade, repair and removal.
        component.permanent = true;
        component.never_overwrite = true;
    }
    Ok(component)
}
