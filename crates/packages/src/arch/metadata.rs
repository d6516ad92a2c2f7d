//! `.PKGINFO` and `.CHANGELOG`.

use std::collections::BTreeSet;

use landfall_payload::{Entry, EntryKind, Format, Payload, Role};
use time::OffsetDateTime;

use super::dependencies::{name_of, needed, provided};
use super::{architecture, inexpressible};
use crate::Error;

/// The text of `.PKGINFO`: `key = value` lines, one value each. `size` is that of the installed files in bytes.
pub(super) fn pkginfo(payload: &Payload, size: u64) -> Result<String, Error> {
    let product = &payload.product;
    let options = &payload.options.arch;
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        // A line break would begin another key.
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if !value.is_empty() {
            text.push_str(&format!("{key} = {value}\n"));
        }
    };
    line("pkgname", &product.name);
    line("pkgbase", &product.name);
    line("xdata", "pkgtype=pkg");
    line("pkgver", &product.version.arch());
    line("pkgdesc", &product.summary);
    line("url", product.homepage.as_deref().unwrap_or_default());
    line("builddate", &payload.epoch.max(0).to_string());
    line("packager", &product.maintainer);
    line("size", &size.to_string());
    line("arch", architecture(payload)?);
    line("license", &product.license);
    options.replaces.iter().for_each(|value| line("replaces", value));
    options.groups.iter().for_each(|value| line("group", value));
    options.conflicts.iter().for_each(|value| line("conflict", value));
    options.provides.iter().for_each(|value| line("provides", value));
    provided(payload).iter().for_each(|value| line("provides", value));
    for entry in payload.entries(Format::Arch).filter(|entry| is_backup(entry)) {
        let path = entry.path.trim_start_matches('/');
        if path.ends_with(char::is_whitespace) || path.contains("  ") {
            return Err(inexpressible(format!(
                "the configuration file {path:?}; choose a name without such spaces"
            )));
        }
        line("backup", path);
    }
    let own: BTreeSet<&str> = options.depends.iter().map(|value| name_of(value)).collect();
    for value in needed(payload).iter().filter(|value| !own.contains(name_of(value))) {
        line("depend", value);
    }
    options.depends.iter().for_each(|value| line("depend", value));
    options.optdepends.iter().for_each(|value| line("optdepend", value));
    Ok(text)
}

/// Whether pacman keeps an edited copy: as `.pacnew` beside it on upgrade, as `.pacsave` on remove.
fn is_backup(entry: &Entry) -> bool {
    entry.role == Role::Config && matches!(entry.kind, EntryKind::File(_))
}

/// The text of `.CHANGELOG`, which `pacman -Qc` shows.
pub(super) fn changelog(payload: &Payload) -> String {
    let mut text = String::new();
    for release in &payload.changelog {
        let date = OffsetDateTime::from_unix_timestamp(release.time).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        text.push_str(&format!(
            "{} ({:04}-{:02}-{:02})\n",
            release.version,
            date.year(),
            u8::from(date.month()),
            date.day()
        ));
        for item in &release.items {
            text.push_str(&format!("  * {item}\n"));
        }
        text.push('\n');
    }
    text
}
