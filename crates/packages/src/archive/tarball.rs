//! tar archives.

use std::io::{self, BufWriter, Read, Write};

use landfall_archives::tar;
use landfall_codecs::{Encoder, Kind as Codec, decoder};
use landfall_payload::{Format, Payload};

use super::{folder, inspection};
use crate::{Error, Inspection, Options, ReadSeek, Visitor, content, listing, tree};

pub(super) fn write(
    payload: &Payload,
    format: Format,
    codec: Codec,
    options: &Options<'_>,
    output: &mut dyn Write,
) -> Result<(), Error> {
    let folder = folder(payload, format)?;
    let tree = tree::with_parents(payload, format)?;
    let encoder = Encoder::new(codec.at(options.level.effort()), options.threads, BufWriter::new(output))?;
    let mut archive = tar::Writer::new(encoder, tar::Dialect::Pax);
    for (at, _) in folder.match_indices('/') {
        let header = tar::Header::new(&folder[..at], tar::Kind::Directory, 0o755, payload.epoch);
        archive.append(&header, io::empty())?;
    }
    for entry in tree.values() {
        let mut header = tree::header(entry, payload.epoch);
        header.path.insert_str(0, &folder);
        content::append(&mut archive, &header, entry, options.progress)?;
    }
    archive.finish()?.finish()?.flush()?;
    Ok(())
}

pub(super) fn read(
    input: &mut dyn ReadSeek,
    format: Format,
    visitor: &mut dyn Visitor,
) -> Result<Inspection, Error> {
    let mut head = Vec::new();
    input.take(6).read_to_end(&mut head)?;
    input.rewind()?;
    let codec = Codec::sniff(&head);
    let content = decoder(codec, input).map_err(|e| listing::damaged(format, e))?;
    let listing = listing::read(format, content, "", |_| false, visitor)?;
    Ok(inspection(format, codec.name(), listing.files))
}
