//! What a project's folder says about the product.

use std::path::{Path, PathBuf};

use toml::Table;

/// What was found in a folder.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Discovery {
    pub(crate) name: String,
    /// `Cargo.toml` that holds the version, relative to the folder.
    pub(crate) version_from: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) homepage: Option<String>,
    pub(crate) maintainer: Option<String>,
    /// Names of executables, each with the package that builds it.
    pub(crate) programs: Vec<(String, String)>,
    pub(crate) license_files: Vec<String>,
    pub(crate) manual_pages: Vec<String>,
    pub(crate) readme: Option<String>,
    pub(crate) unit: Option<Unit>,
}

/// A systemd unit that was found.
#[derive(Debug, PartialEq)]
pub(crate) struct Unit {
    pub(crate) path: String,
    /// Program that it starts, without the folder.
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) account: Option<String>,
    pub(crate) notifies: bool,
}

/// Looks at a folder. Whatever cannot be read is passed over: the result is a proposal.
pub(crate) fn look(folder: &Path) -> Discovery {
    let mut found = Discovery::default();
    cargo(folder, &mut found);
    if found.name.is_empty() {
        let name =
            folder.canonicalize().ok().and_then(|f| Some(f.file_name()?.to_string_lossy().into_owned()));
        found.name = package_name(&name.unwrap_or_else(|| "product".into()));
    }
    files(folder, Path::new(""), 0, &mut found);
    found.license_files.sort();
    found.manual_pages.sort();
    found
}

/// The name in the narrowest grammar of all formats.
fn package_name(text: &str) -> String {
    let name: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c) { c } else { '-' })
        .collect();
    let name = name.trim_matches(['-', '.', '+']).to_owned();
    if name.len() < 2 { format!("{name}-product").trim_start_matches('-').to_owned() } else { name }
}

fn read(path: &Path) -> Option<Table> {
    std::fs::read_to_string(path).ok()?.parse().ok()
}

fn cargo(folder: &Path, found: &mut Discovery) {
    let Some(root) = read(&folder.join("Cargo.toml")) else { return };
    let shared = root.get("workspace").and_then(|w| w.get("package")).and_then(|p| p.as_table());
    let mut packages: Vec<(PathBuf, Table)> = Vec::new();
    if root.contains_key("package") {
        packages.push((PathBuf::new(), root.clone()));
    }
    for member in members(folder, &root) {
        if let Some(manifest) = read(&folder.join(&member).join("Cargo.toml")) {
            packages.push((member, manifest));
        }
    }
    // Where several packages build programs, the first one names the product.
    for (path, manifest) in packages {
        let Some(package) = manifest.get("package").and_then(|p| p.as_table()) else { continue };
        let Some(name) = package.get("name").and_then(|n| n.as_str()) else { continue };
        let binaries = binaries(&folder.join(&path), &manifest, name);
        if binaries.is_empty() {
            continue;
        }
        if found.programs.is_empty() {
            found.name = package_name(name);
            let inherited = |key: &str| match package.get(key) {
                Some(toml::Value::String(s)) => Some(s.clone()),
                Some(toml::Value::Table(_)) => shared.and_then(|s| s.get(key)?.as_str()).map(str::to_owned),
                _ => None,
            };
            let own_version = package.get("version").is_some_and(|v| v.is_str());
            found.version_from = match own_version {
                true => Some(path.join("Cargo.toml").to_string_lossy().into_owned()),
                false => Some("Cargo.toml".into()),
            };
            found.summary = inherited("description");
            found.license = inherited("license");
            found.homepage = inherited("homepage").or_else(|| inherited("repository"));
            let authors = package.get("authors").and_then(|a| a.as_array());
            let shared_authors = shared.and_then(|s| s.get("authors")?.as_array());
            found.maintainer = authors
                .or(shared_authors)
                .and_then(|a| Some(a.first()?.as_str()?.to_owned()))
                .filter(|a| a.contains('<'));
        }
        found.programs.extend(binaries.into_iter().map(|b| (b, name.to_owned())));
    }
}

