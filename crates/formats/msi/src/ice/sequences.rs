//! The order of actions.

use std::collections::BTreeMap;

use super::{Check, Report, Severity};
use crate::Database;
use crate::installer::Sequence;

pub(super) const ICE27: Check = Check {
    number: "ICE27",
    reason: "An action at the wrong place works on what is not known yet, or changes the machine beyond rollback.",
    remedy: "Give the action its usual number.",
    severities: &[Severity::Error],
    run: order,
};

pub(super) const ICE72: Check = Check {
    number: "ICE72",
    reason: "Group Policy advertises a package before it installs it, and no code of the package may run by then.",
    remedy: "Take the action out of AdvtExecuteSequence.",
    severities: &[Severity::Error],
    run: advertising,
};

pub(super) const ICE78: Check = Check {
    number: "ICE78",
    reason: "Nobody is there to be shown anything when a package is advertised.",
    remedy: "Take all rows out of AdvtUISequence.",
    severities: &[Severity::Error],
    run: silent_advertising,
};

/// Pairs that must follow each other, where both are there.
const ORDER: [(&str, &str); 34] = [
    ("AppSearch", "CostInitialize"),
    ("LaunchConditions", "CostInitialize"),
    ("FindRelatedProducts", "MigrateFeatureStates"),
    ("FindRelatedProducts", "RemoveExistingProducts"),
    ("CostInitialize", "FileCost"),
    ("FileCost", "CostFinalize"),
    ("CostInitialize", "CostFinalize"),
    ("CostFinalize", "MigrateFeatureStates"),
    ("CostFinalize", "InstallValidate"),
    ("InstallValidate", "InstallInitialize"),
    ("InstallValidate", "RemoveExistingProducts"),
    ("InstallInitialize", "ProcessComponents"),
    ("ProcessComponents", "UnpublishFeatures"),
    ("UnpublishFeatures", "StopServices"),
    ("StopServices", "DeleteServices"),
    ("DeleteServices", "RemoveRegistryValues"),
    ("RemoveRegistryValues", "RemoveShortcuts"),
    ("RemoveShortcuts", "RemoveFiles"),
    ("RemoveEnvironmentStrings", "RemoveFiles"),
    ("RemoveFiles", "RemoveFolders"),
    ("RemoveFiles", "InstallFiles"),
    ("RemoveFolders", "CreateFolders"),
    ("CreateFolders", "InstallFiles"),
    ("StopServices", "InstallFiles"),
    ("InstallFiles", "CreateShortcuts"),
    ("InstallFiles", "WriteRegistryValues"),
    ("InstallFiles", "InstallServices"),
    ("InstallServices", "MsiConfigureServices"),
    ("MsiConfigureServices", "StartServices"),
    ("InstallServices", "StartServices"),
    ("StartServices", "RegisterProduct"),
    ("RegisterProduct", "PublishProduct"),
    ("PublishFeatures", "PublishProduct"),
    ("PublishProduct", "InstallFinalize"),
];

/// Actions that write to the script and so belong between `InstallInitialize` and `InstallFinalize`.
const CHANGES: [&str; 23] = [
    "CreateFolders",
    "CreateShortcuts",
    "DeleteServices",
    "InstallFiles",
    "InstallServices",
    "MoveFiles",
    "MsiConfigureServices",
    "ProcessComponents",
    "PublishFeatures",
    "PublishProduct",
    "RegisterProduct",
    "RegisterUser",
    "RemoveEnvironmentStrings",
    "RemoveFiles",
    "RemoveFolders",
    "RemoveRegistryValues",
    "RemoveShortcuts",
    "StartServices",
    "StopServices",
    "UnpublishFeatures",
    "WriteEnvironmentStrings",
    "WriteRegistryValues",
    "InstallExecute",
];

/// Actions without which nothing is installed.
const REQUIRED: [&str; 5] =
    ["CostInitialize", "CostFinalize", "InstallValidate", "InstallInitialize", "InstallFinalize"];
/// Actions without which nothing is advertised, beside the required ones.
const ADVERTISING: [&str; 2] = ["PublishFeatures", "PublishProduct"];
/// Kinds of custom actions that run no code: a message that ends it all, a folder, a property.
const WITHOUT_CODE: [i32; 3] = [19, 35, 51];
/// The bits of a custom action's type that say its kind.
const KIND: i32 = 0x3F;

fn order(database: &Database, report: &mut Report<'_>) {
    for sequence in Sequence::ALL {
        let table = sequence.table();
        let numbers: BTreeMap<&str, i32> =
            database.rows(table).map(|row| (row.text("Action"), row.int("Sequence"))).collect();
        if numbers.is_empty() {
            continue;
        }
        let at = |action: &str| numbers.get(action).copied();
        let row = |action: &str| database.row(table, action);
        for (first, second) in ORDER {
            if let (Some(one), Some(two), Some(row)) = (at(first), at(second), row(second))
                && one >= two
            {
                report.error(&row, format!("it must come after {first}"));
            }
        }
        let required: &[&str] = match sequence {
            Sequence::Execute => &[],
            Sequence::Advertise => &ADVERTISING,
            _ => continue,
        };
        for action in REQUIRED.iter().chain(required).filter(|action| at(action).is_none()) {
            report.table(table, format!("{action} is missing"));
        }
        let (Some(start), Some(end)) = (at("InstallInitialize"), at("InstallFinalize")) else { continue };
        for action in CHANGES {
            if let (Some(number), Some(row)) = (at(action), row(action))
                && !(start..end).contains(&number)
            {
                report.error(&row, "it must stand between InstallInitialize and InstallFinalize");
            }
        }
        if sequence == Sequence::Execute {
            check_removal(&numbers, database, report);
        }
    }
}

fn advertising(database: &Database, report: &mut Report<'_>) {
    for row in database.rows(Sequence::Advertise.table()) {
        let custom = database.row("CustomAction", row.text("Action"));
        if custom.is_some_and(|action| !WITHOUT_CODE.contains(&(action.int("Type") & KIND))) {
            report.error(&row, "it runs code while the package is advertised");
        }
    }
}

fn silent_advertising(database: &Database, report: &mut Report<'_>) {
    for row in database.rows("AdvtUISequence") {
        report.error(&row, "Windows runs no such sequence");
    }
}

/// `RemoveExistingProducts` may stand at four places only.
fn check_removal(numbers: &BTreeMap<&str, i32>, database: &Database, report: &mut Report<'_>) {
    let at = |action: &str| numbers.get(action).copied();
    let table = Sequence::Execute.table();
    let (Some(removal), Some(row)) =
        (at("RemoveExistingProducts"), database.row(table, "RemoveExistingProducts"))
    else {
        return;
    };
    // What stands between an anchor and the removal must not change the machine.
    let changes_between = |from: i32, to: i32| {
        CHANGES.iter().any(|action| at(action).is_some_and(|number| from < number && number < to))
    };
    let fits =
        ["InstallValidate", "InstallInitialize", "InstallExecute", "InstallExecuteAgain", "InstallFinalize"]
            .iter()
            .filter_map(|anchor| at(anchor))
            .any(|anchor| anchor < removal && !changes_between(anchor, removal));
    if !fits {
        report.error(
            &row,
            "it must follow InstallValidate, InstallInitialize, InstallExecute or InstallFinalize directly",
        );
    }
}
