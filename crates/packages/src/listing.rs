//! Reading a tar archive for its list of files and a few small members.

use std::collections::BTreeMap;
use std::io::{self, Read};

use landfall_archives::tar;
use landfall_payload::Format;

use crate::{Error, FileRecord, Kind, Visitor};

/// Members of an archive.
const MOST_MEMBERS: usize = 400_000;
/// Paths, link targets, names and further records of all members together, in bytes.
const MOST_NAMES: usize = 64 << 20;
/// The archive before compression, in bytes: bounds the time as well.
const MOST_CONTENT: u64 = 32 << 30;
/// A member whose content is kept, in bytes.
const MOST_METADATA: u64 = 16 << 20;

/// What a package's list of files may still take up.
pub(crate) struct Budget {
    format: Format,
    members: usize,
    names: usize,
}

impl Budget {
    pub(crate) fn new(format: Format) -> Self {
        Self { format, members: MOST_MEMBERS, names: MOST_NAMES }
    }

    /// One more member, with so many bytes of names.
    pub(crate) fn spend(&mut self, names: usize) -> Result<(), Error> {
        self.members = self
            .members
            .checked_sub(1)
            .ok_or_else(|| malformed(self.format, format!("it has more than {MOST_MEMBERS} files")))?;
        self.names = self
            .names
            .checked_sub(names)
            .ok_or_else(|| malformed(self.format, "the paths of its files are too long"))?;
        Ok(())
    }
}

/// What was found in an archive.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Every member that is no metadata, in the archive's order; paths as written, with the prefix for `./`.
    pub(crate) files: Vec<FileRecord>,
    /// Content of the metadata, by name.
    pub(crate) metadata: BTreeMap<String, Vec<u8>>,
}

impl Listing {
    /// The text of a metadata member.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.metadata.get(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Reads a tar archive. Members for which `is_metadata` holds are kept by content and not listed; the paths of the
/// others get `prefix` in front.
pub(crate) fn read(
    format: Format,
    input: impl Read,
    prefix: &str,
    is_metadata: impl Fn(&str) -> bool,
    visitor: &mut dyn Visitor,
) -> Result<Listing, Error> {
    let damaged = |e: io::Error| damaged(format, e);
    let mut archive = tar::Reader::new(input.take(MOST_CONTENT));
    let mut listing = Listing::default();
    let mut budget = Budget::new(format);
    while let Some(header) = archive.next_header().map_err(damaged)? {
        let records: usize = header.pax.iter().map(|(key, value)| key.len() + value.len()).sum();
        let length =
            header.path.len() + header.link.len() + header.uname.len() + header.gname.len() + records;
        budget.spend(length)?;
        let path = header.path.trim_start_matches("./").to_owned();
        if is_metadata(&path) {
            if header.size > MOST_METADATA {
                return Err(malformed(format, format!("{path} has more than {MOST_METADATA} bytes")));
            }
            let mut content = Vec::new();
            (&mut archive).take(MOST_METADATA).read_to_end(&mut content).map_err(damaged)?;
            listing.metadata.insert(path, content);
        } else if !path.is_empty() && path != "." {
            let record = record(format!("{prefix}{path}"), header);
            if record.kind == Kind::File {
                visitor.file(&record, &mut archive).map_err(damaged)?;
            }
            listing.files.push(record);
        }
    }
    // What follows the end mark: padding, and the compressed stream's own check.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
    Ok(listing)
}

fn record(path: String, header: tar::Header) -> FileRecord {
    let kind = match header.kind {
        tar::Kind::File => Kind::File,
        tar::Kind::Directory => Kind::Directory,
        tar::Kind::Symlink => Kind::Symlink,
        tar::Kind::Hardlink => Kind::Hardlink,
        tar::Kind::Special => Kind::Special,
    };
    let name = |name: &str, number: u64| if name.is_empty() { number.to_string() } else { name.to_owned() };
    let digest = header
        .pax
        .iter()
        .find(|(key, _)| key == "APK-TOOLS.checksum.SHA1")
        .map(|(_, value)| format!("sha1:{}", String::from_utf8_lossy(value)));
    FileRecord {
        path,
        kind,
        mode: header.mode,
        owner: name(&header.uname, header.uid),
        group: name(&header.gname, header.gid),
        size: header.size,
        time: header.mtime,
        target: (!header.link.is_empty()).then_some(header.link),
        digest,
        flags: Vec::new(),
    }
}

/// Fields of the form `key = value`, a line each, as `.PKGINFO` has them; comments are passed over.
pub(crate) fn key_values(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// The first value of a field.
pub(crate) fn value(fields: &[(String, String)], name: &str) -> String {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

pub(crate) fn malformed(format: Format, what: impl Into<String>) -> Error {
    Error::Malformed { format, what: what.into() }
}

/// Damage that a reader found; a failing disk stays what it is.
pub(crate) fn damaged(format: Format, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => malformed(format, "it is cut off"),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            malformed(format, error.to_string())
        }
        _ => Error::Io(error),
    }
}
