//! Texts in other encodings, and numbers in another country's spelling.

use crate::support::{archive, xjtag_entries};
use crate::{subjects, try_convert};
use wats::Report;
use wats_converters::{Companion, Source};

/// All text formats in UTF-16 and with a byte order mark give the same reports as in UTF-8.
#[test]
fn encodings_make_no_difference() {
    for (source, converter) in subjects() {
        let Ok(text) = std::str::from_utf8(source.bytes()) else { continue };
        let json = |bytes: Vec<u8>| {
            let reports = try_convert(&source, converter, bytes);
            let reports = reports.unwrap_or_else(|refusal| panic!("{}: {refusal}", converter.name()));
            reports.iter().map(Report::to_json).collect::<Vec<_>>()
        };
        let expected = json(text.into());
        let marked = format!("\u{feff}{text}");
        assert_eq!(json(marked.clone().into_bytes()), expected, "{}", converter.name());
        let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(json(little), expected, "{}", converter.name());
        assert_eq!(json(big), expected, "{}", converter.name());
        let windows = text.replace("\r\n", "\n").replace('\n', "\r\n");
        if !matches!(converter.name(), "wsjf" | "wsxf" | "xjtag") {
            assert_eq!(json(windows.into_bytes()), expected, "{}", converter.name());
        }
    }
}

/// Bytes that are no UTF-8 are what old testers write; JSON alone is UTF-8 by definition.
#[test]
fn bytes_that_are_no_utf_8_are_windows_letters() {
    for (source, converter) in subjects() {
        let reports = try_convert(&source, converter, source.bytes().to_vec()).unwrap();
        let number = reports[0].serial_number().unwrap().as_bytes();
        let spoil = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let mut at = 0;
            while let Some(next) = bytes[at..].windows(number.len()).position(|window| window == number) {
                bytes.insert(at + next + number.len(), 0xe4);
                at += next + number.len();
            }
            bytes
        };
        let bytes = match converter.name() {
            "xjtag" => archive(&xjtag_entries().map(|(name, content)| (name, spoil(content.as_bytes())))),
            _ => spoil(source.bytes()),
        };
        let outcome = try_convert(&source, converter, bytes);
        if converter.name() == "wsjf" {
            let refusal = outcome.unwrap_err().to_string();
            assert!(refusal.contains("0xE4") || refusal.contains("UTF-8"), "{refusal}");
            continue;
        }
        let reports = outcome.unwrap_or_else(|refusal| panic!("{}: {refusal}", converter.name()));
        let expected = format!("{}ä", str::from_utf8(number).unwrap());
        assert_eq!(reports[0].serial_number(), Some(&*expected), "{}", converter.name());
    }
}

/// A number in each format that holds numbers as text, with its mark left open.
const NUMBERS: &[(&str, &str, &str)] = &[
    ("atml-6.01.xml", "value=\"1.80\"", "value=\"1{}80\""),
    ("csv.csv", "5,01", "5{}01"),
    ("gr228x.log", "10.636159(", "10{}636159("),
    ("i3070.log", "6.510000E-01", "0{}651"),
    ("klippel.txt", "95.203", "95{}203"),
    ("runs.xjlog", ">420<", ">420{}5<"),
    ("seica.xml", "MR=\"100\"", "MR=\"100{}5\""),
    ("spea.csv", "1.500000e+03", "1500{}25"),
    ("spectrum.txt", "VAL: 120.50", "VAL: 120{}50"),
    ("testexec-sl.xml", ">5.02<", ">5{}02<"),
    ("teststand.xml", "<Value>6</Value>", "<Value>6{}5</Value>"),
    ("wrml.xml", "NumericValue=\"3.3\"", "NumericValue=\"3{}3\""),
    ("wstf.txt", "\t5.01\t", "\t5{}01\t"),
    ("wsxf.xml", "NumericValue=\"61.50\"", "NumericValue=\"61{}50\""),
];

#[test]
fn decimal_commas_are_points() {
    let subjects = subjects();
    // JSON has points by definition.
    assert_eq!(NUMBERS.len(), subjects.len() - 1);
    for (name, written, open) in NUMBERS {
        let (source, converter) = subjects.iter().find(|(source, _)| source.name() == *name).unwrap();
        let edit = |bytes: &[u8], mark: &str| {
            let text = String::from_utf8_lossy(bytes);
            text.replace(written, &open.replace("{}", mark)).into_bytes()
        };
        let json = |mark: &str| {
            let companions = source.companions().iter();
            let companions = companions
                .map(|file| Companion { name: file.name.clone(), bytes: edit(&file.bytes, mark) })
                .collect();
            let bytes = match *name {
                "runs.xjlog" => {
                    archive(&xjtag_entries().map(|(name, content)| (name, edit(content.as_bytes(), mark))))
                }
                _ => edit(source.bytes(), mark),
            };
            let source = Source::new(*name, bytes.clone()).with_companions(companions);
            let reports = try_convert(&source, *converter, bytes);
            let reports = reports.unwrap_or_else(|refusal| panic!("{name} with {mark:?}: {refusal}"));
            reports.iter().map(Report::to_json).collect::<Vec<_>>()
        };
        assert_eq!(json(","), json("."), "{name}");
        assert_ne!(json("."), json("7"), "{name}: the number is not in the report");
    }
}
