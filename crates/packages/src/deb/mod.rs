//! Debian packages: deb(5), Debian Policy.
//!
//! A package is an `ar` archive of `debian-binary`, `control.tar.*` and `data.tar.*`.

mod changelog;
mod conffiles;
mod control;
mod copyright;
mod dependencies;
mod lintian;
mod paragraph;
mod read;
mod scripts;
mod sonames;
mod text;
mod tree;
mod write;

use landfall_payload::{Format, Payload};

use crate::{Error, Inspection, Options, Package, ReadSeek, Visitor, WriteSeek};

/// The Debian package format.
#[derive(Debug, Clone, Copy, Default)]
pub struct DebPackage;

impl Package for DebPackage {
    fn format(&self) -> Format {
        Format::Deb
    }

    /// `name_version_architecture.deb`; the epoch is left out, because a colon is awkward in file names.
    fn file_name(&self, payload: &Payload) -> Result<String, Error> {
        let version = payload.product.version.deb_without_epoch();
        Ok(format!("{}_{version}_{}.deb", payload.product.name, control::architecture(payload)?))
    }

    fn write(
        &self,
        payload: &Payload,
        options: &Options<'_>,
        output: &mut dyn WriteSeek,
    ) -> Result<(), Error> {
        write::write(payload, options, output)
    }

    fn recognises(&self, head: &[u8], _file_name: &str) -> bool {
        // The first member's header follows the archive's magic; its name tells a package from other archives.
        head.starts_with(b"!<arch>\ndebian-binary")
    }

    fn examine(&self, input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
        read::read(input, visitor)
    }
}

fn inexpressible(what: impl Into<String>) -> Error {
    Error::Inexpressible { format: Format::Deb, what: what.into() }
}
