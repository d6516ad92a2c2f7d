//! Reading a package that anybody built.

use std::io::Read;

use landfall_codecs::{Kind as Codec, decoder};
use landfall_payload::Format;

use super::mtree;
use crate::listing::{self, damaged, key_values, malformed, value};
use crate::{Error, Inspection, ReadSeek, Script};

/// The package's own files.
const METADATA: [&str; 5] = [".BUILDINFO", ".CHANGELOG", ".INSTALL", ".MTREE", ".PKGINFO"];
/// The longest `.MTREE` once it is decompressed, in bytes.
const MOST_MTREE: u64 = 64 << 20;

pub(super) fn read(input: &mut dyn ReadSeek) -> Result<Inspection, Error> {
    let damaged = |e| damaged(Format::Arch, e);
    let mut head = Vec::new();
    input.take(6).read_to_end(&mut head)?;
    input.rewind()?;
    let codec = Codec::sniff(&head);
    let content = decoder(codec, input).map_err(damaged)?;
    let mut listing = listing::read(Format::Arch, content, |path| METADATA.contains(&path))?;
    let info = listing.text(".PKGINFO").ok_or_else(|| malformed(Format::Arch, "it has no .PKGINFO"))?;
    let fields = key_values(&info);
    let digests = match listing.metadata.get(".MTREE") {
        None => Default::default(),
        Some(packed) => {
            let mut text = Vec::new();
            let input = decoder(Codec::sniff(packed), packed.as_slice()).map_err(damaged)?;
            input.take(MOST_MTREE).read_to_end(&mut text).map_err(damaged)?;
            mtree::digests(&String::from_utf8_lossy(&text))
        }
    };
    let backup: Vec<&str> = fields.iter().filter(|(k, _)| k == "backup").map(|(_, v)| v.as_str()).collect();
    for file in &mut listing.files {
        if backup.contains(&file.path.as_str()) {
            file.flags.push("backup".into());
        }
        file.digest = digests.get(&file.path).map(|digest| format!("sha256:{digest}"));
        file.path.insert(0, '/');
    }
    let scripts = listing
        .text(".INSTALL")
        .map(|text| Script { name: ".INSTALL".into(), interpreter: "/bin/sh".into(), text })
        .into_iter()
        .collect();
    Ok(Inspection {
        format: Format::Arch,
        name: value(&fields, "pkgname"),
        version: value(&fields, "pkgver"),
        architecture: value(&fields, "arch"),
        compression: codec.name().into(),
        fields,
        scripts,
        files: listing.files,
    })
}
