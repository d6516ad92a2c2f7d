//! Files that were cut or changed on their way.

use crate::{subjects, try_convert};
use std::io::Write;

/// Damaged inputs made of each sample.
const MUTATIONS: u32 = 2000;

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
