//! A stand-in for RHEL and its rebuilds: its resolver, over a list of what its base system provides.

use std::fs::File;
use std::path::{Path, PathBuf};

use landfall_manifest::Format;
use landfall_packages::{Level, Options, packager};
use landfall_payload::{Architecture, Target};

use super::managers::{DNF_EL8, DNF_EL9};
use super::{Blueprint, Booted, LabError, Laboratory, Manager, RPM, Result, Root, root};
use crate::evidence::{How, SpeaksFor};

/// What a base system provides, as far as packages of programs ask for it.
///
/// The lists are those of the platform's own documents and of glibc's and GCC's own symbol versions, never of a
/// package that is tried: what is missing here is missing there.
struct Base {
    release: u32,
    glibc: (u32, u32),
    systemd: u32,
    openssl: &'static str,
}

const EL8: Base = Base { release: 8, glibc: (2, 28), systemd: 239, openssl: "1.1" };
const EL9: Base = Base { release: 9, glibc: (2, 34), systemd: 252, openssl: "3" };

/// Packages that every installation has (RHEL's group «Core», and what that needs).
const PACKAGES: &[&str] = &[
    "basesystem",
    "bash",
    "ca-certificates",
    "coreutils",
    "dbus",
    "filesystem",
    "findutils",
    "gawk",
    "glibc-common",
    "grep",
    "gzip",
    "iproute",
    "libgcc",
    "openssl-libs",
    "policycoreutils",
    "procps-ng",
    "rpm",
    "sed",
    "setup",
    "shadow-utils",
    "systemd-libs",
    "systemd-udev",
    "tar",
    "tzdata",
    "util-linux",
    "xz",
    "zlib",
];

/// Files by which packages ask for them.
const FILES: &[&str] = &[
    "/bin/bash",
    "/bin/sh",
    "/sbin/ldconfig",
    "/usr/bin/bash",
    "/usr/bin/env",
    "/usr/bin/getent",
    "/usr/bin/sh",
    "/usr/bin/systemctl",
    "/usr/sbin/groupadd",
    "/usr/sbin/ldconfig",
    "/usr/sbin/useradd",
];

/// Symbol versions of glibc 2.34's libraries for x86-64 (`Versions` files of its sources). An older glibc has those
/// up to its own.
const GLIBC: &[(&str, &str)] = &[
    (
        "libc.so.6",
        "2.2.5 2.2.6 2.3 2.3.2 2.3.3 2.3.4 2.4 2.5 2.6 2.7 2.8 2.9 2.10 2.11 2.12 2.13 2.14 2.15 2.16 2.17 2.18 \
         2.22 2.23 2.24 2.25 2.26 2.27 2.28 2.29 2.30 2.31 2.32 2.33 2.34",
    ),
    ("libm.so.6", "2.2.5 2.4 2.15 2.18 2.23 2.24 2.25 2.26 2.27 2.28 2.29 2.31 2.32"),
    ("libpthread.so.0", "2.2.5 2.2.6 2.3.2 2.3.3 2.3.4 2.4 2.11 2.12 2.18 2.28 2.30 2.31"),
    ("libdl.so.2", "2.2.5 2.3.3 2.3.4"),
    ("librt.so.1", "2.2.5 2.3.3 2.3.4 2.4 2.7"),
    ("libutil.so.1", "2.2.5"),
    ("libresolv.so.2", "2.2.5 2.3.2 2.9"),
    ("libanl.so.1", "2.2.5"),
    ("ld-linux-x86-64.so.2", "2.2.5 2.3 2.4 2.34"),
];

/// Symbol versions of libgcc, the same in GCC 8 and 11.
const LIBGCC: &str = "3.0 3.3 3.3.1 3.4 3.4.2 3.4.4 4.0.0 4.2.0 4.3.0 4.7.0 4.8.0 7.0.0";

impl Base {
    /// Everything that it provides, as `name` or `name = version`.
    fn provides(&self) -> Vec<String> {
        let (major, minor) = self.glibc;
        let mut provides = vec![
            format!("system-release = {}", self.release),
            format!("redhat-release = {}", self.release),
            format!("glibc = {major}.{minor}"),
            format!("systemd = {}", self.systemd),
            "rtld(GNU_HASH)".to_owned(),
            "libgcc_s.so.1()(64bit)".to_owned(),
            "libz.so.1()(64bit)".to_owned(),
            format!("libssl.so.{}()(64bit)", self.openssl),
            format!("libcrypto.so.{}()(64bit)", self.openssl),
            "libsystemd.so.0()(64bit)".to_owned(),
        ];
        provides.extend(PACKAGES.iter().chain(FILES).map(|&name| name.to_owned()));
        provides.extend(LIBGCC.split(' ').map(|version| format!("libgcc_s.so.1(GCC_{version})(64bit)")));
        for (library, versions) in GLIBC {
            provides.push(format!("{library}()(64bit)"));
            let here = versions.split(' ').filter(|version| numbers(version) <= vec![major, minor]);
            provides.extend(here.map(|version| format!("{library}(GLIBC_{version})(64bit)")));
        }
        provides
    }

