//! The payload's entries with the directories that lead to them.

use std::collections::BTreeMap;

use landfall_archives::tar;
use landfall_payload::{Entry, EntryKind, Format, Payload};

use crate::Error;

/// Longest path that Linux takes.
const LONGEST_PATH: usize = 4096;

/// What a format ships, by path: everything but ghosts, and every directory above it as `root`, 0755. A
/// directory comes before what is in it.
///
/// # Errors
/// When a path would not land where it says, or is a directory and something else.
pub(crate) fn with_parents(payload: &Payload, format: Format) -> Result<BTreeMap<String, Entry>, Error> {
    let inexpressible = |what| Error::Inexpressible { format, what };
    let mut tree: BTreeMap<String, Entry> = BTreeMap::new();
    for entry in payload.entries(format).filter(|e| !matches!(e.kind, EntryKind::Ghost)) {
        if !is_sound(&entry.path) {
            return Err(inexpressible(format!(
                "the path {:?}; it must be absolute, without `.` and `..`, empty parts and control characters",
                entry.path
            )));
        }
        tree.insert(entry.path.clone(), entry.clone());
    }
    let paths: Vec<String> = tree.keys().cloned().collect();
    for path in &paths {
        if let Some(parent) = add_parents(&mut tree, path) {
            return Err(inexpressible(format!("{parent} both as a directory and as something else")));
        }
    }
    Ok(tree)
}

/// Adds a file that the format itself brings, with its parents; a file of the payload at its path wins.
pub(crate) fn add(tree: &mut BTreeMap<String, Entry>, entry: Entry) {
    let path = entry.path.clone();
    tree.entry(path.clone()).or_insert(entry);
    add_parents(tree, &path);
}

/// Adds the directories that lead to `path`; returns one of them that is something else.
fn add_parents<'p>(tree: &mut BTreeMap<String, Entry>, path: &'p str) -> Option<&'p str> {
    let mut rest = path;
    while let Some((parent, _)) = rest.rsplit_once('/').filter(|(parent, _)| !parent.is_empty()) {
        let above = tree.entry(parent.to_owned()).or_insert_with(|| Entry::directory(parent));
        if !matches!(above.kind, EntryKind::Directory) {
            return Some(parent);
        }
        rest = parent;
    }
    None
}

/// Size of the regular files in bytes.
pub(crate) fn size(tree: &BTreeMap<String, Entry>) -> u64 {
    tree.values()
        .map(|entry| if let EntryKind::File(content) = &entry.kind { content.size() } else { 0 })
        .sum()
}

/// A tar header for an entry: its path without the leading slash, its owner by name.
pub(crate) fn header(entry: &Entry, epoch: i64) -> tar::Header {
    let path = entry.path.trim_start_matches('/');
    let mut header = tar::Header::new(path, tar::Kind::Directory, entry.mode & 0o7777, epoch);
    header.uname.clone_from(&entry.owner);
    header.gname.clone_from(&entry.group);
    match &entry.kind {
        EntryKind::File(content) => {
            header.kind = tar::Kind::File;
            header.size = content.size();
        }
        EntryKind::Symlink(target) => {
            header.kind = tar::Kind::Symlink;
            header.mode = 0o777;
            header.link.clone_from(target);
        }
        EntryKind::Directory | EntryKind::Ghost => {}
    }
    header
}

/// Whether a path is absolute and leads where it seems to.
fn is_sound(path: &str) -> bool {
    path.starts_with('/')
        && path.len() < LONGEST_PATH
        && path.split('/').skip(1).all(|part| !part.is_empty() && part != "." && part != "..")
        && !path.chars().any(char::is_control)
}
