//! A typed description of an installer.

mod action;
mod compile;
mod component;
mod directory;
mod file_name;
mod identifier;
pub(crate) mod sequence;
mod service;
mod version;

pub use action::{ActionKind, CustomAction, Position, Sequence, Step, Timing};
pub use compile::{Compression, Options, Report};
pub use component::{
    Component, EnvironmentVariable, File, FileContent, FileCopy, Folder, IniEntry, KeyPath, RegistryData,
    RegistryRoot, RegistryValue, Removal, RemoveOn, Shortcut,
};
pub use directory::{Directory, INSTALLDIR, STANDARD_FOLDERS};
pub use file_name::check as check_file_name;
pub use identifier::Identifier;
pub use service::{ExistingService, FailureActions, Service, ServiceSid, ServiceStart};
pub use version::ProductVersion;

use crate::{Codepage, Guid};

/// A product to be installed for all users of a machine.
#[derive(Debug)]
pub struct Package {
    /// Name of the product; at most 63 characters appear everywhere.
    pub name: String,
    /// Who makes it.
    pub manufacturer: String,
    /// Its version.
    pub version: ProductVersion,
    /// Language as a Windows language identifier; 1033 is American English.
    pub language: u16,
    /// Machines that it is for.
    pub architecture: Architecture,
    /// How text is encoded; `None`: Windows-1252 where it suffices, else UTF-8.
    pub codepage: Option<Codepage>,
    /// What all versions of the product share.
    pub upgrade_code: Guid,
    /// What no two versions share; `None`: derived from the upgrade code and everything in the package.
    pub product_code: Option<Guid>,
    /// What it installs, in a sentence, for whoever looks at the file's properties.
    pub comments: String,
    /// Time of everything in the package, in seconds since 1970.
    pub epoch: i64,
    /// Folders besides the standard ones.
    pub directories: Vec<Directory>,
    /// Features; at least one.
    pub features: Vec<Feature>,
    /// Components; at least one.
    pub components: Vec<Component>,
    /// Properties besides those that the description gives elsewhere.
    pub properties: Vec<Property>,
    /// Values of the registry that are read before anything else.
    pub searches: Vec<Search>,
    /// Actions of its own.
    pub actions: Vec<CustomAction>,
    /// What must hold before anything is changed.
    pub launch_conditions: Vec<LaunchCondition>,
    /// How it replaces other versions; `None`: it lies beside them.
    pub upgrade: Option<MajorUpgrade>,
    /// Icons.
    pub icons: Vec<Icon>,
    /// Dialogs; `None`: only the progress that Windows itself shows.
    pub interface: Option<crate::Interface>,
}

impl Package {
    /// A product for x64, in English, without anything in it: folders, features and components are to be added.
    pub fn new(name: &str, manufacturer: &str, version: ProductVersion, upgrade_code: Guid) -> Self {
        Self {
            name: name.to_owned(),
            manufacturer: manufacturer.to_owned(),
            version,
            language: 1033,
            architecture: Architecture::X64,
            codepage: None,
            upgrade_code,
            product_code: None,
            comments: String::new(),
            // Cabinets know no earlier time than 1980.
            epoch: 315_532_800,
            directories: Vec::new(),
            features: Vec::new(),
            components: Vec::new(),
            properties: Vec::new(),
            searches: Vec::new(),
            actions: Vec::new(),
            launch_conditions: Vec::new(),
            upgrade: Some(MajorUpgrade {
                schedule: RemoveOld::Last,
                downgrade_message: "A newer version of [ProductName] is installed already.".to_owned(),
                same_version: true,
            }),
            icons: Vec::new(),
            interface: None,
        }
    }
}

/// Machines that a package is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// AMD64.
    X64,
    /// 64-bit ARM.
    Arm64,
}

impl Architecture {
    /// How the summary information names it.
    pub fn template(self) -> &'static str {
        match self {
            Self::X64 => "x64",
            Self::Arm64 => "Arm64",
        }
    }
}

/// A part of a product that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its key; at most 38 characters.
    pub id: Identifier,
    /// The feature that it is a part of.
    pub parent: Option<Identifier>,
    /// Its name for people.
    pub title: String,
    /// What it brings.
    pub description: String,
    /// Whether it can be left out.
    pub optional: bool,
    /// Whether it is installed unless somebody asks for it.
    pub on_by_default: bool,
}

impl Feature {
    /// A feature that is always installed.
    pub fn required(id: Identifier, title: &str) -> Self {
        Self {
            id,
            parent: None,
            title: title.to_owned(),
            description: String::new(),
            optional: false,
            on_by_default: true,
        }
    }
}

/// A property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its name; in upper case for one that can be given on the command line.
    pub name: String,
    /// Its value, or with `remembered` the value where none is given and none is remembered (formatted text).
    pub value: Option<String>,
    /// Whether one that was given reaches the part of the installation that runs as LocalSystem.
    pub secure: bool,
    /// Whether its value stays out of logs.
    pub hidden: bool,
    /// The registry value from which it is taken where none is given: the package writes it itself. It makes upgrades
    /// and repairs keep what was once chosen.
    pub remembered: Option<RegistryPlace>,
}

impl Property {
    /// A property with a fixed value.
    pub fn fixed(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Some(value.into()), secure: false, hidden: false, remembered: None }
    }
}

/// A registry value of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryPlace {
    /// Path of the key below `HKEY_LOCAL_MACHINE`.
    pub key: String,
    /// Name of the value; `None`: the key's default value.
    pub name: Option<String>,
}

/// Reads a registry value into a property; numbers come as `#1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The property.
    pub property: String,
    /// The value.
    pub place: RegistryPlace,
    /// Whether it stays out of logs.
    pub hidden: bool,
}

/// What must hold before anything is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchCondition {
    /// The condition.
    pub condition: String,
    /// What is said where it does not hold; formatted text.
    pub message: String,
}

/// How a package replaces other versions of its product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MajorUpgrade {
    /// When the old version is removed.
    pub schedule: RemoveOld,
    /// What is said where a newer version is installed.
    pub downgrade_message: String,
    /// Whether a package of the same version but with other content is replaced too; else both would be installed.
    pub same_version: bool,
}

/// When an upgrade removes the old version. Whichever it is, a failed upgrade brings it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveOld {
    /// Before the new one is installed: everything of the old one goes first, its services with their settings too.
    First,
    /// After the new one is installed: what both have stays in place, such as a registered service; only what the
    /// new one lacks is removed. Components must keep their identity, which those with a derived GUID do.
    Last,
}

/// An icon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Icon {
    /// Its key; with the ending `.ico`, or `.exe` for an executable file's.
    pub id: Identifier,
    /// An `.ico` file's bytes.
    pub bytes: Vec<u8>,
    /// Whether it stands for the product in the list of installed programs.
    pub of_product: bool,
}
