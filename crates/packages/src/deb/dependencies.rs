//! Dependencies: Debian Policy §7.
//!
//! What the payload's programs link against becomes dependencies. The manifest has the last word: where its
//! `depends` names a package, nothing is derived for that package. A library that Landfall does not know is an
//! error, unless `depends` names a library package (one with `lib` in its name) that accounts for it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use landfall_payload::{Content, EntryKind, Format, Payload};

use super::inexpressible;
use super::sonames::{self, Since};
use crate::Error;

/// What holds `/lib/lsb/init-functions`: the first since Debian 12, the second before it.
const INIT_FUNCTIONS: &str = "sysvinit-utils (>= 3.05-4~) | lsb-base (>= 3.0-6)";

/// The items of `Depends`: what is derived, sorted by package, and then the manifest's own.
pub(super) fn depends(payload: &Payload) -> Result<Vec<String>, Error> {
    let own = &payload.options.deb.depends;
    let named: BTreeSet<&str> = own.iter().flat_map(|item| item.split('|')).map(package_name).collect();
    let covered = |packages: &str| packages.split(" | ").any(|name| named.contains(name));

    let mut derived: BTreeMap<&'static str, Option<String>> = BTreeMap::new();
    let mut unknown: BTreeSet<(&str, &str)> = BTreeSet::new();
    let shipped = shipped_libraries(payload);
    for file in &payload.needs {
        let none = Vec::new();
        let interpreter = file.interpreter.as_deref().map(|path| path.rsplit('/').next().unwrap_or(path));
        let libraries = file.libraries.iter().map(|(name, versions)| (name.as_str(), versions));
        for (soname, versions) in interpreter.map(|name| (name, &none)).into_iter().chain(libraries) {
            if shipped.contains(soname) {
                continue;
            }
            let Some((packages, since)) = sonames::package(soname) else {
                unknown.insert((soname, &file.path));
                continue;
            };
            if covered(packages) {
                continue;
            }
            let lowest = lowest_version(soname, versions, since)?;
            let held = derived.entry(packages).or_default();
            if held.as_deref().map_or(lowest.is_some(), |held| {
                lowest.as_deref().is_some_and(|new| compare(new, held) == Ordering::Greater)
            }) {
                *held = lowest;
            }
        }
    }
    if !unknown.is_empty() && !named.iter().any(|name| name.contains("lib")) {
        let list: Vec<String> =
            unknown.iter().map(|(name, path)| format!("{name} (needed by {path})")).collect();
        return Err(inexpressible(format!(
            "a dependency on {}: no Debian package is known for it; name the package that holds it in depends of \
             [package.deb]",
            list.join(", ")
        )));
    }
    if !payload.accounts.is_empty() && !named.contains("passwd") {
        // useradd, where systemd-sysusers is missing; every package outside the essential set must be named.
        derived.insert("passwd", None);
    }

    if sources_init_functions(payload) && !covered("sysvinit-utils | lsb-base") {
        derived.insert(INIT_FUNCTIONS, None);
    }

    let mut items: Vec<String> = derived
        .into_iter()
        .map(|(packages, lowest)| match lowest {
            None => packages.to_owned(),
            Some(version) => {
                let each: Vec<String> =
                    packages.split(" | ").map(|p| format!("{p} (>= {version})")).collect();
                each.join(" | ")
            }
        })
        .collect();
    for item in own {
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    Ok(items)
}

/// Whether the package has an init script that reads `/lib/lsb/init-functions`.
fn sources_init_functions(payload: &Payload) -> bool {
    const FILE: &[u8] = b"/lib/lsb/init-functions";
    payload.entries(Format::Deb).filter(|e| e.path.starts_with("/etc/init.d/")).any(|e| match &e.kind {
        EntryKind::File(Content::Bytes(text)) => text.windows(FILE.len()).any(|w| w == FILE),
        _ => false,
    })
}

/// Libraries that the package brings itself: by their own names and by their files' names.
fn shipped_libraries(payload: &Payload) -> BTreeSet<&str> {
    let sonames = payload.needs.iter().filter_map(|file| file.soname.as_deref());
    let files = payload
        .entries(Format::Deb)
        .filter(|e| matches!(e.kind, EntryKind::File(_) | EntryKind::Symlink(_)))
        .filter_map(|e| e.path.rsplit('/').next())
        .filter(|name| name.contains(".so"));
    sonames.chain(files).collect()
}

/// The lowest package version that has all of a library's symbol `versions`.
fn lowest_version(soname: &str, versions: &[String], since: Since) -> Result<Option<String>, Error> {
    let mut lowest: Option<String> = None;
    for version in versions {
        let needed = match since {
            Since::Any => continue,
            Since::Number(prefix) | Since::Epoch(_, prefix) => {
                let special = sonames::GLIBC_SPECIAL.iter().find(|(name, _)| name == version);
                let number = version.strip_prefix(prefix).map(|n| n.replace('_', "."));
                match (special, number) {
                    (Some((_, number)), _) => (*number).to_owned(),
                    (None, Some(n)) if n.starts_with(|c: char| c.is_ascii_digit()) => n,
                    // A version that stands for no release, such as GLIBC_PRIVATE.
                    _ => continue,
                }
            }
            Since::Table(table) => from_table(soname, version, table)?,
        };
        if lowest.as_deref().is_none_or(|held| compare(&needed, held) == Ordering::Greater) {
            lowest = Some(needed);
        }
    }
    Ok(lowest.map(|number| match since {
        Since::Epoch(epoch, _) => format!("{epoch}:{number}"),
        _ => number,
    }))
}

fn from_table(soname: &str, version: &str, table: &[(&str, &str)]) -> Result<String, Error> {
    if let Some((_, release)) = table.iter().find(|(name, _)| *name == version) {
        return Ok((*release).to_owned());
    }
    let family = |name: &str| name.split('_').next().map(str::to_owned);
    let newest = table.iter().rfind(|(name, _)| family(name) == family(version)).map(|(name, _)| *name);
    if newest.is_some_and(|newest| compare(version, newest) == Ordering::Greater) {
        let package = sonames::package(soname).map_or("its package", |(package, _)| package);
        return Err(inexpressible(format!(
            "a dependency on {version} of {soname}: it is newer than Landfall knows; name {package} with the \
             version that has it in depends of [package.deb]"
        )));
    }
    Ok(sonames::LIBSTDCXX_OLDEST.to_owned())
}

/// Compares dotted numbers by number, whatever stands around them.
fn compare(a: &str, b: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()
    };
    numbers(a).cmp(&numbers(b))
}

