//! Texts and styles.

use crate::{Database, Error, Value, row};

/// What is said while an action runs.
const ACTIONS: [(&str, &str); 24] = [
    ("CostFinalize", "Computing the space needed"),
    ("CostInitialize", "Computing the space needed"),
    ("CreateFolders", "Making folders"),
    ("CreateShortcuts", "Making shortcuts"),
    ("DeleteServices", "Deleting services"),
    ("FileCost", "Computing the space needed"),
    ("FindRelatedProducts", "Looking for other versions"),
    ("InstallFiles", "Copying files"),
    ("InstallServices", "Registering services"),
    ("InstallValidate", "Checking"),
    ("MsiConfigureServices", "Configuring services"),
    ("ProcessComponents", "Registering components"),
    ("PublishFeatures", "Registering features"),
    ("PublishProduct", "Registering the product"),
    ("RegisterProduct", "Registering the product"),
    ("RemoveExistingProducts", "Removing the old version"),
    ("RemoveFiles", "Removing files"),
    ("RemoveFolders", "Removing folders"),
    ("RemoveRegistryValues", "Removing registry values"),
    ("Rollback", "Taking back what was changed"),
    ("StartServices", "Starting services"),
    ("StopServices", "Stopping services"),
    ("WriteEnvironmentStrings", "Setting environment variables"),
    ("WriteRegistryValues", "Writing registry values"),
];

/// Texts that controls make use of by themselves.
const CONTROLS: [(&str, &str); 8] = [
    ("bytes", "bytes"),
    ("GB", "GB"),
    ("KB", "KB"),
    ("MB", "MB"),
    ("MenuAbsent", "Not installed"),
    ("MenuLocal", "Installed on this computer"),
    ("NewFolder", "New folder|New folder"),
    ("VolumeCostDifference", "Difference"),
];

const BOLD: i32 = 1;

pub(super) fn add(database: &mut Database) -> Result<(), Error> {
    for (action, text) in ACTIONS {
        database.insert("ActionText", row![action, text, Value::Null])?;
    }
    for (key, text) in CONTROLS {
        database.insert("UIText", row![key, text])?;
    }
    for (name, size, style) in [("Normal", 8, Value::Null), ("Title", 10, Value::from(BOLD))] {
        database.insert("TextStyle", row![name, "Tahoma", size, Value::Null, style])?;
    }
    Ok(())
}
