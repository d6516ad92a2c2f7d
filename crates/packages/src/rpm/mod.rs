//! RPM packages, format V4 as rpm 4.14 to 6 read it: a lead, a signature header, a header and a payload.

mod cpio;
mod dependencies;
mod files;
mod header;
mod metadata;
mod payload;
mod read;
mod scriptlets;
mod signature;
mod tags;
mod unpack;

use std::io::SeekFrom;

use landfall_payload::{Format, Os, Payload};

use crate::{Error, Inspection, Options, Package, ReadSeek, Visitor, WriteSeek};
use dependencies::{Dependencies, Features};
use files::FileList;
use header::TooLarge;
use metadata::Metadata;
use payload::{Compressor, Packed};

/// RPM packages.
#[derive(Debug)]
pub struct RpmPackage;

impl Package for RpmPackage {
    fn format(&self) -> Format {
        Format::Rpm
    }

    fn file_name(&self, payload: &Payload) -> Result<String, Error> {
        let (name, version) = (&payload.product.name, &payload.product.version);
        Ok(format!("{name}-{}-{}.{}.rpm", version.rpm(), version.release(), architecture(payload)?))
    }

    fn write(
        &self,
        payload: &Payload,
        options: &Options<'_>,
        output: &mut dyn WriteSeek,
    ) -> Result<(), Error> {
        let architecture = architecture(payload)?;
        let time = metadata::timestamp(payload.epoch)?;
        let files = FileList::new(payload);
        let scriptlets = scriptlets::all(payload);
        let compressor = Compressor::new(payload, options);
        let features = Features { compression: compressor.feature, large_files: files.has_large_files() };
        let slots = scriptlets.iter().map(|(slot, _)| *slot);
        let dependencies = Dependencies::new(payload, slots, features)?;

        let metadata = Metadata {
            payload,
            architecture,
            time,
            files: &files,
            scriptlets: &scriptlets,
            dependencies: &dependencies,
            compressor: &compressor,
        };
        // Digests and sizes of the payload stand in front of it: room for them is left, and filled in the end.
        let mut header = metadata.header()?;
        let mut head = |packed: &Packed| -> Result<Vec<u8>, Error> {
            metadata::tell(&mut header, packed);
            let too_large = |TooLarge| metadata::too_large();
            let header = header.build(tags::HEADERIMMUTABLE).map_err(too_large)?;
            let is_large = header.len() as u64 + payload::largest_size(&files) > u64::from(u32::MAX);
            let signature = signature::signature(&header, packed, is_large).map_err(too_large)?;
            let name = format!("{}-{}", payload.product.name, payload.product.version.rpm());
            let lead = signature::lead(&name, payload.target.architecture);
            Ok([&lead[..], &signature, &header].concat())
        };
        let room = head(&Packed::blank(&files))?.len();
        output.seek(SeekFrom::Start(room as u64))?;
        let packed = payload::pack(&files, &compressor, time, options, &mut *output)?;
        let head = head(&packed)?;
        debug_assert_eq!(head.len(), room, "every digest and size has its fixed length");
        output.rewind()?;
        output.write_all(&head)?;
        output.flush()?;
        Ok(())
    }

    fn recognises(&self, head: &[u8], _file_name: &str) -> bool {
        head.starts_with(&signature::LEAD_MAGIC)
    }

    fn examine(&self, input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
        read::read(input, visitor)
    }
}

/// The target's architecture as rpm names it.
fn architecture(payload: &Payload) -> Result<&'static str, Error> {
    let target = &payload.target;
    target.architecture.in_format(Format::Rpm).filter(|_| target.os == Os::Linux).ok_or_else(|| {
        Error::Inexpressible { format: Format::Rpm, what: format!("the target {target}; rpm is for Linux") }
    })
}

/// `[epoch:]version-release`, as dependencies compare it (rpm-version(7)).
fn evr(payload: &Payload) -> String {
    let version = &payload.product.version;
    let epoch = version.epoch().map(|e| format!("{e}:")).unwrap_or_default();
    format!("{epoch}{}-{}", version.rpm(), version.release())
}