    /// The manifest of a package that provides it all. It also brings `/usr/share/licenses`, which belongs to the
    /// package `filesystem` there.
    fn manifest(&self) -> String {
        let provides: Vec<String> = self.provides().iter().map(|item| format!("{item:?}")).collect();
        format!(
            r#"
[product]
name = "fake-base"
version = "{}.0.0"
maintainer = "Laboratory <laboratory@example.com>"
license = "MIT"
summary = "Says that a base system is there"

[[files]]
content = "This package only says what a base system of RHEL {} provides.\n"
destination = "/usr/share/licenses/fake-base/README"

[package.rpm]
provides = [{}]
"#,
            self.release,
            self.release,
            provides.join(", ")
        )
    }

    /// Writes that package into a folder.
    fn package(&self, folder: &Path) -> Result<PathBuf> {
        let failed =
            |error: &dyn std::fmt::Display| LabError::Failed(format!("the package fake-base: {error}"));
        let loaded = landfall_manifest::parse(&folder.join("landfall.toml"), self.manifest())
            .map_err(|report| failed(&report))?;
        let version = landfall_payload::version(&loaded, &|_| None).map_err(|report| failed(&report))?;
        let target: Target = TARGET.parse().map_err(|error| failed(&error))?;
        let built =
            landfall_payload::build(&loaded, &target, &version, 0).map_err(|report| failed(&report))?;
        let path = folder.join("fake-base.rpm");
        let options = Options {
            level: Level::Fast,
            compression: None,
            threads: 1,
            scratch: folder.to_owned(),
            progress: &|_| {},
        };
        packager(Format::Rpm)
            .write(&built.payload, &options, &mut File::create(&path)?)
            .map_err(|error| failed(&error))?;
        Ok(path)
    }
}

const TARGET: &str = "x86_64-unknown-linux-gnu";

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|number| number.parse().ok()).collect()
}

/// The laboratory `rpm-dnf-el8` or `rpm-dnf-el9`.
pub(super) struct Rhel {
    id: &'static str,
    base: &'static Base,
    manager: &'static dyn Manager,
}

/// The laboratories, the newer first.
pub(super) const ALL: [Rhel; 2] = [
    Rhel { id: "rpm-dnf-el9", base: &EL9, manager: DNF_EL9 },
    Rhel { id: "rpm-dnf-el8", base: &EL8, manager: DNF_EL8 },
];

impl Rhel {
    fn root() -> Root {
        Root::bootable("bookworm").with(&["dnf", "rpm"])
    }
}

/// Makes Debian's rpm and its surroundings what packages find in RHEL and Fedora.
pub(super) fn resemble_rhel(lab: &dyn Laboratory) -> Result<()> {
    // Debian's rpm keeps root's database in root's home.
    lab.write("/etc/rpm/macros", "%_dbpath /var/lib/rpm\n")?;
    // rpm renames the folder of its database, which an overlay refuses for one that the base system has.
    lab.script("rm -rf /var/lib/rpm; mkdir /var/lib/rpm")?.ok()?;
    // Belongs to the package `filesystem` there, so that no other package takes it away.
    lab.run(&["mkdir", "-p", "/usr/share/licenses"])?.ok().map(drop)
}

impl Blueprint for Rhel {
    fn id(&self) -> &'static str {
        self.id
    }

    fn title(&self) -> String {
        format!("RHEL {}'s resolver (dnf) on Debian 12, systemd running", self.base.release)
    }

    fn identity(&self) -> String {
        format!("{}; fake-base {}", Self::root().identity(), root::digest(&self.base.manifest()))
    }

    fn speaks_for(&self) -> Vec<SpeaksFor> {
        let difference = format!(
            "dnf resolves against a list of what RHEL {} provides; rpm, systemd (252) and libraries are Debian 12's.",
            self.base.release
        );
        vec![SpeaksFor { platform: format!("rhel-{}", self.base.release), how: How::StandIn, difference }]
    }

    fn takes(&self, format: Format, target: &Target) -> bool {
        format == Format::Rpm && target.architecture == Architecture::X86_64
    }

    fn manager(&self) -> &'static dyn Manager {
        self.manager
    }

    fn check(&self) -> Result<()> {
        Booted::check()
    }

    fn prepare(&self) -> Result<()> {
        Self::root().folder().map(drop)
    }

    fn open(&self) -> Result<Box<dyn Laboratory>> {
        let lab = Booted::boot(&Self::root())?;
        resemble_rhel(&lab)?;
        let folder = tempfile::tempdir()?;
        let package = self.base.package(folder.path())?;
        let package = super::Package { file: &package, name: "fake-base", manager: RPM };
        lab.install(&package)?.ok()?;
        Ok(Box::new(lab))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_has_the_symbol_versions_up_to_its_own() {
        let has = |base: &Base, name: &str| base.provides().iter().any(|provided| provided == name);
        assert!(has(&EL9, "libc.so.6(GLIBC_2.34)(64bit)"));
        assert!(has(&EL8, "libc.so.6(GLIBC_2.28)(64bit)"));
        assert!(!has(&EL8, "libc.so.6(GLIBC_2.29)(64bit)"));
        assert!(has(&EL8, "libc.so.6(GLIBC_2.2.5)(64bit)"));
        assert!(!has(&EL8, "ld-linux-x86-64.so.2(GLIBC_2.34)(64bit)"));
        assert!(has(&EL8, "libpthread.so.0()(64bit)"));
    }

    #[test]
    fn its_package_can_be_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let package = EL9.package(folder.path()).unwrap();
        let read = packager(Format::Rpm).read(&mut File::open(package).unwrap()).unwrap();
        assert_eq!((read.name.as_str(), read.architecture.as_str()), ("fake-base", "x86_64"));
    }
}
