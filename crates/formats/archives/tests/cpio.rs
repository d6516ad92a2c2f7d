//! cpio: round trips, foreign readers, the stripped form, hostile input.

mod common;

use std::io::{self, Read};

use common::foreign;
use landfall_archives::cpio::{Header, Member, Reader, Writer};

fn header(path: &str, ino: u32, mode: u32, size: u64) -> Header {
    Header { path: path.into(), ino, mode, nlink: 1, mtime: 1_700_000_000, size, ..Header::default() }
}

fn archive() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    writer.append(&header("./usr", 1, 0o40755, 0), io::empty()).unwrap();
    writer.append(&header("./usr/odd", 2, 0o100_644, 3), &b"abc"[..]).unwrap();
    writer.append(&header("./usr/link", 3, 0o120_777, 3), &b"odd"[..]).unwrap();
    writer.finish().unwrap()
}

fn read(archive: &[u8]) -> io::Result<Vec<(Member, Vec<u8>)>> {
    let mut reader = Reader::new(archive);
    let mut members = Vec::new();
    while let Some(member) = reader.next_member()? {
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        members.push((member, content));
    }
    Ok(members)
}

#[test]
fn what_goes_in_comes_out() {
    let members = read(&archive()).unwrap();
    assert_eq!(members.len(), 3);
    assert_eq!(members[1], (Member::Full(header("./usr/odd", 2, 0o100_644, 3)), b"abc".to_vec()));
    assert_eq!(members[2].1, b"odd");
    // Content that nobody reads is passed over.
    let bytes = archive();
    let mut reader = Reader::new(bytes.as_slice());
    let mut count = 0;
    while reader.next_member().unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 3);
}

#[test]
fn foreign_readers_agree() {
    if let Some(list) = foreign("cpio", "cpio", &["-t", "--quiet"], &archive()) {
        assert_eq!(list, "./usr\n./usr/odd\n./usr/link\n");
    }
    if let Some(list) = foreign("bsdtar", "libarchive-tools", &["-tf", "-"], &archive()) {
        assert_eq!(list, "./usr\n./usr/odd\n./usr/link\n");
    }
}

#[test]
fn the_stripped_form_names_files_by_number() {
    let mut writer = Writer::new(Vec::new());
    writer.append_stripped(0, 5, &b"hello"[..]).unwrap();
    writer.append_stripped(26, 0, io::empty()).unwrap();
    let offset = writer.offset();
    let bytes = writer.finish().unwrap();
    assert!(bytes.starts_with(b"07070X00000000\0\0hello\0\0\x0007070X0000001a\0\x00070701"));
    assert_eq!(offset, 40);
    let mut reader = Reader::new(bytes.as_slice());
    assert_eq!(reader.next_member().unwrap(), Some(Member::Stripped(0)));
    reader.expect(5);
    let mut content = String::new();
    reader.read_to_string(&mut content).unwrap();
    assert_eq!(content, "hello");
    assert_eq!(reader.next_member().unwrap(), Some(Member::Stripped(26)));
    assert_eq!(reader.next_member().unwrap(), None);
    assert_eq!(reader.next_member().unwrap(), None);
}

#[test]
fn four_gibibytes_need_the_stripped_form() {
    let error =
        Writer::new(Vec::new()).append(&header("huge", 1, 0o100_644, 1 << 32), io::empty()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn hostile_input_is_an_error() {
    let good = archive();
    for cut in [0, 5, 50, 112, 120, 250] {
        assert!(read(&good[..cut]).is_err(), "{cut}");
    }
    for (at, text) in [(0, "070707"), (94, "ffffffff"), (94, "00000000"), (54, "fffffff0"), (6, "+0000001")] {
        let mut bad = good.clone();
        bad[at..at + text.len()].copy_from_slice(text.as_bytes());
        assert!(read(&bad).is_err(), "{text} at {at}");
    }
}
