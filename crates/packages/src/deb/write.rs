//! Writing a package: deb(5).

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Seek, Write};

use landfall_archives::{ar, tar};
use landfall_codecs::{Codec, Encoder, Kind};
use landfall_payload::{Compression, Entry, EntryKind, Format, Payload};
use md5::Md5;

use super::conffiles::is_conffile;
use super::{control, inexpressible, scripts, tree};
use crate::content::{Packing, kinship};
use crate::digests::{Digests, Noted};
use crate::{Error, Level, Options};

/// The largest member, in bytes: `ar` has room for ten decimal digits.
const LARGEST_MEMBER: u64 = 9_999_999_999;

/// Set-id bits.
const SET_ID: u32 = 0o6000;

pub(super) fn write(payload: &Payload, options: &Options<'_>, output: &mut dyn Write) -> Result<(), Error> {
    let compression = options.compression.or(payload.options.deb.compression).unwrap_or(Compression::Xz);
    let tree = tree::tree(payload)?;
    // Before the long work of packing, whatever can be wrong with the metadata.
    let control = control::control(payload, tree::installed_size(&tree))?;

    let mut spool = tempfile::tempfile_in(&options.scratch)?;
    let (codec, suffix) = codec(compression, options.level);
    let encoder = Encoder::new(codec, options.threads, BufWriter::new(&mut spool))?;
    let (encoder, digests) = data(payload, options, &tree, compression == Compression::Gzip, encoder)?;
    encoder.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    let size = spool.stream_position()?;
    spool.rewind()?;
    if size > LARGEST_MEMBER {
        return Err(inexpressible(format!(
            "a package whose compressed content has {size} bytes; the most is {LARGEST_MEMBER}"
        )));
    }

    // Programs that only look at the control member then read it even where they do not know Zstandard.
    let small = if compression == Compression::Zstd { Compression::Xz } else { compression };
    let (codec, control_suffix) = self::codec(small, options.level);
    let members = control_members(payload, &tree, control, digests);
    let packed = pack_control(payload.epoch, &members, Encoder::new(codec, options.threads, Vec::new())?)?;

    let mtime = u64::try_from(payload.epoch).unwrap_or(0);
    let mut archive = ar::Writer::new(output)?;
    archive.append(&ar::Header::file("debian-binary", mtime, 4), &b"2.0\n"[..])?;
    let name = format!("control.tar{control_suffix}");
    archive.append(&ar::Header::file(&name, mtime, packed.len() as u64), packed.as_slice())?;
    archive.append(&ar::Header::file(&format!("data.tar{suffix}"), mtime, size), spool)?;
    archive.into_inner().flush()?;
    Ok(())
}

/// Codec and suffix of the member's name.
fn codec(compression: Compression, level: Level) -> (Codec, &'static str) {
    let (kind, suffix) = match compression {
        Compression::Gzip => (Kind::Gzip, ".gz"),
        Compression::Xz => (Kind::Xz, ".xz"),
        Compression::Zstd => (Kind::Zstd, ".zst"),
        Compression::None => (Kind::None, ""),
    };
    let codec = match (kind, level) {
        // With files of a kind side by side smaller than dpkg-deb's own 9, in half the time; 9 here would take half as
        // long again.
        (Kind::Gzip, Level::Default) => Codec::Gzip { level: 7, fourth: 9 },
        _ => kind.at(level.effort()),
    };
    (codec, suffix)
}

/// Regular files with the MD5 digests of their content.
type FileDigests<'a> = Vec<(&'a Entry, String)>;

/// Writes `data.tar`, in the order of [`in_order`], and returns the digest of every regular file.
fn data<'a, W: Write>(
    payload: &Payload,
    options: &Options<'_>,
    tree: &'a BTreeMap<String, Entry>,
    by_kind: bool,
    output: W,
) -> Result<(W, FileDigests<'a>), Error> {
    let mut archive = tar::Writer::new(output, tar::Dialect::Gnu);
    archive.append(&tar::Header::new("./", tar::Kind::Directory, 0o755, payload.epoch), io::empty())?;
    let mut digests = Digests::<Md5>::start()?;
    let entries = in_order(tree, by_kind);
    for entry in &entries {
        let mut header = header(entry, payload.epoch);
        match &entry.kind {
            EntryKind::File(content) => {
                header.kind = tar::Kind::File;
                header.size = content.size();
                let mut source = Packing::open(content, &entry.path, options.progress)?;
                let noted = Noted { inner: &mut source, digests: &mut digests };
                let outcome = archive.append(&header, noted);
                source.finish(outcome)?;
                digests.end();
            }
            EntryKind::Directory => archive.append(&header, io::empty())?,
            EntryKind::Symlink(target) => {
                header.kind = tar::Kind::Symlink;
                header.mode = 0o777;
                header.link.clone_from(target);
                archive.append(&header, io::empty())?;
            }
            // Not in the tree: the product makes it.
            EntryKind::Ghost => {}
        }
    }
    let output = archive.finish()?;
    let files = entries.into_iter().filter(|entry| matches!(entry.kind, EntryKind::File(_)));
    let mut digests: FileDigests<'a> = files.zip(digests.finish()?).collect();
    digests.sort_by(|a, b| a.0.path.cmp(&b.0.path));
    Ok((output, digests))
}

