//! tar: round trips in both dialects, foreign readers and writers, hostile input.

mod common;

use std::io::{self, Read};

use common::foreign;
use landfall_archives::tar::{Dialect, Header, Kind, Reader, Writer};

const TIME: i64 = 1_700_000_000;

/// Members that strain every field.
fn members() -> Vec<(Header, Vec<u8>)> {
    let long = format!("./usr/share/{}/{}", "d".repeat(120), "f".repeat(120));
    let medium = format!("./usr/share/{}/{}", "d".repeat(60), "f".repeat(60));
    let link = |path: &str, target: &str, kind| Header {
        link: target.into(),
        ..Header::new(path, kind, 0o777, TIME)
    };
    vec![
        (Header::new("./usr", Kind::Directory, 0o755, TIME), vec![]),
        (Header::file("./usr/empty", 0o644, TIME, 0), vec![]),
        (Header::file("./usr/set-id", 0o4755, 0, 512), vec![7; 512]),
        (
            Header {
                uname: "demo".into(),
                gname: "demo-group".into(),
                ..Header::file("./a", 0o640, TIME, 3)
            },
            b"abc".to_vec(),
        ),
        (Header::file(&"n".repeat(100), 0o644, TIME, 1), b"x".to_vec()),
        (Header::file(&medium, 0o644, TIME, 2), b"xy".to_vec()),
        (Header::file(&long, 0o644, TIME, 5), b"long\n".to_vec()),
        (Header::new(&format!("./{}", "s".repeat(98)), Kind::Directory, 0o755, TIME), vec![]),
        (Header::file("./usr/Grüße", 0o644, TIME, 4), b"gut\n".to_vec()),
        (link("./usr/link", "empty", Kind::Symlink), vec![]),
        (link("./usr/long-link", &"t/".repeat(90), Kind::Symlink), vec![]),
        (link("./usr/hard", "./usr/empty", Kind::Hardlink), vec![]),
        (Header { uid: 3_000_000, gid: 0xffff_fffe, ..Header::file("./big-id", 0o600, TIME, 0) }, vec![]),
        (Header { mtime: -5, ..Header::file("./old", 0o600, 0, 0) }, vec![]),
        (Header { mtime: 20_000_000_000, ..Header::file("./far", 0o600, 0, 0) }, vec![]),
    ]
}

fn write(dialect: Dialect, members: &[(Header, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), dialect);
    for (header, content) in members {
        writer.append(header, content.as_slice()).unwrap();
    }
    writer.finish().unwrap()
}

fn read(archive: &[u8]) -> io::Result<Vec<(Header, Vec<u8>)>> {
    let mut reader = Reader::new(archive);
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
    for dialect in [Dialect::Gnu, Dialect::Pax] {
        let archive = write(dialect, &members());
        assert_eq!(archive.len() % 512, 0);
        assert_eq!(read(&archive).unwrap(), members(), "{dialect:?}");
    }
}

#[test]
fn unread_content_is_passed_over() {
    let archive = write(Dialect::Pax, &members());
    let mut reader = Reader::new(archive.as_slice());
    let mut paths = Vec::new();
    while let Some(header) = reader.next_header().unwrap() {
        paths.push(header.path);
    }
    assert_eq!(paths, members().into_iter().map(|(header, _)| header.path).collect::<Vec<_>>());
}

#[test]
fn a_short_name_needs_no_extension() {
    for dialect in [Dialect::Gnu, Dialect::Pax] {
        let archive = write(dialect, &[(Header::file("./a", 0o644, TIME, 3), b"abc".to_vec())]);
        assert_eq!(archive.len(), 512 + 512 + 1024);
    }
}

