//! Further releases of the product, made to fail or to put a failure right.

use std::fs::File;
use std::path::PathBuf;

use landfall_packages::{Level, Options, packager};
use landfall_payload::{Content, EntryKind, Format, Os, Payload, Role, Version};

use super::bench::{Ended, Said};
use super::{Subject, file_name};

/// What is wrong with a further release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Its script after the installation fails.
    Script,
    /// Its service ends at once and never becomes ready.
    NeverReady,
    /// Nothing: the release that puts it right.
    None,
}

impl Fault {
    /// How many package revisions after the one under test it comes.
    fn revision(self) -> u32 {
        match self {
            Self::Script | Self::NeverReady => 1,
            Self::None => 2,
        }
    }
}

impl Subject {
    /// Writes a further release.
    pub(super) fn further(&self, fault: Fault) -> Said<PathBuf> {
        let mut payload = self.payload.clone();
        let version = &payload.product.version;
        payload.product.version = match self.format {
            // Windows knows no package revisions.
            Format::Msi => Version::new(&later(&version.to_string(), fault.revision()), 1, version.epoch()),
            _ => Version::new(&version.to_string(), version.release() + fault.revision(), version.epoch()),
        }
        .map_err(|error| Ended::Failed(error.to_string()))?;
        match fault {
            Fault::Script => {
                payload.hooks.after_install =
                    Some("echo 'this script fails on purpose' >&2\nexit 1\n".to_owned());
                payload.hooks.formats = None;
            }
            Fault::NeverReady => never_ready(&mut payload),
            Fault::None => {}
        }
        let folder = tempfile::tempdir_in(&self.scratch)?.keep();
        let path = folder.join(file_name(self, &payload)?);
        let options =
            Options { level: Level::Fast, compression: None, threads: 1, scratch: folder, progress: &|_| {} };
        packager(self.format).write(&payload, &options, &mut File::create(&path)?)?;
        Ok(path)
    }
}

/// The version so many patches later.
fn later(version: &str, patches: u32) -> String {
    let release = version.split(['-', '+']).next().unwrap_or(version);
    let (line, patch) = release.rsplit_once('.').unwrap_or((release, "0"));
    format!("{line}.{}", patch.parse().unwrap_or(0) + patches)
}

/// The service's program becomes one that ends at once.
fn never_ready(payload: &mut Payload) {
    let Some(service) = &payload.service else { return };
    let name = service.program.rsplit(['/', '\\']).next().unwrap_or_default();
    let text: Vec<u8> = match payload.target.os {
        Os::Windows => windows_program_that_fails(),
        _ => b"#!/bin/sh\necho 'this program fails on purpose' >&2\nexit 1\n".to_vec(),
    };
    let own = |path: &str| path.rsplit('/').next() == Some(name);
    for entry in payload.all_entries.iter_mut().filter(|e| e.role == Role::Program && own(&e.path)) {
        entry.kind = EntryKind::File(Content::Bytes(text.as_slice().into()));
    }
}

/// The smallest program of 64-bit Windows (Microsoft's «PE Format»): it returns 1 from its entry point.
fn windows_program_that_fails() -> Vec<u8> {
    const HEADER: usize = 0x40;
    const OPTIONAL: usize = HEADER + 24;
    const SECTION: usize = OPTIONAL + 240;
    let mut program = vec![0; 0x400];
    let mut put = |at: usize, bytes: &[u8]| program[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &0x40_u32.to_le_bytes());
    put(HEADER, b"PE\0\0");
    // x64, one section, an optional header of 240 bytes, executable with large addresses.
    for (at, value) in [(4, 0x8664_u16), (6, 1), (20, 240), (22, 0x22)] {
        put(HEADER + at, &value.to_le_bytes());
    }
    // Magic, size of code, entry point, base of code, image base, alignment in memory and in the file, versions of
    // system and subsystem, size of image and of headers, sizes of stack and heap, number of directories.
    put(OPTIONAL, &0x20b_u16.to_le_bytes());
    for (at, value) in [
        (4, 0x200_u32),
        (16, 0x1000),
        (20, 0x1000),
        (24, 0x40_0000),
        (32, 0x1000),
        (36, 0x200),
        (40, 6),
        (48, 6),
        (56, 0x2000),
        (60, 0x200),
        (72, 0x10_0000),
        (80, 0x1000),
        (88, 0x10_0000),
        (96, 0x1000),
        (108, 16),
    ] {
        put(OPTIONAL + at, &value.to_le_bytes());
    }
    // A console program.
    put(OPTIONAL + 68, &3_u16.to_le_bytes());
    put(SECTION, b".text");
    for (at, value) in [(8, 6_u32), (12, 0x1000), (16, 0x200), (20, 0x200), (36, 0x6000_0020)] {
        put(SECTION + at, &value.to_le_bytes());
    }
    // mov eax, 1; ret
    put(0x200, &[0xb8, 1, 0, 0, 0, 0xc3]);
    program
}
