//! Packages in memory.

use landfall_packages::{Error, Level, Options, Package, packager};
use landfall_payload::{Compression, Format, Payload};
use std::io::Cursor;

#[path = "../../../packages/tests/common/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a part of it is used here, and it is for tests"
)]
mod common;

pub(super) use common::file;

/// Writes the payload as the format's packager does; uncompressed where the format can.
pub(super) fn write(package: &dyn Package, payload: &Payload) -> Result<Vec<u8>, Error> {
    let mut output = Cursor::new(Vec::new());
    let options = Options {
        level: Level::Fast,
        compression: (package.format() == Format::Deb).then_some(Compression::None),
        threads: 1,
        scratch: std::env::temp_dir(),
        progress: &|_| {},
    };
    package.write(payload, &options, &mut output)?;
    Ok(output.into_inner())
}

/// The demonstration for the platform of the format.
pub(super) fn payload(format: Format) -> Payload {
    let mut payload = common::demo("1.0.0");
    if format == Format::Msi {
        payload.target = "x86_64-pc-windows-gnu".parse().expect("a target");
        payload.all_entries.retain(|entry| entry.path == "/usr/bin/demo");
        (payload.service, payload.accounts, payload.writable) = (None, Vec::new(), Vec::new());
    }
    payload
}

/// The demonstration as a package.
pub(super) fn package(format: Format) -> Vec<u8> {
    write(packager(format), &payload(format)).expect("a package")
}

pub(super) fn installer() -> Option<Vec<u8>> {
    Some(package(Format::Msi))
}
