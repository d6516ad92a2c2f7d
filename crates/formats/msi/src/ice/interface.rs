//! Dialogs.

use std::collections::BTreeSet;

use super::{Check, Report, Severity, property};
use crate::Database;

pub(super) const ICE20: Check = Check {
    number: "ICE20",
    reason: "Windows shows certain dialogs by itself and finds them by their names and places.",
    remedy: "Add the dialog, its controls, or the row in InstallUISequence.",
    severities: &[Severity::Error],
    run: required_dialogs,
};

/// Shown at the end of an installation, by number in the sequence.
const ENDS: [(i32, &str); 3] = [(-1, "success"), (-2, "cancellation"), (-3, "failure")];

fn required_dialogs(database: &Database, report: &mut Report<'_>) {
    if database.rows("Dialog").next().is_none() {
        return;
    }
    for (number, when) in ENDS {
        match database.rows("InstallUISequence").find(|row| row.int("Sequence") == number) {
            Some(row) if database.row("Dialog", row.text("Action")).is_none() => {
                report.error(&row, "there is no such dialog");
            }
            Some(_) => {}
            None => report.table("InstallUISequence", format!("no dialog is shown on {when} ({number})")),
        }
    }
    // The dialog for files in use is found by its name, and needs the list of what uses them.
    match database.row("Dialog", "FilesInUse") {
        None => report.table("Dialog", "there is no dialog FilesInUse"),
        Some(row) => {
            let has_list = database
                .rows("Control")
                .any(|c| c.text("Dialog_") == "FilesInUse" && c.text("Property") == "FileInUseProcess");
            if !has_list {
                report.error(&row, "it has no list box for the property FileInUseProcess");
            }
        }
    }
    let error = property(database, "ErrorDialog");
    let Some(dialog) = database.row("Dialog", error) else {
        return report.table("Property", "ErrorDialog names no dialog");
    };
    let controls: BTreeSet<&str> =
        database.rows("Control").filter(|c| c.text("Dialog_") == error).map(|c| c.text("Control")).collect();
    for wanted in ["ErrorText", "A", "C", "I", "N", "O", "R", "Y"] {
        if !controls.contains(wanted) {
            report.error(&dialog, format!("it lacks the control {wanted}"));
        }
    }
}
