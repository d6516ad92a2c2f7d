//! The pages of the wizard.

use super::Interface;
use super::builder::{Dialog, Dialogs, MINIMIZE, MODAL, TRACK_DISK_SPACE, VISIBLE};
use super::notices::{self, CANCEL};
use super::rtf;
use crate::installer::INSTALLDIR;

pub(super) const WELCOME: &str = "WelcomeDlg";
pub(super) const MAINTENANCE: &str = "MaintenanceDlg";
pub(super) const ADMINISTRATION: &str = "AdministrationDlg";
pub(super) const PROGRESS: &str = "ProgressDlg";
pub(super) const EXIT: &str = "ExitDlg";
const LICENSE: &str = "LicenseDlg";
const FOLDER: &str = "FolderDlg";
const BROWSE: &str = "BrowseDlg";
const SETTINGS: &str = "SettingsDlg";
/// Property that says what is wrong with a setting.
const INVALID: &str = "INVALID_SETTING";
const READY: &str = "ReadyDlg";

/// Size of every page.
const SIZE: (i32, i32) = (370, 270);
/// Where buttons stand, from the left.
const LEFT_BUTTON: (i32, i32, i32, i32) = (180, 243, 56, 17);
const MIDDLE_BUTTON: (i32, i32, i32, i32) = (236, 243, 56, 17);
const RIGHT_BUTTON: (i32, i32, i32, i32) = (304, 243, 56, 17);
/// A line of text across the page.
const LINE: (i32, i32, i32, i32) = (20, 55, 330, 30);

/// Adds all pages; `folder`: people may choose where the product goes.
pub(super) fn add(interface: &Interface, folder: bool, dialogs: &mut Dialogs) {
    let mut pages = vec![WELCOME];
    pages.extend(interface.license.is_some().then_some(LICENSE));
    pages.extend(folder.then_some(FOLDER));
    pages.extend((!interface.fields.is_empty()).then_some(SETTINGS));
    pages.push(READY);
    for (place, name) in pages.iter().enumerate() {
        let back = place.checked_sub(1).map(|place| pages[place]);
        let next = pages.get(place + 1).copied();
        dialogs.add(match *name {
            WELCOME => welcome(next),
            LICENSE => license(interface.license.as_deref().unwrap_or_default(), back, next),
            FOLDER => choose_folder(back, next),
            SETTINGS => settings(interface, back, next),
            _ => ready(back),
        });
    }
    if folder {
        dialogs.add(browse());
    }
    for dialog in [maintenance(), administration(), progress(), exit()] {
        dialogs.add(dialog);
    }
}

/// A page with its title, without its buttons.
fn page(name: &'static str, title: &str) -> Dialog {
    let mut dialog = Dialog::new(name, SIZE, VISIBLE | MODAL | MINIMIZE | TRACK_DISK_SPACE);
    dialog.text("Title", (20, 15, 330, 20), format!("{{\\Title}}{title}"));
    dialog.line("TopLine", (0, 44, 370, 0));
    dialog.line("BottomLine", (0, 234, 370, 0));
    dialog
}

/// Adds the buttons that lead through the wizard. They come last, so that the Tab key reaches the page's own controls
/// first.
fn buttons(dialog: &mut Dialog, back: Option<&'static str>, next: Option<&'static str>) {
    buttons_if(dialog, back, next, "1");
}

/// As [`buttons`], with a condition for the way on.
fn buttons_if(dialog: &mut Dialog, back: Option<&'static str>, next: Option<&'static str>, condition: &str) {
    match back {
        Some(back) => {
            dialog.button("Back", LEFT_BUTTON, "&Back");
            dialog.on("Back", "NewDialog", back);
        }
        None => dialog.disabled_button("Back", LEFT_BUTTON, "&Back"),
    }
    if let Some(next) = next {
        dialog.button("Next", MIDDLE_BUTTON, "&Next");
        dialog.on_if("Next", "NewDialog", next, condition);
    }
    cancel(dialog);
    dialog.keys("Next", "Cancel");
}

fn cancel(dialog: &mut Dialog) {
    dialog.button("Cancel", RIGHT_BUTTON, "Cancel");
    dialog.on("Cancel", "SpawnDialog", CANCEL);
}

fn welcome(next: Option<&'static str>) -> Dialog {
    let mut dialog = page(WELCOME, "[ProductName] [ProductVersion]");
    dialog.text(
        "Text",
        (20, 55, 330, 60),
        "This installs [ProductName] on this computer. Next continues, Cancel ends without changing anything.",
    );
    buttons(&mut dialog, None, next);
    dialog
}

fn license(text: &str, back: Option<&'static str>, next: Option<&'static str>) -> Dialog {
    let mut dialog = page(LICENSE, "Licence");
    dialog.scrolling("License", (20, 55, 330, 145), rtf::from_text(text));
    dialog.check_box("Accept", (20, 207, 330, 18), "LICENSE_ACCEPTED", "I &accept the terms of this licence");
    buttons(&mut dialog, back, next);
    dialog.enable_if("Next", "LICENSE_ACCEPTED = \"1\"");
    dialog
}

fn choose_folder(back: Option<&'static str>, next: Option<&'static str>) -> Dialog {
    let mut dialog = page(FOLDER, "Folder");
    dialog.label("Label", LINE, "&Install [ProductName] to:");
    dialog.folder(("Folder", "PathEdit"), (20, 85, 260, 18), INSTALLDIR, false);
    dialog.button("Browse", (290, 85, 60, 18), "B&rowse...");
    dialog.on("Browse", "[BROWSED]", INSTALLDIR);
    dialog.on("Browse", "SpawnDialog", BROWSE);
    // Before the next page: a folder that cannot be written to is told of here.
    dialog.on("Next", "SetTargetPath", INSTALLDIR);
    buttons(&mut dialog, back, next);
    dialog
}

