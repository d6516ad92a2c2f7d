//! What the server is told besides reports.

use crate::support::Station;
use std::fs;
use wats_simulator::{Cut, Fault, Settings};

/// "FCT-01:pass"
#[cfg(unix)]
const TOKEN: &str = "RkNULTAxOnBhc3M=";

fn calls(start: &str, fault: Fault) -> Fault {
    Fault { path: Some(start.to_owned()), ..fault }
}

#[cfg(unix)]
#[test]
fn a_registered_client_tells_how_it_is_and_says_good_bye() {
    let station = Station::new();
    station.server.set(Settings { token: Some(TOKEN.into()), ..Settings::default() });
    fs::write(station.path("token"), TOKEN).unwrap();
    let mut client = station.start();
    station.put("SN-1");
    station.wait_for(1);
    station.wait("the ping", |station| station.server.pings() == 1);
    let told = station.server.client_states();
    assert_eq!(told.len(), 1);
    let told = &told[0];
    assert_eq!((&told["name"], &told["status"]), (&"FCT-01".into(), &"Online".into()));
    assert_eq!((&told["location"], &told["purpose"]), (&"Line 1".into(), &"Production".into()));
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(told["computer"]["osArchitecture"], std::env::consts::ARCH);
    assert!(told["computer"]["disks"][0]["totalSize"].as_str().is_some_and(|size| size.len() > 6));
    let converter = &told["converters"][0];
    assert_eq!((&converter["class"], &converter["postProcessAction"]), (&"auto".into(), &"Move".into()));
    assert_eq!(converter["path"], station.path("watch").display().to_string());
    // The server has taken the ping before the client knows it.
    station.put("SN-2");
    station.wait_for(2);
    client.terminate();
    assert_eq!(client.wait().0.code(), Some(0));
    assert_eq!(station.server.disconnected(), ["FCT-01"]);
}

#[test]
fn an_older_server_is_told_in_its_own_form() {
    let station = Station::new();
    station.server.misbehave(calls("/api/Client/Update", Fault::status(1, 404)));
    let _client = station.start();
    station.wait("the status", |station| !station.server.client_states().is_empty());
    let told = station.server.client_states();
    let text = told[0]["miscinfo"].as_str().unwrap();
    assert!(text.contains("<pending total=\"0\"/><ClientStatus>Online</ClientStatus>"), "{text}");
}

#[test]
fn a_server_that_does_not_want_to_be_told_gets_the_reports_all_the_same() {
    let station = Station::new();
    // An older server has the other call; this one refuses that too.
    station.server.misbehave(calls("/api/Client", Fault::status(100, 404)));
    station.server.misbehave(calls("/api/internal/", Fault::status(100, 403)));
    let _client = station.start();
    station.put("SN-1");
    station.wait_for(1);
    station.wait("the refusal", |station| station.log().contains("does not want to be told"));
    station.put("SN-2");
    station.wait_for(2);
    assert_eq!(station.details()["server"]["state"], "connected");
    assert_eq!((station.server.pings(), station.server.client_states().len()), (0, 0));
}

#[test]
fn calls_that_fail_or_hang_hold_no_report_up() {
    let station = Station::new();
    let hang = Fault { delay_milliseconds: 60_000, ..Fault::cut(1, Cut::Before) };
    station.server.misbehave(calls("/api/Client/Update", hang));
    station.server.misbehave(calls("/api/internal/Client/Ping", Fault::status(1, 500)));
    let mut client = station.start();
    for number in 1..=20 {
        station.put(&format!("SN-{number}"));
    }
    station.wait_for(20);
    assert_eq!(station.details()["server"]["state"], "connected");
    assert_eq!(station.server.client_states().len(), 0);
    assert!(client.is_running());
}

#[test]
fn a_station_registers_and_the_service_uses_its_new_token() {
    let station = Station::new();
    station.server.set(Settings { token: Some("cmVnaXN0cmFy".into()), ..Settings::default() });
    let register = |registrar: &str, more: &[&str]| {
        fs::write(station.path("registrar"), format!("{registrar}\n")).unwrap();
        let file = station.path("registrar").display().to_string();
        station.command(&[&["register", "--token-file", &file], more].concat())
    };
    let refused = register("d3Jvbmc=", &[]);
    assert_eq!(refused.status.code(), Some(16), "{refused:?}");
    let done = register("cmVnaXN0cmFy", &[]);
    assert!(done.status.success(), "{done:?}");
    let client = station.server.clients()["FCT-01"].clone();
    assert_eq!((client.kind.as_str(), client.name.as_str()), ("python", "FCT-01"));
    let _client = station.start();
    station.put("SN-1");
    station.wait_for(1);
    station.wait("the ping", |station| station.server.pings() == 1);
    // Again, while the service runs: the old passcode is worth nothing any more.
    assert!(register("cmVnaXN0cmFy", &[]).status.success());
    assert_ne!(station.server.clients()["FCT-01"].passcode, client.passcode);
    station.put("SN-2");
    station.wait_for(2);
    let other = register("cmVnaXN0cmFy", &["--type", "dotnet"]);
    let text = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(text.contains("registered as another kind of client"), "{text}");
    let secrets = [client.passcode.as_str(), "cmVnaXN0cmFy"];
    let log = station.log();
    assert!(secrets.iter().all(|secret| !log.contains(secret) && !text.contains(secret)));
}
