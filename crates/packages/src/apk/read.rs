//! Reading a package that anybody built.

use std::collections::BTreeMap;

use landfall_codecs::{Kind as Codec, decoder};
use landfall_payload::Format;

use crate::listing::{self, damaged, key_values, malformed, value};
use crate::{Error, Inspection, ReadSeek, Script, Visitor};

const SCRIPTS: [&str; 7] = [
    "pre-install",
    "post-install",
    "pre-upgrade",
    "post-upgrade",
    "pre-deinstall",
    "post-deinstall",
    "trigger",
];

pub(super) fn read(input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
    let joined = decoder(Codec::Gzip, input).map_err(|e| damaged(Format::Apk, e))?;
    let is_metadata = |path: &str| {
        path == ".PKGINFO"
            || path.starts_with(".SIGN.")
            || path.strip_prefix('.').is_some_and(|name| SCRIPTS.contains(&name))
    };
    let listing = listing::read(Format::Apk, joined, "/", is_metadata, visitor)?;
    let info = listing.text(".PKGINFO").ok_or_else(|| malformed(Format::Apk, "it has no .PKGINFO"))?;
    let mut fields = key_values(&info);
    let seals: Vec<String> = listing.metadata.keys().filter(|n| n.starts_with(".SIGN.")).cloned().collect();
    for name in &seals {
        fields.push(("signature".into(), name.trim_start_matches(".SIGN.").to_owned()));
    }
    let scripts = SCRIPTS
        .iter()
        .filter_map(|slot| {
            let name = format!(".{slot}");
            let text = listing.text(&name)?;
            let first = text.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default();
            Some(Script { name, interpreter: first.trim().to_owned(), text })
        })
        .collect();
    Ok(Inspection {
        format: Format::Apk,
        name: value(&fields, "pkgname"),
        version: value(&fields, "pkgver"),
        architecture: value(&fields, "arch"),
        compression: Codec::Gzip.name().into(),
        fields,
        scripts,
        files: listing.files,
        members: Vec::new(),
        seals,
        metadata: BTreeMap::from([(".PKGINFO".to_owned(), info)]),
    })
}
