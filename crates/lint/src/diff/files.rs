//! File by file.

use std::collections::BTreeSet;

use landfall_packages::Kind;
use serde::Serialize;

use super::Change;
use crate::package::{File, Package};

/// A file that comes, goes or changes.
#[derive(Debug, Serialize)]
pub struct FileChange {
    /// Path on the machine.
    pub path: String,
    /// Whether it comes, goes or changes.
    pub change: Change,
    /// What of it changes; for one that comes or goes, what it is.
    pub attributes: Vec<Attribute>,
}

/// A property with its old and its new value; empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attribute {
    /// What it is called: `mode`, `owner`, `size`, `content`, …
    pub name: String,
    /// Before.
    pub old: String,
    /// After.
    pub new: String,
}

impl Attribute {
    /// `None` where nothing changes.
    pub(super) fn new(name: &str, old: &str, new: &str) -> Option<Self> {
        (old != new).then(|| Self { name: name.to_owned(), old: old.to_owned(), new: new.to_owned() })
    }
}

pub(super) fn changes(old: &Package, new: &Package) -> Vec<FileChange> {
    let paths: BTreeSet<&str> = old.files().chain(new.files()).map(|file| file.path).collect();
    paths
        .into_iter()
        .filter_map(|path| {
            let (before, after) = (old.file(path), new.file(path));
            let attributes = attributes(before, after);
            let change = match (before, after) {
                (None, _) => Change::Added,
                (_, None) => Change::Removed,
                _ if attributes.is_empty() => return None,
                _ => Change::Changed,
            };
            Some(FileChange { path: path.to_owned(), change, attributes })
        })
        .collect()
}

/// A property of a file, in words.
type Property = fn(File<'_>) -> String;

fn attributes(old: Option<File<'_>>, new: Option<File<'_>>) -> Vec<Attribute> {
    let value =
        |of: fn(File<'_>) -> String| (old.map(of).unwrap_or_default(), new.map(of).unwrap_or_default());
    let of: [(&str, Property); 7] = [
        ("kind", |f| kind(f.record.kind).into()),
        ("mode", |f| format!("{:04o}", f.record.mode)),
        ("owner", |f| format!("{}:{}", f.record.owner, f.record.group)),
        ("size", |f| f.record.size.to_string()),
        ("content", content),
        ("target", |f| f.record.target.clone().unwrap_or_default()),
        ("flags", |f| f.record.flags.join(",")),
    ];
    of.into_iter()
        .filter_map(|(name, of)| {
            let (old, new) = value(of);
            Attribute::new(name, &old, &new)
        })
        .collect()
}

/// The digest of a file's content, as far as it can be known.
fn content(file: File<'_>) -> String {
    match file.facts {
        Some(facts) => format!("sha256:{}", facts.sha256),
        None if file.is_file() => file.record.digest.clone().unwrap_or_default(),
        None => String::new(),
    }
}

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Symlink => "symlink",
        Kind::Hardlink => "hardlink",
        Kind::Special => "special",
    }
}
