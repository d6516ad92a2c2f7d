//! What speaks against a package on a platform.

mod support;

use landfall_lint::platform::{ALL, find};
use landfall_lint::{Package, Severity, platform_findings};
use support::deb::Deb;
use support::rpm::Rpm;
use support::tarred::{Apk, Arch};
use support::{UNIT, elf, gzip, read};

/// What is found, as `id place`.
fn against(package: &Package, platform: &str) -> Vec<String> {
    let found = platform_findings(package, find(platform).unwrap());
    found.iter().map(|f| format!("{} {}", f.rule.id, f.place).trim_end().to_owned()).collect()
}

fn deb(spoil: fn(&mut Deb)) -> Package {
    let mut deb = Deb::sound();
    spoil(&mut deb);
    read(deb.build(), "demo.deb")
}

fn rpm(spoil: fn(&mut Rpm)) -> Package {
    let mut rpm = Rpm::sound();
    spoil(&mut rpm);
    read(rpm.build(), "demo.rpm")
}

const NONE: [String; 0] = [];

#[test]
fn sound_packages_are_for_their_platforms() {
    for platform in ["debian-11", "debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04"] {
        assert_eq!(against(&deb(|_| {}), platform), NONE, "{platform}");
    }
    for platform in ["rhel-8", "rhel-9"] {
        assert_eq!(against(&rpm(|_| {}), platform), NONE, "{platform}");
    }
    assert_eq!(against(&read(Apk::sound().build(), "demo.apk"), "alpine"), NONE);
    assert_eq!(against(&read(Arch::sound().build(), "demo-1.0-1-x86_64.pkg.tar.zst"), "arch"), NONE);
}

#[test]
fn foreign_formats_and_architectures_are_told() {
    assert_eq!(against(&deb(|_| {}), "rhel-9"), ["platform-format"]);
    assert_eq!(against(&deb(|_| {}), "windows-11"), ["platform-format"]);
    assert_eq!(against(&deb(|_| {}), "debian-12-arm64"), ["platform-architecture"]);
    assert_eq!(against(&deb(|d| d.field("amd64", "vax")), "debian-12"), ["platform-architecture"]);
    let archive = read(gzip(&support::Tree::demo().tar("demo-1.0/")), "demo.tar.gz");
    assert_eq!(against(&archive, "debian-12"), NONE);
    assert_eq!(against(&archive, "raspberry-pi-os"), ["platform-architecture /usr/bin/demo"]);
}

#[test]
fn compression_must_be_known() {
    assert_eq!(against(&deb(|d| d.is_zstd = true), "debian-11"), ["platform-compression"]);
    assert_eq!(against(&deb(|d| d.is_zstd = true), "debian-12"), NONE);
}

#[test]
fn the_c_library_must_be_new_enough() {
    let dependency = deb(|d| d.field("2.31", "2.34"));
    assert_eq!(against(&dependency, "debian-11"), ["platform-glibc libc6 (>= 2.34)"]);
    assert_eq!(against(&dependency, "debian-12"), NONE);
    let symbol = rpm(|r| r.requires.push("libc.so.6(GLIBC_2.34)(64bit)".into()));
    assert_eq!(against(&symbol, "rhel-8"), ["platform-glibc libc.so.6(GLIBC_2.34)(64bit)"]);
    assert_eq!(against(&symbol, "rhel-9"), NONE);
    let program = deb(|d| {
        let libraries: &[(&str, &[&str])] =
            &[("libm.so.6", &["GLIBC_2.2.5"]), ("libc.so.6", &["GLIBC_2.17", "GLIBC_2.38"])];
        d.tree.file("/usr/bin/demo", 0o755, &elf::program(elf::X86_64, false, libraries));
    });
    assert_eq!(against(&program, "debian-12"), ["platform-glibc /usr/bin/demo"]);
    assert_eq!(against(&program, "debian-13"), NONE);
}

#[test]
fn musl_and_glibc_do_not_mix() {
    let mut apk = Apk::sound();
    apk.tree.file(
        "/usr/bin/demo",
        0o755,
        &elf::program(elf::X86_64, false, &[("libc.so.6", &["GLIBC_2.17"])]),
    );
    assert_eq!(against(&read(apk.build(), "demo.apk"), "alpine"), ["platform-c-library /usr/bin/demo"]);
    apk.info("depend = python3", "depend = python3\ndepend = gcompat");
    assert_eq!(against(&read(apk.build(), "demo.apk"), "alpine"), NONE);
    let musl = deb(|d| {
        let mut program = elf::program(elf::X86_64, false, &[("libc.so", &["X"])]);
        let at = program.windows(8).position(|w| w == b"ld-linux").unwrap();
        program[at..at + 8].copy_from_slice(b"ld-musl-");
        d.tree.file("/usr/bin/demo", 0o755, &program);
    });
    assert_eq!(against(&musl, "debian-12"), ["platform-c-library /usr/bin/demo"]);
}

#[test]
fn features_of_rpm_must_be_known() {
    let caret = rpm(|r| r.requires.push("rpmlib(CaretInVersions)".into()));
    assert_eq!(against(&caret, "rhel-8"), ["platform-rpm-feature rpmlib(CaretInVersions)"]);
    assert_eq!(against(&caret, "rhel-9"), NONE);
}

#[test]
fn services_need_their_manager_and_directives_its_version() {
    let mut apk = Apk::sound();
    apk.tree.remove("/etc/init.d/demo");
    apk.tree.file("/usr/lib/systemd/system/demo.service", 0o644, UNIT.as_bytes());
    let unit = "/usr/lib/systemd/system/demo.service";
    assert_eq!(against(&read(apk.build(), "demo.apk"), "alpine"), [format!("platform-service {unit}")]);
    let young = rpm(|r| {
        r.tree.unit("Type=notify", "Type=exec\nProtectClock=yes\nProtectClock=yes\nPrivateMounts=yes")
    });
    let found = platform_findings(&young, find("rhel-8").unwrap());
    assert!(found.iter().all(|f| f.rule.severity == Severity::Note), "{found:?}");
    let words: Vec<&str> = found.iter().map(|f| f.what.as_str()).collect();
    assert_eq!(words.len(), 2, "{words:?}");
    assert!(
        words[0].contains("Type=exec") && words[1].contains("ProtectClock=, known since systemd 245"),
        "{words:?}"
    );
    assert_eq!(against(&young, "rhel-9"), NONE);
}

#[test]
fn platforms_are_found_by_their_names() {
    let mut ids: Vec<&str> = ALL.iter().map(|platform| platform.id).collect();
    assert!(ids.iter().all(|id| find(id).is_some_and(|platform| platform.id == *id)));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), ALL.len());
}
