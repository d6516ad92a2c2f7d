//! Damaged and hostile files: a converter gives reports or a refusal, in bounded time, and never panics.

use support::{samples, xjtag_archive};
use wats::Report;
use wats_converters::{AUTO, Arguments, Converter, Refusal, Source, all, convert};

mod bombs;
mod damage;
#[path = "../support/mod.rs"]
mod support;
mod text;

/// All samples with their converters.
fn subjects() -> Vec<(Source, &'static dyn Converter)> {
    let files = samples();
    let sources = files
        .iter()
        .map(|path| Source::open(path).unwrap())
        .chain([Source::new("runs.xjlog", xjtag_archive())]);
    sources
        .map(|source| {
            let name = convert(AUTO, &source, &Arguments::default()).unwrap().converter;
            (source, *all().iter().find(|converter| converter.name() == name).unwrap())
        })
        .collect()
}

/// Converts bytes in place of a sample's own; what comes out must at least be JSON.
fn try_convert(original: &Source, converter: &dyn Converter, bytes: Vec<u8>) -> Result<Vec<Report>, Refusal> {
    let source = Source::new(original.name(), bytes).with_companions(original.companions().to_vec());
    for any in all() {
        any.confidence(&source);
    }
    let reports = converter.convert(&source, &Arguments::default());
    if let Ok(reports) = &reports {
        for report in reports {
            let mut report = report.clone();
            report.prepare();
            // A server may still refuse it; the check itself must hold.
            let _ = report.validate();
            assert!(
                serde_json::from_str::<serde_json::Value>(&report.to_json()).is_ok(),
                "{}",
                converter.name()
            );
        }
    }
    reports
}
