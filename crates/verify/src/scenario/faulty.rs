//! Further releases of the product, made to fail or to put a failure right.

use std::fs::File;
use std::path::PathBuf;

use landfall_packages::{Level, Options, packager};
use landfall_payload::{Content, EntryKind, Payload, Version};

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
        payload.product.version =
            Version::new(&version.to_string(), version.release() + fault.revision(), version.epoch())
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

/// The service's program becomes one that ends at once.
fn never_ready(payload: &mut Payload) {
    let Some(service) = &payload.service else { return };
    let text: &[u8] = b"#!/bin/sh\necho 'this program fails on purpose' >&2\nexit 1\n";
    for entry in payload.all_entries.iter_mut().filter(|entry| entry.path == service.program) {
        entry.kind = EntryKind::File(Content::Bytes(text.into()));
    }
}
