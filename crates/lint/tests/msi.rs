//! Checks of Windows Installer packages, from the file to the finding. Each evaluator by itself is held to its rule in
//! the crate that has them.

mod support;

use std::io::Cursor;

use landfall_lint::{Severity, checks};
use landfall_msi::installer::*;
use landfall_msi::{Database, Package as Installer, Reader, ice, row};

fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

fn sound() -> Database {
    let file = File::new(id("demo"), "demo.exe", FileContent::bytes(*b"program"));
    let code = "{6F1B2C3D-1111-4222-8333-444455556666}".parse().unwrap();
    let mut installer = Installer::new("Demo", "Example", "1.2.3".parse().unwrap(), code);
    installer.features.push(Feature::required(id("Main"), "Demo"));
    installer.directories.push(Directory {
        id: id(INSTALLDIR),
        parent: id("ProgramFiles64Folder"),
        name: "Demo".into(),
    });
    installer.components.push(Component::for_file(id(INSTALLDIR), id("Main"), file));
    let mut bytes = Vec::new();
    installer.write(&Options::default(), &mut bytes).unwrap();
    let mut reader = Reader::open(Cursor::new(bytes)).unwrap();
    let mut database = reader.database().unwrap();
    // What is judged here are tables; the cabinet is not read back with them.
    database.table_mut("Media").unwrap().rows.clear();
    database
        .insert(
            "Media",
            row![
                1,
                1,
                landfall_msi::Value::Null,
                "data.cab",
                landfall_msi::Value::Null,
                landfall_msi::Value::Null
            ],
        )
        .unwrap();
    database
}

/// Id, severity and place of what is said of a database.
fn said(database: Database) -> Vec<(&'static str, Severity, String)> {
    let mut bytes = Vec::new();
    database.write(&mut bytes).unwrap();
    support::judge(bytes, "demo.msi")
        .into_iter()
        .filter(|finding| finding.rule.id.starts_with("ICE"))
        .map(|finding| (finding.rule.id, finding.rule.severity, finding.place))
        .collect()
}

#[test]
fn findings_have_numbers_severities_and_places() {
    let note = ("ICE61", Severity::Note, "Upgrade".to_owned());
    let before = said(sound());
    assert!(before.len() == 1 && before[0].0 == note.0 && before[0].1 == note.1, "{before:?}");

    let mut database = sound();
    database.insert("Directory", row!["ADDLOCAL", "INSTALLDIR", "x"]).unwrap();
    let table = database.table_mut("Component").unwrap();
    let folder = table.column("Directory_").unwrap();
    table.rows[0][folder] = "System64Folder".into();
    database.insert("Directory", row!["System64Folder", "TARGETDIR", "System64"]).unwrap();
    let after = said(database);
    assert!(after.contains(&("ICE99", Severity::Error, "Directory ADDLOCAL:".into())), "{after:?}");
    assert!(
        after.iter().any(|(id, severity, _)| (*id, *severity) == ("ICE09", Severity::Warning)),
        "{after:?}"
    );
    // The worst first.
    assert_eq!(after[0].1, Severity::Error);
}

#[test]
fn every_evaluator_is_listed() {
    for check in &ice::CHECKS {
        let listed = checks().filter(|known| known.rule.id == check.number).count();
        assert_eq!(listed, check.severities.len(), "{}", check.number);
    }
}