/// The order of `data.tar`: by path, or files of one kind side by side. dpkg asks only that a directory comes before
/// what is in it.
fn in_order(tree: &BTreeMap<String, Entry>, by_kind: bool) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = tree.values().collect();
    if !by_kind {
        return entries;
    }
    entries.sort_by_cached_key(|entry| kinship(entry));
    entries
}

/// A directory's header for `entry`.
fn header(entry: &Entry, epoch: i64) -> tar::Header {
    let mut header =
        tar::Header::new(&format!(".{}", entry.path), tar::Kind::Directory, entry.mode & 0o7777, epoch);
    header.uname.clone_from(&entry.owner);
    header.gname.clone_from(&entry.group);
    if entry.owner != "root" || entry.group != "root" {
        // Where the account is missing, dpkg unpacks as root: a file that acts for its owner would act for root
        // until postinst has handed it over.
        if matches!(entry.kind, EntryKind::File(_)) {
            header.mode &= !SET_ID;
        }
    }
    header
}

/// A file of the control archive.
struct Member {
    name: &'static str,
    mode: u32,
    text: String,
}

fn control_members(
    payload: &Payload,
    tree: &BTreeMap<String, Entry>,
    control: String,
    digests: FileDigests<'_>,
) -> Vec<Member> {
    let file = |name, text| Member { name, mode: 0o644, text };
    let mut members = vec![file("control", control)];

    let conffiles: String =
        tree.values().filter(|e| is_conffile(e)).map(|e| format!("{}\n", e.path)).collect();
    if !conffiles.is_empty() {
        members.push(file("conffiles", conffiles));
    }
    // As dh_md5sums does: conffiles are checked against dpkg's own record of them.
    let sums: String = digests
        .into_iter()
        .filter(|(entry, _)| !is_conffile(entry))
        .map(|(entry, digest)| format!("{digest}  {}\n", entry.path.trim_start_matches('/')))
        .collect();
    if !sums.is_empty() {
        members.push(file("md5sums", sums));
    }
    let mut triggers = payload.options.deb.triggers.clone();
    if ships_public_library(payload) {
        triggers.push("activate-noawait ldconfig".into());
    }
    if !triggers.is_empty() {
        members.push(file("triggers", triggers.iter().map(|t| format!("{}\n", t.trim())).collect()));
    }
    for (name, text) in scripts::scripts(payload) {
        members.push(Member { name, mode: 0o755, text });
    }
    members.sort_by_key(|member| member.name);
    members
}

/// Whether the package has a shared library where the dynamic linker looks for one (Debian Policy §8.1.1).
fn ships_public_library(payload: &Payload) -> bool {
    let shipped = |path: &str| payload.entries(Format::Deb).any(|e| e.path == path);
    payload.needs.iter().filter(|file| file.soname.is_some() && shipped(&file.path)).any(|file| {
        let directory = file.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let directory = directory.strip_prefix("/usr").unwrap_or(directory);
        directory == "/lib"
            || directory.strip_prefix("/lib/").is_some_and(|triplet| triplet.contains("-linux-"))
    })
}

fn pack_control(epoch: i64, members: &[Member], output: Encoder<Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut archive = tar::Writer::new(output, tar::Dialect::Gnu);
    archive.append(&tar::Header::new("./", tar::Kind::Directory, 0o755, epoch), io::empty())?;
    for member in members {
        let header = tar::Header::file(&format!("./{}", member.name), member.mode, epoch, 0);
        archive.append_bytes(&header, member.text.as_bytes())?;
    }
    archive.finish()?.finish()
}
