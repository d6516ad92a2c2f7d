//! Any bytes as a plug-in: refused, or run within limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use wats_converters::{Arguments, Converter, Source};
use wats_plugins::{Limits, Plugin};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { time: Duration::from_millis(20), memory: 4 << 20, output: 64 << 10 };
    match Plugin::new(bytes, limits) {
        Ok(plugin) => {
            let source = Source::new("unit 1.lbl", b"LBL-1".to_vec());
            plugin.confidence(&source);
            if let Err(refusal) = plugin.convert(&source, &Arguments::default()) {
                assert!(!refusal.to_string().is_empty());
            }
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
});
