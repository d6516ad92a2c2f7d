//! Plain archives: written, read back, and read by foreign programs.

#[allow(dead_code, unreachable_pub, reason = "several tests share it")]
mod common;

use std::io::Cursor;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use common::{EPOCH, demo, file};
use landfall_packages::*;
use landfall_payload::{Content, Entry, EntryKind, Format, Payload, Role};

fn write(package: &dyn Package, payload: &Payload, threads: usize) -> Result<Vec<u8>, Error> {
    let mut output = Cursor::new(Vec::new());
    let options = Options {
        level: Level::Default,
        compression: None,
        threads,
        scratch: std::env::temp_dir(),
        progress: &|_| {},
    };
    package.write(payload, &options, &mut output)?;
    Ok(output.into_inner())
}

fn formats() -> [&'static dyn Package; 3] {
    [Format::TarGz, Format::TarZst, Format::Zip].map(packager)
}

/// What a foreign program prints, or `None` with a visible line where it is missing.
fn run(program: &str, package: &str, arguments: &[&str], folder: &Path) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).current_dir(folder).env("TZ", "UTC").output()
    else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {program} (apt-get install {package})");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(text)
}

#[test]
fn names_are_those_of_version_and_target() {
    let payload = demo("1.0.0-beta.1");
    let names = formats().map(|package| package.file_name(&payload).unwrap());
    assert_eq!(
        names,
        ["tar.gz", "tar.zst", "zip"].map(|s| format!("demo-1.0.0-beta.1-x86_64-unknown-linux-gnu.{s}"))
    );
}

#[test]
fn everything_is_in_one_folder() {
    let payload = demo("1.0.0");
    for package in formats() {
        let bytes = write(package, &payload, 2).unwrap();
        let inspection = package.read(&mut Cursor::new(&bytes)).unwrap();
        assert_eq!(inspection.format, package.format());
        let expected = match package.format() {
            Format::TarGz => "gzip",
            Format::TarZst => "zstd",
            _ => "deflate",
        };
        assert_eq!(inspection.compression, expected);
        let folder = "demo-1.0.0-x86_64-unknown-linux-gnu";
        let paths: Vec<&str> = inspection.files.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths[0], folder);
        assert!(paths[1..].iter().all(|path| path.starts_with(&format!("{folder}/"))), "{paths:?}");
        let find = |path: &str| {
            let path = format!("{folder}/{path}");
            inspection.files.iter().find(|f| f.path == path).unwrap_or_else(|| panic!("{path} in {paths:?}"))
        };
        let program = find("usr/bin/demo");
        assert_eq!((program.kind, program.mode, program.size), (Kind::File, 0o755, 20));
        assert_eq!(program.time, EPOCH);
        let link = find("usr/bin/demo-link");
        assert_eq!((link.kind, link.target.as_deref()), (Kind::Symlink, Some("demo")));
        assert_eq!(find("usr/share/demo/empty").mode, 0o750);
        assert_eq!(find("usr").kind, Kind::Directory);
        assert!(!paths.iter().any(|path| path.contains("cache.db")), "the product makes ghosts itself");
    }
}

#[test]
fn bytes_depend_on_the_payload_alone() {
    let payload = demo("1.0.0");
    for package in formats() {
        let one = write(package, &payload, 1).unwrap();
        assert_eq!(one, write(package, &payload, 4).unwrap(), "{}", package.format());
    }
}

#[test]
fn foreign_programs_unpack_them() {
    let payload = demo("1.0.0");
    for package in formats() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        let name = package.file_name(&payload).unwrap();
        std::fs::write(folder.join(&name), write(package, &payload, 2).unwrap()).unwrap();
        let unpacked = match package.format() {
            Format::TarGz => run("tar", "tar", &["-xzf", &name], folder),
            Format::TarZst => run("bsdtar", "libarchive-tools", &["-xf", &name], folder),
            _ => run("unzip", "unzip", &["-q", &name], folder),
        };
        if unpacked.is_none() {
            continue;
        }
        let root = folder.join("demo-1.0.0-x86_64-unknown-linux-gnu");
        assert_eq!(
            std::fs::read_to_string(root.join("usr/bin/demo-link")).unwrap(),
            "#!/bin/sh\necho demo\n"
        );
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(root.join("usr/bin/demo")).unwrap();
        assert_eq!((metadata.mode() & 0o7777, metadata.mtime()), (0o755, EPOCH), "{name}");
        assert_eq!(std::fs::metadata(root.join("usr/share/demo/empty")).unwrap().mode() & 0o7777, 0o750);
        assert_eq!(std::fs::read_link(root.join("usr/bin/demo-link")).unwrap(), Path::new("demo"));
    }
}

#[test]
fn zip_passes_its_own_program_s_test() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("demo.zip"), write(&ZipPackage, &demo("1.0.0"), 2).unwrap()).unwrap();
    if let Some(list) = run("unzip", "unzip", &["-Z", "-s", "demo.zip"], folder.path()) {
        assert!(list.contains("lrwxrwxrwx"), "{list}");
        assert!(list.contains("23-Nov-14 22:13"), "{list}");
    }
    run("zip", "zip", &["-T", "demo.zip"], folder.path());
    // Before 1980 a zip archive knows no time.
    let early = Payload { epoch: 0, ..demo("1.0.0") };
    let bytes = write(&ZipPackage, &early, 1).unwrap();
    let inspection = ZipPackage.read(&mut Cursor::new(bytes)).unwrap();
    assert_eq!(inspection.files[0].time, 315_532_800);
}

