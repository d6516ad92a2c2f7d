//! ar: round trips, foreign readers, hostile input.

mod common;

use std::io::{self, Read};

use common::foreign;
use landfall_archives::ar::{Header, Reader, Writer};

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    for (name, content) in members {
        writer.append(&Header::file(name, 1_700_000_000, content.len() as u64), *content).unwrap();
    }
    writer.into_inner()
}

fn read(archive: &[u8]) -> io::Result<Vec<(Header, Vec<u8>)>> {
    let mut reader = Reader::new(archive)?;
    let mut members = Vec::new();
    while let Some(header) = reader.next_header()? {
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        members.push((header, content));
    }
    Ok(members)
}

#[test]
fn what_goes_in_comes_out() {
    let bytes = archive(&[("debian-binary", b"2.0\n"), ("odd", b"abc"), ("empty", b"")]);
    assert!(
        bytes.starts_with(b"!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n")
    );
    assert_eq!(bytes.len() % 2, 0);
    let members = read(&bytes).unwrap();
    assert_eq!(members[1], (Header::file("odd", 1_700_000_000, 3), b"abc".to_vec()));
    assert_eq!(members.len(), 3);
    // Content that nobody reads is passed over; the last padding may be missing.
    let bytes = archive(&[("a", b"x"), ("b", b"y")]);
    let mut reader = Reader::new(&bytes[..bytes.len() - 1]).unwrap();
    let mut names = Vec::new();
    while let Some(header) = reader.next_header().unwrap() {
        names.push(header.name);
    }
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn a_foreign_reader_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ar");
    std::fs::write(&path, archive(&[("debian-binary", b"2.0\n"), ("odd", b"abc"), ("even", b"abcd")]))
        .unwrap();
    let path = path.to_str().unwrap();
    if let Some(list) = foreign("ar", "binutils", &["t", path], b"") {
        assert_eq!(list, "debian-binary\nodd\neven\n");
        assert_eq!(foreign("ar", "binutils", &["p", path, "odd"], b"").unwrap(), "abc");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut writer = Writer::new(Vec::new()).unwrap();
    for name in ["seventeen-letters", "with/slash", "with space", ""] {
        assert!(writer.append(&Header::file(name, 0, 0), io::empty()).is_err(), "{name}");
    }
    assert!(writer.append(&Header::file("large", 0, 10_000_000_000), io::empty()).is_err());
    assert!(writer.append(&Header::file("short", 0, 2), &b"x"[..]).is_err());
    assert!(writer.append(&Header::file("long", 0, 2), &b"xyz"[..]).is_err());
}

#[test]
fn hostile_input_is_an_error() {
    let good = archive(&[("a", b"content")]);
    assert!(read(b"").is_err());
    assert!(read(b"!<arch>").is_err());
    for cut in [9, 60, 69] {
        assert!(read(&good[..cut]).is_err(), "{cut}");
    }
    let mut wrong = good.clone();
    wrong[8 + 48] = b'x';
    assert!(read(&wrong).is_err());
    let mut claims = good;
    claims[8 + 48..8 + 58].copy_from_slice(b"9999999999");
    assert!(read(&claims).is_err());
}
