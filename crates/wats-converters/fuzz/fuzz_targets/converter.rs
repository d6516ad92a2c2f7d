//! A file of a tester, damaged or hostile: reports that are JSON, or a refusal with words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use wats_converters::{AUTO, Arguments, Companion, Source, all, convert};

static FORMAT: LazyLock<String> =
    LazyLock::new(|| std::env::var("FORMAT").unwrap_or_else(|_| AUTO.to_owned()));

fuzz_target!(|bytes: &[u8]| {
    let mut source = Source::new("unit 1.txt", bytes.to_vec());
    let mut arguments = Arguments::default();
    if *FORMAT == "klippel" {
        // The measurements are files of their own: what follows a line of its own is one.
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut parts = text.split("\n====\n").map(|part| part.as_bytes().to_vec());
        let file = parts.next().unwrap_or_default();
        let names = ["Impedance-imp.txt", "Impedance-values.txt", "Sound Pressure-resp.txt"];
        let companions = names.iter().zip(parts);
        let companions =
            companions.map(|(name, bytes)| Companion { name: (*name).to_owned(), bytes }).collect();
        source = Source::new("unit 1.txt", file).with_companions(companions);
    }
    // Computing statuses goes through every limit and value.
    if bytes.len() % 2 == 1 {
        arguments.set("status-mode", "active");
    }
    if *FORMAT == AUTO {
        for converter in all() {
            assert!(converter.confidence(&source).as_percent() <= 100);
        }
    }
    match convert(&FORMAT, &source, &arguments) {
        Ok(conversion) => {
            assert!(!conversion.reports.is_empty());
            let again = convert(&FORMAT, &source, &arguments).expect("a pure function");
            for (report, other) in conversion.reports.into_iter().zip(again.reports) {
                assert_eq!(report.id(), other.id());
                let mut report = report;
                report.prepare();
                let _ = report.validate();
                let json = report.to_json();
                serde_json::from_str::<serde_json::Value>(&json).expect("a report is JSON");
            }
        }
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
});
