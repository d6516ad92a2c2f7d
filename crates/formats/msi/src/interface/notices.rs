//! Dialogs that Windows or another dialog calls for.

use super::builder::{Dialog, Dialogs, ERROR as ERROR_DIALOG, KEEP_MODELESS, MODAL, VISIBLE};

pub(super) const CANCEL: &str = "CancelDlg";
pub(super) const CANCELLED: &str = "CancelledDlg";
pub(super) const ERROR: &str = "ErrorDlg";
pub(super) const INVALID: &str = "InvalidDlg";
pub(super) const FAILED: &str = "FailedDlg";

pub(super) fn add(dialogs: &mut Dialogs) {
    dialogs.add(cancel());
    dialogs.add(invalid());
    dialogs.add(error());
    dialogs.add(end(
        CANCELLED,
        "Cancelled",
        "The installation was cancelled. Nothing was changed; it can be started again at any time.",
    ));
    dialogs.add(end(
        FAILED,
        "Not installed",
        "The installation ended because of an error, and every change was taken back. A log tells more: msiexec /i \
         [OriginalDatabase] /l*v install.log",
    ));
    dialogs.add(files_in_use());
    dialogs.add(restart_manager());
}

fn cancel() -> Dialog {
    let mut dialog = Dialog::new(CANCEL, (260, 85), VISIBLE | MODAL);
    dialog.text("Text", (20, 15, 220, 30), "Cancel the installation of [ProductName]?");
    dialog.button("No", (132, 57, 56, 17), "&No");
    dialog.button("Yes", (72, 57, 56, 17), "&Yes");
    dialog.on("Yes", "EndDialog", "Exit");
    dialog.on("No", "EndDialog", "Return");
    dialog.keys("No", "No");
    dialog
}

/// A setting that cannot be; its text is what is wrong.
fn invalid() -> Dialog {
    let mut dialog = Dialog::new(INVALID, (270, 105), VISIBLE | MODAL);
    dialog.text("Text", (20, 15, 230, 60), "[INVALID_SETTING]");
    dialog.button("OK", (107, 80, 56, 17), "&OK");
    dialog.on("OK", "EndDialog", "Return");
    dialog.keys("OK", "OK");
    dialog
}

/// Windows finds text and buttons by their names and shows those that it needs.
fn error() -> Dialog {
    let mut dialog = Dialog::new(ERROR, (270, 105), VISIBLE | MODAL | ERROR_DIALOG);
    dialog.text("ErrorText", (20, 15, 230, 60), "Information");
    for (name, text, event) in [
        ("Y", "&Yes", "ErrorYes"),
        ("N", "&No", "ErrorNo"),
        ("O", "&OK", "ErrorOk"),
        ("A", "&Abort", "ErrorAbort"),
        ("R", "&Retry", "ErrorRetry"),
        ("I", "&Ignore", "ErrorIgnore"),
        ("C", "&Cancel", "ErrorCancel"),
    ] {
        dialog.button(name, (100, 80, 56, 17), text);
        dialog.on(name, "EndDialog", event);
    }
    dialog
}

fn end(name: &'static str, title: &str, text: &str) -> Dialog {
    let mut dialog = Dialog::new(name, (370, 270), VISIBLE | MODAL);
    dialog.text("Title", (20, 15, 330, 20), format!("{{\\Title}}{title}"));
    dialog.line("TopLine", (0, 44, 370, 0));
    dialog.line("BottomLine", (0, 234, 370, 0));
    dialog.text("Text", (20, 55, 330, 80), text);
    dialog.button("Finish", (236, 243, 56, 17), "&Finish");
    dialog.on("Finish", "EndDialog", "Exit");
    dialog.keys("Finish", "Finish");
    dialog
}

fn files_in_use() -> Dialog {
    let mut dialog = Dialog::new("FilesInUse", (370, 270), VISIBLE | MODAL | KEEP_MODELESS);
    dialog.text(
        "Text",
        (20, 15, 330, 40),
        "These programs use files that must be replaced. Close them and choose Retry, or choose Ignore to replace the \
         files at the next restart of the computer.",
    );
    dialog.list("List", (20, 60, 330, 160), "FileInUseProcess");
    dialog.button("Retry", (304, 243, 56, 17), "&Retry");
    dialog.button("Ignore", (236, 243, 56, 17), "&Ignore");
    dialog.button("Exit", (168, 243, 56, 17), "E&xit");
    for name in ["Retry", "Ignore", "Exit"] {
        dialog.on(name, "EndDialog", name);
    }
    dialog.keys("Retry", "Exit");
    dialog
}

/// As [`files_in_use`], where the Restart Manager can close the programs.
fn restart_manager() -> Dialog {
    let mut dialog = Dialog::new("MsiRMFilesInUse", (370, 270), VISIBLE | MODAL | KEEP_MODELESS);
    dialog.text("Text", (20, 15, 330, 30), "These programs use files that must be replaced.");
    dialog.list("List", (20, 45, 330, 130), "FileInUseProcess");
    dialog.choices(
        "Choice",
        (20, 182, 330, 40),
        "RMOPTION",
        &[
            ("UseRM", "&Close the programs and start them again afterwards"),
            ("DontUseRM", "&Do not close them; the computer will have to be restarted"),
        ],
    );
    dialog.button("OK", (236, 243, 56, 17), "OK");
    dialog.button("Cancel", (304, 243, 56, 17), "Cancel");
    dialog.on_if("OK", "RMShutdownAndRestart", "0", "RMOPTION ~= \"UseRM\"");
    dialog.on("OK", "EndDialog", "Return");
    dialog.on("Cancel", "EndDialog", "Exit");
    dialog.keys("OK", "Cancel");
    dialog
}
