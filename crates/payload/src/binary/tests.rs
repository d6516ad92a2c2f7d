//! Against the system's own binaries, `readelf`, and headers made by hand.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Command;

use super::*;

fn target(triple: &str) -> Target {
    triple.parse().unwrap()
}

fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

fn message(path: &Path, triple: &str) -> String {
    check(path, &target(triple)).unwrap_err().to_string()
}

/// What `readelf` says: needed libraries and the versions asked of each.
fn readelf(path: &str) -> Option<BTreeMap<String, BTreeSet<String>>> {
    let output = Command::new("readelf").args(["--wide", "-d", "-V", path]).output();
    let Ok(output) = output else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs readelf (apt-get install binutils)");
        return None;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    let mut library = String::new();
    for line in text.lines() {
        let after = |key: &str| line.split_once(key).map(|(_, rest)| rest.trim());
        if let Some(name) = after("Shared library: [") {
            all.entry(name.trim_end_matches(']').into()).or_default();
        } else if let Some(rest) = after("  File: ") {
            library = rest.split_whitespace().next().unwrap().into();
        } else if let (Some(rest), false) = (after("Name: "), line.contains("WEAK")) {
            let version = rest.split_whitespace().next().unwrap();
            // Lines of version definitions come before the first `File:` and have none.
            if !library.is_empty() {
                all.entry(library.clone()).or_default().insert(version.into());
            }
        }
    }
    Some(all)
}

#[test]
fn needs_are_those_of_readelf() {
    for path in ["/bin/ls", "/usr/bin/dpkg-deb", "/usr/bin/openssl", "/bin/busybox"] {
        if !Path::new(path).exists() {
            continue;
        }
        let Some(expected) = readelf(path) else { return };
        let needs = elf_needs(Path::new(path), "/usr/bin/demo").unwrap().unwrap();
        let found: BTreeMap<_, BTreeSet<_>> =
            needs.libraries.iter().map(|(l, v)| (l.clone(), v.iter().cloned().collect())).collect();
        assert_eq!(found, expected, "{path}");
        assert_eq!((needs.path.as_str(), needs.soname), ("/usr/bin/demo", None));
        assert_eq!(needs.interpreter.is_some(), !needs.libraries.is_empty(), "{path}");
    }
}

#[test]
fn a_library_has_a_name() {
    let Ok(libraries) = glob::glob("/usr/lib/*-linux-gnu/libz.so.1") else { return };
    for path in libraries.flatten() {
        let needs = elf_needs(&path, "/usr/lib/libz.so.1").unwrap().unwrap();
        assert_eq!(needs.soname.as_deref(), Some("libz.so.1"));
        assert!(needs.libraries["libc.so.6"].iter().any(|v| v.starts_with("GLIBC_2.")));
    }
}

#[test]
fn this_test_is_for_this_machine() {
    let me = std::env::current_exe().unwrap();
    check(&me, &Target::host()).unwrap();
    let binary = Binary::read(&me).unwrap().unwrap();
    assert_eq!((binary.kind, binary.os), (BinaryKind::Elf, Some(Os::Linux)));
    let other = if cfg!(target_arch = "aarch64") { "x86_64" } else { "aarch64" };
    let text = message(&me, &format!("{other}-unknown-linux-gnu"));
    let built = format!("built for {} (linux, ELF, loader /", Target::host().architecture.name());
    assert!(text.starts_with(&built), "{text}");
    assert!(text.ends_with(&format!(", but the target is {other}-unknown-linux-gnu")), "{text}");
    assert!(message(&me, "x86_64-pc-windows-gnu").contains("linux, ELF"));
    if Target::host().is_glibc() {
        let musl = format!("{}-unknown-linux-musl", Target::host().architecture.name());
        assert!(message(&me, &musl).contains("ld-linux"));
    }
}

#[test]
fn scripts_run_anywhere_and_texts_nowhere() {
    let script = written(b"#!/bin/sh\n");
    check(script.path(), &target("x86_64-unknown-linux-gnu")).unwrap();
    check(script.path(), &target("aarch64-apple-darwin")).unwrap();
    assert_eq!(elf_needs(script.path(), "/x").unwrap(), None);
    let empty = written(b"");
    assert!(message(empty.path(), "x86_64-unknown-linux-gnu").contains("#!"));
    check(written(b"@echo off\r\n").path(), &target("x86_64-pc-windows-msvc")).unwrap();
    assert!(
        message(Path::new("/nonexistent"), "x86_64-pc-windows-msvc").starts_with("cannot read /nonexistent")
    );
}

/// A PE file with nothing but its headers.
fn pe_file(machine: u16) -> Vec<u8> {
    let mut bytes = vec![0; 0x40];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x40;
    bytes.extend(b"PE\0\0");
    bytes.extend(machine.to_le_bytes());
    bytes.extend([0; 18]);
    bytes.extend(0x20b_u16.to_le_bytes());
    bytes.extend([0; 110]);
    bytes
}

