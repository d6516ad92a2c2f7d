//! Components and their files, registry values, variables, shortcuts and folders.

use crate::installer::directory::Folders;
use crate::installer::file_name::{ShortNames, fold};
use crate::installer::{Component, File, Identifier, KeyPath, Package, RegistryValue, Removal, RemoveOn};
use crate::{Database, Error, Guid, Value, row};

/// Namespace of components whose GUID derives from what they install.
const COMPONENTS: Guid =
    Guid([0xC5, 0x0E, 0x2F, 0x9D, 0x77, 0x61, 0x4A, 0x0B, 0x8E, 0x15, 0xA2, 0x4B, 0x6D, 0x3C, 0x90, 0xF7]);

// Bits of Component.Attributes.
const REGISTRY_KEY_PATH: i32 = 4;
const PERMANENT: i32 = 16;
const NEVER_OVERWRITE: i32 = 128;
const IS_64_BIT: i32 = 256;

// Bits of File.Attributes.
const READ_ONLY: i32 = 1;
const VITAL: i32 = 512;

impl Component {
    pub(super) fn check(&self) -> Result<(), Error> {
        let id = &self.id;
        if self.features.is_empty() {
            return Err(Error::Invalid(format!("the component {id} belongs to no feature")));
        }
        let found = match &self.key {
            KeyPath::Directory => true,
            KeyPath::File(key) => self.files.iter().any(|file| file.id == *key),
            KeyPath::Registry(key) => self.registry.iter().any(|value| value.id == *key),
        };
        if !found {
            return Err(Error::Invalid(format!(
                "the key path of the component {id} is not among what it installs"
            )));
        }
        if !self.services.is_empty() && !matches!(self.key, KeyPath::File(_)) {
            return Err(Error::Invalid(format!(
                "the key path of the component {id} must be the program of its service"
            )));
        }
        Ok(())
    }

    /// What the key path names, the same in every version.
    fn resource(&self, folders: &Folders<'_>) -> Result<String, Error> {
        let directory = folders.stable_path(self.directory.as_str())?;
        let file = |key: &Identifier| self.files.iter().find(|file| file.id == *key);
        let value = |key: &Identifier| self.registry.iter().find(|value| value.id == *key);
        Ok(match &self.key {
            KeyPath::Directory => format!("{directory}\\"),
            KeyPath::File(key) => format!("{directory}\\{}", file(key).map_or("", |file| &file.name)),
            KeyPath::Registry(key) => value(key).map(registry_path).unwrap_or_default(),
        })
    }
}

fn registry_path(value: &RegistryValue) -> String {
    format!("{}:{}\\{}", value.root.number(), value.key, value.name.as_deref().unwrap_or_default())
}

impl Package {
    pub(super) fn add_components(&self, folders: &Folders<'_>, database: &mut Database) -> Result<(), Error> {
        let mut short_names = folders.short_names(&self.components)?;
        // Folders' names come first, as in the table of folders.
        for directory in folders.own() {
            let path = fold(&folders.path(directory.parent.as_str())?);
            short_names.entry(path).or_default().entry(&directory.name);
        }
        let mut sequence = 0;
        for component in &self.components {
            self.add_component(component, folders, database)?;
            let path = fold(&folders.path(component.directory.as_str())?);
            let names = short_names.entry(path).or_default();
            for file in &component.files {
                sequence += 1;
                add_file(component, file, sequence, names, database)?;
            }
            for value in &component.registry {
                if let Some(permissions) = &value.permissions {
                    let id = Identifier::derived("acl", value.id.as_str());
                    let row = row![&id, &value.id, "Registry", permissions, Value::Null];
                    database.insert("MsiLockPermissionsEx", row)?;
                }
                let data = Value::from(value.data.to_text());
                database.insert(
                    "Registry",
                    row![
                        &value.id,
                        value.root.number(),
                        &value.key,
                        value.name.as_ref(),
                        data,
                        &component.id
                    ],
                )?;
            }
            add_environment(component, database)?;
            add_folders(component, database)?;
            for removal in &component.removals {
                let path = folders.path(removal.directory.as_str()).map(|path| fold(&path));
                let names = short_names.entry(path.unwrap_or_default()).or_default();
                add_removal(component, removal, names, database)?;
            }
            for copy in &component.copies {
                let path = fold(&folders.path(copy.directory.as_str())?);
                let name = short_names.entry(path).or_default().entry(&copy.name);
                // 0: the source stays.
                let row = row![&copy.id, &component.id, Value::Null, name, &copy.source, &copy.directory, 0];
                database.insert("MoveFile", row)?;
            }
            for entry in &component.ini_entries {
                let path = fold(&folders.path(entry.directory.as_str())?);
                let file = short_names.entry(path).or_default().entry(&entry.file);
                // 0: the entry is made or replaced.
                let (section, name, value) = (&entry.section, &entry.name, &entry.value);
                let row = row![&entry.id, file, &entry.directory, section, name, value, 0, &component.id];
                database.insert("IniFile", row)?;
            }
            for shortcut in &component.shortcuts {
                let path = fold(&folders.path(shortcut.directory.as_str())?);
                let name = short_names.entry(path).or_default().entry(&shortcut.name);
                let null = Value::Null;
                database.insert(
                    "Shortcut",
                    row![
                        &shortcut.id,
                        &shortcut.directory,
                        name,
                        &component.id,
                        &shortcut.target,
                        shortcut.arguments.as_ref(),
                        shortcut.description.as_ref(),
                        null.clone(),
                        shortcut.icon.as_ref(),
                        shortcut.icon.as_ref().map(|_| 0),
                        1,
                        shortcut.working_directory.as_ref(),
                        null.clone(),
                        null.clone(),
                        null.clone(),
                        null
                    ],
                )?;
            }
        }
        Ok(())
    }

