//! From the description to the database.

mod cabinet;
mod components;
mod properties;
mod sequences;
mod services;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use sha1::{Digest, Sha1};

pub use cabinet::Compression;

use super::directory::{Folders, ROOT};
use super::{Component, INSTALLDIR, Package};
use crate::compound::Content;
use crate::{Codepage, Database, Error, Guid, Summary, Value, row};

/// Namespace of identifiers that are derived from what a package contains.
const CONTENT: Guid =
    Guid([0x3A, 0x6C, 0x1E, 0x52, 0x0B, 0x8D, 0x4F, 0x0E, 0x9A, 0x77, 0x51, 0x2C, 0xD9, 0x40, 0x6E, 0xB3]);
/// Longest name of a product or manufacturer that Windows shows in full.
const LONGEST_NAME: usize = 63;
/// Windows Installer 5.0: service configuration and permissions as SDDL.
const SCHEMA: i32 = 500;

/// How to write a package.
pub struct Options<'a> {
    /// Compression of the cabinet.
    pub compression: Compression,
    /// How many threads compress; does not change the bytes.
    pub threads: usize,
    /// Folder for the cabinet while it is made.
    pub scratch: PathBuf,
    /// Name of the program that compiles, for the file's properties.
    pub application: String,
    /// Told now and then how many more bytes of content have been packed.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

