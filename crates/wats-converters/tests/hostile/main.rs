//! Damaged and hostile files: a converter gives reports or a refusal, in bounded time, and never panics.

use std::io::Write;
use std::time::{Duration, Instant};
use wats::Report;
use wats_converters::{AUTO, Arguments, Converter, Refusal, Source, all, convert};

mod support;
use support::{archive, sample, samples, xjtag_archive};

/// Damaged inputs made of each sample.
const MUTATIONS: u32 = 2000;

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

/// Damages bytes in the ways that disks, networks and people do.
fn damage(random: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    const PIECES: [&[u8]; 14] = [
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b";;;;",
        b"|",
        b"{@",
        b"}",
        b"<a>",
        b"]]>",
        b"&x;",
        b"1e999",
        b"\r\n",
        b"\xc3",
        b"-",
    ];
    for _ in 0..random.usize(1..=4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.usize(0..bytes.len());
        let length = random.usize(0..=32).min(bytes.len() - at);
        match random.u8(0..7) {
            0 => bytes[at] = random.u8(..),
            1 => bytes[at] ^= 1 << random.u8(0..8),
            2 => drop(bytes.drain(at..at + length)),
            3 => {
                let copy = bytes[at..at + length].to_vec();
                let to = random.usize(0..=bytes.len());
                bytes.splice(to..to, copy);
            }
            4 => bytes.truncate(at),
            5 => drop(bytes.splice(at..at, PIECES[random.usize(0..PIECES.len())].iter().copied())),
            _ => {
                // Another digit or letter of the same kind keeps the form and changes the meaning.
                if let Some(letter) = bytes[at..].iter_mut().find(|byte| byte.is_ascii_alphanumeric()) {
                    *letter = if letter.is_ascii_digit() {
                        b'0' + random.u8(0..10)
                    } else {
                        b'A' + random.u8(0..26)
                    };
                }
            }
        }
    }
}

#[test]
fn thousands_of_damaged_files_do_no_harm() {
    let seed = 20_260_115;
    for (source, converter) in subjects() {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut converted, mut refused) = (0, 0);
        for _ in 0..MUTATIONS {
            let mut bytes = source.bytes().to_vec();
            damage(&mut random, &mut bytes);
            match try_convert(&source, converter, bytes) {
                Ok(_) => converted += 1,
                Err(refusal) => {
                    assert!(!refusal.to_string().is_empty());
                    refused += 1;
                }
            }
        }
        // Damage that everything survives, or nothing, would test nothing.
        assert!(
            converted > 0 && refused > 0,
            "{}: {converted} converted, {refused} refused",
            converter.name()
        );
        let _ = writeln!(std::io::stderr(), "{}: {converted} converted, {refused} refused", converter.name());
    }
}

/// A file that is cut anywhere gives no more reports than the whole one; one without an end gives none at all.
#[test]
fn truncation_at_every_byte_does_no_harm() {
    for (source, converter) in subjects() {
        let whole = try_convert(&source, converter, source.bytes().to_vec()).unwrap().len();
        for end in 0..source.bytes().len() {
            let cut = source.bytes()[..end].to_vec();
            let marked =
                ["wsjf", "wsxf", "wrml", "atml", "i3070", "seica", "testexec-sl", "teststand", "xjtag"];
            match try_convert(&source, converter, cut) {
                Ok(reports) => {
                    assert!(reports.len() <= whole, "{} cut at {end}", converter.name());
                    let blank = source.bytes()[end..].iter().all(u8::is_ascii_whitespace);
                    assert!(
                        blank || !marked.contains(&converter.name()),
                        "{} cut at {end}",
                        converter.name()
                    );
                }
                Err(refusal) => assert!(!refusal.to_string().is_empty()),
            }
        }
    }
}

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

fn refused(name: &str, bytes: Vec<u8>) -> String {
    let start = Instant::now();
    let mut last = String::new();
    for converter in all() {
        match converter.convert(&Source::new(name, bytes.clone()), &Arguments::default()) {
            Ok(_) => panic!("{} takes {name}", converter.name()),
            Err(refusal) => last = refusal.to_string(),
        }
    }
    let _ = convert(AUTO, &Source::new(name, bytes), &Arguments::default()).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(60), "{name} took {:?}", start.elapsed());
    last
}

