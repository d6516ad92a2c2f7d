//! The package in the eyes of dpkg and lintian.

use std::cell::RefCell;
use std::fs;
use std::io::Cursor;

use landfall_packages::{DebPackage, Level, Package};
use landfall_payload::*;

use crate::common::{demo, file};
use crate::{has, inspect, options, run, write, write_error};

#[test]
fn dpkg_deb_reads_every_compression() {
    if !has(&["dpkg-deb", "ar"], "dpkg binutils") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let long = format!("/usr/share/demo/{}/file.txt", "long/".repeat(60).trim_end_matches('/'));
    let mut payload = demo("1.2.0-rc.1");
    payload.all_entries.push(file(&long, Role::Data, 0o644, "long"));
    payload.all_entries.push(Entry {
        kind: EntryKind::Symlink("x".repeat(150)),
        ..file("/usr/share/demo/zz-link", Role::Data, 0o777, "")
    });
    for (compression, members) in [
        (Compression::Xz, "debian-binary\ncontrol.tar.xz\ndata.tar.xz\n"),
        (Compression::Gzip, "debian-binary\ncontrol.tar.gz\ndata.tar.gz\n"),
        (Compression::Zstd, "debian-binary\ncontrol.tar.xz\ndata.tar.zst\n"),
        (Compression::None, "debian-binary\ncontrol.tar\ndata.tar\n"),
    ] {
        let mut first = Vec::new();
        for (threads, level) in [(1, Level::Fast), (2, Level::Fast), (1, Level::Default), (1, Level::Best)] {
            let mut o = options(folder.path());
            (o.threads, o.level, o.compression) = (threads, level, Some(compression));
            let mut output = Cursor::new(Vec::new());
            DebPackage.write(&payload, &o, &mut output).unwrap();
            let bytes = output.into_inner();
            if threads == 1 && level == Level::Fast {
                first = bytes;
            } else if level == Level::Fast {
                assert!(bytes == first, "{compression:?}: the bytes depend on the number of threads");
            } else {
                let path = folder.path().join("level.deb");
                fs::write(&path, &bytes).unwrap();
                run("dpkg-deb", &["-c", path.to_str().unwrap()]);
            }
        }
        let path = folder.path().join("demo.deb");
        fs::write(&path, &first).unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(run("ar", &["t", path]), members);
        assert!(run("dpkg-deb", &["-I", path]).contains("new Debian package, version 2.0"));
        let list = run("dpkg-deb", &["-c", path]);
        for line in [
            "drwxr-xr-x root/root         0 2023-11-14 22:13 ./\n",
            "drwxr-xr-x root/root         0 2023-11-14 22:13 ./usr/bin/\n",
            "-rwxr-xr-x root/root        20 2023-11-14 22:13 ./usr/bin/demo\n",
            "lrwxrwxrwx root/root         0 2023-11-14 22:13 ./usr/bin/demo-link -> demo\n",
            "drwxr-x--- root/root         0 2023-11-14 22:13 ./usr/share/demo/empty/\n",
            &format!(".{long}\n"),
        ] {
            assert!(list.contains(line), "{line} in {list}");
        }
        assert!(!list.contains("cache.db"), "a ghost is shipped");
        let out = folder.path().join("out");
        run("dpkg-deb", &["-x", path, out.to_str().unwrap()]);
        assert_eq!(fs::read_to_string(out.join(long.trim_start_matches('/'))).unwrap(), "long");
        fs::remove_dir_all(out).unwrap();

        let read = DebPackage.read(&mut std::io::Cursor::new(&first)).unwrap();
        assert_eq!((read.name.as_str(), read.version.as_str()), ("demo", "1.2.0~rc.1-1"));
        let config = read.files.iter().find(|f| f.path == "/etc/demo/config.toml").unwrap();
        assert_eq!(
            (config.flags.as_slice(), config.digest.as_deref()),
            (["conffile".to_owned()].as_slice(), None)
        );
        let program = read.files.iter().find(|f| f.path == "/usr/bin/demo").unwrap();
        assert_eq!(program.digest.as_deref(), Some("md5:69cff8abe16347526661f4994d400ffd"));
        assert!(read.files.iter().any(|f| f.path == long));
        let links: Vec<_> = read.files.iter().filter_map(|f| f.target.as_deref()).collect();
        assert_eq!(links, ["demo", "x".repeat(150).as_str()]);
    }
}

