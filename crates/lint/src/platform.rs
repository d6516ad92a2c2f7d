//! The systems that packages are made for, and what of them decides whether a package can be used there.

mod findings;

use landfall_payload::{Architecture, Format};

pub use findings::platform_findings;

/// A system that a product is made for.
#[derive(Debug, Clone, Copy)]
pub struct Platform {
    /// Short name: `debian-12`.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Architecture of its machines.
    pub architecture: Architecture,
    /// The package formats that its users install, first choice first; empty where none is written yet.
    pub formats: &'static [Format],
    /// Version of the GNU C library, the least that is in use where it moves on; `None` where there is none.
    pub glibc: Option<(u32, u32)>,
    /// Version of systemd, the least that is in use where it moves on; `None` where another service manager
    /// runs.
    pub systemd: Option<u32>,
    /// Whether its package manager unpacks Zstandard.
    pub zstd: bool,
}

const X64: Architecture = Architecture::X86_64;
const DEB: &[Format] = &[Format::Deb, Format::TarGz];
const RPM: &[Format] = &[Format::Rpm, Format::TarGz];

/// Every platform, in the order of a report.
pub const ALL: &[Platform] = &[
    foreign("windows-10", "Windows 10", X64),
    foreign("windows-11", "Windows 11", X64),
    foreign("windows-server", "Windows Server", X64),
    foreign("windows-iot-ltsc", "Windows IoT LTSC", X64),
    linux("ubuntu-22.04", "Ubuntu 22.04", X64, DEB, (2, 35), 249, true),
    linux("ubuntu-24.04", "Ubuntu 24.04", X64, DEB, (2, 39), 255, true),
    linux("debian-11", "Debian 11", X64, DEB, (2, 31), 247, false),
    linux("debian-12", "Debian 12", X64, DEB, (2, 36), 252, true),
    linux("debian-13", "Debian 13", X64, DEB, (2, 41), 257, true),
    linux("debian-12-arm64", "Debian 12, arm64", Architecture::Aarch64, DEB, (2, 36), 252, true),
    linux("raspberry-pi-os", "Raspberry Pi OS 12, arm64", Architecture::Aarch64, DEB, (2, 36), 252, true),
    linux("rhel-8", "RHEL, Rocky, Alma 8", X64, RPM, (2, 28), 239, true),
    linux("rhel-9", "RHEL, Rocky, Alma 9", X64, RPM, (2, 34), 252, true),
    linux("arch", "Arch Linux", X64, &[Format::Arch, Format::TarZst], (2, 42), 258, true),
    Platform {
        glibc: None,
        systemd: None,
        zstd: false,
        formats: &[Format::Apk, Format::TarGz],
        ..linux("alpine", "Alpine Linux", X64, &[], (0, 0), 0, false)
    },
    foreign("macos-x86_64", "macOS, Intel", X64),
    foreign("macos-arm64", "macOS, Apple silicon", Architecture::Aarch64),
    foreign("container-amd64", "Containers, amd64", X64),
    foreign("container-arm64", "Containers, arm64", Architecture::Aarch64),
    foreign("appimage", "AppImage hosts", X64),
];

/// The platform with a short name.
pub fn find(id: &str) -> Option<&'static Platform> {
    ALL.iter().find(|platform| platform.id == id)
}

const fn linux(
    id: &'static str,
    title: &'static str,
    architecture: Architecture,
    formats: &'static [Format],
    glibc: (u32, u32),
    systemd: u32,
    zstd: bool,
) -> Platform {
    Platform { id, title, architecture, formats, glibc: Some(glibc), systemd: Some(systemd), zstd }
}

/// A platform for which no format is written yet.
const fn foreign(id: &'static str, title: &'static str, architecture: Architecture) -> Platform {
    Platform { id, title, architecture, formats: &[], glibc: None, systemd: None, zstd: false }
}