#[test]
fn the_manifest_names_the_folder() {
    let mut payload = demo("1.0.0");
    for (folder, first) in [("tools/demo/", "tools"), ("demo", "demo"), ("", "etc")] {
        payload.options.archive.folder = Some(folder.into());
        for package in formats() {
            let bytes = write(package, &payload, 1).unwrap();
            let inspection = package.read(&mut Cursor::new(bytes)).unwrap();
            assert_eq!(inspection.files[0].path, first, "{}", package.format());
        }
    }
    for folder in ["/opt", "../up", "a//b", "a/./b", "a\nb"] {
        payload.options.archive.folder = Some(folder.into());
        for package in formats() {
            let error = write(package, &payload, 1).unwrap_err();
            assert!(error.to_string().contains("package.archive.folder"), "{error}");
        }
    }
}

#[test]
fn unsound_paths_are_refused() {
    for path in ["relative", "/a/../b", "/a//b", "/a/", "/a\nb", "/a/."] {
        let payload = Payload { all_entries: vec![file(path, Role::Data, 0o644, "")], ..demo("1.0.0") };
        for format in [Format::Apk, Format::Arch, Format::TarGz, Format::Zip] {
            assert!(
                matches!(write(packager(format), &payload, 1), Err(Error::Inexpressible { .. })),
                "{path}"
            );
        }
    }
    let both = vec![file("/usr/a", Role::Data, 0o644, ""), file("/usr/a/b", Role::Data, 0o644, "")];
    let payload = Payload { all_entries: both, ..demo("1.0.0") };
    assert!(matches!(write(&TarGzPackage, &payload, 1), Err(Error::Inexpressible { .. })));
}

#[test]
fn a_source_that_changed_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source");
    std::fs::write(&path, "12345").unwrap();
    for size in [4, 6] {
        let content = Content::Source { path: path.clone(), size };
        let entry =
            Entry { kind: EntryKind::File(content), ..file("/usr/bin/demo", Role::Program, 0o755, "") };
        let payload = Payload { all_entries: vec![entry], ..demo("1.0.0") };
        for format in [Format::Apk, Format::Arch, Format::TarGz, Format::TarZst, Format::Zip] {
            let error = write(packager(format), &payload, 2).unwrap_err();
            assert!(matches!(error, Error::Changed { expected, .. } if expected == size), "{format} {error}");
        }
    }
    let content = Content::Source { path: folder.path().join("missing"), size: 1 };
    let entry = Entry { kind: EntryKind::File(content), ..file("/usr/bin/demo", Role::Program, 0o755, "") };
    let payload = Payload { all_entries: vec![entry], ..demo("1.0.0") };
    for package in formats() {
        assert!(matches!(write(package, &payload, 1), Err(Error::Source { .. })));
    }
}

#[test]
fn each_file_is_recognised_by_one_format() {
    let payload = demo("1.0.0");
    for format in [Format::Apk, Format::Arch, Format::TarGz, Format::TarZst, Format::Zip] {
        let package = packager(format);
        let bytes = write(package, &payload, 1).unwrap();
        let name = package.file_name(&payload).unwrap();
        let head = &bytes[..bytes.len().min(512)];
        let by: Vec<Format> =
            all().iter().filter(|p| p.recognises(head, &name)).map(|p| p.format()).collect();
        assert_eq!(by, [format], "{name}");
    }
}

#[test]
fn archives_of_other_compressions_are_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "a").unwrap();
    for (option, name, compression) in
        [("-cf", "x.tar", "none"), ("-cJf", "x.tar.xz", "xz"), ("-cjf", "x.tar.bz2", "bzip2")]
    {
        if run("bsdtar", "libarchive-tools", &[option, name, "--format", "ustar", "a"], folder.path())
            .is_none()
        {
            return;
        }
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        assert!(TarGzPackage.recognises(&bytes[..bytes.len().min(512)], name), "{name}");
        let inspection = TarGzPackage.read(&mut Cursor::new(bytes)).unwrap();
        assert_eq!((inspection.compression.as_str(), inspection.files.len()), (compression, 1));
    }
}

#[test]
fn damaged_archives_are_errors() {
    let payload = demo("1.0.0");
    for package in formats() {
        let bytes = write(package, &payload, 1).unwrap();
        for cut in [0, 10, bytes.len() / 2, bytes.len() - 9] {
            let result = package.read(&mut Cursor::new(&bytes[..cut]));
            // An empty file is a tar archive without members and without an end.
            assert!(result.is_err() || cut == 0, "{} cut at {cut}", package.format());
        }
        // Whatever changes, reading ends, and without a panic.
        for at in (0..bytes.len()).step_by(7) {
            let mut bad = bytes.clone();
            bad[at] ^= 0x41;
            let _ = package.read(&mut Cursor::new(bad));
        }
    }
}