#[test]
fn own_records_are_kept_and_gnu_refuses_them() {
    let pax =
        vec![("APK-TOOLS.checksum.SHA1".to_owned(), b"da39a3ee".to_vec()), ("x".into(), vec![0, 255, b'\n'])];
    let header = Header { pax, ..Header::file("usr/bin/demo", 0o755, TIME, 0) };
    let archive = write(Dialect::Pax, &[(header.clone(), vec![])]);
    assert_eq!(read(&archive).unwrap(), [(header.clone(), vec![])]);
    let error = Writer::new(Vec::new(), Dialect::Gnu).append_bytes(&header, b"").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_record_s_length_counts_itself() {
    // Values on both sides of a change in the number of digits.
    for length in [80, 85, 86, 87, 88, 89, 90, 980, 985, 986, 987, 988, 989, 990] {
        let header =
            Header { pax: vec![("key".into(), vec![b'v'; length])], ..Header::file("a", 0o644, 0, 0) };
        assert_eq!(read(&write(Dialect::Pax, &[(header.clone(), vec![])])).unwrap(), [(header, vec![])]);
    }
}

#[test]
fn joined_segments_are_one_archive() {
    let mut first = Writer::new(Vec::new(), Dialect::Pax);
    first.append_bytes(&Header::file("a", 0o644, 0, 0), b"first").unwrap();
    let mut second = Writer::new(first.finish_without_end(), Dialect::Pax);
    second.append_bytes(&Header::file("b", 0o644, 0, 0), b"second").unwrap();
    let members = read(&second.finish().unwrap()).unwrap();
    assert_eq!(members.iter().map(|(header, _)| header.path.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn content_of_another_size_is_refused() {
    let header = Header::file("a", 0o644, 0, 5);
    let mut writer = Writer::new(Vec::new(), Dialect::Pax);
    assert_eq!(writer.append(&header, &b"four"[..]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    let mut writer = Writer::new(Vec::new(), Dialect::Pax);
    assert_eq!(writer.append(&header, &b"sixsix"[..]).unwrap_err().kind(), io::ErrorKind::InvalidData);
    let directory = Header { size: 1, ..Header::new("d", Kind::Directory, 0o755, 0) };
    assert!(writer.append(&directory, &b"x"[..]).is_err());
}

#[test]
fn sizes_beyond_octal_digits() {
    let size = 9 << 30;
    for dialect in [Dialect::Gnu, Dialect::Pax] {
        let mut head = Head(Vec::new());
        let header = Header::file("huge", 0o644, TIME, size);
        Writer::new(&mut head, dialect).append(&header, io::repeat(0).take(size)).unwrap_err();
        let mut reader = Reader::new(head.0.as_slice());
        assert_eq!(reader.next_header().unwrap().unwrap(), header, "{dialect:?}");
    }
}

/// Keeps the first few blocks and takes no more.
struct Head(Vec<u8>);

impl io::Write for Head {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let room = 4096_usize.saturating_sub(self.0.len());
        let taken = data.len().min(room);
        self.0.extend_from_slice(&data[..taken]);
        Ok(taken)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn foreign_readers_agree() {
    for dialect in [Dialect::Gnu, Dialect::Pax] {
        let archive = write(dialect, &members());
        for (program, package) in [("tar", "tar"), ("bsdtar", "libarchive-tools")] {
            let Some(list) = foreign(program, package, &["-tf", "-"], &archive) else { continue };
            let ours: Vec<String> = members()
                .into_iter()
                .map(|(h, _)| if h.kind == Kind::Directory { format!("{}/", h.path) } else { h.path })
                .collect();
            // GNU tar writes what is not ASCII as octal escapes.
            let list: Vec<String> =
                list.lines().map(|line| line.replace(r"\303\274", "ü").replace(r"\303\237", "ß")).collect();
            assert_eq!(list, ours, "{program} {dialect:?}");
            let content = foreign(program, package, &["-xOf", "-", "./usr/Grüße"], &archive).unwrap();
            assert_eq!(content, "gut\n");
        }
        let Some(list) =
            foreign("tar", "tar", &["--numeric-owner", "-tvf", "-", "./big-id", "./usr/long-link"], &archive)
        else {
            continue;
        };
        assert!(list.contains("3000000/4294967294"), "{list}");
        assert!(list.contains(&format!("-> {}", "t/".repeat(90))), "{list}");
    }
}

/// It would end the name for most readers.
#[test]
fn a_zero_byte_in_a_name_is_refused() {
    for dialect in [Dialect::Gnu, Dialect::Pax] {
        let header = Header::file("a\0b", 0o644, 0, 0);
        let refusal = Writer::new(Vec::new(), dialect).append_bytes(&header, b"").unwrap_err();
        assert_eq!(refusal.to_string(), r#""a\0b": a name has a zero byte"#);
    }
    let long = format!("{}ü", "a".repeat(200));
    let archive = write(Dialect::Pax, &[(Header::file(&long, 0o644, 0, 0), Vec::new())]);
    let at = archive.windows(5).position(|bytes| bytes == b"path=").unwrap() + 5;
    let mut damaged = archive.clone();
    damaged[at + 100] = 0;
    assert_eq!(read(&archive).unwrap()[0].0.path, long);
    assert_eq!(read(&damaged).unwrap_err().to_string(), "the pax record path has a zero byte");
}

#[test]
fn foreign_archives_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let long = "l".repeat(120);
    std::fs::write(folder.path().join(&long), "content").unwrap();
    std::os::unix::fs::symlink("target", folder.path().join("link")).unwrap();
    let path = folder.path().to_str().unwrap();
    for format in ["v7", "ustar", "gnu", "oldgnu", "pax"] {
        let mut names = vec!["link"];
        if !["v7", "ustar"].contains(&format) {
            names.push(&long);
        }
        let option = format!("--format={format}");
        let mut arguments = vec!["-C", path, option.as_str(), "-cf", "/dev/stdout"];
        arguments.extend(&names);
        let Some(archive) = foreign("tar", "tar", &arguments, b"") else { return };
        let members = read(archive.as_bytes()).unwrap();
        assert_eq!(members.iter().map(|(h, _)| h.path.as_str()).collect::<Vec<_>>(), names, "{format}");
        assert_eq!((members[0].0.kind, members[0].0.link.as_str()), (Kind::Symlink, "target"));
        if let Some((_, content)) = members.get(1) {
            assert_eq!(content, b"content");
        }
    }
}

#[test]
fn hostile_input_is_an_error() {
    let good = write(Dialect::Gnu, &[(Header::file(&"n".repeat(300), 0o644, TIME, 5), b"12345".to_vec())]);
    // Cut at every block, and within one.
    for cut in [100, 512, 700, 1024, 1024 + 511, 1536 + 3, 2048 + 3] {
        assert!(read(&good[..cut]).is_err(), "cut at {cut}");
    }
    let mut wrong_sum = good.clone();
    wrong_sum[0] ^= 1;
    assert!(read(&wrong_sum).is_err());

    // A long name that claims to have a terabyte.
    let mut header = good[..512].to_vec();
    header[124..136].copy_from_slice(b"20000000000\0");
    assert!(read(&sealed(header)).is_err());

    // A negative size.
    let mut header = write(Dialect::Gnu, &[(Header::file("a", 0o644, 0, 0), vec![])]);
    header[124..136].fill(0xff);
    assert!(read(&sealed(header)).is_err());

    // Extended headers without end.
    let one = &good[..1024];
    assert!(read(&one.repeat(100)).is_err());

    // Records that point beyond their end.
    for records in ["99 a=b\n", "2 a", "x a=b\n", "6 ab\n\n", "18446744073709551616 a=b\n", "5 a=b"] {
        let mut carrier =
            write(Dialect::Pax, &[(Header::file("x", 0o644, 0, records.len() as u64), records.into())]);
        carrier[156] = b'x';
        assert!(read(&sealed(carrier)).is_err(), "{records:?}");
    }
    assert!(read(b"").unwrap().is_empty());
}

/// Corrects the checksum of the first header.
fn sealed(mut archive: Vec<u8>) -> Vec<u8> {
    archive[148..156].fill(b' ');
    let sum: u32 = archive[..512].iter().map(|&b| u32::from(b)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    archive
}
