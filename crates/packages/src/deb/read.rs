//! Reading a package that anybody built: deb(5).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use landfall_archives::{ar, tar};
use landfall_codecs::{Kind as Codec, decoder};
use landfall_payload::Format;

use super::paragraph;
use crate::{Error, FileRecord, Inspection, Kind, ReadSeek, Script, Visitor};

/// Members before `data.tar`; dpkg writes two.
const MOST_MEMBERS: usize = 64;
/// Files of the control archive.
const MOST_CONTROL_FILES: usize = 256;
/// Size of the control archive in bytes; Debian's largest packages have some 10 MiB.
const MOST_CONTROL: u64 = 32 << 20;
/// Files of the package.
const MOST_FILES: usize = 400_000;
/// Conffiles of the package.
const MOST_CONFFILES: usize = 100_000;
/// Paths, link targets, names and further records of all files together, in bytes.
const MOST_NAMES: usize = 64 << 20;
/// Size of the data archive in bytes.
const MOST_CONTENT: u64 = 32 << 30;

/// The control files that are programs.
const SCRIPTS: [&str; 5] = ["preinst", "postinst", "prerm", "postrm", "config"];

pub(super) fn read(input: &mut dyn ReadSeek, visitor: &mut dyn Visitor) -> Result<Inspection, Error> {
    let mut archive = ar::Reader::new(input).map_err(damaged)?;
    let mut version_seen = false;
    let mut control: Option<Control> = None;
    let mut described: Option<Inspection> = None;
    let mut members = Vec::new();
    for _ in 0..MOST_MEMBERS {
        let Some(header) = archive.next_header().map_err(damaged)? else { break };
        let name = header.name.as_str();
        members.push(name.to_owned());
        if described.is_some() {
            // What follows the data is dpkg's no longer; who signs packages puts a member there.
        } else if !version_seen {
            if name != "debian-binary" {
                return Err(malformed("the first member is not debian-binary"));
            }
            let mut text = Vec::new();
            (&mut archive).take(16).read_to_end(&mut text).map_err(damaged)?;
            if !text.starts_with(b"2.") {
                return Err(malformed("debian-binary does not say format 2"));
            }
            version_seen = true;
        } else if name.starts_with('_') {
            // Additions that may be passed over.
        } else if let Some(suffix) = name.strip_prefix("control.tar").filter(|_| control.is_none()) {
            control = Some(read_control(open(&mut archive, suffix)?.0)?);
        } else if let (Some(suffix), Some(control)) = (name.strip_prefix("data.tar"), control.take()) {
            let (content, codec) = open(&mut archive, suffix)?;
            described = Some(inspection(control, content, codec, visitor)?);
        } else {
            return Err(malformed(format!("the member {:?} is out of place", shortened(name))));
        }
    }
    let mut described = described.ok_or_else(|| malformed("it ends before data.tar"))?;
    described.seals = members.iter().filter(|name| name.starts_with('_')).cloned().collect();
    described.members = members;
    Ok(described)
}

/// Opens a compressed member by the suffix of its name.
fn open<'a>(member: impl Read + 'a, suffix: &str) -> Result<(Box<dyn Read + 'a>, Codec), Error> {
    let codec = match suffix {
        "" => Codec::None,
        ".gz" => Codec::Gzip,
        ".xz" => Codec::Xz,
        ".zst" => Codec::Zstd,
        ".bz2" => Codec::Bzip2,
        _ => return Err(malformed(format!("compression {:?} is not supported", shortened(suffix)))),
    };
    Ok((decoder(codec, member).map_err(damaged)?, codec))
}

/// The control files by name.
type Control = BTreeMap<String, Vec<u8>>;

fn read_control(input: impl Read) -> Result<Control, Error> {
    // The limit of the input bounds time as well, whatever the headers say.
    let mut archive = tar::Reader::new(input.take(MOST_CONTROL));
    let mut files = Control::new();
    while let Some(header) = archive.next_header().map_err(damaged)? {
        if header.kind != tar::Kind::File {
            continue;
        }
        if files.len() == MOST_CONTROL_FILES {
            return Err(malformed("too many control files"));
        }
        if header.size > MOST_CONTROL {
            return Err(malformed(format!("the control files have more than {MOST_CONTROL} bytes")));
        }
        let mut content = Vec::new();
        (&mut archive).take(header.size).read_to_end(&mut content).map_err(damaged)?;
        let name = header.path.trim_start_matches("./").to_owned();
        files.insert(name, content);
    }
    Ok(files)
}