/// The workspace's members; `crates/*` is the one pattern that workspaces use.
fn members(folder: &Path, root: &Table) -> Vec<PathBuf> {
    let listed = root.get("workspace").and_then(|w| w.get("members")).and_then(|m| m.as_array());
    let mut members = Vec::new();
    for member in listed.into_iter().flatten().filter_map(|m| m.as_str()) {
        match member.strip_suffix("/*") {
            Some(parent) => {
                let mut below: Vec<PathBuf> = std::fs::read_dir(folder.join(parent))
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|e| Path::new(parent).join(e.file_name()))
                    .collect();
                below.sort();
                members.extend(below);
            }
            None => members.push(PathBuf::from(member)),
        }
    }
    members
}

fn binaries(folder: &Path, manifest: &Table, package: &str) -> Vec<String> {
    let mut names: Vec<String> = manifest
        .get("bin")
        .and_then(|b| b.as_array())
        .into_iter()
        .flatten()
        .filter_map(|b| Some(b.get("name")?.as_str()?.to_owned()))
        .collect();
    if names.is_empty() && folder.join("src/main.rs").exists() {
        names.push(package.to_owned());
    }
    for entry in std::fs::read_dir(folder.join("src/bin")).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_binary = path.extension().is_some_and(|e| e == "rs") || path.join("main.rs").exists();
        if let Some(name) = path.file_stem().filter(|_| is_binary) {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Licences, manual pages, a readme and units, at most three folders deep.
fn files(root: &Path, below: &Path, depth: usize, found: &mut Discovery) {
    let mut entries: Vec<_> = std::fs::read_dir(root.join(below)).into_iter().flatten().flatten().collect();
    entries.sort_by_key(|e| e.file_name());
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = below.join(&name);
        let shown = path.to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            let skipped =
                name.starts_with('.') || ["target", "node_modules", "dist", "vendor"].contains(&&*name);
            if depth < 3 && !skipped {
                files(root, &path, depth + 1, found);
            }
            continue;
        }
        let upper = name.to_uppercase();
        if depth == 0 && (upper.starts_with("LICENSE") || upper.starts_with("LICENCE") || upper == "COPYING")
        {
            found.license_files.push(shown);
        } else if depth == 0 && upper.starts_with("README") {
            found.readme.get_or_insert(shown);
        } else if is_manual_page(&name) && found.programs.iter().any(|(p, _)| name.starts_with(p.as_str())) {
            found.manual_pages.push(shown);
        } else if name.ends_with(".service") && found.unit.is_none() {
            found.unit = std::fs::read_to_string(root.join(&path)).ok().and_then(|text| unit(shown, &text));
        }
    }
}

fn is_manual_page(name: &str) -> bool {
    matches!(name.rsplit_once('.'), Some((_, "1" | "5" | "7" | "8")))
}

fn unit(path: String, text: &str) -> Option<Unit> {
    let value = |key: &str| {
        text.lines()
            .find_map(|l| l.trim().strip_prefix(key)?.trim_start().strip_prefix('='))
            .map(|v| v.trim().to_owned())
    };
    let command = value("ExecStart")?;
    let mut words = command.split_whitespace();
    let program = words.next()?.trim_start_matches(['@', '-', ':', '+', '!']);
    Some(Unit {
        path,
        program: program.rsplit('/').next().unwrap_or(program).to_owned(),
        arguments: words.map(str::to_owned).collect(),
        account: value("User"),
        notifies: value("Type").is_some_and(|t| t.starts_with("notify")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_every_format() {
        assert_eq!(package_name("My Product_2"), "my-product-2");
        assert_eq!(package_name("x"), "x-product");
    }

    #[test]
    fn units_are_understood() {
        let u =
            unit("a.service".into(), "[Service]\nType=notify\nUser=demo\nExecStart=/usr/bin/demo run --x\n")
                .unwrap();
        assert_eq!((u.program.as_str(), u.account.as_deref(), u.notifies), ("demo", Some("demo"), true));
        assert_eq!(u.arguments, ["run", "--x"]);
        assert_eq!(unit("a".into(), "[Unit]\n"), None);
    }
}
