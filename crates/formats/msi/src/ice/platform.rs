//! 32 and 64 bit.

use super::{Check, Report, Severity};
use crate::Database;

pub(super) const ICE80: Check = Check {
    number: "ICE80",
    reason: "A component of the wrong kind is redirected to the other half of a 64-bit Windows.",
    remedy: "Mark components for 64-bit folders as 64-bit, and the package for a 64-bit platform and schema 200 or \
             higher (500 for Arm64).",
    severities: &[Severity::Error],
    run: bitness,
};

/// `msidbComponentAttributes64bit`.
const IS_64_BIT: i32 = 256;
const FOLDERS_64: [&str; 3] = ["ProgramFiles64Folder", "CommonFiles64Folder", "System64Folder"];
const FOLDERS_32: [&str; 3] = ["ProgramFilesFolder", "CommonFilesFolder", "SystemFolder"];

fn bitness(database: &Database, report: &mut Report<'_>) {
    let platform = database.summary.template.split(';').next().unwrap_or_default();
    let is_64 =
        platform.split(',').any(|p| matches!(p.to_ascii_lowercase().as_str(), "x64" | "intel64" | "arm64"));
    let needed = if platform.eq_ignore_ascii_case("arm64") { 500 } else { 200 };
    let schema = database.summary.schema.unwrap_or(0);
    if is_64 && schema < needed {
        let table = "_SummaryInformation";
        report.table(table, format!("the platform {platform} needs schema {needed}, not {schema}"));
    }
    for component in database.rows("Component") {
        let folder = component.text("Directory_");
        let marked = component.int("Attributes") & IS_64_BIT != 0;
        if marked && !is_64 {
            report.error(&component, format!("it is 64-bit in a package for {platform:?}"));
        }
        let chain = super::folders::ancestors(database, folder);
        let within = |folders: &[&str]| chain.iter().any(|key| folders.contains(key));
        if !marked && within(&FOLDERS_64) {
            report.error(&component, format!("it is 32-bit, but {folder} is a 64-bit folder"));
        }
        if marked && within(&FOLDERS_32) {
            report.error(&component, format!("it is 64-bit, but {folder} is a 32-bit folder"));
        }
    }
}