#[test]
fn nesting_a_million_deep_is_refused_by_all() {
    let depth = 1_000_000;
    refused("a.json", b"[".repeat(depth));
    refused("b.json", b"{\"root\":".repeat(depth));
    refused("a.xml", b"<a>".repeat(depth));
    refused(
        "wsxf.xml",
        b"<Reports xmlns='http://wats.virinco.com/schemas/WATS/Report/wsxf'>"
            .iter()
            .copied()
            .chain(b"<Step>".repeat(depth))
            .collect(),
    );
    refused("i3070.log", b"{@BATCH|".repeat(depth));
    refused("spectrum.txt", b"(PROGRAM_NAME:".repeat(depth));
    refused("quotes.csv", b"\"".repeat(depth + 1));
    let sequences = "SequenceCall\ts\n".repeat(depth);
    refused(
        "wstf.txt",
        format!("--Header-Start--\n--Step-Data-Start--\nStepType\tStepName\n{sequences}").into_bytes(),
    );
}

#[test]
fn entity_bombs_are_not_expanded() {
    let mut entities = "<!ENTITY a0 'ha'>".to_owned();
    for level in 1..30 {
        let reference = format!("&a{};", level - 1).repeat(10);
        entities += &format!("<!ENTITY a{level} '{reference}'>");
    }
    for root in ["R", "TSReport", "TestResults", "Reports"] {
        refused(
            "bomb.xml",
            format!("<?xml version='1.0'?><!DOCTYPE {root} [{entities}]><{root}>&a29;</{root}>").into_bytes(),
        );
    }
    // A file of the machine is not read in.
    let outside = "<!DOCTYPE R [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><R><ST NM='&x;'/></R>";
    refused("outside.xml", outside.into());
}

/// Names of attachments lose their folders.
#[test]
fn attachments_stay_in_their_folder() {
    let text = std::str::from_utf8(sample("wsxf.xml").bytes()).unwrap().replace(
        "<ReportText>too high</ReportText>",
        "<Attachment Name='..\\../etc/passwd' ContentType='text/plain'>aGVs\nbG8=</Attachment>",
    );
    let reports = convert(AUTO, &Source::new("a.xml", text.into()), &Arguments::default()).unwrap().reports;
    let attachment = &reports[0].members()["root"]["steps"][0]["attachment"];
    assert_eq!(attachment.to_string(), r#"{"name":"passwd","contentType":"text/plain","data":"aGVsbG8="}"#);
}

#[test]
fn zip_bombs_are_refused() {
    let zeros = vec![b' '; 40 << 20];
    let bomb = archive(&[("Run 1.xml", &zeros)]);
    assert!(bomb.len() < 1 << 20);
    let refusal =
        convert(AUTO, &Source::new("a.xjlog", bomb), &Arguments::default()).unwrap_err().to_string();
    assert_eq!(refusal, "the file is too large: Run 1.xml in the archive unpacks to more than 32 MiB");
}

#[test]
fn too_many_steps_and_bytes_are_refused() {
    let row = "ANL;1;R1;1;1;;;PASS;1;0.5;2;OHM\n".repeat(260_000);
    let text = format!("START;P;p;7;PN;op;03/14/2025;09:30:00\nSN;A\n{row}BOARDRESULT;PASS\nEND;PASS");
    let refusal = convert(AUTO, &Source::new("a.csv", text.into_bytes()), &Arguments::default()).unwrap_err();
    assert_eq!(refusal.to_string(), "the file is too large: it has more than 250000 steps");
    let large = [sample("seica.xml").bytes(), &vec![b' '; 65 << 20]].concat();
    let refusal = convert("seica", &Source::new("a.xml", large), &Arguments::default()).unwrap_err();
    assert_eq!(refusal.to_string(), "the file is too large: it has 65 MiB, 64 are allowed");
}