#[test]
fn the_control_archive_is_what_debian_expects() {
    if !has(&["dpkg-deb", "md5sum"], "dpkg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.deb");
    let mut payload = demo("1.2.0");
    payload.product.version = Version::new("1.2.0", 3, Some(1)).unwrap();
    payload.product.description = vec![
        "A word that is repeated until the line is full and has to go on in the next one, as lines do."
            .into(),
        ".NET is not needed.".into(),
    ];
    payload.options.deb.recommends = vec!["ca-certificates".into()];
    payload.options.deb.fields.insert("Bugs".into(), "https://example.com/bugs".into());
    payload.options.deb.triggers.push("interest-noawait /usr/share/demo".into());
    assert_eq!(DebPackage.file_name(&payload).unwrap(), "demo_1.2.0-3_amd64.deb");
    fs::write(&path, write(&payload)).unwrap();
    let control = run("dpkg-deb", &["-f", path.to_str().unwrap()]);
    assert_eq!(
        control,
        "Package: demo\n\
         Version: 1:1.2.0-3\n\
         Architecture: amd64\n\
         Maintainer: Example Maintainers <packages@example.com>\n\
         Installed-Size: 24\n\
         Depends: passwd\n\
         Recommends: ca-certificates\n\
         Section: net\n\
         Priority: optional\n\
         Homepage: https://example.com/demo\n\
         Description: Shows how packages are made\n \
         A word that is repeated until the line is full and has to go on in the next\n \
         one, as lines do.\n \
         .\n  \
         .NET is not needed.\n\
         Bugs: https://example.com/bugs\n"
    );
    let out = folder.path().join("out");
    let extracted = out.to_str().unwrap();
    run("dpkg-deb", &["-R", path.to_str().unwrap(), extracted]);
    assert_eq!(fs::read_to_string(out.join("DEBIAN/conffiles")).unwrap(), "/etc/demo/config.toml\n");
    assert_eq!(
        fs::read_to_string(out.join("DEBIAN/triggers")).unwrap(),
        "interest-noawait /usr/share/demo\n"
    );
    let sums = fs::read_to_string(out.join("DEBIAN/md5sums")).unwrap();
    let paths: Vec<&str> = sums.lines().map(|l| l.split_once("  ").unwrap().1).collect();
    assert!(
        paths.is_sorted() && paths.contains(&"usr/bin/demo") && !paths.iter().any(|p| p.starts_with("etc/"))
    );
    let check = std::process::Command::new("md5sum")
        .args(["--strict", "-c", "DEBIAN/md5sums"])
        .current_dir(&out)
        .output()
        .unwrap();
    assert!(check.status.success(), "{check:?}");
    // What dpkg-gencontrol would count, without the control files.
    fs::remove_dir_all(out.join("DEBIAN")).unwrap();
    let count = run(
        "sh",
        &[
            "-c",
            "find \"$0\" -type f -printf '%s\\n' -o -type l -printf '%s\\n' -o -printf '1\\n' | \
         awk '{s += int(($1 + 1023) / 1024)} END {print s}'",
            extracted,
        ],
    );
    assert_eq!(count.trim(), "24");
}

