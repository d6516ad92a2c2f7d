//! Programs of every system, what is in them, and who signed them.

use landfall_authenticode::{Trust, certificates_from_pem, extract, remove, state, verify};
use landfall_payload::binary::{Binary, elf_needs};
use landfall_pe::{Icon, Manifest, Patch, Program, Resources, Version};
use std::io::{Cursor, Read};

/// Any bytes as a Windows program; and a program that gets resources has them.
pub(super) fn windows(bytes: &[u8]) {
    let Ok(program) = Program::read(Cursor::new(bytes)) else { return };
    let _ = (program.version(), program.manifest());
    let resources = Resources {
        version: Some(Version { number: [1, 2, 3, 4], strings: vec![("ProductName".into(), "demo".into())] }),
        manifest: Some(Manifest::default()),
        icon: None,
    };
    let Ok(patch) = Patch::new(&mut Cursor::new(bytes), &resources) else { return };
    // What a header claims of a file of no length costs nothing; it is not written either.
    if patch.size() > 64 << 20 {
        return;
    }
    let mut patched = Vec::new();
    let Ok(mut content) = patch.open(Cursor::new(bytes)) else { return };
    if content.read_to_end(&mut patched).is_err() {
        return;
    }
    assert_eq!(patched.len() as u64, patch.size());
    let patched = Program::read(Cursor::new(patched)).expect("a program of ours");
    assert_eq!(patched.version().map(|version| version.number), Some([1, 2, 3, 4]));
}

/// Any bytes as an icon.
pub(super) fn icon(bytes: &[u8]) {
    let _ = Icon::parse(bytes);
}

/// Any bytes as a program of any system: what it is for, and what it needs.
pub(super) fn headers(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("room on disk");
    let _ = Binary::read(file.path());
    let _ = elf_needs(file.path(), "/usr/bin/demo");
}

/// Any bytes as a signed file.
pub(super) fn authenticode(bytes: &[u8]) {
    let _ = (extract(Cursor::new(bytes)), state(Cursor::new(bytes)));
    let trust = Trust { code_signing: Vec::new(), timestamps: Vec::new() };
    assert!(verify(Cursor::new(bytes), &trust, 1_700_000_000).is_err(), "nobody is trusted");
    let _ = remove(Cursor::new(bytes), Cursor::new(Vec::new()));
    let _ = certificates_from_pem(bytes);
}

/// A program for each system.
pub(super) fn smallest() -> Vec<Vec<u8>> {
    let mut all = vec![smallest_for_linux(), smallest_for_macos(), smallest_universal()];
    all.extend(smallest_for_windows());
    all
}

/// 64-bit ELF for x86-64 with a loader, a needed library, and a version of it that it wants.
fn smallest_for_linux() -> Vec<u8> {
    let mut program = Bytes(vec![0; 0x300]);
    program.put(0, b"\x7fELF\x02\x01\x01");
    program.put(0x10, &[3, 0, 62, 0, 1]);
    program.put(0x20, &[0x40]);
    program.put(0x34, &[64, 0, 56, 0, 3, 0]);
    // Type, offset, address and size of segments: all of it, the loader, the dynamic section.
    for (at, kind, from, size) in [(0x40, 1, 0, 0x300), (0x78, 3, 0x200, 28), (0xb0, 2, 0x100, 0x70)] {
        program.put(at, &[kind]);
        program.words(at + 8, &[from, from, from, size, size]);
    }
    // DT_NEEDED, DT_SONAME, DT_STRTAB, DT_STRSZ, DT_VERNEED, DT_VERNEEDNUM, DT_NULL.
    let section = [1, 1, 14, 11, 5, 0x280, 10, 40, 0x6fff_fffe, 0x240, 0x6fff_ffff, 1, 0, 0];
    program.words(0x100, &section);
    program.put(0x200, b"/lib64/ld-linux-x86-64.so.2\0");
    program.put(0x240, &[1, 0, 1, 0, 1, 0, 0, 0, 16]);
    program.put(0x280, b"\0libc.so.6\0libdemo.so\0GLIBC_2.34\0");
    // Name of the version in the table of strings.
    program.put(0x258, &[22]);
    program.0
}

/// Mach-O for Apple silicon without commands.
fn smallest_for_macos() -> Vec<u8> {
    let words: [u32; 8] = [0xfeed_facf, 0x0100_000c, 0, 2, 0, 0, 0, 0];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The same twice in one file.
fn smallest_universal() -> Vec<u8> {
    let words: [u32; 12] = [0xcafe_babe, 2, 0x0100_000c, 0, 48, 32, 3, 0x0100_0007, 3, 80, 32, 3];
    let head: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    [head, smallest_for_macos(), smallest_for_macos()].concat()
}

/// A program of 64-bit Windows with one section, and room for another one in its header.
pub(super) fn smallest_for_windows() -> Option<Vec<u8>> {
    let mut program = Bytes(vec![0; 0x400]);
    program.put(0, b"MZ");
    program.put(0x3c, &[0x40]);
    program.put(0x40, b"PE\0\0\x64\x86\x01");
    program.put(0x54, &[240, 0, 0x22, 0, 0x0b, 0x02]);
    program.put(0x9c, &[3]);
    for (at, value) in [
        (0x68, 0x1000_u32),
        (0x78, 0x1000),
        (0x7c, 0x200),
        (0x90, 0x2000),
        (0x94, 0x200),
        (0xc4, 16),
        (0x150, 6),
        (0x154, 0x1000),
        (0x158, 0x200),
        (0x15c, 0x200),
        (0x16c, 0x6000_0020),
    ] {
        program.put(at, &value.to_le_bytes());
    }
    program.put(0x148, b".text");
    Some(program.0)
}

/// A file that is filled place by place.
struct Bytes(Vec<u8>);

impl Bytes {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// 64-bit words, least byte first.
    fn words(&mut self, at: usize, words: &[u64]) {
        for (number, word) in words.iter().enumerate() {
            self.put(at + number * 8, &word.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_payload::binary::BinaryKind;

    /// Seeds that a parser does not take would find nothing.
    #[test]
    fn seeds_are_programs() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let kinds: Vec<_> = smallest()
            .iter()
            .map(|bytes| {
                std::fs::write(file.path(), bytes).unwrap();
                Binary::read(file.path()).unwrap().unwrap().kind
            })
            .collect();
        assert_eq!(kinds, [BinaryKind::Elf, BinaryKind::MachO, BinaryKind::MachO, BinaryKind::Pe]);
        std::fs::write(file.path(), smallest_for_linux()).unwrap();
        let needs = elf_needs(file.path(), "/usr/bin/demo").unwrap().unwrap();
        assert_eq!(needs.interpreter.as_deref(), Some("/lib64/ld-linux-x86-64.so.2"));
        assert_eq!(needs.soname.as_deref(), Some("libdemo.so"));
        assert_eq!(needs.libraries["libc.so.6"], ["GLIBC_2.34"]);
    }
}