/// The package that one alternative of a relation names.
fn package_name(alternative: &str) -> &str {
    let text = alternative.trim();
    text.split(|c: char| c.is_whitespace() || c == '(' || c == ':').next().unwrap_or(text)
}

/// Checks one relation from the manifest: `name[:arch] [(op version)]`, alternatives separated by `|`
/// (Debian Policy §7.1).
pub(super) fn check(field: &str, relation: &str) -> Result<(), Error> {
    let fail = |why: &str| {
        Err(inexpressible(format!(
            "\"{relation}\" in {field}: {why}; write one relation an item, such as \"libfoo1 (>= 1.2) | libfoo\""
        )))
    };
    let alternatives = ["Pre-Depends", "Depends", "Recommends", "Suggests"].contains(&field);
    if !alternatives && relation.contains('|') {
        return fail("only Depends, Pre-Depends, Recommends and Suggests know alternatives");
    }
    for alternative in relation.split('|') {
        let text = alternative.trim();
        let name = package_name(text);
        let valid_name = name.len() >= 2
            && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
        if !valid_name {
            return fail("it does not begin with a package name");
        }
        let mut rest = text.get(name.len()..).unwrap_or_default();
        if let Some(qualified) = rest.strip_prefix(':') {
            let end =
                qualified.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(qualified.len());
            if end == 0 {
                return fail("an architecture is missing after the colon");
            }
            rest = qualified.get(end..).unwrap_or_default();
        }
        let rest = rest.trim();
        if rest.is_empty() {
            continue;
        }
        let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) else {
            return fail("what follows the name is no version in parentheses");
        };
        let inner = inner.trim();
        let Some(version) = ["<<", "<=", ">=", ">>", "="].iter().find_map(|op| inner.strip_prefix(op)) else {
            return fail("the version needs one of << <= = >= >>");
        };
        let version = version.trim();
        let valid = version.starts_with(|c: char| c.is_ascii_digit())
            && version.bytes().all(|b| b.is_ascii_alphanumeric() || b".+-~:".contains(&b));
        if !valid {
            return fail("the version is none");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert_eq!(compare("2.9", "2.34"), Ordering::Less);
        assert_eq!(compare("2.2.5", "2.2"), Ordering::Greater);
        assert_eq!(compare("GLIBCXX_3.4.9", "GLIBCXX_3.4.30"), Ordering::Less);
    }

    #[test]
    fn symbol_versions_become_package_versions() {
        let lowest = |soname: &str, versions: &[&str]| {
            let versions: Vec<String> = versions.iter().map(|v| (*v).to_owned()).collect();
            lowest_version(soname, &versions, sonames::package(soname).unwrap().1).unwrap()
        };
        assert_eq!(lowest("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.9"]).as_deref(), Some("2.34"));
        assert_eq!(lowest("libc.so.6", &["GLIBC_2.34", "GLIBC_ABI_DT_RELR"]).as_deref(), Some("2.36"));
        assert_eq!(lowest("libc.so.6", &["GLIBC_PRIVATE"]), None);
        assert_eq!(lowest("libz.so.1", &["ZLIB_1.2.0", "ZLIB_1.2.9"]).as_deref(), Some("1:1.2.9"));
        assert_eq!(lowest("libcrypto.so.1.1", &["OPENSSL_1_1_0"]).as_deref(), Some("1.1.0"));
        assert_eq!(lowest("libstdc++.so.6", &["GLIBCXX_3.4", "CXXABI_1.3"]).as_deref(), Some("4.9"));
        assert_eq!(lowest("libstdc++.so.6", &["GLIBCXX_3.4.30", "CXXABI_1.3.9"]).as_deref(), Some("12"));
        assert_eq!(lowest("libgcc_s.so.1", &["GCC_3.0", "GCC_4.2.0"]).as_deref(), Some("4.2.0"));
        let newer = [String::from("GLIBCXX_3.4.99")];
        let error = lowest_version("libstdc++.so.6", &newer, Since::Table(&[("GLIBCXX_3.4.34", "15")]));
        assert!(error.unwrap_err().to_string().contains("libstdc++6"));
    }

    #[test]
    fn relations_are_checked() {
        for good in
            ["libc6", "libc6 (>= 2.34)", "a1 | b2 (= 1:2-3~x)", "perl:any", "foo:any (<< 2)", "g++(>=4)"]
        {
            assert!(check("Depends", good).is_ok(), "{good}");
        }
        for bad in
            ["", "Foo", "a1 |", "foo (2)", "foo (> 2)", "foo (>= )", "foo, bar", "foo [amd64]", "a1\nb: c"]
        {
            assert!(check("Depends", bad).is_err(), "{bad}");
        }
        assert!(check("Conflicts", "a1 | b2").is_err());
    }
}
