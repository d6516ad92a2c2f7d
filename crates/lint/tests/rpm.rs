//! Checks of RPM packages.

mod support;

use std::io::Write as _;
use std::process::Command;

use landfall_lint::{Package, Severity, lint};
use support::rpm::{POST, POSTUN, PREUN, Rpm, Value, text};
use support::{Cases, hold};

#[test]
fn nothing_is_said_against_a_sound_package() {
    let findings = Rpm::sound().findings();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn every_check_of_rpm_packages_finds_what_it_is_for() {
    let cases: Cases<Rpm> = vec![
        ("rpm-macro-unexpanded", |r| r.set(POST, "%systemd_post demo.service")),
        ("rpm-macro-unexpanded", |r| r.set(POST, "chown demo %{_sharedstatedir}/demo")),
        ("rpm-script-stops-on-upgrade", |r| r.set(PREUN, "systemctl stop demo.service || :")),
        ("rpm-script-stops-on-upgrade", |r| {
            r.set(POSTUN, "userdel demo\nsystemctl try-restart demo.service")
        }),
        ("rpm-script-enables", |r| r.set(POST, "systemctl enable demo.service")),
        ("rpm-service-not-restarted", |r| r.set(POSTUN, "systemctl daemon-reload")),
        ("rpm-script-dependency-missing", |r| r.requires.retain(|name| name != "shadow-utils")),
        ("rpm-digest-weak", |r| r.has_sha256 = false),
        ("rpm-payload-digest-missing", |r| r.has_payload_digest = false),
        ("rpm-signature-legacy", |r| r.signature = [(1002, Value::Binary(vec![1]))].into()),
        ("rpm-signature-missing", |r| r.signature.clear()),
        ("rpm-file-digests-md5", |r| r.md5_digests = true),
        ("rpm-config-replaced", |r| {
            r.flags.insert("/etc/demo/demo.toml".into(), 1);
        }),
        ("rpm-etc-not-config", |r| r.flags.clear()),
        ("rpm-compression", |r| r.set(1125, "lrzip")),
        ("rpm-feature-missing", |r| r.requires.retain(|name| !name.starts_with("rpmlib"))),
        ("rpm-feature-missing", |r| r.set(1001, "1.0~rc1")),
        ("rpm-build-host", |r| r.set(1007, "laptop.jo.example")),
        ("rpm-build-time", |r| {
            r.tags.insert(1006, Value::Int(vec![u32::MAX]));
        }),
        ("rpm-build-time", |r| {
            r.tags.insert(1006, Value::Int(vec![1_000_000_000]));
        }),
        ("rpm-directory-unowned", |r| r.tree.remove("/usr/share/demo")),
        ("rpm-field-missing", |r| {
            r.tags.remove(&1014);
        }),
        ("rpm-version-grammar", |r| {
            r.tags.insert(1001, text("1.0-2"));
        }),
    ];
    hold(Rpm::sound, Rpm::findings, cases, |id| id.starts_with("rpm-"));
}

#[test]
fn ghosts_may_lie_among_the_state() {
    let mut rpm = Rpm::sound();
    rpm.tree.file("/var/lib/demo/db", 0o644, b"x");
    assert!(rpm.findings().iter().any(|f| f.rule.id == "file-in-state"));
    rpm.flags.insert("/var/lib/demo/db".into(), 64);
    assert!(rpm.findings().is_empty(), "{:#?}", rpm.findings());
}

#[test]
fn a_payload_that_was_changed_is_refused() {
    let mut bytes = Rpm::sound().build();
    // The time in the gzip header, which no checksum of gzip itself covers.
    let payload = bytes.windows(3).rposition(|w| w == [0x1f, 0x8b, 8]).unwrap();
    bytes[payload + 4] ^= 1;
    let error = Package::read(&mut std::io::Cursor::new(bytes), "demo.rpm").unwrap_err().to_string();
    assert!(error.contains("payload does not match"), "{error}");
}

/// A package of rpm's own builder: content and digests are read, and its compression too.
#[test]
fn packages_of_rpmbuild_are_judged() {
    if Command::new("rpmbuild").arg("--version").output().is_err() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs rpmbuild (apt-get install rpm)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("other.spec");
    std::fs::write(
        &spec,
        "Name: other\nVersion: 2.0\nRelease: 1\nSummary: Other\nLicense: MIT\nBuildArch: noarch\n%description\nOther.\n\
         %install\nmkdir -p %{buildroot}/usr/bin %{buildroot}/etc/other\n\
         printf '#!/bin/sh\\n' >%{buildroot}/usr/bin/other\nchmod 0777 %{buildroot}/usr/bin/other\n\
         echo x >%{buildroot}/etc/other/other.conf\necho y >%{buildroot}/etc/other/plain\n\
         %preun\nsystemctl stop other.service\n\
         %files\n/usr/bin/other\n%config /etc/other/other.conf\n/etc/other/plain\n",
    )
    .unwrap();
    for compression in ["w9.gzdio", "w2.xzdio", "w3.zstdio"] {
        let out = Command::new("rpmbuild")
            .args(["-bb", "--define", &format!("_topdir {}", folder.path().display())])
            .args(["--define", &format!("_binary_payload {compression}")])
            .arg(&spec)
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let package = Package::open(&folder.path().join("RPMS/noarch/other-2.0-1.noarch.rpm")).unwrap();
        assert_eq!(package.file("/etc/other/plain").unwrap().facts.unwrap().text.as_deref(), Some("y\n"));
        let findings = lint(&package);
        let mut ids: Vec<&str> =
            findings.iter().filter(|f| f.rule.severity > Severity::Note).map(|f| f.rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let expected = [
            "file-world-writable",
            "rpm-config-replaced",
            "rpm-directory-unowned",
            "rpm-etc-not-config",
            "rpm-script-stops-on-upgrade",
        ];
        assert_eq!(ids, expected, "{compression}: {findings:#?}");
    }
}
