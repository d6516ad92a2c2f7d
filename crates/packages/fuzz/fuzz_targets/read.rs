//! Any bytes as a package of the format that FORMAT names: read in bounded time and memory, or refused.
#![no_main]

use landfall_packages::{FileRecord, Package, Visitor, all};
use libfuzzer_sys::fuzz_target;
use std::io::{self, Cursor, Read};
use std::sync::LazyLock;

static PACKAGE: LazyLock<&'static dyn Package> = LazyLock::new(|| {
    let name = std::env::var("FORMAT").expect("FORMAT names a format");
    let found = all().into_iter().find(|package| package.format().to_string() == name);
    found.unwrap_or_else(|| panic!("there is no format {name}"))
});

/// Reads all content, up to a limit: what a package unpacks to is bounded by who reads it.
struct All(u64);

impl Visitor for All {
    fn file(&mut self, _: &FileRecord, content: &mut dyn Read) -> io::Result<()> {
        self.0 = self.0.saturating_sub(io::copy(&mut content.take(self.0), &mut io::sink())?);
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    PACKAGE.recognises(&bytes[..bytes.len().min(512)], "demo");
    if let Err(error) = PACKAGE.read(&mut Cursor::new(bytes)) {
        assert!(!error.to_string().is_empty());
    }
    let _ = PACKAGE.examine(&mut Cursor::new(bytes), &mut All(16 << 20));
});