fn inspection(
    control: Control,
    data: impl Read,
    codec: Codec,
    visitor: &mut dyn Visitor,
) -> Result<Inspection, Error> {
    let text = |name: &str| control.get(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let fields = paragraph::fields(&text("control").ok_or_else(|| malformed("it has no control file"))?)
        .map_err(malformed)?;
    let value = |name| paragraph::value(&fields, name).unwrap_or_default().to_owned();
    let (name, version, architecture) = (value("Package"), value("Version"), value("Architecture"));
    if name.is_empty() || version.is_empty() {
        return Err(malformed("the control file does not say Package and Version"));
    }
    let scripts = SCRIPTS
        .iter()
        .filter_map(|name| {
            let text = text(name)?;
            let interpreter = text.lines().next().and_then(|line| line.strip_prefix("#!"));
            let interpreter = interpreter.map(str::trim).unwrap_or_default().to_owned();
            Some(Script { name: (*name).to_owned(), interpreter, text })
        })
        .collect();
    let conffiles = text("conffiles").unwrap_or_default();
    let digests = text("md5sums").unwrap_or_default();
    let files = files(data, &conffile_paths(&conffiles), &digest_lines(&digests), visitor)?;
    let metadata = control
        .iter()
        .filter(|(name, _)| !SCRIPTS.contains(&name.as_str()))
        .map(|(name, bytes)| (name.clone(), String::from_utf8_lossy(bytes).into_owned()))
        .collect();
    Ok(Inspection {
        format: Format::Deb,
        name,
        version,
        architecture,
        compression: codec.name().to_owned(),
        fields,
        scripts,
        files,
        members: Vec::new(),
        seals: Vec::new(),
        consistency: Vec::new(),
        metadata,
    })
}

/// Absolute paths; a line may begin with a flag (deb-conffiles(5)).
fn conffile_paths(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter_map(|line| line.find('/').map(|start| &line[start..]))
        .map(|path| path.trim_end().trim_start_matches('/'))
        .take(MOST_CONFFILES)
        .collect()
}

/// Digests by path (deb-md5sums(5)).
fn digest_lines(text: &str) -> BTreeMap<&str, &str> {
    text.lines()
        .filter_map(|line| line.split_once(char::is_whitespace))
        .filter(|(digest, _)| digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_hexdigit()))
        .map(|(digest, path)| (path.trim_start().trim_start_matches("./").trim_start_matches('/'), digest))
        .collect()
}

fn files(
    data: impl Read,
    conffiles: &BTreeSet<&str>,
    digests: &BTreeMap<&str, &str>,
    visitor: &mut dyn Visitor,
) -> Result<Vec<FileRecord>, Error> {
    let mut archive = tar::Reader::new(data.take(MOST_CONTENT));
    let mut files = Vec::new();
    let mut names = MOST_NAMES;
    let mut content = MOST_CONTENT;
    while let Some(header) = archive.next_header().map_err(damaged)? {
        let records: usize = header.pax.iter().map(|(key, value)| key.len() + value.len()).sum();
        let length = header.path.len() + header.link.len() + header.uname.len() + header.gname.len();
        names = names
            .checked_sub(length + records)
            .ok_or_else(|| malformed("the paths of its files are too long"))?;
        content = content
            .checked_sub(header.size)
            .ok_or_else(|| malformed(format!("its files have more than {MOST_CONTENT} bytes")))?;
        if files.len() == MOST_FILES {
            return Err(malformed(format!("it has more than {MOST_FILES} files")));
        }
        let relative = header.path.trim_start_matches("./").trim_start_matches('/');
        if relative.is_empty() || relative == "." {
            continue;
        }
        let conffile = conffiles.contains(relative);
        let record = FileRecord {
            path: format!("/{relative}"),
            kind: match header.kind {
                tar::Kind::File => Kind::File,
                tar::Kind::Directory => Kind::Directory,
                tar::Kind::Symlink => Kind::Symlink,
                tar::Kind::Hardlink => Kind::Hardlink,
                tar::Kind::Special => Kind::Special,
            },
            mode: header.mode,
            digest: digests.get(relative).map(|digest| format!("md5:{}", digest.to_ascii_lowercase())),
            flags: if conffile { vec!["conffile".into()] } else { Vec::new() },
            owner: if header.uname.is_empty() { header.uid.to_string() } else { header.uname },
            group: if header.gname.is_empty() { header.gid.to_string() } else { header.gname },
            size: header.size,
            time: header.mtime,
            target: Some(header.link).filter(|link| !link.is_empty()),
        };
        if record.kind == Kind::File {
            visitor.file(&record, &mut archive).map_err(damaged)?;
        }
        files.push(record);
    }
    Ok(files)
}

fn malformed(what: impl Into<String>) -> Error {
    Error::Malformed { format: Format::Deb, what: what.into() }
}

/// Damage that the readers below found; a failing disk stays what it is.
fn damaged(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => malformed("it is cut off"),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            malformed(error.to_string())
        }
        _ => Error::Io(error),
    }
}

/// The beginning of a text from the package, for a message.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
