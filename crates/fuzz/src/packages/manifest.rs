//! `landfall.toml`.

use crate::files;
use landfall_manifest::parse;
use std::path::Path;

/// Any text: loaded, or every fault with its place.
pub(super) fn manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // A folder that is not there: what a manifest refers to is not found, on every machine.
    if let Err(report) = parse(Path::new("/nowhere/landfall.toml"), text.to_owned()) {
        assert!(report.has_errors());
        assert!(!report.render(false).is_empty());
    }
}

pub(super) fn examples() -> Vec<Vec<u8>> {
    let folders = ["../examples/smallest", "../examples/every-key", ".."];
    folders.iter().flat_map(|folder| files(folder, "landfall.toml")).collect()
}
