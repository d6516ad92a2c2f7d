//! Any text as a manifest: loaded, or every fault with its place.
#![no_main]

use landfall_manifest::parse;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    // A folder that is not there: what a manifest refers to is not found, on every machine.
    if let Err(report) = parse(Path::new("/nowhere/landfall.toml"), text.to_owned()) {
        assert!(report.has_errors());
        assert!(!report.render(false).is_empty());
    }
});
