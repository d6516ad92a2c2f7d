//! Packages with names and content that anybody may choose.

use super::demo;
use landfall_packages::{Package, all};
use landfall_payload::{Format, Role};
use std::io::Cursor;

/// Stands between the parts of an input; no text has it.
const NEXT: u8 = 0xff;

/// A package with a file of any name and content: its reader finds what was written, or the packager has refused it.
pub(super) fn any_name_and_content(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let mut parts = rest.split(|byte| *byte == NEXT).map(|part| String::from_utf8_lossy(part).into_owned());
    let mut next = || parts.next().unwrap_or_default();
    let (name, content, summary) = (next(), next(), next());
    let formats: Vec<&dyn Package> = all().into_iter().filter(|p| p.format() != Format::Exe).collect();
    let package = formats[usize::from(choice >> 1) % formats.len()];
    let role = if choice & 1 == 1 { Role::Program } else { Role::Data };
    let mut payload = demo::payload(package.format());
    let name: String = name.chars().filter(|letter| *letter != '/' && *letter != '\0').take(200).collect();
    if name.is_empty() || name == "." || name == ".." {
        return;
    }
    let path = format!("/usr/share/demo/{name}");
    payload.all_entries.push(demo::file(&path, role, 0o644, &content));
    payload.all_entries.sort_by(|first, second| first.path.cmp(&second.path));
    payload.product.summary = summary.lines().next().unwrap_or_default().to_owned();
    let Ok(bytes) = demo::write(package, &payload) else { return };
    let found = package.read(&mut Cursor::new(&bytes));
    let found = found.unwrap_or_else(|error| panic!("{} of {name:?}: {error}", package.format()));
    assert!(found.files.iter().any(|file| file.path.ends_with(&name)), "{}: {name:?}", package.format());
}

/// Each format, and each kind of file.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let input = |choice: u8| {
        let parts: [&[u8]; 3] = ["a nämé".as_bytes(), b"#!/bin/sh\necho content\n", b"A summary"];
        [&[choice][..], &parts.join(&NEXT)].concat()
    };
    (0..16).map(input).collect()
}
