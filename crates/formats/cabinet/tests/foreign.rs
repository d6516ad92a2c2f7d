//! What other programs make of our cabinets, and we of theirs.

mod common;

use std::fs;

use common::{ALL, code, foreign, noise, pack, text, unpack};
use landfall_cabinet::Compression;

/// Every kind of content in one cabinet, in several folders.
fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty", Vec::new()),
        ("one byte", vec![7]),
        ("words.txt", text(100_001)),
        ("noise.bin", noise(3 * 32_768)),
        ("zero.bin", vec![0; 400_000]),
        ("bin/program.exe", code(700_000)),
        ("Grüße aus Köln.txt", text(5)),
        ("large.bin", [text(6 << 20), noise(1 << 20), code(3 << 20)].concat()),
        ("last, empty", Vec::new()),
    ]
}

#[test]
fn others_unpack_ours() {
    let inputs = inputs();
    let files: Vec<(&str, &[u8])> = inputs.iter().map(|(name, data)| (*name, data.as_slice())).collect();
    for compression in ALL {
        let folder = tempfile::tempdir().unwrap();
        let cabinet = pack(
            &[(compression, &files[..3]), (Compression::None, &files[3..4]), (compression, &files[4..])],
            2,
        );
        assert_eq!(unpack(&cabinet).unwrap().len(), files.len());
        fs::write(folder.path().join("ours.cab"), cabinet).unwrap();
        let programs: [(&str, &str, &[&str], &str); 3] = [
            ("cabextract", "cabextract", &["-q", "-d", "cabextract", "ours.cab"], "cabextract"),
            ("7z", "p7zip-full", &["x", "-o7z", "ours.cab"], "7z"),
            ("gcab", "gcab", &["-x", "-C", "gcab", "ours.cab"], "gcab"),
        ];
        for (program, package, arguments, output) in programs {
            fs::create_dir(folder.path().join(output)).unwrap();
            if foreign(program, package, arguments, folder.path()).is_none() {
                continue;
            }
            for (name, data) in &files {
                let unpacked = fs::read(folder.path().join(output).join(name)).unwrap();
                assert!(unpacked == *data, "{program}: {name} of {compression:?} is not what it was");
            }
        }
    }
}

#[test]
fn others_see_dates_and_attributes() {
    let folder = tempfile::tempdir().unwrap();
    let cabinet = pack(&[(Compression::Mszip { level: 6 }, &[("a.txt", b"content")])], 1);
    fs::write(folder.path().join("ours.cab"), cabinet).unwrap();
    if let Some(list) = foreign("cabextract", "cabextract", &["-l", "ours.cab"], folder.path()) {
        assert!(list.contains("7 | 14.11.2023 22:13:20 | a.txt"), "{list}");
    }
    if let Some(list) = foreign("7z", "p7zip-full", &["l", "-slt", "ours.cab"], folder.path()) {
        assert!(list.contains("Attributes = A") && list.contains("Modified = 2023-11-14 22:13:20"), "{list}");
    }
}

#[test]
fn we_unpack_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let data = [text(100_000), noise(70_000), vec![0; 50_000]].concat();
    fs::write(folder.path().join("input"), &data).unwrap();
    for arguments in [&["-c", "theirs.cab", "input"][..], &["-c", "-z", "theirs.cab", "input"]] {
        if foreign("gcab", "gcab", arguments, folder.path()).is_some() {
            let files = unpack(&fs::read(folder.path().join("theirs.cab")).unwrap()).unwrap();
            assert!(files == [("input".into(), data.clone())], "{arguments:?}");
        }
    }
}
