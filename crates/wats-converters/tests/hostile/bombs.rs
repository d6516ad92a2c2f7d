//! Small files that would become large, and large ones.

use crate::support::{archive, sample, samples, xjtag_entries};
use std::fs::File;
use wats_converters::{AUTO, Arguments, Source, all, convert};

fn refused(name: &str, bytes: Vec<u8>) -> String {
    let mut last = String::new();
    for converter in all() {
        match converter.convert(&Source::new(name, bytes.clone()), &Arguments::default()) {
            Ok(_) => panic!("{} takes {name}", converter.name()),
            Err(refusal) => last = refusal.to_string(),
        }
    }
    let _ = convert(AUTO, &Source::new(name, bytes), &Arguments::default()).unwrap_err();
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
    refused("testexec.xml", [&b"<Results><TestSequence>"[..], &b"<TestGroup>".repeat(depth)].concat());
    refused(
        "atml.xml",
        [
            &b"<TestResults xmlns='urn:IEEE-1636.1:2011:01:TestResults'><ResultSet>"[..],
            &b"<TestGroup>".repeat(depth),
        ]
        .concat(),
    );
    refused(
        "teststand.xml",
        [&b"<TSReport>"[..], &b"<Prop Name='MainSequenceResults'>".repeat(depth)].concat(),
    );
    // Steps that are each other's parents, in a row and in a circle.
    let chain: String =
        (1..5000).map(|number| format!("<Step StepID='{number}' ParentStepID='{}'/>", number - 1)).collect();
    for first in ["<Step StepID='0'/>", "<Step StepID='x'/><Step StepID='0' ParentStepID='4999'/>"] {
        let text = format!("<Reports><Report>{first}{chain}</Report></Reports>");
        let refusal = convert("wrml", &Source::new("wrml.xml", text.into()), &Arguments::default());
        let refusal = refusal.unwrap_err().to_string();
        assert!(
            refusal.contains("sequences in each other") || refusal.contains("parents of each other"),
            "{refusal}"
        );
    }
    let run = format!("<testrun>{}", "<testgroup>".repeat(depth));
    refused("runs.xjlog", archive(&[("Run 1.xml", run)]));
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
    // The same in each sample that is XML: in an attribute, and in a text.
    let mut tried = 0;
    for path in samples() {
        let source = Source::open(&path).unwrap();
        let text = String::from_utf8_lossy(source.bytes()).into_owned();
        if !text.trim_start_matches('\u{feff}').starts_with('<') {
            continue;
        }
        tried += 1;
        let converter = convert(AUTO, &source, &Arguments::default()).unwrap().converter;
        let with = |text: &str| format!("<!DOCTYPE a [{entities}]>{text}");
        let body = text.split_once("?>").map_or(&*text, |(_, body)| body);
        for armed in [body.replacen("</", "&a29;</", 1), body.replacen("=\"", "=\"&a29;", 2)] {
            let source = Source::new(source.name(), with(&armed).into_bytes());
            let refusal = convert(converter, &source, &Arguments::default()).unwrap_err().to_string();
            assert!(refusal.contains("a29") || refusal.contains("attribute"), "{}: {refusal}", source.name());
        }
        assert!(
            convert(AUTO, &Source::new(source.name(), with(body).into_bytes()), &Arguments::default())
                .is_ok()
        );
    }
    assert_eq!(tried, 6);
    let [(name, run), ..] = xjtag_entries();
    let armed = format!("<!DOCTYPE a [{entities}]>{}", run.replace("<serial>", "<serial>&a29;"));
    let refusal = convert("xjtag", &Source::new("a.xjlog", archive(&[(name, armed)])), &Arguments::default());
    assert!(refusal.unwrap_err().to_string().contains("&a29; is none of XML's own entities"));
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

/// What an archive unpacks to is bounded as a whole too, and so is the number of its entries.
#[test]
fn archives_of_many_small_bombs_are_refused() {
    let [(_, run), ..] = xjtag_entries();
    let padded = format!("{run}{}", " ".repeat(20 << 20));
    let names: Vec<String> = (1..=7).map(|number| format!("Run {number}.xml")).collect();
    let mut bombs: Vec<(&str, &str)> = names.iter().map(|name| (&**name, &*padded)).collect();
    bombs.extend(xjtag_entries().into_iter().filter(|(name, _)| *name == "Info.xml"));
    let refusal = convert("xjtag", &Source::new("a.xjlog", archive(&bombs)), &Arguments::default());
    let refusal = refusal.unwrap_err().to_string();
    assert!(refusal.contains("Run 7.xml in the archive unpacks to more than 7 MiB"), "{refusal}");
    let names: Vec<String> = (0..20_001).map(|number| format!("Run {number}.xml")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "")).collect();
    let refusal = convert(AUTO, &Source::new("a.xjlog", archive(&many)), &Arguments::default());
    assert_eq!(refusal.unwrap_err().to_string(), "the file is too large: it has more than 20000 entries");
}

/// Of a file of 2 GB no more is read than shows that it is too large, whoever is to convert it.
#[test]
fn files_of_2_gb_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unit.log");
    File::create(&path).unwrap().set_len(2 << 30).unwrap();
    let source = Source::open(&path).unwrap();
    assert_eq!(source.bytes().len(), (64 << 20) + 1);
    for name in all().iter().map(|converter| converter.name()).chain([AUTO]) {
        let refusal = convert(name, &source, &Arguments::default()).unwrap_err().to_string();
        assert_eq!(refusal, "the file is too large: it has more than 64 MiB", "{name}");
    }
}

#[test]
fn too_many_steps_are_refused() {
    let row = "ANL;1;R1;1;1;;;PASS;1;0.5;2;OHM\n".repeat(260_000);
    let text = format!("START;P;p;7;PN;op;03/14/2025;09:30:00\nSN;A\n{row}BOARDRESULT;PASS\nEND;PASS");
    let refusal = convert(AUTO, &Source::new("a.csv", text.into_bytes()), &Arguments::default()).unwrap_err();
    assert_eq!(refusal.to_string(), "the file is too large: it has more than 250000 steps");
}
