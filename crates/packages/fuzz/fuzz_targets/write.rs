//! A package with a file whose name and content anybody may have chosen: its reader finds what was written, or the
//! packager has refused it.
#![no_main]

use landfall_packages::all;
use landfall_payload::Role;
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

#[path = "../demo.rs"]
mod demo;

fuzz_target!(|input: (u8, String, String, String, bool)| {
    let (format, name, content, summary, program) = input;
    let package = all()[usize::from(format) % 8];
    let mut payload = demo::for_format(package.format());
    let name: String = name.chars().filter(|letter| *letter != '/' && *letter != '\0').take(200).collect();
    if name.is_empty() || name == "." || name == ".." {
        return;
    }
    let path = format!("/usr/share/demo/{name}");
    payload.all_entries.push(demo::file(
        &path,
        if program { Role::Program } else { Role::Data },
        0o644,
        &content,
    ));
    payload.all_entries.sort_by(|first, second| first.path.cmp(&second.path));
    payload.product.summary = summary.lines().next().unwrap_or_default().to_owned();
    let Ok(bytes) = demo::write(package, &payload) else { return };
    let found = package.read(&mut Cursor::new(&bytes));
    let found = found.unwrap_or_else(|error| panic!("{} of {name:?}: {error}", package.format()));
    assert!(!found.files.is_empty());
});
