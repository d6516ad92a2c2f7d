//! Every laboratory that can be set up.

use landfall_manifest::Format;
use landfall_payload::{Architecture, Target};

use super::vm::VirtualMachine;
use super::{
    Booted, Chroot, DPKG, Laboratory, Manager, PACMAN, RPM, Result, Root, alpine, bare, emulation, rhel, wine,
};
use crate::evidence::{self, How, SpeaksFor};

/// How to set up one kind of laboratory, and what a run in it is worth.
pub trait Blueprint: Sync {
    /// Short name.
    fn id(&self) -> &'static str;

    /// What it is, for people.
    fn title(&self) -> String;

    /// What exactly it is made of.
    fn identity(&self) -> String;

    /// What a run in it says about platforms.
    fn speaks_for(&self) -> Vec<SpeaksFor>;

    /// Whether it takes an artifact.
    fn takes(&self, format: Format, target: &Target) -> bool;

    /// The package manager in it.
    fn manager(&self) -> &'static dyn Manager;

    /// The steps of the scenario that are taken in it; `None`: all.
    fn steps(&self) -> Option<&'static [&'static str]> {
        None
    }

    /// Checks, without building anything, that this machine can have it.
    ///
    /// # Errors
    /// [`super::LabError::Missing`] with what is missing and the command that provides it.
    fn check(&self) -> Result<()>;

    /// Builds what is kept between runs, where it is missing.
    ///
    /// # Errors
    /// As [`Blueprint::check`], and when it cannot be built.
    fn prepare(&self) -> Result<()>;

    /// Sets up a fresh one.
    ///
    /// # Errors
    /// As [`Blueprint::prepare`], and when it does not start.
    fn open(&self) -> Result<Box<dyn Laboratory>>;

    /// The laboratory for the evidence.
    fn describe(&self) -> evidence::Laboratory {
        evidence::Laboratory {
            id: self.id().to_owned(),
            title: self.title(),
            identity: self.identity(),
            speaks_for: self.speaks_for(),
        }
    }
}

/// Every laboratory, in the order in which they are used.
pub fn all() -> Vec<Box<dyn Blueprint>> {
    let debian = |number: u32, suite: &'static str, booted: bool| {
        let id = match (number, booted) {
            (12, true) => "debian-12-systemd",
            (12, false) => "debian-12-chroot",
            (_, true) => "debian-13-systemd",
            (_, false) => "debian-13-chroot",
        };
        let architecture = Architecture::X86_64;
        Namespaced {
            id,
            suite,
            number,
            booted,
            architecture,
            formats: &[Format::Deb],
            manager: DPKG,
            packages: &[],
        }
    };
    let mut all: Vec<Box<dyn Blueprint>> = vec![
        Box::new(debian(12, "bookworm", true)),
        Box::new(debian(13, "trixie", true)),
        Box::new(debian(12, "bookworm", false)),
        Box::new(debian(13, "trixie", false)),
        Box::new(Namespaced {
            id: "rpm-systemd",
            suite: "bookworm",
            number: 12,
            booted: true,
            architecture: Architecture::X86_64,
            formats: &[Format::Rpm],
            manager: RPM,
            packages: &["rpm"],
        }),
        Box::new(Namespaced {
            id: "arch-systemd",
            suite: "bookworm",
            number: 12,
            booted: true,
            architecture: Architecture::X86_64,
            formats: &[Format::Arch],
            manager: PACMAN,
            packages: &["pacman-package-manager"],
        }),
        Box::new(Namespaced {
            id: "debian-12-arm64-chroot",
            architecture: Architecture::Aarch64,
            ..debian(12, "bookworm", false)
        }),
    ];
    all.push(Box::new(alpine::Alpine));
    all.push(Box::new(bare::Bare));
    all.extend(rhel::ALL.into_iter().map(|rhel| Box::new(rhel) as Box<dyn Blueprint>));
    all.extend(wine::ALL.into_iter().map(|wine| Box::new(wine) as Box<dyn Blueprint>));
    all.push(Box::new(VirtualMachine::DEBIAN_12));
    all.push(Box::new(VirtualMachine::DEBIAN_12_SELINUX));
    all
}

/// A Debian system in namespaces of this machine's kernel, with Debian's or a foreign package manager.
struct Namespaced {
    id: &'static str,
    suite: &'static str,
    number: u32,
    booted: bool,
    architecture: Architecture,
    formats: &'static [Format],
    manager: &'static dyn Manager,
    packages: &'static [&'static str],
}

impl Namespaced {
    fn root(&self) -> Root {
        let root = if self.booted { Root::bootable(self.suite) } else { Root::minimal(self.suite) };
        root.with(self.packages).on(self.architecture)
    }
}