impl Default for Options<'_> {
    /// MSZIP at level 6 on one thread, in the system's folder for temporary files.
    fn default() -> Self {
        Self {
            compression: Compression::Mszip { level: 6 },
            threads: 1,
            scratch: std::env::temp_dir(),
            application: env!("CARGO_PKG_NAME").to_owned(),
            progress: &|_| {},
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The product code.
    pub product_code: Guid,
    /// The package code.
    pub package_code: Guid,
}

impl Package {
    /// The database without the content of files: product code, digests and cabinet are empty. Everything that can be
    /// wrong with the description shows here.
    ///
    /// # Errors
    /// When the description contradicts itself, breaks a rule, or exceeds a limit.
    pub fn database(&self) -> Result<Database, Error> {
        // Names first: of two that differ in case alone it says more than of their keys.
        let folders = Folders::new(&self.directories, &self.components)?;
        self.check()?;
        let mut database = Database::new(Codepage::Utf8);
        self.add_directories(&folders, &mut database)?;
        self.add_features(&mut database)?;
        self.add_components(&folders, &mut database)?;
        self.add_services(&mut database)?;
        self.add_properties(&mut database)?;
        self.add_icons(&mut database)?;
        if let Some(interface) = &self.interface {
            interface.add(self, &mut database)?;
        }
        self.add_sequences(&mut database)?;
        self.add_media(&mut database)?;
        database.codepage = self.codepage.unwrap_or_else(|| smallest_codepage(&database));
        database.summary = self.summary(database.codepage);
        database.check()?;
        Ok(database)
    }

    /// Writes the package.
    ///
    /// # Errors
    /// As [`Package::database`]; when content cannot be read or the output cannot be written; when the package would
    /// exceed 2 GiB.
    pub fn write(&self, options: &Options<'_>, output: impl Write) -> Result<Report, Error> {
        let mut database = self.database()?;
        let spooled = cabinet::spool(self, options)?;
        self.add_hashes(&spooled.digests, &mut database)?;

        // Everything in the package but what is derived from it.
        let mut content = Sha1::new();
        content.update(format!("{database:?}"));
        content.update(spooled.digest);
        let content: String = content.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("product {} {} {content}", self.upgrade_code, self.version);
        let product_code = self.product_code.unwrap_or_else(|| Guid::derived(CONTENT, &name));
        let package_code = Guid::derived(CONTENT, &format!("package {product_code} {content}"));

        database.insert("Property", row!["ProductCode", product_code.to_string()])?;
        database.summary.revision = package_code.to_string();
        database.summary.application.clone_from(&options.application);
        if let Some(file) = spooled.file {
            database.add_stream(cabinet::STREAM, Content::File(file));
        }
        database.write(output)?;
        Ok(Report { product_code, package_code })
    }

    fn check(&self) -> Result<(), Error> {
        for (what, name) in [("product's name", &self.name), ("manufacturer's name", &self.manufacturer)] {
            if name.is_empty() || name.chars().count() > LONGEST_NAME {
                return Err(Error::Limit(format!(
                    "the {what} {name:?} must have 1 to {LONGEST_NAME} characters"
                )));
            }
        }
        if self.features.is_empty() || self.components.is_empty() {
            return Err(Error::Invalid("a package needs at least one feature and one component".into()));
        }
        let mut files = BTreeSet::new();
        for file in self.components.iter().flat_map(|component| &component.files) {
            // Cabinets do not tell names by case.
            if !files.insert(file.id.as_str().to_ascii_uppercase()) {
                return Err(Error::Invalid(format!("two files have the key {}", file.id)));
            }
            if file.content.size > crate::compound::LARGEST {
                return Err(Error::Limit(format!(
                    "{} has {} bytes; a package holds files of at most 2 GiB",
                    file.name, file.content.size
                )));
            }
        }
        self.components.iter().try_for_each(Component::check)
    }

    fn add_directories(&self, folders: &Folders<'_>, database: &mut Database) -> Result<(), Error> {
        database.insert("Directory", row![ROOT, Value::Null, "SourceDir"])?;
        let shortcuts = self.components.iter().flat_map(|component| &component.shortcuts);
        let programs = self.actions.iter().filter_map(|action| match &action.kind {
            super::ActionKind::RunProgram { directory, .. } => Some(directory.as_str()),
            _ => None,
        });
        let others = self.components.iter().map(|component| component.directory.as_str());
        let others = others.chain(shortcuts.map(|shortcut| shortcut.directory.as_str())).chain(programs);
        for (id, name, _) in folders.standard_used(others) {
            database.insert("Directory", row![*id, ROOT, *name])?;
        }
        let mut short = folders.short_names(&self.components)?;
        for directory in folders.own() {
            let path = super::file_name::fold(&folders.path(directory.parent.as_str())?);
            let name = short.entry(path).or_default().entry(&directory.name);
            database.insert("Directory", row![&directory.id, &directory.parent, name])?;
        }
        Ok(())
    }

    fn add_features(&self, database: &mut Database) -> Result<(), Error> {
        // Bits: not advertised; cannot be left out.
        const NO_ADVERTISING: i32 = 8;
        const REQUIRED: i32 = 16;
        let selectable = self.directories.iter().any(|directory| directory.id.as_str() == INSTALLDIR);
        for (place, feature) in (1..).zip(&self.features) {
            let attributes = NO_ADVERTISING | if feature.optional { 0 } else { REQUIRED };
            let level = if feature.on_by_default { 1 } else { 200 };
            database.insert(
                "Feature",
                row![
                    &feature.id,
                    feature.parent.as_ref(),
                    &feature.title,
                    &feature.description,
                    place * 2,
                    level,
                    selectable.then_some(INSTALLDIR),
                    attributes
                ],
            )?;
        }
        Ok(())
    }

    fn add_icons(&self, database: &mut Database) -> Result<(), Error> {
        for icon in &self.icons {
            database.insert("Icon", row![&icon.id, Value::Stream])?;
            database.add_stream(format!("Icon.{}", icon.id), Content::Bytes(icon.bytes.clone()));
            if icon.of_product {
                database.insert("Property", row!["ARPPRODUCTICON", &icon.id])?;
            }
        }
        Ok(())
    }

    fn summary(&self, codepage: Codepage) -> Summary {
        Summary {
            codepage: codepage.number(),
            title: "Installation Database".into(),
            subject: self.name.clone(),
            author: self.manufacturer.clone(),
            keywords: "Installer".into(),
            comments: self.comments.clone(),
            template: format!("{};{}", self.architecture.template(), self.language),
            revision: String::new(),
            application: String::new(),
            created: Some(self.epoch),
            saved: Some(self.epoch),
            schema: Some(SCHEMA),
            // Long names, compressed; needs elevation.
            source: Some(2),
            security: Some(2),
        }
    }
}

/// Windows-1252 where it has every character.
fn smallest_codepage(database: &Database) -> Codepage {
    let mut values = database.tables().flat_map(|table| table.rows.iter().flatten());
    match values.all(|value| Codepage::Windows1252.encode(value.text()).is_some()) {
        true => Codepage::Windows1252,
        false => Codepage::Utf8,
    }
}
