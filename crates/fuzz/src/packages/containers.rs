//! What packages are made of: archives, cabinets, compressed streams, databases of installers.

use super::demo;
use landfall_archives::{ar, tar};
use landfall_cabinet::{Cabinet, Compression, DateTime, File, Folder, Reader, Writer};
use landfall_codecs::{Effort, Encoder, Kind, decoder};
use landfall_msi::{Reader as Installer, ice};
use landfall_payload::Format;
use std::io::{self, Cursor, Read, Write};

/// Content that is read of one stream.
const CONTENT: u64 = 16 << 20;

/// Any bytes as an archive; and what a tar archive held, written again and read again, is the same.
pub(super) fn archive(bytes: &[u8]) {
    if let Ok(mut reader) = ar::Reader::new(bytes) {
        while let Ok(Some(_)) = reader.next_header() {}
    }
    let members = members(bytes);
    for dialect in [tar::Dialect::Gnu, tar::Dialect::Pax] {
        let mut writer = tar::Writer::new(Vec::new(), dialect);
        // What was refused half-way leaves an archive that is of no use.
        if members.iter().any(|(header, content)| writer.append_bytes(header, content).is_err()) {
            continue;
        }
        let Ok(archive) = writer.finish() else { continue };
        let mut reader = tar::Reader::new(&archive[..]);
        for (header, content) in &members {
            let found = reader.next_header().expect("what was written can be read").expect("all members");
            assert_eq!(found.path, header.path);
            let mut again = Vec::new();
            reader.read_to_end(&mut again).expect("its content");
            assert_eq!(&again, content);
        }
    }
}

/// What a tar archive holds, as far as it can be read.
fn members(bytes: &[u8]) -> Vec<(tar::Header, Vec<u8>)> {
    let mut reader = tar::Reader::new(bytes);
    let mut members = Vec::new();
    while let Ok(Some(mut header)) = reader.next_header() {
        let mut content = Vec::new();
        if (&mut reader).take(CONTENT).read_to_end(&mut content).is_err() || members.len() > 1000 {
            break;
        }
        header.size = content.len() as u64;
        members.push((header, content));
    }
    members
}

/// An ar archive, and tar archives of both dialects with what needs their extensions.
pub(super) fn archives() -> Vec<Vec<u8>> {
    let long = format!("folder/{}", "name ü/".repeat(30));
    let mut link = tar::Header::new("link", tar::Kind::Symlink, 0o777, 0);
    link.link = long.clone();
    let written = |dialect| {
        let mut writer = tar::Writer::new(Vec::new(), dialect);
        writer.append_bytes(&tar::Header::file("a", 0o644, 1_700_000_000, 7), b"content").ok()?;
        writer.append_bytes(&tar::Header::file(&long, 0o644, -1, 0), b"").ok()?;
        writer.append_bytes(&link, b"").ok()?;
        writer.finish().ok()
    };
    let tars = [tar::Dialect::Gnu, tar::Dialect::Pax].into_iter().filter_map(written);
    tars.chain([demo::package(Format::Deb)]).collect()
}

/// Any bytes as a cabinet; and any content, packed in any way and unpacked, is the same.
pub(super) fn cabinet(bytes: &[u8]) {
    if let Ok(mut reader) = Reader::new(Cursor::new(bytes)) {
        let mut left = CONTENT;
        let _ = reader.each(|member, content| {
            let _ = member.path();
            left -= io::copy(&mut content.take(left), &mut io::sink())?;
            Ok(())
        });
    }
    let Some((way, content)) = bytes.split_first() else { return };
    let mut unpacked = Vec::new();
    let mut reader = Reader::new(Cursor::new(in_cabinet(*way, content))).expect("a cabinet of ours");
    let all = reader.each(|_, content| {
        content.read_to_end(&mut unpacked)?;
        Ok(())
    });
    all.expect("its content");
    assert_eq!(unpacked, content);
}

fn in_cabinet(way: u8, content: &[u8]) -> Vec<u8> {
    let compression = match way % 4 {
        0 => Compression::None,
        1 => Compression::Mszip { level: 6 },
        2 => Compression::Lzx { window: 15 },
        _ => Compression::Lzx { window: 18 },
    };
    let mut folder = Folder::new(compression);
    let when = DateTime::from_unix(1_700_000_000).expect("a time");
    folder.files = vec![File::new("a", content.len() as u64, when)];
    let mut writer = Writer::new(Cabinet::new(vec![folder]), 1, Cursor::new(Vec::new())).expect("a plan");
    writer.append(content).expect("content of that size");
    writer.finish().expect("a cabinet").into_inner()
}

/// A cabinet of each compression.
pub(super) fn cabinets() -> Vec<Vec<u8>> {
    let content: Vec<u8> = (0..2000_u32).map(|at| if at % 7 < 4 { b'a' } else { (at >> 3) as u8 }).collect();
    (0..4).map(|way| in_cabinet(way, &content)).collect()
}

/// Any bytes as a compressed stream of each kind; and any content, compressed and read again, is the same.
pub(super) fn codecs(bytes: &[u8]) {
    for kind in [Kind::Gzip, Kind::Zstd, Kind::Xz, Kind::Bzip2] {
        if let Ok(stream) = decoder(kind, bytes) {
            let _ = io::copy(&mut stream.take(CONTENT), &mut io::sink());
        }
    }
    for kind in [Kind::Gzip, Kind::Zstd, Kind::Xz] {
        let packed = compressed(kind, bytes);
        assert_eq!(Kind::sniff(&packed), kind);
        let mut content = Vec::new();
        decoder(kind, &packed[..]).expect("a decoder").read_to_end(&mut content).expect("a stream of ours");
        assert_eq!(content, bytes);
    }
}

fn compressed(kind: Kind, content: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(kind.at(Effort::Fast), 1, Vec::new()).expect("an encoder");
    encoder.write_all(content).expect("room in memory");
    encoder.finish().expect("a stream")
}

/// A stream of each kind. bzip2 is only read.
pub(super) fn streams() -> Vec<Vec<u8>> {
    let empty_bzip2 = b"BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0".to_vec();
    let written =
        [Kind::Gzip, Kind::Zstd, Kind::Xz].map(|kind| compressed(kind, b"some content, some content"));
    written.into_iter().chain([empty_bzip2]).collect()
}

/// Any bytes as a database of Windows Installer: every table and stream, and the checks of its consistency.
pub(super) fn installer(bytes: &[u8]) {
    let Ok(mut reader) = Installer::open(Cursor::new(bytes)) else { return };
    let _ = (reader.codepage(), reader.summary());
    for stream in reader.streams() {
        if let Ok(Some(content)) = reader.stream(&stream.name) {
            let _ = io::copy(&mut content.take(CONTENT), &mut io::sink());
        }
    }
    let names: Vec<String> = reader.table_names().map(str::to_owned).collect();
    for name in names {
        let _ = reader.table(&name);
    }
    if let Ok(database) = reader.database() {
        let findings = ice::check(&database);
        assert!(findings.iter().all(|finding| !finding.what.is_empty()));
        let mut written = Vec::new();
        // What can be written can be read.
        if database.write(&mut written).is_ok() {
            Installer::open(Cursor::new(written)).expect("a database of ours");
        }
    }
}
