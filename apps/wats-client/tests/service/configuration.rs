//! Changing the configuration of a running service, and of one that does not run.

use crate::support::{Station, names, report};
use std::fs;
use std::process::Output;

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs `config` with these arguments; gives what it says, and fails unless it ends so.
fn config(station: &Station, code: i32, arguments: &[&str]) -> String {
    let mut all = vec!["config"];
    all.extend(arguments);
    let output = station.command_beside(&all);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}\n{}", words(&output), station.log());
    words(&output)
}

#[test]
fn a_running_service_applies_what_is_changed() {
    let station = Station::new();
    let _client = station.start();
    station.put("FIRST");
    station.wait_for(1);

    let second = station.path("second").display().to_string();
    let said = config(&station, 0, &["add-watch", &second, "settle=100ms", "arguments.part-number=PSU"]);
    assert!(said.contains("watch[1].folder: (not set) -> "), "{said}");
    assert_eq!(said.contains("The running service has applied it."), cfg!(unix), "{said}");
    station.wait("the new folder", |station| station.path("second").is_dir());
    fs::write(station.path("second/b.json"), report("SECOND")).unwrap();
    station.wait_for(2);

    config(&station, 0, &["set", "station.name", "FCT-99"]);
    config(&station, 0, &["set", "log.level", "debug"]);
    station.wait("the new name", |station| station.details()["station"] == "FCT-99");
    station.put_text("c.json", report("THIRD").replace("\"machineName\"", "\"other\""));
    station.wait_for(3);
    assert_eq!(station.arrived("THIRD")["machineName"], "FCT-99");

    config(&station, 0, &["remove-watch", "1"]);
    station.wait("one folder", |station| {
        station.details()["watch"].as_array().is_some_and(|all| all.len() == 1)
    });
    fs::write(station.path("second/d.json"), report("LEFT")).unwrap();
    station.put("FOURTH");
    station.wait_for(4);
    assert_eq!(names(&station.path("second")), ["d.json"]);
}

#[test]
fn another_server_gets_what_the_first_did_not_take() {
    let station = Station::new();
    station.server.go_down();
    let _client = station.start();
    for number in 0..20 {
        station.put(&format!("SN{number}"));
    }
    station.wait("all to be in the queue", |station| station.details()["queue"]["pending"] == 20);
    let other = wats_simulator::Simulator::start().unwrap();
    config(&station, 0, &["set", "server.url", &other.url()]);
    station.wait("the reports at the other server", |_| other.summary().distinct == 20);
    assert_eq!(other.summary().stored, 20);
}

#[test]
fn a_file_that_does_not_hold_is_told_and_the_one_before_stays() {
    let station = Station::new();
    let _client = station.start();
    station.put("ONE");
    station.wait_for(1);
    let good = fs::read_to_string(station.path("config.toml")).unwrap();
    fs::write(station.path("config.toml"), good.replace("name = \"FCT-01\"", "name = FCT-02")).unwrap();
    station.wait("the alarm", |station| station.details()["alarm"].is_string());
    let alarm = station.details()["alarm"].to_string();
    assert!(alarm.contains("config.toml:") && alarm.contains("the configuration is not used"), "{alarm}");
    assert_eq!(station.ask("/health/ready").unwrap().0, 200);
    station.put("TWO");
    station.wait_for(2);
    assert_eq!(station.arrived("TWO")["machineName"], station.arrived("ONE")["machineName"]);
    fs::write(station.path("config.toml"), good.replace("FCT-01", "FCT-02")).unwrap();
    station.wait("the end of the alarm", |station| {
        let details = station.details();
        details["alarm"].is_null() && details["station"] == "FCT-02"
    });
}

#[test]
fn a_change_while_reports_flow_loses_none() {
    let station = Station::new();
    let _client = station.start();
    for number in 0..150 {
        station.put(&format!("SN{number}"));
        if number % 50 == 25 {
            config(&station, 0, &["set", "upload.concurrency", &(number / 25).to_string()]);
            config(&station, 0, &["set", "watch[0].priority", &(number / 25).to_string()]);
        }
    }
    station.wait_for(150);
    station.wait("all to be put away", |station| names(&station.path("done")).len() == 150);
    assert_eq!(station.server.summary().stored, 150);
}

#[test]
fn values_can_be_asked_for_and_faults_are_told() {
    let station = Station::new();
    station.config();
    assert_eq!(config(&station, 0, &["get", "station.name"]), "FCT-01\n");
    assert_eq!(config(&station, 0, &["get", "upload.concurrency"]), "5\n");
    let all: serde_json::Value = serde_json::from_str(&config(&station, 0, &["get", "--json"])).unwrap();
    assert_eq!(all["watch[0].settle"], "100ms");
    assert!(config(&station, 3, &["get", "station.nam"]).contains("did you mean station.name?"));
    let said = config(&station, 3, &["set", "upload.concurrency", "0"]);
    assert!(
        said.contains("upload.concurrency: the number of uploads at a time must be between 1 and 100"),
        "{said}"
    );
    assert!(config(&station, 3, &["set", "server.token", "x"]).contains("is a secret"));
    assert!(config(&station, 1, &["unset", "log.level"]).contains("is not set"));
    assert_eq!(config(&station, 0, &["set", "station.name", "FCT-01"]), "Nothing is different.\n");
    assert!(config(&station, 0, &["check"]).contains("The configuration is valid."));
}