fn browse() -> Dialog {
    let mut dialog = page(BROWSE, "Choose a folder");
    dialog.label("LookLabel", (20, 50, 330, 10), "&Look in:");
    dialog.folder(("Look", "DirectoryCombo"), (20, 62, 250, 80), "BROWSED", true);
    dialog.button("Up", (280, 61, 30, 18), "&Up");
    dialog.button("New", (315, 61, 35, 18), "&New");
    dialog.folder(("Folders", "DirectoryList"), (20, 84, 330, 108), "BROWSED", true);
    dialog.label("PathLabel", (20, 197, 330, 10), "&Folder:");
    dialog.folder(("Path", "PathEdit"), (20, 209, 330, 18), "BROWSED", true);
    dialog.button("OK", MIDDLE_BUTTON, "OK");
    dialog.button("Cancel", RIGHT_BUTTON, "Cancel");
    dialog.on("Up", "DirectoryListUp", "0");
    dialog.on("New", "DirectoryListNew", "0");
    dialog.on("OK", "SetTargetPath", "[BROWSED]");
    dialog.on("OK", "EndDialog", "Return");
    dialog.on("Cancel", "Reset", "0");
    dialog.on("Cancel", "EndDialog", "Return");
    dialog.keys("OK", "Cancel");
    dialog
}

fn settings(interface: &Interface, back: Option<&'static str>, next: Option<&'static str>) -> Dialog {
    let mut dialog = page(SETTINGS, "Settings");
    for ((number, field), top) in (1..).zip(&interface.fields).zip((52..).step_by(26)) {
        let label = field.label.replace('&', "&&");
        // The digit is the access key.
        dialog.label(format!("Label{number}"), (20, top + 3, 110, 16), format!("&{number} {label}:"));
        dialog.edit(format!("Field{number}"), (132, top, 218, 18), &field.property, field.secret);
    }
    // Empty braces take the property away.
    dialog.on("Next", &format!("[{INVALID}]"), "{}");
    for rule in interface.fields.iter().flat_map(|field| &field.rules) {
        let broken = format!("NOT ({})", rule.condition);
        dialog.on_if("Next", &format!("[{INVALID}]"), &rule.message, &broken);
    }
    dialog.on_if("Next", "SpawnDialog", notices::INVALID, INVALID);
    buttons_if(&mut dialog, back, next, &format!("NOT {INVALID}"));
    dialog
}

fn ready(back: Option<&'static str>) -> Dialog {
    let mut dialog = page(READY, "Ready");
    dialog.text(
        "Text",
        (20, 55, 330, 60),
        "Install begins the installation. Back shows what you chose once more.",
    );
    if let Some(back) = back {
        dialog.button("Back", LEFT_BUTTON, "&Back");
        dialog.on("Back", "NewDialog", back);
    }
    dialog.shield_button("Next", MIDDLE_BUTTON, "&Install");
    dialog.on("Next", "EndDialog", "Return");
    cancel(&mut dialog);
    dialog.keys("Next", "Cancel");
    dialog
}

fn maintenance() -> Dialog {
    let mut dialog = page(MAINTENANCE, "[ProductName] [ProductVersion] is installed");
    dialog.shield_button("Repair", (20, 65, 80, 18), "Re&pair");
    dialog.text("RepairText", (110, 65, 240, 30), "Installs all files again and keeps your settings.");
    dialog.shield_button("Remove", (20, 105, 80, 18), "&Remove");
    dialog.text("RemoveText", (110, 105, 240, 30), "Takes [ProductName] off this computer.");
    // Everything again: files whatever their version, registry values, shortcuts.
    dialog.on("Repair", "ReinstallMode", "amus");
    dialog.on("Repair", "Reinstall", "ALL");
    dialog.on("Repair", "EndDialog", "Return");
    dialog.on("Remove", "Remove", "ALL");
    dialog.on("Remove", "EndDialog", "Return");
    cancel(&mut dialog);
    dialog.keys("Repair", "Cancel");
    dialog
}

fn administration() -> Dialog {
    let mut dialog = page(ADMINISTRATION, "Administrative image");
    dialog.label("Label", LINE, "&Unpack [ProductName] for installation from the network to:");
    dialog.folder(("Folder", "PathEdit"), (20, 85, 330, 18), "TARGETDIR", false);
    dialog.button("Next", MIDDLE_BUTTON, "Un&pack");
    dialog.on("Next", "SetTargetPath", "TARGETDIR");
    dialog.on("Next", "EndDialog", "Return");
    cancel(&mut dialog);
    dialog.keys("Next", "Cancel");
    dialog
}

fn progress() -> Dialog {
    // Stays while the installation runs.
    let mut dialog = Dialog::new(PROGRESS, SIZE, VISIBLE | MINIMIZE);
    dialog.text("Title", (20, 15, 330, 20), "{\\Title}[ProductName]");
    dialog.line("TopLine", (0, 44, 370, 0));
    dialog.line("BottomLine", (0, 234, 370, 0));
    dialog.text("ActionText", (20, 90, 330, 14), "");
    dialog.progress("Bar", (20, 108, 330, 12));
    dialog.follow("ActionText", "ActionText", "Text");
    dialog.follow("Bar", "SetProgress", "Progress");
    cancel(&mut dialog);
    dialog.keys("Cancel", "Cancel");
    dialog
}

fn exit() -> Dialog {
    let mut dialog = page(EXIT, "Done");
    dialog.text("Text", LINE, "Everything went well.");
    dialog.button("Finish", MIDDLE_BUTTON, "&Finish");
    dialog.on("Finish", "EndDialog", "Return");
    dialog.keys("Finish", "Finish");
    dialog
}
