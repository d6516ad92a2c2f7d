//! Files of test equipment, and reports.

use crate::{Target, files};
use std::io::{Cursor, Write};
use std::time::Duration;
use wats::Report;
use wats_converters::{AUTO, Arguments, Companion, Converter, Source, all, convert};
use wats_plugins::{Limits, Plugin};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const SUITE: &str = "converters";
const SAMPLES: &str = "wats-converters/tests/samples";

pub(crate) fn targets() -> Vec<Target> {
    let mut targets = vec![
        Target::new(SUITE, AUTO, |bytes| file(AUTO, bytes)).with(files(SAMPLES, "")).with([xjtag_log()]),
    ];
    for converter in all() {
        let name = converter.name();
        let target = Target::new(SUITE, name, move |bytes| file(name, bytes)).with(files(SAMPLES, name));
        targets.push(match name {
            "klippel" => target.with([with_measurements()]),
            "xjtag" => target.with([XJTAG_RUN.to_vec(), xjtag_log()]),
            _ => target,
        });
    }
    let reports = || files("wats/tests/reports", "");
    targets.push(Target::new(SUITE, "report-json", report_in_json).with(reports()));
    targets.push(Target::new(SUITE, "report-xml", report_in_xml).with(reports_in_xml()));
    let label = include_str!("../../wats-plugins/tests/plugins/label.wat");
    targets.push(Target::new(SUITE, "plugin", plugin).with(wat::parse_str(label)));
    targets
}

/// A file of a tester: reports that are JSON, and the same ones again, or a refusal with words.
fn file(format: &str, bytes: &[u8]) {
    let source = source(format, bytes);
    let mut arguments = Arguments::default();
    // Computing statuses goes through every limit and value.
    if bytes.len() % 2 == 1 {
        arguments.set("status-mode", "active");
    }
    if format == AUTO {
        for converter in all() {
            assert!(converter.confidence(&source).as_percent() <= 100);
        }
    }
    match convert(format, &source, &arguments) {
        Ok(conversion) => {
            assert!(!conversion.reports.is_empty());
            let again = convert(format, &source, &arguments).expect("a pure function");
            for (report, other) in conversion.reports.into_iter().zip(again.reports) {
                assert_eq!(report.id(), other.id());
                is_sound(report);
            }
        }
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
}

fn source(format: &str, bytes: &[u8]) -> Source {
    match format {
        // The measurements are files of their own: what follows a line of its own is one.
        "klippel" => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let mut parts = text.split(NEXT_FILE).map(|part| part.as_bytes().to_vec());
            let file = parts.next().unwrap_or_default();
            let companions = MEASUREMENTS.iter().zip(parts);
            let companions = companions.map(|(name, bytes)| Companion { name: (*name).to_owned(), bytes });
            Source::new("unit 1.txt", file).with_companions(companions.collect())
        }
        // Checksums of an archive keep damage from what is in it.
        "xjtag" if !bytes.starts_with(b"PK") => Source::new("unit 1.xjlog", archived(bytes)),
        _ => Source::new("unit 1.txt", bytes.to_vec()),
    }
}

const NEXT_FILE: &str = "\n====\n";
const MEASUREMENTS: [&str; 4] =
    ["Impedance-imp.txt", "Impedance-values.txt", "Sound Pressure-resp.txt", "Sound Pressure-values.txt"];

/// A file of Klippel and its measurements.
fn with_measurements() -> Vec<u8> {
    let mut all = files(SAMPLES, "klippel.txt");
    all.extend(files("wats-converters/tests/samples/klippel", ""));
    all.join(NEXT_FILE.as_bytes())
}

const XJTAG_RUN: &[u8] = br#"<?xml version="1.0"?><testrun datetime="2018-08-10T12:25:32.9968057Z">
<testgroup name="SRAM"><testfunction name="IC5"><plain-text>IC5 passed</plain-text><result value="Passed"/>
<time-taken>420</time-taken></testfunction><testfunction name="IC6"><result value="Skipped"/></testfunction></testgroup>
<testruninfo><user>op</user><serial>XJ1</serial><result>Passed</result><time-taken>500</time-taken></testruninfo>
</testrun>"#;

fn xjtag_log() -> Vec<u8> {
    archived(XJTAG_RUN)
}

/// A log of XJTAG with this run.
fn archived(run: &[u8]) -> Vec<u8> {
    let info = br"<LogFileInfo><ProjectPath>C:\p\demo.xjp</ProjectPath></LogFileInfo>";
    let mut log = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("Run 1.xml", run), ("Info.xml", info)] {
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        log.start_file(name, stored).expect("an entry");
        log.write_all(content).expect("room in memory");
    }
    log.finish().expect("an archive").into_inner()
}

/// What a report says can be looked at, prepared, judged and written.
fn is_sound(mut report: Report) {
    report.prepare();
    let _ = report.validate();
    for step in report.steps() {
        let _ = (step.name(), step.kind(), step.status(), step.group(), step.seconds(), step.report_text());
        step.measurements().for_each(drop);
    }
    for unit in report.sub_units() {
        let _ = (unit.index(), unit.serial_number());
        unit.failures().for_each(drop);
    }
    report.misc_infos().for_each(drop);
    serde_json::from_str::<serde_json::Value>(&report.to_json()).expect("a report is JSON");
}

/// Reports as they come from a folder or a server; in XML they are XML.
fn report_in_json(bytes: &[u8]) {
    let Ok(reports) = wats::read_reports(bytes) else { return };
    if let Ok(document) = wats::wsxf::write(&reports) {
        wats::wsxf::read(document.xml.as_bytes()).expect("a document of ours");
    }
    reports.into_iter().for_each(is_sound);
}

/// What was read and written is read again.
fn report_in_xml(bytes: &[u8]) {
    let Ok(reports) = wats::wsxf::read(bytes) else { return };
    let document = wats::wsxf::write(&reports).expect("reports that were read");
    let again = wats::wsxf::read(document.xml.as_bytes()).expect("a document of ours");
    assert_eq!(again.len(), reports.len());
    reports.into_iter().for_each(is_sound);
}

fn reports_in_xml() -> Vec<Vec<u8>> {
    let mut documents = files(SAMPLES, "wsxf");
    for report in files("wats/tests/reports", "") {
        let document = wats::read_reports(&report).ok().and_then(|reports| wats::wsxf::write(&reports).ok());
        documents.extend(document.map(|document| document.xml.into_bytes()));
    }
    documents
}

/// A WebAssembly module as a plug-in: refused, or run within limits.
fn plugin(bytes: &[u8]) {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds that no converter takes would find little.
    #[test]
    fn each_converter_takes_a_seed() {
        for target in targets().iter().filter(|target| all().iter().any(|c| c.name() == target.name)) {
            let taken = |seed: &Vec<u8>| {
                convert(&target.name, &source(&target.name, seed), &Arguments::default()).is_ok()
            };
            assert!(target.seeds.iter().any(taken), "{}", target.name);
        }
    }
}
