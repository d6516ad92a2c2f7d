#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod error;
mod headers;
mod icon;
mod manifest;
mod patch;
mod tree;
mod version;

use std::io::{Read, Seek};

pub use error::Error;
pub use icon::Icon;
pub use manifest::Manifest;
pub use patch::Patch;
pub use tree::{Name, Resource};
pub use version::Version;

/// What functions of this crate answer.
pub type Result<T> = std::result::Result<T, Error>;

/// Kinds of resources (`RT_` of winuser.h).
pub mod kind {
    /// One image of an icon.
    pub const ICON: u16 = 3;
    /// The list of an icon's images.
    pub const GROUP_ICON: u16 = 14;
    /// The version.
    pub const VERSION: u16 = 16;
    /// The application manifest.
    pub const MANIFEST: u16 = 24;
}

/// What a program gets. What it had of the same kind goes; a manifest that asks for an administrator's rights stays.
#[derive(Debug, Clone, Default)]
pub struct Resources {
    /// Version and names, as the properties of the file show them.
    pub version: Option<Version>,
    /// What the program wants of Windows.
    pub manifest: Option<Manifest>,
    /// Its icon.
    pub icon: Option<Icon>,
}

/// What installers compare to tell whether a program is newer than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileVersion {
    /// The version.
    pub number: [u16; 4],
    /// The version's language (`LANGID`).
    pub language: u16,
}

/// A program, described.
#[derive(Debug, Clone)]
pub struct Program {
    /// `Machine` of the header: 0x8664 is x64, 0xAA64 Arm64.
    pub machine: u16,
    /// `Subsystem`: 2 has windows, 3 a console.
    pub subsystem: u16,
    /// Whether a signature stands at its end.
    pub signed: bool,
    /// Name, size in memory and size in the file of each section.
    pub sections: Vec<(String, u32, u32)>,
    /// Its resources.
    pub resources: Vec<Resource>,
}

impl Program {
    /// Reads a program.
    ///
    /// # Errors
    /// [`Error::Malformed`] where it is none or damaged.
    pub fn read(mut input: impl Read + Seek) -> Result<Self> {
        let headers = headers::Headers::read(&mut input)?;
        let sections = headers.sections.iter();
        Ok(Self {
            machine: headers.machine,
            subsystem: headers.subsystem,
            signed: headers.security.1 != 0,
            sections: sections.map(|s| (s.name.clone(), s.virtual_size, s.raw_size)).collect(),
            resources: tree::read(&mut input, &headers)?,
        })
    }

    /// The version, where it has one.
    pub fn version(&self) -> Option<Version> {
        version(&self.resources)
    }

    /// What installers compare, where it has a version.
    pub fn file_version(&self) -> Option<FileVersion> {
        file_version(&self.resources)
    }

    /// Text of the manifest, where it has one.
    pub fn manifest(&self) -> Option<String> {
        let manifest = find(&self.resources, kind::MANIFEST);
        manifest.map(|resource| String::from_utf8_lossy(&resource.data).into_owned())
    }
}

fn find(resources: &[Resource], kind: u16) -> Option<&Resource> {
    resources.iter().find(|resource| resource.kind == Name::Number(kind))
}

fn version(resources: &[Resource]) -> Option<Version> {
    find(resources, kind::VERSION).and_then(|resource| Version::parse(&resource.data))
}

fn file_version(resources: &[Resource]) -> Option<FileVersion> {
    let language = find(resources, kind::VERSION)?.language;
    version(resources).map(|version| FileVersion { number: version.number, language })
}
