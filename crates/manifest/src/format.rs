//! Package formats and the selectors that name them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A package format that Landfall writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// Debian package.
    #[serde(rename = "deb")]
    Deb,
    /// RPM package.
    #[serde(rename = "rpm")]
    Rpm,
    /// Alpine package.
    #[serde(rename = "apk")]
    Apk,
    /// Arch Linux package.
    #[serde(rename = "arch")]
    Arch,
    /// Windows Installer package.
    #[serde(rename = "msi")]
    Msi,
    /// Tar archive compressed with gzip.
    #[serde(rename = "tar.gz")]
    TarGz,
    /// Tar archive compressed with Zstandard.
    #[serde(rename = "tar.zst")]
    TarZst,
    /// Zip archive.
    #[serde(rename = "zip")]
    Zip,
    /// The program alone, for Windows.
    #[serde(rename = "exe")]
    Exe,
}

impl Format {
    /// Every format, in the order in which they are built and shown.
    pub const ALL: [Format; 9] = [
        Self::Deb,
        Self::Rpm,
        Self::Apk,
        Self::Arch,
        Self::Msi,
        Self::TarGz,
        Self::TarZst,
        Self::Zip,
        Self::Exe,
    ];

    /// Name used in the manifest, on the command line and in `release.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Apk => "apk",
            Self::Arch => "arch",
            Self::Msi => "msi",
            Self::TarGz => "tar.gz",
            Self::TarZst => "tar.zst",
            Self::Zip => "zip",
            Self::Exe => "exe",
        }
    }

    /// Whether this is a plain archive, unpacked by hand instead of by a package manager.
    pub fn is_archive(self) -> bool {
        matches!(self, Self::TarGz | Self::TarZst | Self::Zip)
    }

    /// Whether it is put in place by hand: a plain archive, or the program alone.
    pub fn is_portable(self) -> bool {
        self.is_archive() || self == Self::Exe
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|f| f.name() == text).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// A format name that Landfall does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown format \"{0}\"; known: deb, rpm, apk, arch, msi, tar.gz, tar.zst, zip, exe")]
pub struct UnknownFormat(String);
