//! zip archives (PKWARE's APPNOTE), written as a stream.

use std::io::{self, BufWriter, Read, Write};

use landfall_codecs::{Codec, Kind as Compressed};
use landfall_payload::{EntryKind, Format, Payload};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::{folder, inspection};
use crate::content::Packing;
use crate::listing::{Budget, damaged, malformed};
use crate::{Error, FileRecord, Inspection, Kind, Options, ReadSeek, Visitor, tree};

/// From this size on a member needs 64-bit sizes; a little less than 4 GiB, because deflate can grow content.
const LARGE: u64 = 0xf000_0000;
/// The longest target of a symbolic link.
const MOST_TARGET: u64 = 4096;
/// Content of all files together, in bytes.
const MOST_CONTENT: u64 = 32 << 30;

pub(super) fn write(payload: &Payload, options: &Options<'_>, output: &mut dyn Write) -> Result<(), Error> {
    let folder = folder(payload, Format::Zip)?;
    let tree = tree::with_parents(payload, Format::Zip)?;
    // The same deflate as in a `.tar.gz`, with one thread.
    let level = match Compressed::Gzip.at(options.level.effort()) {
        Codec::Gzip { level, .. } => level,
        _ => 6,
    };
    let plain = SimpleFileOptions::default()
        .last_modified_time(time(payload.epoch))
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(level.into()));
    let mut archive = ZipWriter::new_stream(BufWriter::new(output));
    for (at, _) in folder.match_indices('/') {
        archive.add_directory(&folder[..at], plain.unix_permissions(0o755)).map_err(written)?;
    }
    for entry in tree.values() {
        let name = format!("{folder}{}", entry.path.trim_start_matches('/'));
        let options_for_it = plain.unix_permissions(entry.mode & 0o7777);
        match &entry.kind {
            EntryKind::File(content) => {
                let large = content.size() >= LARGE;
                archive.start_file(name, options_for_it.large_file(large)).map_err(written)?;
                let mut source = Packing::open(content, &entry.path, options.progress)?;
                let outcome = io::copy(&mut source, &mut archive);
                source.finish(outcome)?;
            }
            EntryKind::Directory => archive.add_directory(name, options_for_it).map_err(written)?,
            EntryKind::Symlink(target) => {
                archive.add_symlink(name, target, plain.unix_permissions(0o777)).map_err(written)?;
            }
            // Not in the tree: the product makes it.
            EntryKind::Ghost => {}
        }
    }
    archive.finish().map_err(written)?.into_inner().flush()?;
    Ok(())
}

/// A zip archive's time is a date from 1980 to 2107 in steps of two seconds, without a time zone: UTC here.
fn time(epoch: i64) -> DateTime {
    let known = time::OffsetDateTime::from_unix_timestamp(epoch).ok().and_then(|t| {
        let year = u16::try_from(t.year()).ok()?;
        DateTime::from_date_and_time(year, t.month().into(), t.day(), t.hour(), t.minute(), t.second()).ok()
    });
    known.unwrap_or_default()
}

fn written(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) => Error::Io(error),
        other => Error::Io(io::Error::other(other)),
    }
}

pub(super) fn read(input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
    let wrong = |error| match error {
        ZipError::Io(error) => damaged(Format::Zip, error),
        other => malformed(Format::Zip, other.to_string()),
    };
    let mut archive = ZipArchive::new(input).map_err(wrong)?;
    let mut budget = Budget::new(Format::Zip);
    let mut files = Vec::new();
    let mut left = MOST_CONTENT;
    let mut compression = CompressionMethod::Stored;
    for index in 0..archive.len() {
        let mut file = archive.by_index_raw(index).map_err(wrong)?;
        let mode = file.unix_mode();
        let kind = match mode.map(|mode| mode & 0o170_000) {
            Some(0o120_000) => Kind::Symlink,
            _ if file.is_dir() => Kind::Directory,
            Some(0 | 0o100_000) | None => Kind::File,
            Some(_) => Kind::Special,
        };
        if kind == Kind::File && file.compression() != CompressionMethod::Stored {
            compression = file.compression();
        }
        let fallback = if kind == Kind::Directory { 0o755 } else { 0o644 };
        let record = FileRecord {
            path: file.name().map_err(wrong)?.trim_end_matches('/').to_owned(),
            kind,
            mode: mode.unwrap_or(fallback) & 0o7777,
            owner: String::new(),
            group: String::new(),
            size: if kind == Kind::File { file.size() } else { 0 },
            time: file.last_modified().map_or(0, seconds),
            target: None,
            digest: Some(format!("crc32:{:08x}", file.crc32())).filter(|_| kind == Kind::File),
            flags: Vec::new(),
        };
        let stored = file.compression() == CompressionMethod::Stored;
        let target = if kind == Kind::Symlink && stored {
            let mut target = Vec::new();
            file.by_ref().take(MOST_TARGET).read_to_end(&mut target).map_err(|e| damaged(Format::Zip, e))?;
            Some(String::from_utf8_lossy(&target).into_owned())
        } else {
            None
        };
        budget.spend(record.path.len() + target.as_ref().map_or(0, String::len))?;
        drop(file);
        if record.kind == Kind::File && visitor.wants_content() {
            left = left
                .checked_sub(record.size)
                .ok_or_else(|| malformed(Format::Zip, "its files have more than 32 GiB"))?;
            match archive.by_index(index) {
                Ok(content) => visitor
                    .file(&record, &mut content.take(record.size))
                    .map_err(|e| damaged(Format::Zip, e))?,
                // Encrypted, or a compression that is not known here: what it is can be told, not what is in it.
                Err(ZipError::UnsupportedArchive(_)) => {}
                Err(error) => return Err(wrong(error)),
            }
        }
        files.push(FileRecord { target, ..record });
    }
    let name = match compression {
        CompressionMethod::Stored => "none".to_owned(),
        CompressionMethod::Deflated => "deflate".to_owned(),
        other => other.to_string().to_ascii_lowercase(),
    };
    Ok(inspection(Format::Zip, &name, files))
}

/// Seconds since 1970 of a time without a zone, taken as UTC.
fn seconds(time: DateTime) -> i64 {
    let date = time::Month::try_from(time.month())
        .and_then(|month| time::Date::from_calendar_date(time.year().into(), month, time.day()));
    let clock = time::Time::from_hms(time.hour(), time.minute(), time.second());
    match (date, clock) {
        (Ok(date), Ok(clock)) => time::PrimitiveDateTime::new(date, clock).assume_utc().unix_timestamp(),
        _ => 0,
    }
}
