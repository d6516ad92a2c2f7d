//! What people do with the queue on the command line, while the service runs and while it does not.

use crate::support::{Station, report};
use serde_json::Value;
use std::fs;
use wats_simulator::Fault;

fn list(station: &Station, arguments: &[&str]) -> Vec<Value> {
    let output = station.command(&[&["queue", "list", "--json"], arguments].concat());
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    list["reports"].as_array().unwrap().clone()
}

fn serial_numbers(station: &Station, arguments: &[&str]) -> Vec<String> {
    list(station, arguments)
        .iter()
        .map(|report| report["serialNumber"].as_str().unwrap().to_owned())
        .collect()
}

fn succeeds(station: &Station, arguments: &[&str]) -> String {
    let output = station.command(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn fails(station: &Station, arguments: &[&str]) -> String {
    let output = station.command(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn refused_reports_are_sent_again_corrected_or_deleted() {
    let station = Station::new();
    let message = r#"{"Message":"Process 100 is unknown"}"#.to_owned();
    station.server.misbehave(Fault { body: Some(message), ..Fault::status(4, 400) });
    let mut client = station.start();
    for number in 0..4 {
        station.put(&format!("SN{number}"));
        station.wait("the refusal", |station| station.details()["queue"]["quarantined"] == number + 1);
    }
    let refused = list(&station, &["--state", "quarantined"]);
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|report| report["message"] == "status 400: Process 100 is unknown"));
    let id = |number: usize| refused[number]["id"].as_str().unwrap();

    // The service takes notice by itself.
    let told = succeeds(&station, &["queue", "retry", id(0)]);
    assert_eq!(told, format!("report {} of SN0 is sent once more\n", id(0)));
    station.wait_for(1);
    let mut corrected: Value =
        serde_json::from_str(&succeeds(&station, &["queue", "export", id(1)])).unwrap();
    corrected["processCode"] = 10.into();
    let file = station.path("corrected.json");
    fs::write(&file, "{}").unwrap();
    let file = file.to_str().unwrap();
    assert!(fails(&station, &["queue", "replace", id(1), file]).contains("pn (part number) is missing"));
    fs::write(file, corrected.to_string()).unwrap();
    succeeds(&station, &["queue", "replace", id(1), file]);
    station.wait_for(2);
    assert_eq!(station.arrived("SN1")["processCode"], 10);
    station.wait("the record of it", |station| station.details()["queue"]["delivered"] == 2);

    client.kill();
    let listed = succeeds(&station, &["queue", "list"]);
    let line = listed.lines().find(|line| line.contains(id(2))).unwrap();
    assert!(
        line.starts_with("       ") && line.contains("  SN2  SN2.json  status 400: Process 100"),
        "{line}"
    );
    succeeds(&station, &["queue", "delete", id(2)]);
    assert!(fails(&station, &["queue", "delete", id(2)]).contains("there is no report"));
    assert!(fails(&station, &["queue", "delete", id(0)]).contains("was delivered"));
    assert!(succeeds(&station, &["queue", "retry", "--all"]).starts_with("1 report(s)"));
    let _client = station.start();
    station.wait_for(3);
    station.arrived("SN3");
}

#[test]
fn reports_are_found_by_their_serial_number_page_by_page() {
    let station = Station::new();
    station.server.go_down();
    let mut client = station.start();
    for number in 0..5 {
        station.put(&format!("UNIT-{number}"));
        station.wait("it to be taken in", |station| station.details()["queue"]["pending"] == number + 1);
    }
    assert_eq!(serial_numbers(&station, &["--search", "nit-3"]), ["UNIT-3"]);
    assert_eq!(serial_numbers(&station, &["--search", "100%"]), [""; 0]);
    assert_eq!(serial_numbers(&station, &["--limit", "2"]), ["UNIT-0", "UNIT-1"]);
    assert_eq!(serial_numbers(&station, &["--limit", "2", "--skip", "4"]), ["UNIT-4"]);
    assert!(succeeds(&station, &["queue", "list", "--limit", "2"]).ends_with("--skip 2\n"));
    station.server.come_back();
    station.wait("the record of it", |station| station.details()["queue"]["delivered"] == 5);
    client.kill();
    // Delivered ones are still there to look at, and to send once more.
    assert_eq!(serial_numbers(&station, &[]), [""; 0]);
    assert_eq!(serial_numbers(&station, &["--state", "delivered"]).len(), 5);
    let found = list(&station, &["--search", "UNIT-2"]);
    let id = found[0]["id"].as_str().unwrap();
    let shown: Value = serde_json::from_str(&succeeds(&station, &["queue", "show", id])).unwrap();
    let original: Value = serde_json::from_str(&report("UNIT-2")).unwrap();
    assert_eq!(shown["report"]["root"], original["root"]);
    succeeds(&station, &["queue", "retry", id]);
    let _client = station.start();
    station.wait("it to be sent again", |station| station.server.summary().ids[id] == 2);
}
