//! What can be set up with a kernel of its own.

use landfall_manifest::Format;
use landfall_payload::{Architecture, Target};

use super::super::catalogue::Blueprint;
use super::super::{DPKG, Laboratory, Manager, Result, Root};
use super::{Image, PACKAGES, SELINUX_PACKAGES, Vm, image, qemu};
use crate::evidence::{How, SpeaksFor};

/// Debian 12 as a virtual machine.
pub struct VirtualMachine {
    selinux: bool,
}

impl VirtualMachine {
    /// Debian as it is installed.
    pub const DEBIAN_12: Self = Self { selinux: false };
    /// With SELinux enforcing Debian's policy.
    pub const DEBIAN_12_SELINUX: Self = Self { selinux: true };

    fn root(&self) -> Root {
        let root = Root::bootable("bookworm").with(PACKAGES);
        if self.selinux { root.with(SELINUX_PACKAGES) } else { root }
    }
}

impl Blueprint for VirtualMachine {
    fn id(&self) -> &'static str {
        if self.selinux { "debian-12-selinux" } else { "debian-12-vm" }
    }

    fn title(&self) -> String {
        let rest = if self.selinux { ", SELinux enforcing" } else { "" };
        format!("Debian 12 in a virtual machine{rest}")
    }

    fn identity(&self) -> String {
        let root = self.root();
        // Known once it has been built, and that is before anything runs in it.
        let kernel = root.kept().as_deref().and_then(image::kernel_version);
        let kernel = kernel.unwrap_or_else(|| "not built yet".to_owned());
        let emulator = qemu::version().unwrap_or_else(|error| error.to_string());
        let policy = if self.selinux { "; SELinux enforcing, policy default" } else { "" };
        format!("{}; kernel {kernel}; {emulator}, {}{policy}", root.identity(), qemu::HARDWARE_TITLE)
    }

    fn speaks_for(&self) -> Vec<SpeaksFor> {
        let rest =
            if self.selinux { "; SELinux, which Debian does not install, enforces its policy" } else { "" };
        vec![SpeaksFor {
            platform: "debian-12".to_owned(),
            how: How::Native,
            difference: format!("Its own kernel, the one for clouds, on an emulated processor{rest}."),
        }]
    }

    fn takes(&self, format: Format, target: &Target) -> bool {
        format == Format::Deb && target.architecture == Architecture::X86_64
    }

    fn manager(&self) -> &'static dyn Manager {
        DPKG
    }

    fn steps(&self) -> Option<&'static [&'static str]> {
        const ALL: &[&str] =
            &["install", "service", "health", "check", "restart", "reboot", "power-cut", "selinux"];
        let count = if self.selinux { ALL.len() } else { ALL.len() - 1 };
        Some(&ALL[..count])
    }

    fn check(&self) -> Result<()> {
        Vm::check()
    }

    fn prepare(&self) -> Result<()> {
        Vm::check()?;
        Image::of(&self.root(), self.selinux).map(drop)
    }

    fn open(&self) -> Result<Box<dyn Laboratory>> {
        Ok(Box::new(Vm::open(&self.root(), self.selinux)?))
    }
}
