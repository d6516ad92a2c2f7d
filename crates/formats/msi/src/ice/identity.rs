//! What identifies a product.

use super::{Check, Report, Severity, property};
use crate::installer::ProductVersion;
use crate::{Database, Guid};

pub(super) const ICE24: Check = Check {
    number: "ICE24",
    reason: "Without these properties Windows Installer neither registers nor upgrades a product.",
    remedy: "Give the property a valid value.",
    severities: &[Severity::Error],
    run: properties,
};

pub(super) const ICE61: Check = Check {
    number: "ICE61",
    reason: "An upgrade that removes what is not older lets two installers replace each other for ever.",
    remedy: "Let VersionMax be the product's version, without including it unless rebuilt packages of one version \
             shall replace each other, and only detect newer versions.",
    severities: &[Severity::Error, Severity::Note],
    run: upgrades,
};

const ONLY_DETECT: i32 = 0x002;
const INCLUDES_HIGHEST: i32 = 0x200;

fn properties(database: &Database, report: &mut Report<'_>) {
    let is_guid = |text: &str| text.parse::<Guid>().is_ok_and(|guid| guid.to_string() == text);
    let is_version =
        |text: &str| text.split('.').take(3).collect::<Vec<_>>().join(".").parse::<ProductVersion>().is_ok();
    type Rule = (&'static str, &'static str, fn(&str) -> bool);
    let rules: [Rule; 6] = [
        ("ProductName", "a name", |text| !text.is_empty()),
        ("Manufacturer", "a name", |text| !text.is_empty()),
        ("ProductLanguage", "a language identifier", |text| text.parse::<u16>().is_ok()),
        ("ProductVersion", "a version of at most 255.255.65535", is_version),
        ("ProductCode", "a GUID in upper case", is_guid),
        ("UpgradeCode", "a GUID in upper case", is_guid),
    ];
    for (name, wanted, fits) in rules {
        match database.row("Property", name) {
            Some(row) if fits(row.text("Value")) => {}
            Some(row) => report.error(&row, format!("{:?} is not {wanted}", row.text("Value"))),
            None if name == "UpgradeCode" => {
                report.table("Property", "there is no UpgradeCode: no version can be upgraded")
            }
            None => report.table("Property", format!("there is no {name}")),
        }
    }
}

fn upgrades(database: &Database, report: &mut Report<'_>) {
    let code = property(database, "UpgradeCode");
    let Ok(version) = property(database, "ProductVersion").parse::<ProductVersion>() else { return };
    for row in database.rows("Upgrade").filter(|row| row.text("UpgradeCode") == code) {
        let attributes = row.int("Attributes");
        let highest = row.text("VersionMax").parse::<ProductVersion>().ok();
        if let (Ok(lowest), Some(highest)) = (row.text("VersionMin").parse::<ProductVersion>(), highest)
            && lowest > highest
        {
            report.error(&row, format!("its lowest version {lowest} is above its highest {highest}"));
        }
        if attributes & ONLY_DETECT != 0 {
            continue;
        }
        match highest {
            None if row.value("VersionMax").is_null() => report.error(&row, "it removes newer versions too"),
            Some(highest) if highest > version => report.error(&row, "it removes newer versions too"),
            Some(highest) if highest == version && attributes & INCLUDES_HIGHEST != 0 => {
                report.note(&row, "it removes other packages of the same version");
            }
            _ => {}
        }
    }
}
