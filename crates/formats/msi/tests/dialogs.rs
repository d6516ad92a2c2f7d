//! Dialogs can be used, by the keyboard alone.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::product;
use landfall_msi::Database;
use landfall_msi::installer::FileContent;

fn database() -> Database {
    product("1.2.3", FileContent::bytes(*b"program")).database().unwrap()
}

/// The rows of a table as text.
fn rows(database: &Database, table: &str) -> Vec<Vec<String>> {
    let table = database.table(table).unwrap();
    table.rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn every_control_lies_in_its_dialog() {
    let database = database();
    let number = |text: &String| text.parse::<i32>().unwrap();
    let sizes: BTreeMap<String, (i32, i32)> = rows(&database, "Dialog")
        .iter()
        .map(|row| (row[0].clone(), (number(&row[3]), number(&row[4]))))
        .collect();
    for row in rows(&database, "Control") {
        let (width, height) = sizes[&row[0]];
        let (x, y, w, h) = (number(&row[3]), number(&row[4]), number(&row[5]), number(&row[6]));
        // A combo box's height is that of its open list.
        let fits = x + w <= width && (y + h <= height || row[2] == "DirectoryCombo");
        assert!(fits, "{} {}", row[0], row[1]);
    }
}

#[test]
fn the_tab_key_goes_round() {
    let database = database();
    for dialog in rows(&database, "Dialog") {
        let next: BTreeMap<String, String> = rows(&database, "Control")
            .into_iter()
            .filter(|row| row[0] == dialog[0] && !row[10].is_empty())
            .map(|row| (row[1].clone(), row[10].clone()))
            .collect();
        let mut seen = BTreeSet::new();
        let mut current = dialog[7].clone();
        while seen.insert(current.clone()) {
            current = next.get(&current).unwrap_or_else(|| panic!("{}: {current}", dialog[0])).clone();
        }
        assert_eq!(seen.len(), next.len(), "{}", dialog[0]);
        assert_eq!(current, dialog[7], "{}", dialog[0]);
    }
}

#[test]
fn access_keys_differ_within_a_dialog() {
    let database = database();
    let mut keys: BTreeMap<String, BTreeSet<char>> = BTreeMap::new();
    let radio = rows(&database, "RadioButton");
    for row in rows(&database, "Control") {
        let mut texts = vec![row[9].clone()];
        texts.extend(radio.iter().filter(|button| button[0] == row[8]).map(|button| button[7].clone()));
        for text in texts.iter().filter(|text| !text.starts_with("{\\rtf")) {
            let plain = text.replace("&&", "");
            let Some(key) = plain.split_once('&').and_then(|(_, rest)| rest.chars().next()) else { continue };
            let key = key.to_ascii_lowercase();
            assert!(
                keys.entry(row[0].clone()).or_default().insert(key),
                "{}: two controls have {key}",
                row[0]
            );
        }
        if row[2] == "PushButton" && !row[9].contains('&') {
            assert!(["OK", "Cancel"].contains(&row[9].as_str()), "{} {} has no access key", row[0], row[1]);
        }
    }
}

#[test]
fn every_way_leads_somewhere() {
    let database = database();
    let dialogs: BTreeSet<String> = rows(&database, "Dialog").into_iter().map(|row| row[0].clone()).collect();
    let events = rows(&database, "ControlEvent");
    for event in events.iter().filter(|event| matches!(event[2].as_str(), "NewDialog" | "SpawnDialog")) {
        assert!(dialogs.contains(&event[3]), "{event:?}");
    }
    // Every button does something.
    for control in rows(&database, "Control").iter().filter(|row| row[2] == "PushButton") {
        let enabled = control[7].parse::<i32>().unwrap() & 2 != 0;
        let acts = events.iter().any(|event| event[0] == control[0] && event[1] == control[1]);
        assert_eq!(acts, enabled, "{} {}", control[0], control[1]);
    }
    // From the first page every page can be reached.
    let mut reached = BTreeSet::from(["WelcomeDlg".to_owned()]);
    let mut open = vec!["WelcomeDlg".to_owned()];
    while let Some(dialog) = open.pop() {
        for event in
            events.iter().filter(|e| e[0] == dialog && e[2].ends_with("Dialog") && e[2] != "EndDialog")
        {
            if reached.insert(event[3].clone()) {
                open.push(event[3].clone());
            }
        }
    }
    for page in ["LicenseDlg", "FolderDlg", "BrowseDlg", "SettingsDlg", "ReadyDlg", "CancelDlg"] {
        assert!(reached.contains(page), "{page}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let database = database();
    let token = rows(&database, "Control").into_iter().find(|row| row[8] == "API_TOKEN").unwrap();
    assert!(token[7].parse::<i32>().unwrap() & 0x20_0000 != 0);
}
