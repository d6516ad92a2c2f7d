//! Targets and what each package format calls their architecture.

use std::fmt;
use std::str::FromStr;

use landfall_manifest::Format;

/// A target triple, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The triple as written.
    pub triple: String,
    /// Processor architecture.
    pub architecture: Architecture,
    /// Operating system.
    pub os: Os,
    /// C library or binary interface: the triple's last part (`gnu`, `musl`, `msvc`, …); empty on macOS.
    pub environment: String,
}

/// A processor architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Architecture {
    /// 64-bit x86.
    X86_64,
    /// 32-bit x86, Pentium Pro and later.
    I686,
    /// 64-bit Arm.
    Aarch64,
    /// 32-bit Arm, ARMv7 with hardware floating point.
    Armv7,
    /// 32-bit Arm, ARMv6 with hardware floating point (the first Raspberry Pi).
    Armv6,
    /// 64-bit RISC-V, little-endian, with the G and C extensions.
    Riscv64,
    /// 64-bit POWER, little-endian.
    Powerpc64le,
    /// IBM Z.
    S390x,
    /// 64-bit LoongArch.
    Loongarch64,
}

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Os {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
    /// macOS.
    Macos,
}

use Architecture as A;

/// One row an architecture: name in triples, Debian, RPM, Alpine and Arch; `None` where a distribution has no
/// such port.
type Row =
    (A, &'static str, Option<&'static str>, Option<&'static str>, Option<&'static str>, Option<&'static str>);

/// The one table of architecture names. Debian: `dpkg-architecture -L`; RPM: rpmrc `arch_canon`; Alpine:
/// `apk --print-arch` of each port; Arch: Arch Linux, Arch Linux ARM, ports of the same names as `uname -m`.
///
/// `armhf` is ARMv7 in Debian and ARMv6 in Raspberry Pi OS, so an ARMv6 program is fine in both.
const NAMES: &[Row] = &[
    (A::X86_64, "x86_64", Some("amd64"), Some("x86_64"), Some("x86_64"), Some("x86_64")),
    (A::I686, "i686", Some("i386"), Some("i686"), Some("x86"), Some("i686")),
    (A::Aarch64, "aarch64", Some("arm64"), Some("aarch64"), Some("aarch64"), Some("aarch64")),
    (A::Armv7, "armv7", Some("armhf"), Some("armv7hl"), Some("armv7"), Some("armv7h")),
    (A::Armv6, "arm", Some("armhf"), Some("armv6hl"), Some("armhf"), Some("armv6h")),
    (A::Riscv64, "riscv64gc", Some("riscv64"), Some("riscv64"), Some("riscv64"), Some("riscv64")),
    (A::Powerpc64le, "powerpc64le", Some("ppc64el"), Some("ppc64le"), Some("ppc64le"), None),
    (A::S390x, "s390x", Some("s390x"), Some("s390x"), Some("s390x"), None),
    (
        A::Loongarch64,
        "loongarch64",
        Some("loong64"),
        Some("loongarch64"),
        Some("loongarch64"),
        Some("loong64"),
    ),
];

impl Architecture {
    fn row(self) -> &'static Row {
        // Every variant has its row; a test holds the table to that.
        NAMES.iter().find(|row| row.0 == self).unwrap_or(&NAMES[0])
    }

    /// The name used in target triples and for plain archives.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The name a package format uses, or `None` where its distributions have no such port.
    pub fn in_format(self, format: Format) -> Option<&'static str> {
        let (_, name, deb, rpm, apk, arch) = *self.row();
        match format {
            Format::Deb => deb,
            Format::Rpm => rpm,
            Format::Apk => apk,
            Format::Arch => arch,
            Format::Msi => match self {
                A::X86_64 => Some("x64"),
                A::Aarch64 => Some("arm64"),
                _ => None,
            },
            Format::TarGz | Format::TarZst | Format::Zip | Format::Exe => Some(name),
        }
    }

    /// Whether pointers have 64 bits.
    pub fn is_64bit(self) -> bool {
        !matches!(self, A::I686 | A::Armv7 | A::Armv6)
    }
}

