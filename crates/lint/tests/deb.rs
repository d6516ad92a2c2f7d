//! Checks of Debian packages, and those that all packages have in common, on Debian packages.

mod support;

use std::collections::BTreeSet;
use std::io::{Cursor, Write as _};
use std::path::Path;

use landfall_lint::{Package, Severity, checks, lint};
use support::deb::{Deb, POSTINST, PRERM};
use support::{Cases, Tree, elf, hold, judge};

#[test]
fn nothing_is_said_against_a_sound_package() {
    let findings = Deb::sound().findings();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn every_check_of_debian_packages_finds_what_it_is_for() {
    let cases: Cases<Deb> = vec![
        ("deb-member-unexpected", |d| d.after.push("more.tar")),
        ("deb-member-unexpected", |d| d.before.push("_early")),
        ("deb-compression", |d| d.is_zstd = true),
        ("deb-etc-not-conffile", |d| d.conffiles.clear()),
        ("deb-conffile-missing", |d| d.conffiles.push_str("/etc/demo/other\n")),
        ("deb-conffile-relative", |d| d.conffiles.push_str("etc/demo/other\n")),
        ("deb-conffile-duplicate", |d| d.conffiles.push_str("/etc/demo/demo.toml\n")),
        ("deb-conffile-removed-and-shipped", |d| {
            d.conffiles = "remove-on-upgrade /etc/demo/demo.toml\n".into()
        }),
        ("deb-conffile-outside-etc", |d| d.conffiles.push_str("/usr/share/demo/data\n")),
        ("deb-conffile-no-file", |d| {
            d.tree.link("/etc/demo/link", "demo.toml");
            d.conffiles.push_str("/etc/demo/link\n");
        }),
        ("deb-md5sums-missing", |d| d.md5sums = Some(String::new())),
        ("deb-md5sums-grammar", |d| d.md5sums = Some(format!("{}  ./usr/bin/demo\n", "a".repeat(32)))),
        ("deb-md5sums-grammar", |d| d.md5sums = Some("abc  usr/bin/demo\n".into())),
        ("deb-md5sums-incomplete", |d| d.md5sums = Some(format!("{}  usr/bin/other\n", "a".repeat(32)))),
        ("deb-copyright-missing", |d| d.tree.remove("/usr/share/doc/demo/copyright")),
        ("deb-changelog-missing", |d| d.tree.remove("/usr/share/doc/demo/changelog.Debian.gz")),
        ("deb-installed-size", |d| d.installed_size = Some(50_000)),
        ("deb-version-grammar", |d| d.field("1.0-1", "v1.0_2")),
        ("deb-version-prerelease", |d| d.field("1.0-1", "1.0-rc1")),
        ("deb-version-prerelease", |d| d.field("1.0-1", "1.0beta2-1")),
        ("deb-name-grammar", |d| d.field("Package: demo", "Package: Demo_1")),
        ("deb-field-missing", |d| d.field("Maintainer: Jo Doe <jo@example.com>\n", "")),
        ("deb-architecture-unknown", |d| d.field("amd64", "x86_64")),
        ("deb-maintainer-grammar", |d| d.field("Jo Doe <jo@example.com>", "Jo Doe")),
        ("deb-description-synopsis", |d| d.field("shows things", "Shows things.")),
        ("deb-dependency-grammar", |d| d.field("libc6 (>= 2.31)", "libc6 >= 2.31")),
        ("deb-libc-dependency-missing", |d| {
            d.field("libc6 (>= 2.31), ", "");
            let program = elf::program(elf::X86_64, false, &[("libc.so.6", &["GLIBC_2.31"])]);
            d.tree.file("/usr/bin/demo", 0o755, &program);
        }),
        ("deb-script-errors-ignored", |d| d.script("postinst", &POSTINST.replace("set -e\n", ""))),
        ("deb-script-interpreter", |d| d.script("preinst", "set -e\n")),
        ("deb-script-interpreter", |d| d.script("preinst", "#!/usr/bin/python3\n")),
        ("deb-script-systemctl", |d| {
            d.script("postinst", "#!/bin/sh\nset -e\nsystemctl restart demo.service\n")
        }),
        ("deb-script-edits-conffile", |d| {
            d.script(
                "postinst",
                &POSTINST.replace("configure)", "configure)\nsed -i s/a/b/ /etc/demo/demo.toml"),
            );
        }),
        ("deb-script-edits-conffile", |d| {
            d.script("postinst", &POSTINST.replace("configure)", "configure)\necho x > /etc/demo/demo.toml"));
        }),
        ("deb-script-argument-refused", |d| {
            d.script("postinst", &POSTINST.replace("abort-*|triggered", "abort-remove"))
        }),
        ("deb-script-data-lost", |d| d.script("postrm", "#!/bin/sh\nset -e\nrm -rf /var/lib/demo\n")),
        ("deb-script-data-lost", |d| {
            d.script("postrm", "#!/bin/sh\nset -e\nif [ \"$1\" = remove ]; then\nrm -r /var/lib/demo\nfi\n");
        }),
        ("deb-script-service-stays-stopped", |d| {
            d.script("prerm", "#!/bin/sh\nset -e\ndeb-systemd-invoke stop demo.service\n");
            d.script("postinst", "#!/bin/sh\nset -e\ndeb-systemd-helper update-state demo.service\n");
        }),
        ("deb-script-unit-not-enabled", |d| d.script("postinst", "#!/bin/sh\nset -e\nexit 0\n")),
        ("script-restart-asks-enabled", |d| {
            let text = "if systemctl is-enabled demo; then\ndeb-systemd-invoke restart demo\nfi";
            d.script("postinst", &POSTINST.replace("deb-systemd-invoke restart demo.service", text));
        }),
        ("deb-script-asks", |d| d.script("preinst", "#!/bin/sh\nset -e\nread -p 'Server? ' server\n")),
    ];
    hold(Deb::sound, Deb::findings, cases, |id| id.starts_with("deb-") || id.starts_with("script-"));
}

#[test]
fn a_restart_makes_a_stop_good() {
    let mut deb = Deb::sound();
    deb.script("prerm", &PRERM.replace("if [ \"$1\" = remove ]; then", "if true; then"));
    assert!(deb.findings().is_empty(), "{:#?}", deb.findings());
}

#[test]
fn the_common_checks_find_what_they_are_for() {
    let cases: Cases<Deb> = vec![
        ("file-world-writable", |d| d.tree.header("/usr/share/demo/data").mode = 0o666),
        ("file-setid", |d| d.tree.header("/usr/bin/demo").mode = 0o4755),
        ("path-leaves-root", |d| d.tree.file("/usr/share/demo/../../../x", 0o644, b"x")),
        ("path-duplicate", |d| {
            let again = d.tree.0.iter().find(|m| m.header.path == "/usr/bin/demo").unwrap().clone();
            d.tree.0.push(again);
        }),
        ("path-unprintable", |d| d.tree.file("/usr/share/demo/a\tb", 0o644, b"x")),
        ("path-of-build", |d| d.tree.link("/usr/share/demo/link", "/home/runner/work/demo/data")),
        ("path-volatile", |d| d.tree.file("/run/demo/socket", 0o644, b"x")),
        ("path-of-administrator", |d| d.tree.file("/usr/local/bin/demo", 0o755, b"#!/bin/sh\n")),
        ("path-opt", |d| d.tree.file("/opt/demo/data", 0o644, b"x")),
        ("path-unmerged-usr", |d| d.tree.file("/bin/demo", 0o755, b"#!/bin/sh\n")),
        ("file-in-state", |d| d.tree.file("/var/lib/demo/db", 0o644, b"x")),
        ("file-junk", |d| d.tree.file("/usr/share/demo/.DS_Store", 0o644, b"x")),
        ("link-dangling", |d| d.tree.link("/usr/bin/demo-link", "demo-old")),
        ("link-leaves", |d| d.tree.link("/usr/share/demo/link", "../../../../../etc/x")),
        ("time-future", |d| d.tree.header("/usr/bin/demo").mtime = 9_000_000_000),
        ("time-zero", |d| d.tree.header("/usr/bin/demo").mtime = 0),
        ("digest-wrong", |d| d.md5sums = Some(format!("{}  usr/bin/demo\n", "a".repeat(32)))),
        ("directory-mode", |d| d.tree.header("/usr/share").mode = 0o700),
        ("program-mode", |d| d.tree.header("/usr/bin/demo").mode = 0o644),
        ("program-empty", |d| d.tree.file("/usr/bin/demo", 0o755, b"")),
        ("program-unknown", |d| d.tree.file("/usr/bin/demo", 0o755, b"echo hello\n")),
        ("program-architecture", |d| {
            d.tree.file("/usr/bin/demo", 0o755, &elf::program(elf::AARCH64, false, &[]));
        }),
        ("program-architecture", |d| d.field("amd64", "all")),
        ("program-unstripped", |d| {
            d.tree.file("/usr/bin/demo", 0o755, &elf::program(elf::X86_64, true, &[]))
        }),
        ("program-build-path", |d| {
            let mut program = elf::program(elf::X86_64, false, &[]);
            program.extend(b"\0/home/jo/demo/src/main.rs\0");
            d.tree.file("/usr/bin/demo", 0o755, &program);
        }),
        ("program-interpreter-dependency", |d| d.field("python3:any | python3, ", "")),
        ("program-interpreter-local", |d| d.tree.file("/usr/bin/x", 0o755, b"#!/usr/local/bin/perl\n")),
        ("secret", |d| d.tree.file("/etc/demo/key.pem", 0o600, b"-----BEGIN PRIVATE KEY-----\n")),
        ("owner-unknown", |d| d.tree.header("/etc/demo/demo.toml").uname = "runner".into()),
        ("owner-not-root", |d| d.tree.header("/usr/bin/demo").uname = "demo".into()),
        ("unit-program-missing", |d| d.tree.unit("/usr/bin/demo", "/usr/bin/demod")),
        ("unit-program-relative", |d| d.tree.unit("/usr/bin/demo", "bin/demo")),
        ("unit-account-missing", |d| d.tree.remove("/usr/lib/sysusers.d/demo.conf")),
        ("unit-restart-missing", |d| d.tree.unit("Restart=on-failure\n", "")),
        ("unit-hardening-missing", |d| d.tree.unit("NoNewPrivileges=yes\n", "")),
        ("unit-root", |d| d.tree.unit("User=demo\n", "")),
        ("unit-not-wanted", |d| d.tree.unit("WantedBy=multi-user.target\n", "")),
        ("unit-notify-shell", |d| d.tree.unit("/usr/bin/demo run", "/bin/sh -c \"/usr/bin/demo run\"")),
        ("unit-network-not-wanted", |d| d.tree.unit("Wants=network-online.target\n", "")),
        ("unit-forking-without-pid-file", |d| d.tree.unit("Type=notify", "Type=forking")),
        ("unit-kill-mode", |d| d.tree.unit("Type=notify", "Type=notify\nKillMode=none")),
        ("unit-var-run", |d| d.tree.unit("Type=notify", "Type=notify\nPIDFile=/var/run/demo.pid")),
        ("unit-secret", |d| d.tree.unit("Type=notify", "Type=notify\nEnvironment=DEMO_TOKEN=abc")),
        ("unit-nonsense", |d| d.tree.unit("Type=notify", "Type=notify\nwhat is this")),
        ("unit-location", |d| {
            d.tree.header("/usr/lib/systemd/system/demo.service").path =
                "/etc/systemd/system/demo.service".into();
        }),
        ("unit-mode", |d| d.tree.header("/usr/lib/systemd/system/demo.service").mode = 0o755),
    ];
    // Devices cannot be written by our tar writer; see below.
    hold(Deb::sound, Deb::findings, cases, |id| {
        let common = ["file-", "path-", "link-", "time-", "program-", "owner-", "unit-", "directory-"];
        common.iter().any(|prefix| id.starts_with(prefix)) && id != "file-device"
    });
}

#[test]
fn what_is_missing_may_be_in_a_sister_package() {
    let mut deb = Deb::sound();
    deb.field("Depends: ", "Depends: demo-common, ");
    deb.tree.unit("/usr/bin/demo", "/usr/bin/demod");
    deb.tree.link("/usr/bin/demo-link", "demo-old");
    deb.tree.remove("/usr/lib/sysusers.d/demo.conf");
    assert!(deb.findings().is_empty(), "{:#?}", deb.findings());
}

#[test]
fn what_only_looks_like_a_leak_is_none() {
    let mut deb = Deb::sound();
    deb.tree.file("/usr/share/doc/demo/example.pem", 0o644, b"-----BEGIN PRIVATE KEY-----\n");
    let mut program = elf::program(elf::X86_64, false, &[]);
    program.extend(b"\0/home/${USER}/x\0/home/\0/home/%s/x\0");
    deb.tree.file("/usr/bin/demo", 0o755, &program);
    assert!(deb.findings().is_empty(), "{:#?}", deb.findings());
}

#[test]
fn a_device_is_found() {
    // An empty file whose header says that it is a character device.
    let mut tar = support::Tree::default();
    tar.file("/dev-null", 0o644, b"");
    let mut bytes = tar.tar("demo-1.0/");
    bytes[156] = b'3';
    let sum: u32 = bytes[..512]
        .iter()
        .enumerate()
        .map(|(i, b)| if (148..156).contains(&i) { 32 } else { u32::from(*b) })
        .sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let found = support::judge(support::gzip(&bytes), "demo.tar.gz");
    assert!(found.iter().any(|f| f.rule.id == "file-device"), "{found:?}");
    assert!(!Deb::sound().findings().iter().any(|f| f.rule.id == "file-device"));
}

#[test]
fn checks_have_everything_that_a_reader_needs() {
    // An evaluator of Windows Installer has one number, whatever the severity.
    let mut ids: Vec<_> = checks().map(|check| (check.rule.id, check.rule.severity)).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is used twice");
    for check in checks() {
        let rule = &check.rule;
        assert!(
            rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                || rule.id.starts_with("ICE"),
            "{}",
            rule.id
        );
        assert!(
            !check.formats.is_empty() && rule.reason.ends_with('.') && !rule.remedy.is_empty(),
            "{}",
            rule.id
        );
        assert!(!rule.source.is_empty() || rule.severity < Severity::Error, "{}", rule.id);
    }
}

/// The tags of lintian that sources name are there.
#[test]
fn sources_name_tags_that_lintian_has() {
    let folder = Path::new("/usr/share/lintian/tags");
    if !folder.is_dir() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs lintian (apt-get install lintian)");
        return;
    }
    let mut known = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = path.file_name().unwrap().to_str().unwrap().strip_suffix(".tag") {
                known.insert(name.to_owned());
            }
        }
    }
    for check in checks() {
        let tags = check.rule.source.split("; ").filter_map(|part| part.strip_prefix("lintian "));
        for tag in tags.flat_map(|tags| tags.split(", ")) {
            assert!(known.contains(tag), "{}: lintian has no tag {tag}", check.rule.id);
        }
    }
}

