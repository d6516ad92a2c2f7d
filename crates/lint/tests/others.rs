//! Checks of Alpine and Arch packages and of plain archives.

mod support;

use std::io::{Cursor, Write as _};

use support::tarred::{Apk, Arch};
use support::{Cases, Tree, elf, gzip, hold, judge};
use zip::write::SimpleFileOptions;

#[test]
fn every_check_of_alpine_packages_finds_what_it_is_for() {
    assert!(Apk::sound().findings().is_empty(), "{:#?}", Apk::sound().findings());
    let cases: Cases<Apk> = vec![
        ("apk-datahash-missing", |a| a.info("datahash", "other")),
        ("apk-datahash-missing", |a| a.info("DATAHASH", "abc")),
        ("apk-datahash-wrong", |a| a.info("DATAHASH", &"a".repeat(64))),
        ("apk-checksum-missing", |a| a.has_checksums = false),
        ("apk-openrc-mode", |a| a.tree.header("/etc/init.d/demo").mode = 0o644),
        ("apk-openrc-interpreter", |a| a.tree.file("/etc/init.d/demo", 0o755, b"#!/bin/sh\n")),
        ("apk-service-missing", |a| {
            a.tree.remove("/etc/init.d/demo");
            a.tree.file("/usr/lib/systemd/system/demo.service", 0o644, support::UNIT.as_bytes());
        }),
        ("apk-signature-missing", |a| a.is_signed = false),
        ("apk-version-grammar", |a| a.info("1.0-r0", "1.0-beta-1")),
        ("apk-field-missing", |a| a.info("license = MIT\n", "")),
        ("apk-script-interpreter", |a| a.scripts = vec![(".post-install", "#!/bin/bash\n")]),
        ("apk-script-interpreter", |a| a.scripts = vec![(".post-install", "echo\n")]),
        ("apk-script-starts", |a| {
            a.scripts = vec![(".post-install", "#!/bin/sh\nrc-update add demo default\n")]
        }),
        ("apk-glibc-program", |a| {
            a.tree.file(
                "/usr/bin/demo",
                0o755,
                &elf::program(elf::X86_64, false, &[("libc.so.6", &["GLIBC_2.31"])]),
            );
        }),
    ];
    hold(Apk::sound, Apk::findings, cases, |id| id.starts_with("apk-"));
}

#[test]
fn every_check_of_arch_packages_finds_what_it_is_for() {
    assert!(Arch::sound().findings().is_empty(), "{:#?}", Arch::sound().findings());
    let cases: Cases<Arch> = vec![
        ("arch-backup-missing", |a| a.info("backup = etc/demo/demo.toml\n", "")),
        ("arch-backup-unknown", |a| a.info("backup = etc", "backup = /etc")),
        ("arch-backup-unknown", |a| a.info("demo.toml", "other.toml")),
        ("arch-install-starts", |a| a.install = "post_install() {\n systemctl enable --now demo\n}\n".into()),
        ("arch-mtree-missing", |a| a.has_mtree = false),
        ("arch-mtree-incomplete", |a| a.forgotten = "/usr/bin/demo"),
        ("arch-buildinfo-missing", |a| a.has_buildinfo = false),
        ("arch-version-grammar", |a| a.info("1.0-1", "1.0-rc-1")),
        ("arch-name-grammar", |a| a.info("pkgname = demo", "pkgname = Demo")),
        ("arch-field-missing", |a| a.info("builddate = 1700000000\n", "")),
        ("arch-packager-unknown", |a| a.info("Jo Doe <jo@example.com>", "Unknown Packager")),
        ("arch-path-link", |a| a.tree.file("/usr/sbin/demo", 0o755, b"#!/bin/sh\n")),
    ];
    hold(Arch::sound, Arch::findings, cases, |id| id.starts_with("arch-"));
}

/// A plain archive under construction.
struct Archive {
    tree: Tree,
    folder: &'static str,
    /// Further members of the zip archive.
    more: Vec<&'static str>,
}

impl Archive {
    fn sound() -> Self {
        Self { tree: Tree::demo(), folder: "demo-1.0/", more: vec!["demo-1.0/README"] }
    }

    fn findings(&self) -> Vec<landfall_lint::Finding> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in &self.more {
            let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default_for_write());
            archive.start_file(*name, options).unwrap();
            archive.write_all(b"text").unwrap();
        }
        let zipped = archive.finish().unwrap().into_inner();
        let mut all = judge(gzip(&self.tree.tar(self.folder)), "demo.tar.gz");
        all.extend(judge(zipped, "demo.zip"));
        all
    }
}

#[test]
fn every_check_of_archives_finds_what_it_is_for() {
    let sound = Archive::sound().findings();
    assert!(sound.is_empty(), "{sound:#?}");
    let cases: Cases<Archive> = vec![
        ("archive-without-folder", |a| a.folder = ""),
        ("archive-owner", |a| a.tree.header("/usr/bin/demo").uname = "runner".into()),
        ("archive-case-conflict", |a| a.more.push("demo-1.0/Readme")),
        ("archive-windows-name", |a| a.more.push("demo-1.0/aux.txt")),
        ("path-leaves-root", |a| a.folder = "../demo-1.0/"),
        ("path-leaves-root", |a| a.folder = "/demo-1.0/"),
        ("link-leaves", |a| a.tree.link("/usr/bin/demo-link", "/etc/passwd")),
    ];
    hold(Archive::sound, Archive::findings, cases, |id| id.starts_with("archive-"));
}
