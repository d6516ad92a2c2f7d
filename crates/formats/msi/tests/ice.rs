//! Every check: nothing to say of a sound package, and something of one that breaks its rule.

mod common;

use std::collections::BTreeSet;
use std::io::Cursor;

use common::{product, write};
use landfall_msi::ice::{self, Finding, Severity};
use landfall_msi::installer::FileContent;
use landfall_msi::{Database, Reader, Value, row};

fn sound() -> Database {
    let bytes = write(&product("1.2.3", FileContent::bytes(*b"program"))).unwrap();
    Reader::open(Cursor::new(bytes)).unwrap().database().unwrap()
}

/// Sets a value of the row whose first key is `key`.
fn set(database: &mut Database, table: &str, key: &str, column: &str, value: impl Into<Value>) {
    let table = database.table_mut(table).unwrap();
    let index = table.column(column).unwrap();
    let row = table.rows.iter_mut().find(|row| row[0].text() == key).unwrap();
    row[index] = value.into();
}

fn delete(database: &mut Database, table: &str, key: &str) {
    database.table_mut(table).unwrap().rows.retain(|row| row[0].text() != key);
}

fn first(database: &Database, table: &str, column: &str) -> String {
    let table = database.table(table).unwrap();
    table.rows[0][table.column(column).unwrap()].to_string()
}

type Break = fn(&mut Database);

/// What breaks the rule of each check.
const BROKEN: &[(&str, &str, Break)] = &[
    ("ICE02", "a key path of another component", |db| {
        let other = first(db, "File", "File");
        let components = db.table("Component").unwrap();
        let index = components.column("KeyPath").unwrap();
        let row = components
            .rows
            .iter()
            .find(|row| row[index].text().starts_with("readme") || row[index].text().starts_with("empty"));
        let key = row.unwrap()[0].to_string();
        let other = if other == "demo.exe" { other } else { "demo.exe".to_owned() };
        set(db, "Component", &key, "KeyPath", other);
    }),
    ("ICE03", "a file of no component", |db| set(db, "File", "readme", "Component_", "Nowhere")),
    ("ICE03", "an identifier with a space", |db| {
        db.insert("Property", row!["A B", "x"]).unwrap();
    }),
    ("ICE03", "a number outside its range", |db| set(db, "File", "readme", "Sequence", 0)),
    ("ICE03", "a condition that does not close", |db| {
        set(db, "InstallExecuteSequence", "InstallFiles", "Condition", "(A");
    }),
    ("ICE03", "a text that is too long", |db| set(db, "Feature", "Main", "Title", "x".repeat(65))),
    ("ICE06", "a missing column", |db| {
        let table = db.table_mut("File").unwrap();
        table.columns.pop();
        table.rows.iter_mut().for_each(|row| {
            row.pop();
        });
    }),
    ("ICE08", "two components with one GUID", |db| {
        let guid = first(db, "Component", "ComponentId");
        let last = db.table("Component").unwrap().rows.last().unwrap()[0].to_string();
        set(db, "Component", &last, "ComponentId", guid);
    }),
    ("ICE09", "a component in the system's folder", |db| {
        let key = first(db, "Component", "Component");
        set(db, "Component", &key, "Directory_", "System64Folder");
    }),
    ("ICE18", "a folder that nothing makes", |db| db.table_mut("CreateFolder").unwrap().rows.clear()),
    ("ICE20", "no dialog for failures", |db| delete(db, "InstallUISequence", "FailedDlg")),
    ("ICE20", "an error dialog without a button", |db| {
        db.table_mut("Control")
            .unwrap()
            .rows
            .retain(|row| (row[0].text(), row[1].text()) != ("ErrorDlg", "R"));
    }),
    ("ICE20", "no dialog for files in use", |db| delete(db, "Dialog", "FilesInUse")),
    ("ICE21", "a component without feature", |db| {
        let table = db.table_mut("FeatureComponents").unwrap();
        table.rows.pop();
    }),
    ("ICE24", "a version that is too high", |db| set(db, "Property", "ProductVersion", "Value", "256.0.0")),
    ("ICE24", "no product code", |db| delete(db, "Property", "ProductCode")),
    ("ICE27", "files before the transaction", |db| {
        set(db, "InstallExecuteSequence", "InstallFiles", "Sequence", 1450);
    }),
    ("ICE27", "the old version removed at a wrong place", |db| {
        set(db, "InstallExecuteSequence", "RemoveExistingProducts", "Sequence", 4100);
    }),
    ("ICE27", "no end", |db| delete(db, "InstallExecuteSequence", "InstallFinalize")),
    ("ICE27", "advertising that publishes nothing", |db| delete(db, "AdvtExecuteSequence", "PublishProduct")),
    ("ICE27", "advertising in the wrong order", |db| {
        set(db, "AdvtExecuteSequence", "PublishFeatures", "Sequence", 6500);
    }),
    ("ICE30", "two files at one place", |db| {
        set(db, "File", "empty", "FileName", "README~1.TXT|Read me first.txt")
    }),
    ("ICE33", "a class as a registry value", |db| {
        let component = first(db, "Component", "Component");
        let key = r"Software\Classes\CLSID\{6F1B2C3D-1111-4222-8333-444455556666}";
        db.insert("Registry", row!["Class", 2, key, Value::Null, "x", component]).unwrap();
    }),
    ("ICE38", "a key path of the machine in a profile", |db| set(db, "Registry", "MenuKey", "Root", 2)),
    ("ICE43", "a shortcut whose key path is the machine's", |db| set(db, "Registry", "MenuKey", "Root", 2)),
    ("ICE57", "values of a user and of the machine", |db| set(db, "Registry", "Token", "Root", 1)),
    ("ICE61", "an upgrade to anything", |db| {
        let table = db.table_mut("Upgrade").unwrap();
        let row = table.rows.iter_mut().find(|row| !row[2].is_null()).unwrap();
        row[2] = Value::Null;
    }),
    ("ICE64", "a folder in a profile that stays", |db| delete(db, "RemoveFile", "MenuFolder")),
    ("ICE72", "code that runs while the package is advertised", |db| {
        db.insert("CustomAction", row!["Code", 3106, "TARGETDIR", "cmd.exe", Value::Null]).unwrap();
        db.insert("AdvtExecuteSequence", row!["Code", Value::Null, 6350]).unwrap();
    }),
    ("ICE78", "a dialog while the package is advertised", |db| {
        let mut table = db.table("AdvtExecuteSequence").unwrap().clone();
        "AdvtUISequence".clone_into(&mut table.name);
        db.add_table(table);
    }),
    ("ICE80", "a 32-bit component in a 64-bit folder", |db| {
        let key = first(db, "FeatureComponents", "Component_");
        set(db, "Component", &key, "Attributes", 0);
        set(db, "Component", &key, "Directory_", "INSTALLDIR");
    }),
    ("ICE80", "a package for another platform", |db| db.summary.template = "Intel;1033".into()),
    ("ICE91", "a file in one user's profile", |db| {
        db.insert("Directory", row!["AppDataFolder", "TARGETDIR", "Roaming"]).unwrap();
        set(db, "Directory", "INSTALLDIR", "Directory_Parent", "AppDataFolder");
    }),
    ("ICE99", "a folder named after a property", |db| {
        db.insert("Directory", row!["ADDLOCAL", "INSTALLDIR", "x"]).unwrap();
    }),
];

