//! Arch Linux packages: makepkg(8), alpm-package, PKGINFO(5), libarchive's mtree(5).

mod dependencies;
mod install;
mod metadata;
mod mtree;
mod read;
mod write;

use landfall_payload::{Format, Os, Payload};

use crate::{Error, Inspection, Options, Package, ReadSeek, Visitor, WriteSeek};

/// Arch Linux packages, compressed with Zstandard.
#[derive(Debug)]
pub struct ArchPackage;

impl Package for ArchPackage {
    fn format(&self) -> Format {
        Format::Arch
    }

    fn file_name(&self, payload: &Payload) -> Result<String, Error> {
        let product = &payload.product;
        Ok(format!("{}-{}-{}.pkg.tar.zst", product.name, product.version.arch(), architecture(payload)?))
    }

    fn write(
        &self,
        payload: &Payload,
        options: &Options<'_>,
        output: &mut dyn WriteSeek,
    ) -> Result<(), Error> {
        write::write(payload, options, output)
    }

    fn recognises(&self, _head: &[u8], file_name: &str) -> bool {
        file_name.contains(".pkg.tar")
    }

    fn examine(&self, input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
        read::read(input, visitor)
    }
}

fn inexpressible(what: impl Into<String>) -> Error {
    Error::Inexpressible { format: Format::Arch, what: what.into() }
}

fn architecture(payload: &Payload) -> Result<&'static str, Error> {
    let target = &payload.target;
    target
        .architecture
        .in_format(Format::Arch)
        .filter(|_| target.os == Os::Linux)
        .ok_or_else(|| inexpressible(format!("the target {target}; Arch Linux has no such port")))
}
