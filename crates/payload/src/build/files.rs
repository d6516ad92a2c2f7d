//! Files of the manifest, and the tree that all entries make.

use std::collections::BTreeMap;
use std::path::Path;

use landfall_manifest::Format;
use landfall_manifest::model::{FileEntry, Role};
use landfall_manifest::values;

use super::selectors::Selection;
use super::sources::FoundKind;
use super::{Builder, read_text, sources};
use crate::Os;
use crate::binary;
use crate::layout::{self, clean};
use crate::model::*;

impl Builder<'_> {
    pub(super) fn file(&mut self, file: &FileEntry, at: &str) {
        let Selection::Formats(formats) = self.select(&file.only, &file.except, at) else { return };
        let destination = self.expand(&file.destination);
        let mode = file.mode.as_deref().and_then(|m| values::mode(m).ok());
        let base = Entry {
            path: clean(&destination),
            kind: EntryKind::Ghost,
            mode: mode.unwrap_or(if file.role == Role::Program { 0o755 } else { 0o644 }),
            owner: file.owner.clone().unwrap_or_else(|| "root".into()),
            group: file.group.clone().unwrap_or_else(|| "root".into()),
            role: file.role,
            formats,
        };
        if file.ghost {
            return self.add(base, at);
        }
        if let Some(link) = &file.symlink {
            let kind = EntryKind::Symlink(self.expand(link));
            return self.add(Entry { kind, mode: 0o777, ..base }, at);
        }
        if let Some(text) = &file.content {
            let kind = EntryKind::File(Content::Bytes(text.as_bytes().into()));
            return self.add(Entry { kind, ..base }, at);
        }
        let Some(source) = &file.source else { return };
        let source = self.expand(source);
        let pointer = format!("{at}/source");
        let found = match sources::find(self.document.folder(), &source) {
            Ok(found) => found,
            Err((message, hint)) => return self.problem(&pointer, message, hint),
        };
        for one in found {
            let path = match one.relative.as_str() {
                "" if file.destination.ends_with('/') => {
                    let name = one.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    format!("{destination}/{name}")
                }
                "" => destination.clone(),
                relative => format!("{destination}/{relative}"),
            };
            let single = one.relative.is_empty();
            let mut entry = Entry { path: clean(&path), ..base.clone() };
            match one.kind {
                FoundKind::Directory => {
                    entry.kind = EntryKind::Directory;
                    entry.mode = 0o755;
                    entry.role = Role::Data;
                }
                FoundKind::Symlink(link) => {
                    entry.kind = EntryKind::Symlink(link);
                    entry.mode = 0o777;
                }
                FoundKind::File { size, executable } => {
                    if mode.is_none() && !single && executable {
                        entry.mode = 0o755;
                    }
                    entry.kind = EntryKind::File(Content::Source { path: one.path, size });
                }
            }
            if entry.role == Role::ManualPage && self.target.os == Os::Linux {
                self.compress_manual_page(&mut entry, &pointer);
            }
            self.add(entry, at);
        }
    }

    /// Every Linux distribution keeps manual pages compressed.
    fn compress_manual_page(&mut self, entry: &mut Entry, pointer: &str) {
        if entry.path.ends_with(".gz") {
            return;
        }
        let EntryKind::File(Content::Source { path, .. }) = &entry.kind else { return };
        let compressed = read_text(path).and_then(|text| {
            landfall_codecs::gzip_bytes(text.as_bytes(), 9).map_err(|e| format!("cannot compress it: {e}"))
        });
        match compressed {
            Ok(bytes) => {
                entry.kind = EntryKind::File(Content::Bytes(bytes.into()));
                entry.path.push_str(".gz");
            }
            Err(e) => self.problem(pointer, e, "a manual page is a roff text"),
        }
    }

    /// Adds the directories that lead to the product's files and belong to nobody else.
    pub(super) fn parents(&mut self, writable: &[WritableDirectory]) {
        if self.target.os != Os::Linux {
            return;
        }
        let mut wanted: BTreeMap<&str, (Option<Vec<Format>>, &str)> = BTreeMap::new();
        for (entry, pointer) in &self.entries {
            for parent in Path::new(&entry.path).ancestors().skip(1).filter_map(Path::to_str) {
                // What every format has, its parents have in every format too.
                if matches!(wanted.get(parent), Some((None, _)))
                    || layout::is_system_directory(parent)
                    || writable.iter().any(|w| w.path == parent)
                {
                    break;
                }
                let (formats, _) = wanted.entry(parent).or_insert((Some(Vec::new()), pointer));
                match (formats.as_mut(), &entry.formats) {
                    (Some(all), Some(more)) => all.extend(more),
                    _ => *formats = None,
                }
            }
        }
        // By path: looking through all entries for each of them would take time that grows with the square.
        for (entry, _) in self.entries.iter().filter(|(e, _)| matches!(e.kind, EntryKind::Directory)) {
            wanted.remove(entry.path.as_str());
        }
        let made: Vec<_> = wanted
            .into_iter()
            .map(|(path, (formats, pointer))| {
                let formats = formats.map(|mut f| {
                    f.sort();
                    f.dedup();
                    f
                });
                (Entry { formats, ..Entry::directory(path.to_owned()) }, pointer.to_owned())
            })
            .collect();
        self.entries.extend(made);
    }

    /// Sorts the entries, finds two for one destination, and looks into executables.
    pub(super) fn sorted(&mut self) -> Vec<Entry> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        let mut clashes = Vec::new();
        for (i, (a, first)) in entries.iter().enumerate() {
            for (b, second) in entries[i + 1..].iter().take_while(|(b, _)| b.path == a.path) {
                let both_directories =
                    matches!((&a.kind, &b.kind), (EntryKind::Directory, EntryKind::Directory));
                if overlap(a, b) && !both_directories {
                    clashes.push((second.clone(), first.clone(), a.path.clone()));
                }
            }
        }
        for (second, first, path) in clashes {
            let other = match self.document.span(&first) {
                Some(span) => format!("the other is at line {}", self.document.line(span.start)),
                None => "the other is generated".to_owned(),
            };
            self.problem(&second, format!("two files have the destination {path}"), other);
        }
        entries.dedup_by(|b, a| {
            a.0.path == b.0.path
                && matches!((&a.0.kind, &b.0.kind), (EntryKind::Directory, EntryKind::Directory))
        });
        for (entry, pointer) in &entries {
            let EntryKind::File(Content::Source { path, .. }) = &entry.kind else { continue };
            if self.target.os != Os::Linux || entry.mode & 0o111 == 0 {
                continue;
            }
            match binary::elf_needs(path, &entry.path) {
                Ok(needs) => self.needs.extend(needs),
                Err(e) => self.found.push(
                    self.document
                        .error(pointer, format!("cannot read the program \"{}\": {e}", path.display()))
                        .hint("is the file complete?"),
                ),
            }
        }
        entries.into_iter().map(|(entry, _)| entry).collect()
    }
}

fn overlap(a: &Entry, b: &Entry) -> bool {
    match (&a.formats, &b.formats) {
        (Some(a), Some(b)) => a.iter().any(|f| b.contains(f)),
        _ => true,
    }
}
