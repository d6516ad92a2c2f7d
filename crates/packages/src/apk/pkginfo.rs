//! `.PKGINFO`: `key = value` lines, one value each.

use std::collections::BTreeSet;

use landfall_payload::{ElfNeeds, EntryKind, Format, Payload};

use super::{architecture, scripts, version};
use crate::Error;

/// Libraries of glibc itself; on Alpine `gcompat` stands in for them.
const GLIBC: &[&str] = &[
    "libanl.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
];

/// The text of `.PKGINFO`.
pub(super) fn pkginfo(payload: &Payload, size: u64, data_hash: &str) -> Result<String, Error> {
    let product = &payload.product;
    let options = &payload.options.apk;
    let version = version(payload)?;
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        // A line break would begin another key.
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if !value.is_empty() {
            text.push_str(&format!("{key} = {value}\n"));
        }
    };
    line("pkgname", &product.name);
    line("pkgver", &version);
    line("pkgdesc", &product.summary);
    line("url", product.homepage.as_deref().unwrap_or_default());
    line("builddate", &payload.epoch.max(0).to_string());
    line("packager", &product.maintainer);
    line("size", &size.to_string());
    line("arch", architecture(payload)?);
    line("origin", &product.name);
    line("maintainer", &product.maintainer);
    line("license", &product.license);
    for package in &options.replaces {
        line("replaces", package);
    }
    let own: BTreeSet<&str> = options.depends.iter().map(|d| name_of(d)).collect();
    for dependency in derived(payload)?.iter().filter(|d| !own.contains(d.as_str())) {
        line("depend", dependency);
    }
    for package in &options.depends {
        line("depend", package);
    }
    for name in provides(payload, &version).iter().chain(&options.provides) {
        line("provides", name);
    }
    line("datahash", data_hash);
    Ok(text)
}

/// The name in a dependency such as `busybox>=1.36`.
fn name_of(dependency: &str) -> &str {
    dependency.split(['<', '>', '=', '~']).next().unwrap_or(dependency).trim()
}

/// What the scripts and the programs need: libraries by their name, and `gcompat` in the place of glibc.
fn derived(payload: &Payload) -> Result<BTreeSet<String>, Error> {
    let shipped: BTreeSet<&str> = shipped(payload).filter_map(|file| file.soname.as_deref()).collect();
    let mut needs = BTreeSet::new();
    if !scripts::scripts(payload).is_empty() {
        needs.insert("/bin/sh".to_owned());
    }
    for file in self::shipped(payload) {
        if file
            .interpreter
            .as_deref()
            .is_some_and(|path| path.contains("ld-linux") || path.contains("/ld64.so"))
        {
            needs.insert("gcompat".to_owned());
        }
        for name in file.libraries.keys().map(String::as_str).filter(|name| !shipped.contains(name)) {
            if GLIBC.contains(&name) || name.starts_with("ld-linux") || name.starts_with("ld64.so") {
                needs.insert("gcompat".to_owned());
            } else if name == "libc.so" || name.starts_with("ld-musl-") {
                // musl under the name that it has outside Alpine.
                needs.insert(format!("so:libc.musl-{}.so.1", architecture(payload)?));
            } else {
                needs.insert(format!("so:{name}"));
            }
        }
    }
    Ok(needs)
}

/// The executables and libraries that the package ships.
fn shipped(payload: &Payload) -> impl Iterator<Item = &ElfNeeds> {
    payload.needs.iter().filter(|file| payload.entries(Format::Apk).any(|entry| entry.path == file.path))
}

/// Commands and libraries, as abuild lists them.
fn provides(payload: &Payload, version: &str) -> Vec<String> {
    let mut provides = Vec::new();
    for entry in payload.entries(Format::Apk) {
        let is_command = matches!(entry.kind, EntryKind::File(_)) && entry.mode & 0o111 != 0;
        let link = matches!(entry.kind, EntryKind::Symlink(_));
        for folder in ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"] {
            if let Some(name) = entry.path.strip_prefix(folder).filter(|n| !n.contains('/'))
                && (is_command || link)
            {
                provides.push(format!("cmd:{name}={version}"));
            }
        }
    }
    // Libraries that every program finds; as abuild does, with the version that their name has after `.so.`.
    for file in shipped(payload) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if let Some(name) = file.soname.as_deref().filter(|_| ["/lib", "/usr/lib"].contains(&folder)) {
            let version = name.split_once(".so.").map_or("0", |(_, version)| version);
            provides.push(format!("so:{name}={version}"));
        }
    }
    provides
}
