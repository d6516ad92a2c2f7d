//! What `data.tar` holds: the payload's entries, Debian's own files, and the directories that lead to them.

use std::collections::BTreeMap;

use landfall_payload::{Content, Entry, EntryKind, Format, Payload, Role};

use super::{changelog, copyright, inexpressible, lintian};
use crate::Error;

/// Longest path that dpkg and its file systems take.
const LONGEST_PATH: usize = 4096;

/// Every file, link and directory to ship, by path; a directory always comes before what is in it.
///
/// # Errors
/// When a path cannot be written into dpkg's lists, or a licence file cannot be read.
pub(super) fn tree(payload: &Payload) -> Result<BTreeMap<String, Entry>, Error> {
    let mut tree: BTreeMap<String, Entry> = BTreeMap::new();
    for entry in payload.entries(Format::Deb) {
        check_path(&entry.path)?;
        if !matches!(entry.kind, EntryKind::Ghost) {
            tree.insert(entry.path.clone(), entry.clone());
        }
    }
    for own in own_files(payload)? {
        // The payload's own file of that name wins.
        tree.entry(own.path.clone()).or_insert(own);
    }
    let mut directories = Vec::new();
    for path in tree.keys() {
        let mut rest = path.as_str();
        while let Some((parent, _)) = rest.rsplit_once('/').filter(|(parent, _)| !parent.is_empty()) {
            directories.push(parent.to_owned());
            rest = parent;
        }
    }
    for path in directories {
        match tree.get(&path) {
            None => {
                tree.insert(path.clone(), Entry::directory(path));
            }
            Some(Entry { kind: EntryKind::Directory, .. }) => {}
            Some(_) => {
                return Err(inexpressible(format!("{path} both as a directory and as something else")));
            }
        }
    }
    Ok(tree)
}

/// The size that the package takes up, in KiB, as dpkg-gencontrol reckons it: files and links rounded up, one for
/// everything else, the root directory included.
pub(super) fn installed_size(tree: &BTreeMap<String, Entry>) -> u64 {
    let sizes = tree.values().map(|entry| match &entry.kind {
        EntryKind::File(content) => content.size().div_ceil(1024),
        EntryKind::Symlink(target) => (target.len() as u64).div_ceil(1024),
        EntryKind::Directory | EntryKind::Ghost => 1,
    });
    1 + sizes.sum::<u64>()
}

fn check_path(path: &str) -> Result<(), Error> {
    let sound = path.starts_with('/')
        && path.len() < LONGEST_PATH
        && path.split('/').skip(1).all(|part| !part.is_empty() && part != "." && part != "..");
    // dpkg's lists have one path a line and drop spaces at its end.
    if !sound || path.chars().any(char::is_control) || path.ends_with(' ') {
        return Err(inexpressible(format!(
            "the path {path:?}; it must be absolute, without `.` and `..`, control characters and a space at its end"
        )));
    }
    Ok(())
}

/// The files that Debian Policy asks of every package.
fn own_files(payload: &Payload) -> Result<Vec<Entry>, Error> {
    let name = &payload.product.name;
    let file = |path: String, bytes: Vec<u8>| Entry {
        kind: EntryKind::File(Content::Bytes(bytes.into())),
        mode: 0o644,
        role: Role::Documentation,
        ..Entry::directory(path)
    };
    let changelog = landfall_codecs::gzip_bytes(changelog::changelog(payload).as_bytes(), 9)?;
    let mut files = vec![
        file(format!("/usr/share/doc/{name}/copyright"), copyright::copyright(payload)?.into_bytes()),
        file(format!("/usr/share/doc/{name}/changelog.Debian.gz"), changelog),
    ];
    if let Some(overrides) = lintian::overrides(payload) {
        files.push(file(format!("/usr/share/lintian/overrides/{name}"), overrides.into_bytes()));
    }
    Ok(files)
}
