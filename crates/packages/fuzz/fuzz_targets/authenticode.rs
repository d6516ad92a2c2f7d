//! Any bytes as a signed file.
#![no_main]

use landfall_authenticode::{Trust, certificates_from_pem, extract, remove, verify};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let _ = extract(Cursor::new(bytes));
    let trust = Trust { code_signing: Vec::new(), timestamps: Vec::new() };
    assert!(verify(Cursor::new(bytes), &trust, 1_700_000_000).is_err(), "nobody is trusted");
    let _ = remove(Cursor::new(bytes), Cursor::new(Vec::new()));
    let _ = certificates_from_pem(bytes);
});