/// Whatever a script says, it is read to its end.
#[test]
fn scripts_that_are_cut_off_are_judged() {
    for end in 0..POSTINST.len() {
        let mut deb = Deb::sound();
        deb.script("postinst", &POSTINST[..end]);
        deb.script("postrm", &POSTINST[end..]);
        deb.findings();
    }
}

/// Damage is told or survived, never more.
#[test]
fn damaged_packages_are_survived() {
    let tar = Tree::demo().tar("demo-1.0/");
    let program = elf::program(elf::X86_64, true, &[("libc.so.6", &["GLIBC_2.31"])]);
    let rpm = support::rpm::Rpm::sound().build();
    let mut state = 1_u64;
    for _ in 0..400 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (place, value) = ((state >> 33) as usize, (state >> 20) as u8);
        let spoilt = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = place % bytes.len();
            bytes[at] = value;
            bytes
        };
        let mut tree = Tree::demo();
        tree.file("/usr/bin/demo", 0o755, &spoilt(&program));
        judge(support::gzip(&tree.tar("demo-1.0/")), "demo.tar.gz");
        for (bytes, name) in [(spoilt(&tar), "demo.tar"), (spoilt(&rpm), "demo.rpm")] {
            if let Ok(package) = Package::read(&mut Cursor::new(bytes), name) {
                lint(&package);
            }
        }
    }
}
