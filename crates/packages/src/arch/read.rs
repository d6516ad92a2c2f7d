//! Reading a package that anybody built.

use std::collections::BTreeMap;
use std::io::Read;

use landfall_codecs::{Kind as Codec, decoder};
use landfall_payload::Format;

use super::mtree;
use crate::listing::{self, damaged, key_values, malformed, value};
use crate::{Error, Inspection, ReadSeek, Script, Visitor};

/// The package's own files.
const METADATA: [&str; 5] = [".BUILDINFO", ".CHANGELOG", ".INSTALL", ".MTREE", ".PKGINFO"];
/// The longest `.MTREE` once it is decompressed, in bytes.
const MOST_MTREE: u64 = 64 << 20;

pub(super) fn read(input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
    let damaged = |e| damaged(Format::Arch, e);
    let mut head = Vec::new();
    input.take(6).read_to_end(&mut head)?;
    input.rewind()?;
    let codec = Codec::sniff(&head);
    let content = decoder(codec, input).map_err(damaged)?;
    let mut listing = listing::read(Format::Arch, content, "/", |path| METADATA.contains(&path), visitor)?;
    let info = listing.text(".PKGINFO").ok_or_else(|| malformed(Format::Arch, "it has no .PKGINFO"))?;
    let fields = key_values(&info);
    let mut metadata: BTreeMap<String, String> =
        METADATA.iter().filter_map(|name| Some(((*name).to_owned(), listing.text(name)?))).collect();
    let mut digests = BTreeMap::new();
    if let Some(packed) = listing.metadata.get(".MTREE") {
        let mut text = Vec::new();
        let input = decoder(Codec::sniff(packed), packed.as_slice()).map_err(damaged)?;
        input.take(MOST_MTREE).read_to_end(&mut text).map_err(damaged)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        digests = mtree::digests(&text);
        metadata.insert(".MTREE".into(), text);
    }
    let backup: Vec<&str> = fields.iter().filter(|(k, _)| k == "backup").map(|(_, v)| v.as_str()).collect();
    for file in &mut listing.files {
        let relative = file.path.trim_start_matches('/');
        if backup.contains(&relative) {
            file.flags.push("backup".into());
        }
        file.digest = digests.get(relative).map(|digest| format!("sha256:{digest}"));
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
        members: Vec::new(),
        seals: Vec::new(),
        consistency: Vec::new(),
        metadata,
    })
}
