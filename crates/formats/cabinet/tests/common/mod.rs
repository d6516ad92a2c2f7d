//! Content, cabinets in memory, and foreign programs.
#![allow(dead_code, reason = "each test uses a part")]

use std::io::{Cursor, Write};
use std::process::Command;

use landfall_cabinet::{Cabinet, Compression, DateTime, File, Folder, Reader, Writer};

/// Every way to compress.
pub(crate) const ALL: [Compression; 4] = [
    Compression::None,
    Compression::Mszip { level: 1 },
    Compression::Mszip { level: 4 },
    Compression::Mszip { level: 9 },
];

pub(crate) fn when() -> DateTime {
    DateTime::from_unix(1_700_000_000).unwrap()
}

/// Bytes without order, the same on every machine.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Words in an order that repeats itself only in part.
pub(crate) fn text(length: usize) -> Vec<u8> {
    let words = ["install ", "upgrade ", "service ", "unit\r\n", "queue ", "0x7f", "\0\u{1}\u{2}", "report "];
    let mut out = Vec::with_capacity(length + 8);
    for byte in noise(length) {
        if out.len() >= length {
            break;
        }
        out.extend_from_slice(words[usize::from(byte) % words.len()].as_bytes());
    }
    out.truncate(length);
    out
}

/// Something like x86 code: calls with relative targets among other bytes.
pub(crate) fn code(length: usize) -> Vec<u8> {
    let random = noise(length);
    let mut out = Vec::with_capacity(length + 8);
    for pair in random.chunks(2) {
        if out.len() >= length {
            break;
        }
        if pair[0] < 60 {
            // One of a few functions, called from wherever this is.
            let target = i32::from(pair[0]) * 4096 - out.len() as i32 - 5;
            out.push(0xe8);
            out.extend_from_slice(&target.to_le_bytes());
        } else {
            out.extend_from_slice(&[0x48, 0x8b, pair[0] & 0x3f, 0x24, pair[1] & 7]);
        }
    }
    out.truncate(length);
    out
}

/// Files by name.
pub(crate) type Files<'a> = &'a [(&'a str, &'a [u8])];

/// A cabinet whose folders hold the files as they are given.
pub(crate) fn pack(folders: &[(Compression, Files<'_>)], threads: usize) -> Vec<u8> {
    let description = folders
        .iter()
        .map(|(compression, files)| {
            let mut folder = Folder::new(*compression);
            folder.files =
                files.iter().map(|(name, data)| File::new(*name, data.len() as u64, when())).collect();
            folder
        })
        .collect();
    let mut writer = Writer::new(Cabinet::new(description), threads, Cursor::new(Vec::new())).unwrap();
    for (_, files) in folders {
        for (_, data) in *files {
            writer.append(*data).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

/// Names and content as the reader of this crate sees them.
pub(crate) fn unpack(cabinet: &[u8]) -> landfall_cabinet::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    Reader::new(Cursor::new(cabinet))?.each(|member, content| {
        let mut data = Vec::new();
        content.read_to_end(&mut data)?;
        files.push((member.path()?, data));
        Ok(())
    })?;
    Ok(files)
}

/// Runs a foreign program in `folder` and returns what it wrote; `None`, with a visible line, where it is missing.
pub(crate) fn foreign(
    program: &str,
    package: &str,
    arguments: &[&str],
    folder: &std::path::Path,
) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .output();
    let Ok(output) = output else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {program} (apt-get install {package})");
        return None;
    };
    let all = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&all));
    Some(String::from_utf8_lossy(&all).into_owned())
}
