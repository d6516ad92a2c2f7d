//! Helpers of the integration tests.

#![allow(dead_code, reason = "each test program uses some of them")]

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use wats_converters::Source;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Says visibly that a test did nothing, and why. No tool that could be installed would change that.
pub(crate) fn left_out(reason: &str) {
    let _ = writeln!(std::io::stderr(), "LEFT OUT: {reason}");
}

/// The files of `tests/samples`, in the order of their names.
pub(crate) fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

/// One of them.
pub(crate) fn sample(name: &str) -> Source {
    Source::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name)).unwrap()
}

/// A zip archive of these entries.
pub(crate) fn archive<B: AsRef<[u8]>>(entries: &[(&str, B)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content.as_ref()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A log of XJTAG with two runs, and with entries that must do no harm.
pub(crate) fn xjtag_archive() -> Vec<u8> {
    archive(&xjtag_entries())
}

/// What is in it.
pub(crate) fn xjtag_entries() -> [(&'static str, &'static str); 5] {
    let first = "\u{feff}<?xml version='1.0'?><testrun datetime='2018-08-10T12:25:32.9968057Z'><testgroup name='SRAM'>\
        <testfunction name='IC5'><plain-text>IC5 passed</plain-text><result value='Passed'/><time-taken>420</time-taken></testfunction>\
        <testfunction name='IC6'><result value='Skipped'/></testfunction></testgroup><testruninfo><user>op</user><serial>XJ1</serial>\
        <result>Passed</result><time-taken>500</time-taken></testruninfo></testrun>";
    let second = "<testrun datetime='2018-08-10T12:26:32Z'><testgroup name='SRAM'><testfunction name='IC5'><result value='Failed'/>\
        </testfunction></testgroup><testruninfo><serial>XJ2</serial></testruninfo></testrun>";
    let info = r"<LogFileInfo><ProjectPath>C:\p\demo.xjp</ProjectPath></LogFileInfo>";
    [
        ("Run 2.xml", second),
        ("Run 1.xml", first),
        ("Info.xml", info),
        ("../../outside.xml", "x"),
        ("/etc/Run 3.xml", "x"),
    ]
}