#[test]
fn documentation_is_where_policy_wants_it() {
    if !has(&["dpkg-deb", "dpkg-parsechangelog", "zcat"], "dpkg dpkg-dev gzip") {
        return;
    }
    let mut payload = demo("1.2.0");
    payload.product.license = "MIT OR Apache-2.0".into();
    payload.changelog = vec![
        ChangelogEntry {
            version: "1.2.0".into(),
            time: 1_700_000_000,
            items: vec![
                "Something that takes so many words that it does not fit into one line of eighty.".into(),
            ],
        },
        ChangelogEntry { version: "Unreleased".into(), time: 0, items: vec!["x".into()] },
        ChangelogEntry { version: "1.1.0-beta.2".into(), time: 1_600_000_000, items: vec!["Older.".into()] },
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.deb");
    fs::write(&path, write(&payload)).unwrap();
    let out = folder.path().join("out");
    run("dpkg-deb", &["-x", path.to_str().unwrap(), out.to_str().unwrap()]);
    let doc = out.join("usr/share/doc/demo");
    let changelog = run("zcat", &[doc.join("changelog.Debian.gz").to_str().unwrap()]);
    assert!(changelog.lines().all(|l| l.chars().count() <= 80), "{changelog}");
    let plain = folder.path().join("changelog");
    fs::write(&plain, changelog).unwrap();
    let parsed = run("dpkg-parsechangelog", &["--all", "-l", plain.to_str().unwrap()]);
    for line in ["Version: 1.2.0-1", "Date: Tue, 14 Nov 2023 22:13:20 +0000", "demo (1.1.0~beta.2-1) stable"]
    {
        assert!(parsed.contains(line), "{line} in {parsed}");
    }
    let copyright = fs::read_to_string(doc.join("copyright")).unwrap();
    for line in [
        "License: Expat or Apache-2.0\n",
        "\nLicense: Expat\n Permission is hereby granted",
        "/usr/share/common-licenses/Apache-2.0",
    ] {
        assert!(copyright.contains(line), "{line} in {copyright}");
    }
}

#[test]
fn a_licence_file_is_quoted() {
    let mut payload = demo("1.2.0");
    payload.product.license = "LicenseRef-Example".into();
    payload.all_entries.push(file("/usr/share/doc/demo/LICENSE", Role::License, 0o644, "Ask\r\n\r\nus.\n"));
    let package = tempfile::tempdir().unwrap();
    let path = package.path().join("demo.deb");
    fs::write(&path, write(&payload)).unwrap();
    if !has(&["dpkg-deb"], "dpkg") {
        return;
    }
    let out = package.path().join("out");
    run("dpkg-deb", &["-x", path.to_str().unwrap(), out.to_str().unwrap()]);
    let copyright = fs::read_to_string(out.join("usr/share/doc/demo/copyright")).unwrap();
    assert!(copyright.ends_with("License: LicenseRef-Example\n Ask\n .\n us.\n"), "{copyright}");
}

#[test]
fn versions_sort_as_dpkg_sorts_them() {
    if !has(&["dpkg"], "dpkg") {
        return;
    }
    let fixed = ["1.2.0-beta.1", "1.2.0-beta.2", "1.2.0-beta.10", "1.2.0-rc.1", "1.2.0", "1.2.1"];
    let mut pairs: Vec<(String, String)> =
        fixed.windows(2).map(|w| (w[0].to_owned(), w[1].to_owned())).collect();
    // Generated: numbers, words and their combinations in the order of semantic versions.
    let mut seed = 7u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for _ in 0..60 {
        let (major, minor, patch) = (random(30), random(30), random(30));
        let word = ["alpha", "beta", "rc"][random(3) as usize];
        let number = random(20);
        let base = format!("{major}.{minor}.{patch}");
        pairs.push((format!("{base}-{word}.{number}"), format!("{base}-{word}.{}", number + 1 + random(90))));
        pairs.push((format!("{base}-{word}.{number}"), base.clone()));
        pairs.push((base.clone(), format!("{major}.{minor}.{}-alpha.1", patch + 1)));
        pairs.push((base, format!("{major}.{}.0", minor + 1)));
    }
    for (older, newer) in pairs {
        let deb = |text: &str| Version::new(text, 1, None).unwrap().deb();
        run("dpkg", &["--compare-versions", &deb(&older), "lt", &deb(&newer)]);
    }
    let epoch = Version::new("0.1.0", 1, Some(1)).unwrap().deb();
    run("dpkg", &["--compare-versions", "99.0.0-9", "lt", &epoch]);
    let revision = Version::new("1.2.0", 10, None).unwrap().deb();
    run("dpkg", &["--compare-versions", "1.2.0-9", "lt", &revision]);
}

fn needs(libraries: &[(&str, &[&str])]) -> Vec<ElfNeeds> {
    vec![ElfNeeds {
        path: "/usr/bin/demo".into(),
        is_64bit: true,
        interpreter: Some("/lib64/ld-linux-x86-64.so.2".into()),
        libraries: libraries
            .iter()
            .map(|(name, versions)| ((*name).to_owned(), versions.iter().map(|v| (*v).to_owned()).collect()))
            .collect(),
        soname: None,
    }]
}

fn depends(payload: &Payload) -> Option<String> {
    inspect(payload).fields.into_iter().find(|(name, _)| name == "Depends").map(|(_, value)| value)
}

#[test]
fn dependencies_follow_from_the_programs() {
    let mut payload = demo("1.0.0");
    payload.accounts.clear();
    assert_eq!(depends(&payload), None, "a static program needs nothing");

    payload.needs = needs(&[
        ("libc.so.6", &["GLIBC_2.17", "GLIBC_2.34"]),
        ("libm.so.6", &["GLIBC_2.35"]),
        ("libgcc_s.so.1", &["GCC_3.0", "GCC_4.2.0"]),
        ("libssl.so.3", &["OPENSSL_3.0.0"]),
        ("libcrypto.so.3", &["OPENSSL_3.0.9"]),
        ("libz.so.1", &[]),
    ]);
    assert_eq!(
        depends(&payload).unwrap(),
        "libc6 (>= 2.35), libgcc-s1 (>= 4.2.0), libssl3t64 (>= 3.0.9) | libssl3 (>= 3.0.9), zlib1g"
    );
    let mut with_script = payload.clone();
    with_script.all_entries.push(file(
        "/etc/init.d/demo",
        Role::Config,
        0o755,
        ". /lib/lsb/init-functions\n",
    ));
    assert!(
        depends(&with_script)
            .unwrap()
            .ends_with(", sysvinit-utils (>= 3.05-4~) | lsb-base (>= 3.0-6), zlib1g")
    );
    // The manifest has the last word.
    payload.options.deb.depends = vec!["libc6 (>= 2.36)".into(), "ca-certificates".into()];
    assert_eq!(
        depends(&payload).unwrap(),
        "libgcc-s1 (>= 4.2.0), libssl3t64 (>= 3.0.9) | libssl3 (>= 3.0.9), zlib1g, libc6 (>= 2.36), ca-certificates"
    );
}

#[test]
fn an_unknown_library_must_be_accounted_for() {
    let mut payload = demo("1.0.0");
    payload.needs = needs(&[("libc.so.6", &["GLIBC_2.34"]), ("libfrobnicate.so.7", &[])]);
    let error = write_error(&payload);
    assert!(
        error.contains("libfrobnicate.so.7 (needed by /usr/bin/demo)") && error.contains("[package.deb]"),
        "{error}"
    );
    payload.options.deb.depends = vec!["ca-certificates".into()];
    assert!(write_error(&payload).contains("libfrobnicate"));
    payload.options.deb.depends = vec!["libfrobnicate7".into()];
    assert!(depends(&payload).unwrap().contains("libfrobnicate7"));
    // One that the package brings itself.
    payload.options.deb.depends.clear();
    payload.all_entries.push(file("/usr/lib/demo/libfrobnicate.so.7", Role::Data, 0o644, "x"));
    assert_eq!(depends(&payload).unwrap(), "libc6 (>= 2.34), passwd");
}

#[test]
fn a_public_library_updates_the_linkers_cache() {
    if !has(&["dpkg-deb"], "dpkg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let deb = folder.path().join("demo.deb");
    for (path, expected) in [
        ("/usr/lib/x86_64-linux-gnu/libdemo.so.1", Some("activate-noawait ldconfig\n")),
        ("/usr/lib/demo/libdemo.so.1", None),
    ] {
        let mut payload = demo("1.0.0");
        payload.all_entries.push(file(path, Role::Data, 0o644, "x"));
        payload.needs = vec![ElfNeeds {
            path: path.into(),
            is_64bit: true,
            interpreter: None,
            libraries: Default::default(),
            soname: Some("libdemo.so.1".into()),
        }];
        fs::write(&deb, write(&payload)).unwrap();
        let control = folder.path().join("control");
        run("dpkg-deb", &["-e", deb.to_str().unwrap(), control.to_str().unwrap()]);
        assert_eq!(fs::read_to_string(control.join("triggers")).ok().as_deref(), expected);
        fs::remove_dir_all(control).unwrap();
    }
}

#[test]
fn what_debian_has_no_word_for_is_an_error() {
    type Change = fn(&mut Payload);
    let cases: [(&str, Change); 8] = [
        ("no such port", |p| p.target = "x86_64-pc-windows-gnu".parse().unwrap()),
        ("Maintainer", |p| p.product.maintainer = "A\nB: c".into()),
        ("Homepage", |p| p.product.homepage = Some("https://a\u{7}".into())),
        ("the path", |p| p.all_entries.push(file("/usr/share/a\nb", Role::Data, 0o644, ""))),
        ("the path", |p| p.all_entries.push(file("/usr/../etc/x", Role::Data, 0o644, ""))),
        ("as a directory", |p| p.all_entries.push(file("/usr/bin/demo/below", Role::Data, 0o644, ""))),
        ("Conflicts", |p| p.options.deb.conflicts = vec!["Not A Name".into()]),
        ("[package.deb.fields]", |p| {
            p.options.deb.fields.insert("Depends".into(), "x".into());
        }),
    ];
    for (expected, change) in cases {
        let mut payload = demo("1.0.0");
        change(&mut payload);
        let error = write_error(&payload);
        assert!(error.contains(expected) && error.starts_with("deb cannot express"), "{expected}: {error}");
    }
}

#[test]
fn a_source_that_changes_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source");
    let with = |size| {
        let mut payload = demo("1.0.0");
        payload.all_entries.push(Entry {
            kind: EntryKind::File(Content::Source { path: path.clone(), size }),
            ..file("/usr/share/demo/source", Role::Data, 0o644, "")
        });
        payload
    };
    assert!(write_error(&with(5)).starts_with("cannot read"));
    fs::write(&path, "12345").unwrap();
    for size in [4, 6] {
        assert!(write_error(&with(size)).contains(&format!("had {size} bytes")));
    }
    let read = inspect(&with(5));
    assert!(read.files.iter().any(|f| f.digest.as_deref() == Some("md5:827ccb0eea8a706c4c34a16891f84e7b")));
}

#[test]
fn damaged_packages_are_refused_in_bounded_time() {
    let mut samples = Vec::new();
    for compression in [Compression::Xz, Compression::Gzip, Compression::Zstd, Compression::None] {
        let mut payload = demo("1.0.0");
        payload.options.deb.compression = Some(compression);
        samples.push(write(&payload));
    }
    let mut seed = 3u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let refused = RefCell::new(0);
    let try_read = |bytes: &[u8]| {
        if DebPackage.read(&mut std::io::Cursor::new(bytes)).is_err() {
            *refused.borrow_mut() += 1;
        }
    };
    for sample in &samples {
        for length in (0..sample.len()).step_by(1 + sample.len() / 400) {
            try_read(&sample[..length]);
        }
        for _ in 0..600 {
            let mut bytes = sample.clone();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                bytes[at] = random(256) as u8;
            }
            if random(4) == 0 {
                let at = random(bytes.len());
                bytes.drain(at..(at + random(64)).min(bytes.len()));
            }
            try_read(&bytes);
        }
    }
    assert!(*refused.borrow() > 2000, "{} were refused", refused.borrow());
    for junk in [&b""[..], b"!<arch>\n", b"!<arch>\ndebian-binary   ", b"\x7fELF", &[0; 4096]] {
        assert!(DebPackage.read(&mut std::io::Cursor::new(junk)).is_err());
    }
}