#[test]
fn windows_programs_are_told_apart() {
    let intel = written(&pe_file(0x8664));
    check(intel.path(), &target("x86_64-pc-windows-gnu")).unwrap();
    assert_eq!(
        message(intel.path(), "aarch64-pc-windows-msvc"),
        "built for x86_64 (windows, PE), but the target is aarch64-pc-windows-msvc"
    );
    assert!(message(intel.path(), "x86_64-unknown-linux-gnu").starts_with("built for x86_64 (windows, PE)"));
    check(written(&pe_file(0xaa64)).path(), &target("aarch64-pc-windows-msvc")).unwrap();
    check(written(&pe_file(0x014c)).path(), &target("i686-pc-windows-gnu")).unwrap();
    assert!(
        message(written(&pe_file(0x0200)).path(), "x86_64-pc-windows-gnu").contains("another architecture")
    );
}

#[test]
fn mac_programs_may_be_for_several() {
    let thin = |cpu: u32| {
        let mut bytes = 0xfeed_facf_u32.to_le_bytes().to_vec();
        bytes.extend(cpu.to_le_bytes());
        bytes.extend([0; 24]);
        written(&bytes)
    };
    check(thin(0x0100_000c).path(), &target("aarch64-apple-darwin")).unwrap();
    assert!(message(thin(0x0100_0007).path(), "aarch64-apple-darwin").starts_with("built for x86_64 (macos"));
    let mut bytes = 0xcafe_babe_u32.to_be_bytes().to_vec();
    bytes.extend(2_u32.to_be_bytes());
    for cpu in [0x0100_0007_u32, 0x0100_000c] {
        bytes.extend(cpu.to_be_bytes());
        bytes.extend([0; 16]);
    }
    let universal = written(&bytes);
    check(universal.path(), &target("aarch64-apple-darwin")).unwrap();
    check(universal.path(), &target("x86_64-apple-darwin")).unwrap();
    let text = message(universal.path(), "x86_64-unknown-linux-gnu");
    assert!(text.starts_with("built for x86_64 and aarch64 (macos, Mach-O)"), "{text}");
    // A Java class of Java 8.
    let class = written(&[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52, 0, 1]);
    assert_eq!(Binary::read(class.path()).unwrap(), None);
}

#[test]
fn damaged_files_are_errors_not_panics() {
    let Ok(good) = std::fs::read("/bin/ls") else { return };
    for length in (0..good.len().min(4096)).step_by(7) {
        let file = written(&good[..length]);
        let _ = Binary::read(file.path());
        let _ = elf_needs(file.path(), "/x");
    }
    // Every byte of the headers, at its most extreme.
    for at in 0..good.len().min(1024) {
        let mut bytes = good.clone();
        bytes[at] = 0xff;
        let file = written(&bytes);
        let _ = Binary::read(file.path());
        let _ = elf_needs(file.path(), "/x");
    }
}

/// A library that needs versions of `x`: its one entry is followed by itself.
fn circular_versions(libraries: u64, versions: u16) -> Vec<u8> {
    const DYNAMIC: u64 = 64 + 2 * 56;
    const STRINGS: u64 = DYNAMIC + 5 * 16;
    const VERSIONS: u64 = STRINGS + 8;
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    for half in [3u16, 62] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(1u32.to_le_bytes());
    for word in [0u64, 64, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(0u32.to_le_bytes());
    for half in [64u16, 56, 2, 64, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    // PT_LOAD of everything, and PT_DYNAMIC.
    for (kind, start, size) in [(1u32, 0, 4096), (2, DYNAMIC, STRINGS - DYNAMIC)] {
        bytes.extend(kind.to_le_bytes());
        bytes.extend(4u32.to_le_bytes());
        for word in [start, start, start, size, size, 8] {
            bytes.extend(word.to_le_bytes());
        }
    }
    // DT_STRTAB, DT_STRSZ, DT_VERNEED, DT_VERNEEDNUM, DT_NULL.
    for (tag, value) in [(5u64, STRINGS), (10, 8), (0x6fff_fffe, VERSIONS), (0x6fff_ffff, libraries), (0, 0)]
    {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(b"\0x\0V_1\0\0");
    bytes.extend([1u16.to_le_bytes(), versions.to_le_bytes()].concat());
    for word in [1u32, 16, 0, 0, 0, 3, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.resize(4096, 0);
    bytes
}

#[test]
fn versions_that_lead_in_circles_are_damaged() {
    let needs =
        |libraries, versions| elf_needs(written(&circular_versions(libraries, versions)).path(), "/x");
    assert_eq!(needs(2, 3).unwrap().unwrap().libraries["x"], ["V_1"]);
    for (libraries, versions) in [(1 << 14, u16::MAX), (u64::MAX, 0), (1, u16::MAX)] {
        let error = needs(libraries, versions).unwrap_err().to_string();
        assert!(error.contains("version section is damaged"), "{error}");
    }
}
