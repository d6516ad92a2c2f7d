//! Programs that get resources: read by another reader, run by Wine, and damaged in every way.

use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use landfall_pe::{Error, Icon, Manifest, Name, Patch, Program, Resources, Version, kind};
use object::LittleEndian as LE;
use object::pe::ImageNtHeaders64;
use object::read::pe::PeFile;

/// An icon of one image.
fn icon() -> Icon {
    let image = [&40_u32.to_le_bytes()[..], &[7; 60]].concat();
    let entry = [16, 16, 0, 0, 1, 0, 32, 0];
    let bytes =
        [&[0, 0, 1, 0, 1, 0][..], &entry, &64_u32.to_le_bytes(), &22_u32.to_le_bytes(), &image].concat();
    Icon::parse(&bytes).unwrap()
}

fn resources() -> Resources {
    let strings = [("ProductName", "Kestrel"), ("CompanyName", "Example Ltd – Größe")];
    Resources {
        version: Some(Version {
            number: [1, 2, 3, 0],
            strings: strings.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec(),
        }),
        manifest: Some(Manifest::default()),
        icon: Some(icon()),
    }
}

fn apply(program: &[u8], resources: &Resources) -> landfall_pe::Result<Vec<u8>> {
    let mut source = Cursor::new(program);
    let patch = Patch::new(&mut source, resources)?;
    let mut bytes = Vec::new();
    patch.open(source)?.read_to_end(&mut bytes)?;
    assert_eq!(bytes.len() as u64, patch.size());
    Ok(bytes)
}

/// The smallest program of 64-bit Windows.
fn smallest() -> Vec<u8> {
    let mut program = vec![0; 0x400];
    let mut put = |at: usize, bytes: &[u8]| program[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &0x40_u32.to_le_bytes());
    put(0x40, b"PE\0\0");
    for (at, value) in [(0x44, 0x8664_u16), (0x46, 1), (0x54, 240), (0x56, 0x22), (0x58, 0x20b), (0x9c, 3)] {
        put(at, &value.to_le_bytes());
    }
    for (at, value) in
        [(0x68, 0x1000_u32), (0x78, 0x1000), (0x7c, 0x200), (0x90, 0x2000), (0x94, 0x200), (0xc4, 16)]
    {
        put(at, &value.to_le_bytes());
    }
    put(0x148, b".text");
    for (at, value) in [(0x150, 6_u32), (0x154, 0x1000), (0x158, 0x200), (0x15c, 0x200), (0x16c, 0x6000_0020)]
    {
        put(at, &value.to_le_bytes());
    }
    put(0x200, &[0xb8, 1, 0, 0, 0, 0xc3]);
    program
}

#[test]
fn another_reader_finds_them() {
    let bytes = apply(&smallest(), &resources()).unwrap();
    let file = PeFile::<ImageNtHeaders64>::parse(&*bytes).unwrap();
    let directory =
        file.data_directories().resource_directory(&*bytes, &file.section_table()).unwrap().unwrap();
    let kinds: Vec<u16> =
        directory.root().unwrap().entries.iter().filter_map(|entry| entry.name_or_id().id()).collect();
    assert_eq!(kinds, [kind::ICON, kind::GROUP_ICON, kind::VERSION, kind::MANIFEST]);
    let header = file.nt_headers().optional_header;
    let last = file.section_table().iter().last().unwrap();
    assert_eq!(last.name, *b".rsrc\0\0\0");
    assert_eq!(header.size_of_image.get(LE), 0x3000);
    assert_eq!(bytes.len() % 0x200, 0);

    // The checksum is the one that adds the file up with the field as zero.
    let mut zeroed = bytes.clone();
    zeroed[0x98..0x9c].fill(0);
    let sum = zeroed.chunks(2).map(|pair| u64::from(u16::from_le_bytes([pair[0], pair[1]]))).sum::<u64>();
    let sum = std::iter::successors(Some(sum), |sum| Some((sum & 0xffff) + (sum >> 16))).nth(4).unwrap();
    assert_eq!(u64::from(header.check_sum.get(LE)), sum + bytes.len() as u64);
}

