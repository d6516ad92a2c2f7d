//! Folders, and what lies in them.

use std::collections::{BTreeMap, BTreeSet};

use super::components::REGISTRY_KEY_PATH;
use super::{Check, Report, Severity, property};
use crate::{Database, Row, long_name};

pub(super) const ICE09: Check = Check {
    number: "ICE09",
    reason: "Other products may come to use what is put into the system's folder.",
    remedy: "Make the component permanent, or install elsewhere.",
    severities: &[Severity::Warning],
    run: system_folder,
};

pub(super) const ICE30: Check = Check {
    number: "ICE30",
    reason: "Of two files at one place, one overwrites the other, and removing either component breaks the other.",
    remedy: "Rename one of them, move it, or put both behind conditions that exclude each other.",
    severities: &[Severity::Error],
    run: same_place,
};

pub(super) const ICE38: Check = Check {
    number: "ICE38",
    reason: "A component in a user's profile must be found missing for every other user.",
    remedy: "Make a registry value below HKEY_CURRENT_USER its key path.",
    severities: &[Severity::Error],
    run: profile_key_paths,
};

pub(super) const ICE43: Check = Check {
    number: "ICE43",
    reason: "A shortcut lies in a user's profile, so its component must be found missing for every other user.",
    remedy: "Make a registry value below HKEY_CURRENT_USER the key path of its component.",
    severities: &[Severity::Error],
    run: shortcut_key_paths,
};

pub(super) const ICE57: Check = Check {
    number: "ICE57",
    reason: "A component with things of one user and of the machine is repaired or removed for the wrong one.",
    remedy: "Split it into one component for the user and one for the machine.",
    severities: &[Severity::Error],
    run: mixed_components,
};

pub(super) const ICE64: Check = Check {
    number: "ICE64",
    reason: "Folders in a user's profile are not removed with the product.",
    remedy: "Add the folder to RemoveFile, without a file name and with InstallMode 2.",
    severities: &[Severity::Error],
    run: profile_folders,
};

pub(super) const ICE91: Check = Check {
    number: "ICE91",
    reason: "Installed for all users, it still lands in the profile of the one who installs.",
    remedy: "Install to a folder of the machine, such as CommonAppDataFolder.",
    severities: &[Severity::Warning],
    run: private_folders,
};

pub(super) const ICE99: Check = Check {
    number: "ICE99",
    reason: "A folder's key is a property too, and this one means something else already.",
    remedy: "Choose another key.",
    severities: &[Severity::Error],
    run: reserved_names,
};

/// Folders that are a user's own, unless the product is installed for all users.
const PROFILE: [&str; 17] = [
    "AdminToolsFolder",
    "AppDataFolder",
    "DesktopFolder",
    "FavoritesFolder",
    "LocalAppDataFolder",
    "MyPicturesFolder",
    "NetHoodFolder",
    "PersonalFolder",
    "PrintHoodFolder",
    "ProgramMenuFolder",
    "RecentFolder",
    "SendToFolder",
    "StartMenuFolder",
    "StartupFolder",
    "TemplateFolder",
    "MyMusicFolder",
    "MyVideoFolder",
];
/// Those of them that follow the product to all users.
const SHARED: [&str; 6] = [
    "AdminToolsFolder",
    "DesktopFolder",
    "ProgramMenuFolder",
    "StartMenuFolder",
    "StartupFolder",
    "TemplateFolder",
];

/// Properties that a folder must not be named after.
const RESERVED: [&str; 30] = [
    "ACTION",
    "ADDDEFAULT",
    "ADDLOCAL",
    "ADDSOURCE",
    "ADVERTISE",
    "AFTERREBOOT",
    "ALLUSERS",
    "COMPANYNAME",
    "DISABLEMEDIA",
    "EXECUTEACTION",
    "EXECUTEMODE",
    "INSTALLLEVEL",
    "LIMITUI",
    "LOGACTION",
    "MEDIAPACKAGEPATH",
    "MSINODISABLEMEDIA",
    "PATCH",
    "PRIMARYFOLDER",
    "PRODUCTLANGUAGE",
    "PROMPTROLLBACKCOST",
    "REBOOT",
    "REBOOTPROMPT",
    "REINSTALL",
    "REINSTALLMODE",
    "REMOVE",
    "ROOTDRIVE",
    "SEQUENCE",
    "SHORTFILENAMES",
    "TRANSFORMS",
    "USERNAME",
];

const PERMANENT: i32 = 16;
const CURRENT_USER: i32 = 1;
const LOCAL_MACHINE: i32 = 2;

/// The keys of a folder and those above it.
pub(super) fn ancestors<'d>(database: &'d Database, directory: &'d str) -> Vec<&'d str> {
    let mut chain = vec![directory];
    let mut current = directory;
    while let Some(parent) = database.row("Directory", current).map(|row| row.text("Directory_Parent")) {
        // The root may name itself; a circle is none of these checks' business.
        if parent.is_empty() || chain.contains(&parent) {
            break;
        }
        chain.push(parent);
        current = parent;
    }
    chain
}

/// The profile folder that a folder is in.
fn profile<'d>(database: &'d Database, directory: &'d str) -> Option<&'d str> {
    ancestors(database, directory).into_iter().find(|key| PROFILE.contains(key))
}

fn system_folder(database: &Database, report: &mut Report<'_>) {
    for component in database.rows("Component") {
        let in_system =
            matches!(component.text("Directory_"), "SystemFolder" | "System64Folder" | "System16Folder");
        if in_system && component.int("Attributes") & PERMANENT == 0 {
            report.warn(&component, "it lies in the system's folder and is removed with the product");
        }
    }
}