fn errors(database: &Database) -> Vec<Finding> {
    ice::check(database).into_iter().filter(|finding| finding.severity == Severity::Error).collect()
}

#[test]
fn a_sound_package_passes() {
    let findings = ice::check(&sound());
    // That packages of one version replace each other is meant so, and a note.
    let other: Vec<String> =
        findings.iter().filter(|f| f.severity != Severity::Note).map(ToString::to_string).collect();
    assert_eq!(other, [""; 0]);
    assert!(errors(&sound()).is_empty());
}

#[test]
fn every_check_finds_what_it_looks_for() {
    let clean: BTreeSet<String> = ice::check(&sound()).iter().map(ToString::to_string).collect();
    for (number, what, break_it) in BROKEN {
        let mut database = sound();
        break_it(&mut database);
        let findings = ice::check(&database);
        let new: Vec<String> =
            findings.iter().map(ToString::to_string).filter(|text| !clean.contains(text)).collect();
        assert!(
            findings.iter().any(|f| f.number == *number && !clean.contains(&f.to_string())),
            "{number} does not notice {what}: {new:#?}"
        );
    }
}

#[test]
fn every_check_has_a_fixture_and_a_remedy() {
    let with_fixture: BTreeSet<&str> = BROKEN.iter().map(|(number, ..)| *number).collect();
    for check in &ice::CHECKS {
        assert!(with_fixture.contains(check.number), "{} has no fixture", check.number);
        assert!(!check.reason.is_empty() && !check.remedy.is_empty());
    }
    let numbers: Vec<&str> = ice::CHECKS.iter().map(|check| check.number).collect();
    assert!(numbers.is_sorted());
}
