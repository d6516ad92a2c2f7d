//! Packages: a payload written in one format, and any package of that format read back.
//!
//! Every format implements [`Package`]; [`all`] lists them. A packager maps, it does not decide: it reads no
//! clock, no environment and no host name, and the same payload and options give the same bytes.

#![warn(clippy::unwrap_used)]

mod apk;
mod arch;
mod archive;
mod content;
mod deb;
mod digests;
mod error;
mod executable;
mod inspection;
mod instances;
mod listing;
mod msi;
mod rpm;
mod shell;
mod tree;
mod visit;

use std::path::PathBuf;

pub use apk::ApkPackage;
pub use arch::ArchPackage;
pub use archive::{TarGzPackage, TarZstPackage, ZipPackage};
pub use deb::DebPackage;
pub use error::Error;
pub use executable::ExecutablePackage;
pub use inspection::{FileRecord, Inspection, Kind, Script};
use landfall_payload::{Compression, Format, Payload};
pub use msi::MsiPackage;
pub use rpm::RpmPackage;
pub use visit::Visitor;

/// One package format.
pub trait Package: Sync {
    /// Which format this is.
    fn format(&self) -> Format;

    /// The file name that the format's own tools would choose.
    ///
    /// # Errors
    /// When the format cannot express the payload's version or architecture.
    fn file_name(&self, payload: &Payload) -> Result<String, Error>;

    /// Whether a package of `payload` would keep the format's own rules; the content of files is not read for it.
    ///
    /// # Errors
    /// When the format cannot express something, or one of its rules would be broken.
    fn check(&self, payload: &Payload) -> Result<(), Error> {
        self.file_name(payload).map(drop)
    }

    /// Writes `payload` to `output`, streaming the files' content. The output is empty; a format whose head tells
    /// of what follows leaves room for it and comes back.
    ///
    /// # Errors
    /// When a source cannot be read, the output cannot be written, or the format cannot express something.
    fn write(
        &self,
        payload: &Payload,
        options: &Options<'_>,
        output: &mut dyn WriteSeek,
    ) -> Result<(), Error>;

    /// Whether a file that begins with `head` (its first 512 bytes, or all of it) and has this name looks like
    /// this format.
    fn recognises(&self, head: &[u8], file_name: &str) -> bool;

    /// Reads a package that anybody built: metadata, scripts and the list of files. The content of the files is
    /// only passed over. Input is bounded, whatever its headers claim.
    ///
    /// # Errors
    /// When it is not a package of this format, is damaged, or exceeds the limits.
    fn read(&self, input: &mut dyn ReadSeek) -> Result<Inspection, Error> {
        self.examine(input, &mut ())
    }

    /// As [`Package::read`], and shows `visitor` the content of every file on the way.
    ///
    /// # Errors
    /// As [`Package::read`], and when the visitor fails.
    fn examine(&self, input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error>;
}

/// The packager of a format.
pub fn packager(format: Format) -> &'static dyn Package {
    match format {
        Format::Deb => &DebPackage,
        Format::Rpm => &RpmPackage,
        Format::Apk => &ApkPackage,
        Format::Arch => &ArchPackage,
        Format::Msi => &MsiPackage,
        Format::TarGz => &TarGzPackage,
        Format::TarZst => &TarZstPackage,
        Format::Zip => &ZipPackage,
        Format::Exe => &ExecutablePackage,
    }
}

/// Every packager, in the order in which an unknown file is tried.
pub fn all() -> [&'static dyn Package; 9] {
    Format::ALL.map(packager)
}

/// A source that packages are read from.
pub trait ReadSeek: std::io::Read + std::io::Seek {}
impl<T: std::io::Read + std::io::Seek> ReadSeek for T {}

/// A place that packages are written to.
pub trait WriteSeek: std::io::Write + std::io::Seek {}
impl<T: std::io::Write + std::io::Seek> WriteSeek for T {}

/// How to write a package.
pub struct Options<'a> {
    /// Compression effort.
    pub level: Level,
    /// Compression instead of the format's or the manifest's, where the format knows it.
    pub compression: Option<Compression>,
    /// How many threads a compressor may use; does not change the bytes.
    pub threads: usize,
    /// Folder for temporary files, on the same file system as the output if possible.
    pub scratch: PathBuf,
    /// Told now and then how many more bytes of content have been packed.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

impl Level {
    /// The codecs' word for it.
    pub(crate) fn effort(self) -> landfall_codecs::Effort {
        match self {
            Self::Fast => landfall_codecs::Effort::Fast,
            Self::Default => landfall_codecs::Effort::Default,
            Self::Best => landfall_codecs::Effort::Best,
        }
    }
}

/// Compression effort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For work in progress: seconds.
    Fast,
    /// What the format's own tools use by default.
    Default,
    /// For a release: the smallest that readers of the format still unpack in little memory.
    Best,
}