    fn add_component(
        &self,
        component: &Component,
        folders: &Folders<'_>,
        database: &mut Database,
    ) -> Result<(), Error> {
        let guid = match component.guid {
            Some(guid) => guid,
            // Windows does not tell names by case, and both views of the registry differ.
            None => Guid::derived(COMPONENTS, &format!("64-bit {}", fold(&component.resource(folders)?))),
        };
        let (key, kind) = match &component.key {
            KeyPath::Directory => (None, 0),
            KeyPath::File(key) => (Some(key), 0),
            KeyPath::Registry(key) => (Some(key), REGISTRY_KEY_PATH),
        };
        let attributes = IS_64_BIT
            | kind
            | if component.permanent { PERMANENT } else { 0 }
            | if component.never_overwrite { NEVER_OVERWRITE } else { 0 };
        database.insert(
            "Component",
            row![
                &component.id,
                guid.to_string(),
                &component.directory,
                attributes,
                component.condition.as_ref(),
                key
            ],
        )?;
        for feature in &component.features {
            database.insert("FeatureComponents", row![feature, &component.id])?;
        }
        Ok(())
    }
}

fn add_file(
    component: &Component,
    file: &File,
    sequence: i32,
    names: &mut ShortNames,
    database: &mut Database,
) -> Result<(), Error> {
    let version = file.version.map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}"));
    let attributes = VITAL | if file.read_only { READ_ONLY } else { 0 };
    database.insert(
        "File",
        row![
            &file.id,
            &component.id,
            names.entry(&file.name),
            // Checked against 2 GiB before.
            file.content.size as i32,
            version,
            file.language.as_ref(),
            attributes,
            sequence
        ],
    )
}

fn add_environment(component: &Component, database: &mut Database) -> Result<(), Error> {
    for variable in &component.environment {
        // `=`: set, `-`: taken back at removal, `*`: of the machine.
        let name = format!("=-*{}", variable.name);
        let value = if variable.append { format!("[~];{}", variable.value) } else { variable.value.clone() };
        database.insert("Environment", row![&variable.id, name, value, &component.id])?;
    }
    Ok(())
}

fn add_folders(component: &Component, database: &mut Database) -> Result<(), Error> {
    for folder in &component.folders {
        database.insert("CreateFolder", row![&folder.directory, &component.id])?;
        if let Some(permissions) = &folder.permissions {
            let id = Identifier::derived("acl", folder.directory.as_str());
            database.insert(
                "MsiLockPermissionsEx",
                row![&id, &folder.directory, "CreateFolder", permissions, Value::Null],
            )?;
        }
    }
    Ok(())
}

fn add_removal(
    component: &Component,
    removal: &Removal,
    names: &mut ShortNames,
    database: &mut Database,
) -> Result<(), Error> {
    let name = removal.name.as_ref().map(|name| match name.contains(['*', '?']) {
        true => name.clone(),
        false => names.entry(name),
    });
    let mode = match removal.on {
        RemoveOn::Install => 1,
        RemoveOn::Uninstall => 2,
        RemoveOn::Both => 3,
    };
    database.insert("RemoveFile", row![&removal.id, &component.id, name, &removal.directory, mode])
}
