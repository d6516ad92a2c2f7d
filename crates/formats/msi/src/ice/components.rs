//! Components.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Report, Severity};
use crate::{Database, Row};

pub(super) const ICE02: Check = Check {
    number: "ICE02",
    reason: "A key path outside its component tells nothing of whether the component is installed.",
    remedy: "Make one of the component's own files or registry values its key path.",
    severities: &[Severity::Error],
    run: key_paths,
};

pub(super) const ICE08: Check = Check {
    number: "ICE08",
    reason: "Windows counts users of components by GUID: of two with the same one, neither is removed rightly.",
    remedy: "Give each component a GUID of its own.",
    severities: &[Severity::Error],
    run: guids,
};

pub(super) const ICE18: Check = Check {
    number: "ICE18",
    reason: "A folder that nothing makes is missing as a key path, and the component counts as not installed.",
    remedy: "Add the folder to CreateFolder, or choose another key path.",
    severities: &[Severity::Error],
    run: empty_folders,
};

pub(super) const ICE21: Check = Check {
    number: "ICE21",
    reason: "A component without a feature is never installed.",
    remedy: "Add it to FeatureComponents.",
    severities: &[Severity::Error],
    run: features,
};

pub(super) const ICE33: Check = Check {
    number: "ICE33",
    reason: "Registrations that Windows Installer knows tables for cannot be advertised or repaired as registry values.",
    remedy: "Use the table Class, ProgId, Extension, TypeLib or AppId.",
    severities: &[Severity::Warning],
    run: registrations,
};

/// `msidbComponentAttributesRegistryKeyPath`.
pub(super) const REGISTRY_KEY_PATH: i32 = 4;
/// `msidbComponentAttributesODBCDataSource`.
const ODBC_KEY_PATH: i32 = 32;

fn key_paths(database: &Database, report: &mut Report<'_>) {
    for component in database.rows("Component") {
        let (key, attributes) = (component.text("KeyPath"), component.int("Attributes"));
        if key.is_empty() || attributes & ODBC_KEY_PATH != 0 {
            continue;
        }
        let table = if attributes & REGISTRY_KEY_PATH != 0 { "Registry" } else { "File" };
        let owner = database.row(table, key).map(|row| row.text("Component_"));
        if owner != Some(component.text("Component")) {
            report.error(&component, format!("its key path {key} is no row of {table} that belongs to it"));
        }
    }
}

fn guids(database: &Database, report: &mut Report<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for component in database.rows("Component") {
        let guid = component.text("ComponentId");
        if guid.is_empty() {
            continue;
        }
        if let Some(other) = seen.insert(guid, component.text("Component")) {
            report.error(&component, format!("it has the GUID {guid} of the component {other}"));
        }
    }
}

fn empty_folders(database: &Database, report: &mut Report<'_>) {
    let made: BTreeSet<(&str, &str)> =
        database.rows("CreateFolder").map(|row| (row.text("Directory_"), row.text("Component_"))).collect();
    let with_files: BTreeSet<&str> = database.rows("File").map(|row| row.text("Component_")).collect();
    for component in database.rows("Component").filter(|row| row.value("KeyPath").is_null()) {
        let (id, directory) = (component.text("Component"), component.text("Directory_"));
        if !made.contains(&(directory, id)) && !with_files.contains(id) {
            report.error(&component, format!("its key path is the folder {directory}, which nothing makes"));
        }
    }
}

fn features(database: &Database, report: &mut Report<'_>) {
    let mapped: BTreeSet<&str> =
        database.rows("FeatureComponents").map(|row| row.text("Component_")).collect();
    for component in database.rows("Component").filter(|row| !mapped.contains(row.text("Component"))) {
        report.error(&component, "it belongs to no feature");
    }
}

fn registrations(database: &Database, report: &mut Report<'_>) {
    for value in database.rows("Registry") {
        let key = value.text("Key").to_ascii_lowercase();
        let classes = match value.int("Root") {
            0 => Some(key.as_str()),
            _ => key.strip_prefix(r"software\classes\"),
        };
        let Some(key) = classes else { continue };
        let head = key.split('\\').next().unwrap_or_default();
        if matches!(head, "clsid" | "appid" | "typelib") || is_extension(&value, head) {
            report.warn(&value, format!("it registers {head} as a registry value"));
        }
    }
}

fn is_extension(value: &Row<'_>, head: &str) -> bool {
    // The default value of `.ext` names its type.
    head.starts_with('.') && value.value("Name").is_null()
}