#[test]
fn they_are_read_back_replaced_and_kept() {
    let first = apply(&smallest(), &resources()).unwrap();
    let program = Program::read(Cursor::new(&first)).unwrap();
    assert_eq!((program.machine, program.subsystem, program.signed), (0x8664, 3, false));
    assert_eq!(program.version(), resources().version);
    assert!(program.manifest().unwrap().contains("longPathAware"));

    let newer = Resources {
        version: Some(Version { number: [2, 0, 0, 0], strings: Vec::new() }),
        ..Resources::default()
    };
    // The table has room for one more.
    let second = apply(&first, &newer).unwrap();
    let program = Program::read(Cursor::new(&second)).unwrap();
    assert_eq!(program.version(), newer.version);
    assert!(program.manifest().is_some());
    assert_eq!(program.resources.iter().filter(|r| r.kind == Name::Number(kind::VERSION)).count(), 1);
    assert_eq!(apply(&first, &newer).unwrap(), second);
}

#[test]
fn odd_programs_are_refused() {
    let mut signed = smallest();
    signed[0xe8..0xf0].copy_from_slice(&[0, 4, 0, 0, 8, 0, 0, 0]);
    assert!(matches!(apply(&signed, &resources()), Err(Error::Signed)));
    let mut archive = smallest();
    archive.extend(b"data that the program reads from its own end");
    assert!(matches!(apply(&archive, &resources()), Err(Error::Unsupported(_))));
    let mut full = smallest();
    full[0x170] = 1;
    let said = apply(&full, &resources()).unwrap_err().to_string();
    assert!(said.contains("no room"), "{said}");
    for text in ["", "MZ", "#!/bin/sh\n"] {
        assert!(matches!(apply(text.as_bytes(), &resources()), Err(Error::Malformed(_))), "{text}");
    }
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let sound = apply(&smallest(), &resources()).unwrap();
    for end in 0..sound.len() {
        let _ = Program::read(Cursor::new(&sound[..end]));
    }
    for at in 0..sound.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut damaged = sound.clone();
            damaged[at] = value;
            if let Ok(program) = Program::read(Cursor::new(&damaged)) {
                let _ = (program.version(), program.manifest());
            }
            let _ = apply(&damaged, &resources());
        }
    }
}

#[test]
fn wine_runs_the_program_and_knows_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (tool, package) in
        [("/usr/lib/wine/wine64", "wine64"), ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64")]
    {
        if Command::new(tool).arg("--version").output().is_err() {
            let _ = writeln!(std::io::stderr(), "SKIPPED: needs {tool} (apt-get install {package})");
            return;
        }
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/asks.c");
    let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
    compiler.args(["-Os", "-s", "-o"]).arg(path("plain.exe")).arg(source).arg("-lversion");
    assert!(compiler.status().unwrap().success());
    let plain = fs::read(path("plain.exe")).unwrap();
    fs::write(path("kestrel.exe"), apply(&plain, &resources()).unwrap()).unwrap();

    let wine = |program: &str, words: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(words)
            .current_dir(folder.path())
            .env("WINEPREFIX", path("prefix"))
            .env("WINEDEBUG", "-all");
        command.env("WINEDLLOVERRIDES", "mscoree=d;mshtml=d;winemenubuilder.exe=d").env("DISPLAY", "");
        // Wine's own processes outlive the program and would hold a pipe open.
        command
            .stdout(fs::File::create(path("said")).unwrap())
            .stderr(fs::File::create(path("errors")).unwrap());
        command.status().unwrap();
        fs::read_to_string(path("said")).unwrap().replace('\r', "")
    };
    let said = wine("/usr/lib/wine/wine64", &["kestrel.exe"]);
    wine("wineserver-stable", &["-k"]);
    assert_eq!(said, "version 1.2.3.0\nproduct Kestrel\nicon yes\nmanifest yes\n");
}