impl Os {
    /// The name used in selectors and variables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Windows => "windows",
            Self::Macos => "macos",
        }
    }
}

impl Target {
    /// The target that this program was built for.
    pub fn host() -> Self {
        let environment = match (cfg!(target_os = "linux"), cfg!(target_env = "musl")) {
            (true, true) => "unknown-linux-musl",
            (true, false) => "unknown-linux-gnu",
            _ if cfg!(target_os = "macos") => "apple-darwin",
            _ => "pc-windows-msvc",
        };
        let arch = match std::env::consts::ARCH {
            "x86" => "i686",
            "riscv64" => "riscv64gc",
            "powerpc64" => "powerpc64le",
            "arm" => "armv7",
            other => other,
        };
        let suffix = if arch == "armv7" { "eabihf" } else { "" };
        format!("{arch}-{environment}{suffix}").parse().unwrap_or_else(|_| Self {
            triple: format!("{arch}-{environment}"),
            architecture: A::X86_64,
            os: Os::Linux,
            environment: "gnu".into(),
        })
    }

    /// Whether programs of this target use glibc.
    pub fn is_glibc(&self) -> bool {
        self.os == Os::Linux && self.environment.starts_with("gnu")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.triple)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(triple: &str) -> Result<Self, Self::Err> {
        let unknown = || TargetError(triple.to_owned());
        let (arch, rest) = triple.split_once('-').ok_or_else(unknown)?;
        let architecture = match arch {
            "riscv64" => A::Riscv64,
            "i586" | "i386" => A::I686,
            "thumbv7neon" => A::Armv7,
            "arm64" => A::Aarch64,
            _ => NAMES.iter().find(|row| row.1 == arch).ok_or_else(unknown)?.0,
        };
        let (os, environment) = match rest {
            "apple-darwin" => (Os::Macos, ""),
            _ => {
                let os = if rest.contains("linux") {
                    Os::Linux
                } else if rest.contains("windows") {
                    Os::Windows
                } else {
                    return Err(unknown());
                };
                (os, rest.rsplit('-').next().unwrap_or_default())
            }
        };
        Ok(Self { triple: triple.to_owned(), architecture, os, environment: environment.to_owned() })
    }
}

/// A target triple that Landfall does not know.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "unknown target \"{0}\"; a target is a Rust target triple such as x86_64-unknown-linux-gnu, with one of the \
     architectures x86_64, i686, aarch64, armv7, arm, riscv64gc, powerpc64le, s390x, loongarch64 and one of the \
     systems linux, windows, darwin"
)]
pub struct TargetError(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_architecture_has_a_row() {
        for a in [
            A::X86_64,
            A::I686,
            A::Aarch64,
            A::Armv7,
            A::Armv6,
            A::Riscv64,
            A::Powerpc64le,
            A::S390x,
            A::Loongarch64,
        ] {
            assert_eq!(a.row().0, a);
        }
    }

    #[test]
    fn triples_are_taken_apart() {
        let t: Target = "armv7-unknown-linux-gnueabihf".parse().unwrap();
        assert_eq!((t.architecture, t.os, t.is_glibc()), (A::Armv7, Os::Linux, true));
        assert_eq!(t.architecture.in_format(Format::Deb), Some("armhf"));
        assert_eq!(t.architecture.in_format(Format::Rpm), Some("armv7hl"));
        assert_eq!("aarch64-apple-darwin".parse::<Target>().unwrap().os, Os::Macos);
        assert_eq!("x86_64-pc-windows-gnu".parse::<Target>().unwrap().os, Os::Windows);
        assert!("x86_64".parse::<Target>().is_err());
        assert!("mips-unknown-linux-gnu".parse::<Target>().is_err());
        assert!("x86_64-unknown-freebsd".parse::<Target>().is_err());
    }

    #[test]
    fn the_host_is_a_known_target() {
        assert_eq!(Target::host().triple.parse::<Target>().unwrap(), Target::host());
    }
}
