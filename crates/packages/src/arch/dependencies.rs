//! What the programs need, in the names of Arch's packages.

use std::collections::BTreeSet;

use landfall_payload::{ElfNeeds, Format, Payload};

/// Libraries by the package that holds them (Arch's package lists of 2026); what is not here is asked for by its
/// soname, which the package that holds it must provide.
const PACKAGES: &[(&str, &str)] = &[
    ("libGL.so.1", "libglvnd"),
    ("libX11.so.6", "libx11"),
    ("libacl.so.1", "acl"),
    ("libasound.so.2", "alsa-lib"),
    ("libatomic.so.1", "gcc-libs"),
    ("libbz2.so.1.0", "bzip2"),
    ("libcap.so.2", "libcap"),
    ("libcrypto.so.3", "openssl"),
    ("libcurl.so.4", "curl"),
    ("libdbus-1.so.3", "dbus"),
    ("libelf.so.1", "libelf"),
    ("libexpat.so.1", "expat"),
    ("libfontconfig.so.1", "fontconfig"),
    ("libfreetype.so.6", "freetype2"),
    ("libgcc_s.so.1", "gcc-libs"),
    ("libgio-2.0.so.0", "glib2"),
    ("libglib-2.0.so.0", "glib2"),
    ("libgmp.so.10", "gmp"),
    ("libgnutls.so.30", "gnutls"),
    ("libgobject-2.0.so.0", "glib2"),
    ("libgomp.so.1", "gcc-libs"),
    ("liblz4.so.1", "lz4"),
    ("liblzma.so.5", "xz"),
    ("libncursesw.so.6", "ncurses"),
    ("libpcap.so.1", "libpcap"),
    ("libpcsclite.so.1", "pcsclite"),
    ("libpq.so.5", "postgresql-libs"),
    ("libreadline.so.8", "readline"),
    ("libseccomp.so.2", "libseccomp"),
    ("libsqlite3.so.0", "sqlite"),
    ("libssl.so.3", "openssl"),
    ("libstdc++.so.6", "gcc-libs"),
    ("libsystemd.so.0", "systemd-libs"),
    ("libudev.so.1", "systemd-libs"),
    ("libusb-1.0.so.0", "libusb"),
    ("libuuid.so.1", "util-linux-libs"),
    ("libwayland-client.so.0", "wayland"),
    ("libxcb.so.1", "libxcb"),
    ("libxkbcommon.so.0", "libxkbcommon"),
    ("libz.so.1", "zlib"),
    ("libzstd.so.1", "zstd"),
];

/// Libraries of glibc itself; the dynamic linkers are found by their prefix.
const GLIBC: &[&str] = &[
    "libanl.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libmvec.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
];

/// `depend` entries derived from the files that the package ships, sorted.
pub(super) fn needed(payload: &Payload) -> BTreeSet<String> {
    let shipped: BTreeSet<&str> = shipped(payload).filter_map(|file| file.soname.as_deref()).collect();
    let mut needs = BTreeSet::new();
    let mut glibc: Option<(u32, u32)> = None;
    for file in self::shipped(payload) {
        if file.interpreter.as_deref().is_some_and(|path| path.contains("ld-musl")) {
            needs.insert("musl".to_owned());
        }
        for (library, versions) in file.libraries.iter().filter(|(name, _)| !shipped.contains(name.as_str()))
        {
            let name = library.as_str();
            if GLIBC.contains(&name) || name.starts_with("ld-linux") || name.starts_with("ld64.so") {
                let newest = versions.iter().filter_map(|v| glibc_version(v)).max();
                glibc = glibc.max(Some(newest.unwrap_or_default()));
            } else if name == "libc.so" || name.starts_with("libc.musl-") || name.starts_with("ld-musl-") {
                needs.insert("musl".to_owned());
            } else if let Some((_, package)) = PACKAGES.iter().find(|(known, _)| *known == name) {
                needs.insert((*package).to_owned());
            } else {
                needs.insert(soname(name, file.is_64bit));
            }
        }
    }
    match glibc {
        Some((0, 0)) => _ = needs.insert("glibc".into()),
        Some((major, minor)) => _ = needs.insert(format!("glibc>={major}.{minor}")),
        None => {}
    }
    needs
}

/// `provides` entries for the libraries that the package ships where every program finds them.
pub(super) fn provided(payload: &Payload) -> BTreeSet<String> {
    shipped(payload)
        .filter(|file| file.path.strip_prefix("/usr/lib/").is_some_and(|name| !name.contains('/')))
        .filter_map(|file| Some(soname(file.soname.as_deref()?, file.is_64bit)))
        .collect()
}

/// The name in a dependency such as `glibc>=2.34`.
pub(super) fn name_of(dependency: &str) -> &str {
    dependency.split(['<', '>', '=', ':']).next().unwrap_or(dependency).trim()
}

fn shipped(payload: &Payload) -> impl Iterator<Item = &ElfNeeds> {
    payload.needs.iter().filter(|file| payload.entries(Format::Arch).any(|entry| entry.path == file.path))
}

fn glibc_version(symbol: &str) -> Option<(u32, u32)> {
    let (major, minor) = symbol.strip_prefix("GLIBC_")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

/// `libfoo.so.1` as makepkg writes it: `libfoo.so=1-64`.
fn soname(library: &str, is_64bit: bool) -> String {
    let bits = if is_64bit { 64 } else { 32 };
    match library.split_once(".so.") {
        Some((name, version)) => format!("{name}.so={version}-{bits}"),
        None => library.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sonames_and_versions() {
        assert_eq!(soname("libfoo.so.1", true), "libfoo.so=1-64");
        assert_eq!(soname("libfoo.so.1.2", false), "libfoo.so=1.2-32");
        assert_eq!(soname("libfoo-1.2.so", true), "libfoo-1.2.so");
        assert_eq!(glibc_version("GLIBC_2.34"), Some((2, 34)));
        assert_eq!(glibc_version("GLIBC_2.2.5"), Some((2, 2)));
        assert_eq!(glibc_version("GLIBC_PRIVATE"), None);
        assert_eq!(name_of("glibc>=2.34"), "glibc");
        assert_eq!(name_of("openssl: for TLS"), "openssl");
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(PACKAGES.is_sorted());
    }
}
