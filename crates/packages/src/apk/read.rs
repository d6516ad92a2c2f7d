//! Reading a package that anybody built.

use std::collections::BTreeMap;
use std::io::{Read, SeekFrom};

use landfall_codecs::{Kind as Codec, decoder};
use landfall_payload::Format;
use sha2::{Digest, Sha256};

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

/// What a gzip member begins with: magic number and method (RFC 1952).
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
/// Signature and metadata before the data, in bytes: far more than scripts need.
const MOST_HEAD: u64 = 4 << 20;
/// Most places that look like the start of a member; chance gives one in sixteen million bytes.
const MOST_STARTS: usize = 16;
/// How much is read at once, in bytes.
const PIECE: usize = 128 << 10;

pub(super) fn read(input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
    let joined = decoder(Codec::Gzip, &mut *input).map_err(|e| damaged(Format::Apk, e))?;
    let is_metadata = |path: &str| {
        path == ".PKGINFO"
            || path.starts_with(".SIGN.")
            || path.strip_prefix('.').is_some_and(|name| SCRIPTS.contains(&name))
    };
    let listing = listing::read(Format::Apk, joined, "/", is_metadata, visitor)?;
    let info = listing.text(".PKGINFO").ok_or_else(|| malformed(Format::Apk, "it has no .PKGINFO"))?;
    let mut fields = key_values(&info);
    let mut seals: Vec<String> =
        listing.metadata.keys().filter(|n| n.starts_with(".SIGN.")).cloned().collect();
    for name in &seals {
        fields.push(("signature".into(), name.trim_start_matches(".SIGN.").to_owned()));
    }
    if visitor.wants_content() && has_data_with(input, &value(&fields, "datahash"))? {
        seals.push("datahash".into());
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
        consistency: Vec::new(),
        metadata: BTreeMap::from([(".PKGINFO".to_owned(), info)]),
    })
}

/// Whether one of the file's gzip members and all that follows it have this SHA-256: the data that `datahash` is
/// about begins with a member of its own, behind the signature and the metadata.
fn has_data_with(input: &mut dyn ReadSeek, expected: &str) -> Result<bool, Error> {
    input.rewind()?;
    let mut head = Vec::new();
    (&mut *input).take(MOST_HEAD).read_to_end(&mut head)?;
    let starts = head.windows(GZIP.len()).enumerate().filter(|(_, window)| *window == GZIP);
    for (start, _) in starts.take(MOST_STARTS) {
        input.seek(SeekFrom::Start(start as u64))?;
        let mut digest = Sha256::new();
        let mut piece = vec![0; PIECE];
        loop {
            let count = input.read(&mut piece)?;
            if count == 0 {
                break;
            }
            digest.update(&piece[..count]);
        }
        if expected.eq_ignore_ascii_case(&hex::encode(digest.finalize())) {
            return Ok(true);
        }
    }
    Ok(false)
}
