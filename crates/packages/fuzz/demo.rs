//! A package in memory.

use landfall_packages::{Error, Level, Options, Package};
use landfall_payload::{Format, Payload};
use std::io::Cursor;

#[path = "../tests/common/mod.rs"]
#[allow(dead_code, unused_imports, reason = "a part of it is used")]
mod common;

pub(crate) use common::{demo, file};

/// Writes the payload as the format's packager does.
pub(crate) fn write(package: &dyn Package, payload: &Payload) -> Result<Vec<u8>, Error> {
    let mut output = Cursor::new(Vec::new());
    let options = Options {
        level: Level::Fast,
        compression: None,
        threads: 1,
        scratch: std::env::temp_dir(),
        progress: &|_| {},
    };
    package.write(payload, &options, &mut output)?;
    Ok(output.into_inner())
}

/// The demonstration for the platform of the format.
pub(crate) fn for_format(format: Format) -> Payload {
    let mut payload = demo("1.0");
    if format == Format::Msi {
        payload.target = "x86_64-pc-windows-gnu".parse().expect("a target");
        payload.all_entries.retain(|entry| entry.path == "/usr/bin/demo");
        (payload.service, payload.accounts, payload.writable) = (None, Vec::new(), Vec::new());
    }
    payload
}