impl Blueprint for Namespaced {
    fn id(&self) -> &'static str {
        self.id
    }

    fn title(&self) -> String {
        let manager = self.manager.name();
        match (self.booted, self.formats) {
            (true, [Format::Deb]) => format!("Debian {}, systemd running", self.number),
            (true, _) => format!("Debian {}, systemd running, packages by {manager}", self.number),
            (false, _) if self.architecture == Architecture::Aarch64 => {
                format!("Debian {} for arm64, no service manager running", self.number)
            }
            (false, _) => format!("Debian {}, no service manager running", self.number),
        }
    }

    fn identity(&self) -> String {
        let root = self.root();
        let emulator = root.foreign().map(|foreign| format!("; {}", emulation::version(foreign)));
        root.identity() + &emulator.unwrap_or_default()
    }

    fn speaks_for(&self) -> Vec<SpeaksFor> {
        let stand_in = |platform: &str, difference: &str| SpeaksFor {
            platform: platform.to_owned(),
            how: How::StandIn,
            difference: difference.to_owned(),
        };
        let debian = |number: u32| SpeaksFor {
            platform: format!("debian-{number}"),
            how: How::Native,
            difference: "The kernel is this machine's.".to_owned(),
        };
        if self.architecture == Architecture::Aarch64 {
            let how = match self.root().foreign() {
                Some(_) => "The kernel is this machine's; instructions are emulated by qemu-user.",
                None => "The kernel is this machine's.",
            };
            return vec![
                SpeaksFor {
                    platform: "debian-12-arm64".to_owned(),
                    how: How::Native,
                    difference: how.to_owned(),
                },
                stand_in("raspberry-pi-os", &format!("Debian 12's system and libraries. {how}")),
            ];
        }
        match (self.formats, self.number) {
            ([Format::Deb], 12) => vec![
                debian(12),
                stand_in("ubuntu-22.04", "Debian 12's dpkg, systemd (252, not 249) and libraries."),
            ],
            ([Format::Deb], _) => vec![
                debian(13),
                stand_in("ubuntu-24.04", "Debian 13's dpkg, systemd (257, not 255) and libraries."),
            ],
            ([Format::Rpm], _) => {
                let text = "Debian's rpm, systemd (252) and libraries; no dependency was resolved.";
                vec![stand_in("rhel-8", text), stand_in("rhel-9", text)]
            }
            _ => vec![stand_in("arch", "Arch's package manager on Debian's systemd and libraries.")],
        }
    }

    fn takes(&self, format: Format, target: &Target) -> bool {
        self.formats.contains(&format) && target.architecture == self.architecture
    }

    fn manager(&self) -> &'static dyn Manager {
        self.manager
    }

    fn check(&self) -> Result<()> {
        if self.booted { Booted::check() } else { Chroot::check_for(&self.root()) }
    }

    fn prepare(&self) -> Result<()> {
        self.root().folder().map(drop)
    }

    fn open(&self) -> Result<Box<dyn Laboratory>> {
        let root = self.root();
        let lab: Box<dyn Laboratory> =
            if self.booted { Box::new(Booted::boot(&root)?) } else { Box::new(Chroot::open(&root)?) };
        if self.formats.contains(&Format::Rpm) {
            rhel::resemble_rhel(lab.as_ref())?;
        }
        Ok(lab)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_lint::platform;

    #[test]
    fn laboratories_have_a_name_each_and_speak_for_known_platforms() {
        let mut ids: Vec<&str> = all().iter().map(|blueprint| blueprint.id()).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "{ids:?}");
        for blueprint in all() {
            let spoken = blueprint.speaks_for();
            assert!(!spoken.is_empty(), "{}", blueprint.id());
            for speaks_for in spoken {
                assert!(platform::find(&speaks_for.platform).is_some(), "{}", speaks_for.platform);
                assert!(!speaks_for.difference.is_empty(), "{}: {}", blueprint.id(), speaks_for.platform);
            }
        }
    }

    #[test]
    fn every_format_is_taken_somewhere_and_no_foreign_instructions_anywhere() {
        let target: Target = "x86_64-unknown-linux-gnu".parse().unwrap();
        let windows: Target = "x86_64-pc-windows-gnu".parse().unwrap();
        // The program alone is the one in the archive.
        for format in Format::ALL.into_iter().filter(|format| *format != Format::Exe) {
            let target = if format == Format::Msi { &windows } else { &target };
            assert!(all().iter().any(|blueprint| blueprint.takes(format, target)), "{format:?}");
        }
        assert!(all().iter().any(|blueprint| blueprint.takes(Format::Zip, &windows)));
        let target: Target = "s390x-unknown-linux-gnu".parse().unwrap();
        assert!(
            !all().iter().any(|blueprint| Format::ALL.iter().any(|format| blueprint.takes(*format, &target)))
        );
    }
}