#[test]
fn a_package_is_recognised_by_its_beginning() {
    let bytes = write(&demo("1.0.0"));
    assert!(DebPackage.recognises(&bytes[..512], "anything"));
    assert!(!DebPackage.recognises(b"!<arch>\nlib.o/          ", "libfoo.a"));
    assert!(!DebPackage.recognises(b"", "demo.deb"));
}

#[test]
fn packages_of_others_are_read() {
    if !has(&["dpkg-deb"], "dpkg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    fs::create_dir_all(tree.join("usr/share/x")).unwrap();
    fs::write(tree.join("usr/share/x/hello world"), "hello\n").unwrap();
    fs::hard_link(tree.join("usr/share/x/hello world"), tree.join("usr/share/x/hard")).unwrap();
    fs::write(
        tree.join("DEBIAN/control"),
        "Package: x\nVersion: 2:1-1\nArchitecture: all\nMaintainer: A <a@b.c>\nDescription: d\n long\n .\n more\n",
    )
    .unwrap();
    for compression in ["xz", "gzip", "zstd", "none"] {
        let path = folder.path().join("x.deb");
        let (tree, path) = (tree.to_str().unwrap(), path.to_str().unwrap());
        run("dpkg-deb", &[&format!("-Z{compression}"), "--root-owner-group", "-b", tree, path]);
        let read = DebPackage.read(&mut fs::File::open(path).unwrap()).unwrap();
        assert_eq!((read.version.as_str(), read.architecture.as_str()), ("2:1-1", "all"));
        assert_eq!(read.compression, compression);
        assert_eq!(read.fields.last().unwrap().1, "d\nlong\n\nmore");
        let kinds: Vec<_> = read.files.iter().map(|f| (f.path.as_str(), f.owner.as_str())).collect();
        assert!(kinds.contains(&("/usr/share/x/hello world", "root")), "{kinds:?}");
        assert!(read.files.iter().any(|f| f.target.is_some()), "the hard link");
    }
}

#[test]
fn lintian_is_content() {
    if !has(&["lintian"], "lintian") {
        return;
    }
    let mut payload = demo("1.0.0");
    payload.all_entries.push(file("/usr/share/doc/demo/LICENSE", Role::License, 0o644, "As you like.\n"));
    payload.all_entries.push(file(
        "/usr/lib/sysusers.d/demo.conf",
        Role::Data,
        0o644,
        "u demo - \"Demo\" /var/lib/demo\n",
    ));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(DebPackage.file_name(&payload).unwrap());
    fs::write(&path, write(&payload)).unwrap();
    let output = std::process::Command::new("lintian")
        .args(["--allow-root", "--no-cfg", "--fail-on", "none", path.to_str().unwrap()])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    // What is wrong with the demo itself: it has no manual page and a directory that not everybody can read.
    let inherent = ["no-manual-page", "non-standard-dir-perm"];
    let bad: Vec<&str> = text
        .lines()
        .filter(|l| (l.starts_with("E:") || l.starts_with("W:")) && !inherent.iter().any(|i| l.contains(i)))
        .collect();
    assert!(bad.is_empty(), "{text}");
}

#[test]
fn a_large_file_is_streamed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    // A size for measuring memory by hand.
    let size: u64 =
        std::env::var("LANDFALL_TEST_LARGE").ok().and_then(|s| s.parse().ok()).unwrap_or(64 << 20);
    fs::File::create(&path).unwrap().set_len(size).unwrap();
    let mut payload = demo("1.0.0");
    payload.all_entries.push(Entry {
        kind: EntryKind::File(Content::Source { path, size }),
        ..file("/usr/share/demo/large", Role::Data, 0o644, "")
    });
    let told = std::sync::atomic::AtomicU64::new(0);
    let progress = |more| {
        told.fetch_add(more, std::sync::atomic::Ordering::Relaxed);
    };
    let mut o = options(folder.path());
    (o.compression, o.progress) = (Some(Compression::Gzip), &progress);
    let mut package = tempfile::tempfile().unwrap();
    DebPackage.write(&payload, &o, &mut package).unwrap();
    assert!(told.into_inner() > size);
    let read = DebPackage.read(&mut package).unwrap_err();
    assert!(read.to_string().contains("ar archive"), "{read}: the file stands at its end");
    std::io::Seek::rewind(&mut package).unwrap();
    let read = DebPackage.read(&mut package).unwrap();
    assert!(read.files.iter().any(|f| f.size == size));
}
