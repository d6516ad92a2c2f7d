//! Writing a package.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};

use landfall_archives::tar;
use landfall_codecs::{Codec, Encoder, Kind, gzip_bytes};
use landfall_payload::{EntryKind, Format, Payload};
use sha2::Sha256;

use super::mtree::{Digests, Surveyor};
use super::{inexpressible, install, metadata, mtree};
use crate::{Error, Level, Options, content, tree};

/// What are links on Arch Linux: a package with a file there conflicts with the package `filesystem`.
const LINKS: [&str; 8] =
    ["/bin", "/lib", "/lib64", "/sbin", "/usr/lib64", "/usr/sbin", "/var/lock", "/var/run"];

pub(super) fn write(payload: &Payload, options: &Options<'_>, output: &mut dyn Write) -> Result<(), Error> {
    let tree = tree::with_parents(payload, Format::Arch)?;
    if let Some(link) = LINKS.iter().find(|link| tree.contains_key(**link)) {
        return Err(inexpressible(format!(
            "files in {link}, a link on Arch Linux; put programs into /usr/bin, libraries into /usr/lib and \
             run-time files into /run"
        )));
    }
    // `.MTREE` stands before the files and holds their digests, so they are read twice.
    let mut digests: BTreeMap<&str, Digests> = BTreeMap::new();
    for entry in tree.values() {
        if let EntryKind::File(content) = &entry.kind {
            let mut surveyor = Surveyor::default();
            content::survey(content, &entry.path, &mut surveyor)?;
            digests.insert(&entry.path, surveyor.finish());
        }
    }
    let mut own = vec![
        (".CHANGELOG", metadata::changelog(payload)),
        (".PKGINFO", metadata::pkginfo(payload, tree::size(&tree))?),
    ];
    own.extend(install::install(payload).map(|text| (".INSTALL", text)));
    own.sort();
    let mtree = gzip_bytes(mtree::mtree(payload.epoch, &own, &tree, &digests).as_bytes(), 9)?;

    let codec = match options.level {
        // What makes it 5 % smaller takes twice the time, and installing reads it once.
        Level::Default => Codec::Zstd { level: 3 },
        _ => Kind::Zstd.at(options.level.effort()),
    };
    let encoder = Encoder::new(codec, options.threads, BufWriter::new(output))?;
    let mut archive = tar::Writer::new(encoder, tar::Dialect::Pax);
    archive.append_bytes(&tar::Header::file(".MTREE", 0o644, payload.epoch, 0), &mtree)?;
    for (name, text) in &own {
        archive.append_bytes(&tar::Header::file(name, 0o644, payload.epoch, 0), text.as_bytes())?;
    }
    for entry in tree.values() {
        let mut header = tree::header(entry, payload.epoch);
        // pacman would look the names up outside the root that it installs into, before the accounts exist;
        // `.INSTALL` hands the files over. Until then a set-id file would act for root.
        if entry.owner != "root" || entry.group != "root" {
            header.uname = "root".into();
            header.gname = "root".into();
            if matches!(entry.kind, EntryKind::File(_)) {
                header.mode &= !0o6000;
            }
        }
        match (&entry.kind, digests.get(entry.path.as_str())) {
            (EntryKind::File(content), Some(digests)) => {
                let source = (content, entry.path.as_str());
                content::append_checked::<Sha256, _>(
                    &mut archive,
                    &header,
                    source,
                    &digests.sha256,
                    options.progress,
                )?;
            }
            _ => content::append(&mut archive, &header, entry, options.progress)?,
        }
    }
    archive.finish()?.finish()?.flush()?;
    Ok(())
}
