//! Alpine packages, version 2 of the format: apk-package(5) of apk-tools, abuild(1).
//!
//! A package is a row of gzip members, each a tar archive: the metadata and scripts (without the blocks that end
//! a tar archive, so that all members joined are one), and the files, each with its SHA-1 in a pax record. The
//! metadata holds the SHA-256 of the files' member. Packages are written without a signature; whoever publishes
//! them puts one in front.

mod pkginfo;
mod read;
mod scripts;
mod write;

use std::io::Read;

use landfall_codecs::{Kind, decoder};
use landfall_payload::{Format, Os, Payload};

use crate::{Error, Inspection, Options, Package, ReadSeek, Visitor, WriteSeek};

/// Alpine packages.
#[derive(Debug)]
pub struct ApkPackage;

impl Package for ApkPackage {
    fn format(&self) -> Format {
        Format::Apk
    }

    fn file_name(&self, payload: &Payload) -> Result<String, Error> {
        // Alpine's repositories hold one architecture each, so its own names have none; side by side they need it.
        Ok(format!("{}-{}.{}.apk", payload.product.name, version(payload)?, architecture(payload)?))
    }

    fn write(
        &self,
        payload: &Payload,
        options: &Options<'_>,
        output: &mut dyn WriteSeek,
    ) -> Result<(), Error> {
        write::write(payload, options, output)
    }

    fn recognises(&self, head: &[u8], file_name: &str) -> bool {
        head.starts_with(&[0x1f, 0x8b])
            && (file_name.ends_with(".apk") || !file_name.contains(".pkg.tar") && begins_with_metadata(head))
    }

    fn examine(&self, input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
        read::read(input, visitor)
    }
}

/// Whether the first tar member below the compression is a signature or the metadata.
fn begins_with_metadata(head: &[u8]) -> bool {
    let Ok(mut content) = decoder(Kind::Gzip, head) else { return false };
    let mut name = [0; 9];
    let whole = content.read_exact(&mut name).is_ok();
    whole && (name.starts_with(b".SIGN.") || name == *b".PKGINFO\0")
}

fn inexpressible(what: impl Into<String>) -> Error {
    Error::Inexpressible { format: Format::Apk, what: what.into() }
}

fn version(payload: &Payload) -> Result<String, Error> {
    payload.product.version.apk().map_err(|e| inexpressible(format!("this version: {e}")))
}

fn architecture(payload: &Payload) -> Result<&'static str, Error> {
    let target = &payload.target;
    target
        .architecture
        .in_format(Format::Apk)
        .filter(|_| target.os == Os::Linux)
        .ok_or_else(|| inexpressible(format!("the target {target}; Alpine has no such port")))
}
