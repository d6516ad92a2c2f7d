//! A machine without a package manager for the product: archives are unpacked by hand, services started by hand.

use landfall_manifest::Format;
use landfall_payload::{Architecture, Os, Target};

use super::managers::ARCHIVE;
use super::{Blueprint, Chroot, Laboratory, Manager, Result, Root, Services, root};
use crate::evidence::{How, SpeaksFor};

/// The laboratory `archive-bare`.
pub(super) struct Bare;

impl Bare {
    fn root() -> Root {
        Root::minimal("bookworm").with(&["curl", "unzip", "zstd"])
    }
}

impl Blueprint for Bare {
    fn id(&self) -> &'static str {
        "archive-bare"
    }

    fn title(&self) -> String {
        "Debian 12, archives unpacked and services started by hand".to_owned()
    }

    fn identity(&self) -> String {
        let tool = ARCHIVE.tool().map_or("", |(_, script)| script);
        format!("{}; scripts {}", Self::root().identity(), root::digest(tool))
    }

    fn speaks_for(&self) -> Vec<SpeaksFor> {
        vec![SpeaksFor {
            platform: "debian-12".to_owned(),
            how: How::Native,
            difference: "The kernel is this machine's; an archive is unpacked by hand into /opt.".to_owned(),
        }]
    }

    fn takes(&self, format: Format, target: &Target) -> bool {
        matches!(format, Format::TarGz | Format::TarZst | Format::Zip)
            && target.os == Os::Linux
            && target.architecture == Architecture::X86_64
    }

    fn manager(&self) -> &'static dyn Manager {
        ARCHIVE
    }

    fn check(&self) -> Result<()> {
        Chroot::check()
    }

    fn prepare(&self) -> Result<()> {
        Self::root().folder().map(drop)
    }

    fn open(&self) -> Result<Box<dyn Laboratory>> {
        Ok(Box::new(Chroot::open_with(&Self::root(), Services::Foreground)?))
    }
}