fn same_place(database: &Database, report: &mut Report<'_>) {
    let folders: BTreeMap<&str, &str> =
        database.rows("Component").map(|row| (row.text("Component"), row.text("Directory_"))).collect();
    let mut seen: BTreeMap<(String, String), &str> = BTreeMap::new();
    for file in database.rows("File") {
        let component = file.text("Component_");
        let Some(folder) = folders.get(component) else { continue };
        let entry = file.text("FileName");
        let names: BTreeSet<String> = entry.split('|').map(str::to_uppercase).collect();
        for name in names {
            let Some(other) = seen.insert((path(database, folder), name), component) else { continue };
            let excluding =
                |id| database.row("Component", id).is_some_and(|c| !c.value("Condition").is_null());
            if excluding(other) && excluding(component) {
                continue;
            }
            report.error(&file, format!("{} is also installed by the component {other}", long_name(entry)));
        }
    }
}

/// Where a folder is at installation, in upper case.
fn path(database: &Database, directory: &str) -> String {
    let mut names = Vec::new();
    for key in ancestors(database, directory) {
        let Some(row) = database.row("Directory", key) else { continue };
        let target = row.text("DefaultDir").split(':').next().unwrap_or_default();
        // Windows decides where a standard folder is, whatever its row says.
        let standard = row.text("Directory_Parent") == "TARGETDIR" && key.ends_with("Folder");
        match (standard, target) {
            (true, _) => names.push(key.to_owned()),
            (_, ".") => {}
            _ => names.push(long_name(target).to_uppercase()),
        }
    }
    names.reverse();
    names.join("\\")
}

fn has_user_key(database: &Database, component: &Row<'_>) -> bool {
    component.int("Attributes") & REGISTRY_KEY_PATH != 0
        && database
            .row("Registry", component.text("KeyPath"))
            .is_some_and(|value| value.int("Root") == CURRENT_USER)
}

fn profile_key_paths(database: &Database, report: &mut Report<'_>) {
    for component in database.rows("Component") {
        let Some(folder) = profile(database, component.text("Directory_")) else { continue };
        if !has_user_key(database, &component) {
            report.error(&component, format!("it installs to {folder}, but its key path is not the user's"));
        }
    }
}

fn shortcut_key_paths(database: &Database, report: &mut Report<'_>) {
    for shortcut in database.rows("Shortcut") {
        // One whose target is a feature is advertised and found by Windows itself.
        let advertised = database.row("Feature", shortcut.text("Target")).is_some();
        let in_profile = profile(database, shortcut.text("Directory_")).is_some();
        let component = database.row("Component", shortcut.text("Component_"));
        if !advertised && in_profile && !component.is_some_and(|c| has_user_key(database, &c)) {
            report.error(&shortcut, "the key path of its component is not the user's");
        }
    }
}

fn mixed_components(database: &Database, report: &mut Report<'_>) {
    for component in database.rows("Component") {
        let id = component.text("Component");
        let of_user = database
            .rows("Registry")
            .any(|value| value.text("Component_") == id && value.int("Root") == CURRENT_USER)
            || database.rows("Shortcut").any(|shortcut| {
                shortcut.text("Component_") == id
                    && database.row("Feature", shortcut.text("Target")).is_none()
                    && profile(database, shortcut.text("Directory_")).is_some()
            });
        let of_machine = database
            .rows("Registry")
            .any(|value| value.text("Component_") == id && value.int("Root") == LOCAL_MACHINE)
            || (profile(database, component.text("Directory_")).is_none()
                && database.rows("File").any(|file| file.text("Component_") == id));
        if of_user && of_machine {
            report.error(&component, "it has things of one user and of the machine");
        }
    }
}

fn profile_folders(database: &Database, report: &mut Report<'_>) {
    let removed: BTreeSet<&str> = database
        .rows("RemoveFile")
        .filter(|row| row.value("FileName").is_null() && row.int("InstallMode") & 2 != 0)
        .map(|row| row.text("DirProperty"))
        .collect();
    let used: BTreeSet<&str> = database
        .rows("Component")
        .map(|row| row.text("Directory_"))
        .chain(database.rows("Shortcut").map(|row| row.text("Directory_")))
        .flat_map(|directory| ancestors(database, directory))
        .collect();
    for folder in database.rows("Directory") {
        let key = folder.text("Directory");
        let is_own = !PROFILE.contains(&key) && used.contains(key);
        if is_own && profile(database, key).is_some() && !removed.contains(key) {
            report.error(&folder, "it is a folder in a user's profile that nothing removes");
        }
    }
}

fn private_folders(database: &Database, report: &mut Report<'_>) {
    if property(database, "ALLUSERS").is_empty() {
        return;
    }
    for file in database.rows("File") {
        let Some(component) = database.row("Component", file.text("Component_")) else { continue };
        let folder = profile(database, component.text("Directory_"));
        if let Some(folder) = folder.filter(|folder| !SHARED.contains(folder)) {
            report.warn(&file, format!("it is installed to {folder}, which is one user's"));
        }
    }
}

fn reserved_names(database: &Database, report: &mut Report<'_>) {
    for folder in database.rows("Directory") {
        let key = folder.text("Directory");
        if RESERVED.contains(&key.to_ascii_uppercase().as_str()) {
            report.error(&folder, format!("{key} is a property of Windows Installer"));
        }
    }
}
