//! Plain archives for systems and people without a package manager: a folder with the payload's files at their
//! paths, without the leading slash.

mod tarball;
mod zipped;

use landfall_codecs::Kind as Codec;
use landfall_payload::{Format, Payload};
use std::collections::BTreeMap;

use crate::{Error, Inspection, Options, Package, ReadSeek, Visitor, WriteSeek};

/// A tar archive compressed with gzip. Reads tar archives with any compression.
#[derive(Debug, Clone, Copy, Default)]
pub struct TarGzPackage;

/// A tar archive compressed with Zstandard. Reads tar archives with any compression.
#[derive(Debug, Clone, Copy, Default)]
pub struct TarZstPackage;

/// A zip archive.
#[derive(Debug, Clone, Copy, Default)]
pub struct ZipPackage;

impl Package for TarGzPackage {
    fn format(&self) -> Format {
        Format::TarGz
    }

    fn file_name(&self, payload: &Payload) -> Result<String, Error> {
        Ok(format!("{}.tar.gz", base(payload)))
    }

    fn write(
        &self,
        payload: &Payload,
        options: &Options<'_>,
        output: &mut dyn WriteSeek,
    ) -> Result<(), Error> {
        tarball::write(payload, self.format(), Codec::Gzip, options, output)
    }

    /// Also what is not compressed, or with xz or bzip2: the formats that have no writer of their own.
    fn recognises(&self, head: &[u8], file_name: &str) -> bool {
        let suffixes: &[&str] = match Codec::sniff(head) {
            Codec::Gzip => &[".tar.gz", ".tgz"],
            Codec::Xz => &[".tar.xz", ".txz"],
            Codec::Bzip2 => &[".tar.bz2", ".tbz2"],
            Codec::None => return head.get(257..262) == Some(b"ustar"),
            Codec::Zstd => return false,
        };
        suffixes.iter().any(|suffix| file_name.ends_with(suffix)) && !is_other_package(file_name)
    }

    fn examine(&self, input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
        tarball::read(input, self.format(), visitor)
    }
}

impl Package for TarZstPackage {
    fn format(&self) -> Format {
        Format::TarZst
    }

    fn file_name(&self, payload: &Payload) -> Result<String, Error> {
        Ok(format!("{}.tar.zst", base(payload)))
    }

    fn write(
        &self,
        payload: &Payload,
        options: &Options<'_>,
        output: &mut dyn WriteSeek,
    ) -> Result<(), Error> {
        tarball::write(payload, self.format(), Codec::Zstd, options, output)
    }

    fn recognises(&self, head: &[u8], file_name: &str) -> bool {
        Codec::sniff(head) == Codec::Zstd
            && [".tar.zst", ".tzst"].iter().any(|suffix| file_name.ends_with(suffix))
            && !is_other_package(file_name)
    }

    fn examine(&self, input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
        tarball::read(input, self.format(), visitor)
    }
}

impl Package for ZipPackage {
    fn format(&self) -> Format {
        Format::Zip
    }

    fn file_name(&self, payload: &Payload) -> Result<String, Error> {
        Ok(format!("{}.zip", base(payload)))
    }

    fn write(
        &self,
        payload: &Payload,
        options: &Options<'_>,
        output: &mut dyn WriteSeek,
    ) -> Result<(), Error> {
        zipped::write(payload, options, output)
    }

    fn recognises(&self, head: &[u8], _file_name: &str) -> bool {
        // A local file header, or the end record of an archive without members.
        head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
    }

    fn examine(&self, input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
        zipped::read(input, visitor)
    }
}

/// An Arch package is a tar archive by its last suffixes.
fn is_other_package(file_name: &str) -> bool {
    file_name.contains(".pkg.tar")
}

/// `name-version-target`.
fn base(payload: &Payload) -> String {
    let product = &payload.product;
    format!("{}-{}-{}", product.name, product.version, payload.target)
}

/// The folder that holds everything, with a final slash; empty where the manifest wants none.
fn folder(payload: &Payload, format: Format) -> Result<String, Error> {
    let default = base(payload);
    let folder = payload.options.archive.folder.as_deref().unwrap_or(&default).trim_end_matches('/');
    if folder.is_empty() {
        return Ok(String::new());
    }
    let sound = folder.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if !sound || folder.chars().any(char::is_control) {
        return Err(Error::Inexpressible {
            format,
            what: format!(
                "the folder {folder:?}; set package.archive.folder to a relative path without `..`"
            ),
        });
    }
    Ok(format!("{folder}/"))
}

/// An archive's description: it has no metadata of its own.
fn inspection(format: Format, compression: &str, files: Vec<crate::FileRecord>) -> Inspection {
    Inspection {
        format,
        name: String::new(),
        version: String::new(),
        architecture: String::new(),
        compression: compression.to_owned(),
        fields: Vec::new(),
        scripts: Vec::new(),
        files,
        members: Vec::new(),
        seals: Vec::new(),
        consistency: Vec::new(),
        metadata: BTreeMap::new(),
    }
}
