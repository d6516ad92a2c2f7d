//! A server that misbehaves.

use crate::support::{Station, names};
use serde_json::Value;
use std::fs;
use std::time::{Duration, Instant};
use wats_simulator::{Cut, Fault, Settings};

fn put_many(station: &Station, count: usize) {
    (0..count).for_each(|number| station.put(&format!("SN{number}")));
}

fn pending(station: &Station) -> Value {
    station.details()["queue"]["pending"].clone()
}

#[test]
fn reports_wait_while_the_server_is_down() {
    let station = Station::new();
    station.server.go_down();
    let _client = station.start();
    put_many(&station, 20);
    station.wait("the queue to have them", |station| pending(station) == 20);
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(station.details()["server"]["state"], "offline");
    assert_eq!(names(&station.path("error")), [""; 0]);
    station.server.come_back();
    let back = Instant::now();
    station.wait_for(20);
    assert!(back.elapsed() < Duration::from_secs(3), "{:?}", back.elapsed());
    assert_eq!(station.server.summary().stored, 20);
}

#[test]
fn a_cut_connection_makes_no_second_report() {
    let station = Station::new();
    station.server.misbehave(Fault::cut(3, Cut::After));
    station.server.misbehave(Fault::cut(3, Cut::Before));
    let _client = station.start();
    put_many(&station, 10);
    station.wait("all to be delivered", |station| station.details()["queue"]["delivered"] == 10);
    let summary = station.server.summary();
    assert_eq!(summary.distinct, 10);
    assert_eq!(summary.stored, 13, "{summary:?}");
    assert_eq!(summary.requests, 16);
}

#[test]
fn errors_of_the_server_are_outlasted() {
    let station = Station::new();
    for status in [500, 503, 408, 502] {
        station.server.misbehave(Fault::status(2, status));
    }
    let _client = station.start();
    put_many(&station, 10);
    station.wait_for(10);
    assert_eq!(station.server.summary().stored, 10);
    assert_eq!(names(&station.path("error")), [""; 0]);
}

#[test]
fn retry_after_is_obeyed() {
    let station = Station::new();
    station.server.misbehave(Fault { retry_after: Some("2".to_owned()), ..Fault::status(1, 429) });
    let _client = station.start();
    station.put("LATER");
    station.wait("the first try", |station| station.server.summary().requests == 1);
    let refused = Instant::now();
    station.wait_for(1);
    assert!(refused.elapsed() > Duration::from_millis(1900), "{:?}", refused.elapsed());
}

#[test]
fn a_refused_report_is_quarantined_and_can_be_tried_again() {
    let station = Station::new();
    station.server.misbehave(Fault {
        body: Some(r#"{"Message":"Process 100 is unknown"}"#.to_owned()),
        ..Fault::status(1, 400)
    });
    let _client = station.start();
    station.put("REFUSED");
    station.wait("the quarantine", |station| station.details()["queue"]["quarantined"] == 1);
    station.put("GOOD");
    station.wait_for(1);

    let output = station.command(&["queue", "list", "--json"]);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(list["reports"][0]["state"], "quarantined");
    assert_eq!(list["reports"][0]["message"], "status 400: Process 100 is unknown");
    let id = list["reports"][0]["id"].as_str().unwrap();
    let shown: Value = serde_json::from_slice(&station.command(&["queue", "show", id]).stdout).unwrap();
    assert_eq!(shown["report"]["sn"], "REFUSED");

    station.put("REFUSED");
    station.wait_for(2);
    station.wait("an empty quarantine", |station| station.details()["queue"]["quarantined"] == 0);
}

#[test]
fn a_wrong_token_stops_the_upload_and_keeps_the_reports() {
    let station = Station::new();
    station.server.set(Settings { token: Some("cmlnaHQ=".to_owned()), ..Settings::default() });
    let _client = station.start();
    put_many(&station, 5);
    station.wait("the queue to have them", |station| pending(station) == 5);
    station.wait("the refusal", |station| station.details()["server"]["state"] == "degraded");
    std::thread::sleep(Duration::from_secs(1));
    assert!(station.server.summary().requests <= 2, "{:?}", station.server.summary());
    assert_eq!(station.ask("/health/ready").unwrap().0, 503);
    fs::write(station.path("token"), "cmlnaHQ=\n").unwrap();
    station.wait_for(5);
    assert_eq!(station.server.summary().stored, 5);
    assert!(!station.log().contains("cmlnaHQ"), "the token is in the log");
}

#[test]
fn a_report_that_is_there_already_counts_as_delivered() {
    let station = Station::new();
    station.server.misbehave(Fault::status(1, 409));
    let _client = station.start();
    station.put("THERE");
    station.wait("the delivery", |station| station.details()["queue"]["delivered"] == 1);
    assert_eq!(station.server.summary().requests, 1);
}

#[test]
fn a_web_page_is_no_proof_of_delivery() {
    let mut station = Station::new();
    station.set("upload", "access-retry", "\"300ms\"");
    let page = "<html><title>Sign in</title></html>".to_owned();
    station.server.misbehave(Fault { body: Some(page), ..Fault::status(1, 200) });
    station.server.misbehave(Fault::status(1, 302));
    let _client = station.start();
    station.put("PAGE");
    station.wait_for(1);
    assert_eq!(station.server.summary().requests, 3);
    assert!(station.log().contains("a web page (Sign in) came"), "{}", station.log());
}

/// Full by number, by bytes, and by what is free on the disk.
#[test]
fn a_full_queue_leaves_files_where_they_are() {
    let some_bytes = (crate::support::report("SN0").len() * 4).to_string();
    for (key, value, problem, most) in [
        ("max-reports", "3", "3 reports are waiting", 3),
        ("max-bytes", some_bytes.as_str(), "bytes of reports are waiting", 9),
        ("min-free-disk", "\"8000TiB\"", "MiB of disk are free", 0),
    ] {
        let mut station = Station::new();
        station.set("queue", key, value);
        station.server.go_down();
        let _client = station.start();
        put_many(&station, 10);
        station.wait("the queue to be full", |station| {
            let problem_now = station.details()["watch"][0]["problem"].clone();
            problem_now.as_str().is_some_and(|text| text.contains("queue is full") && text.contains(problem))
        });
        std::thread::sleep(Duration::from_millis(1500));
        let taken = pending(&station).as_u64().unwrap();
        assert!(taken <= most && (taken > 0 || most == 0), "{key}: {taken}");
        assert_eq!(names(&station.path("watch")).len() as u64, 10 - taken);
        station.server.come_back();
        if most == 0 {
            station.set("queue", key, "0");
            station.config();
        }
        station.wait_for(10);
    }
}

#[test]
fn reports_of_one_id_arrive_in_order() {
    let station = Station::new();
    station.server.go_down();
    let _client = station.start();
    for number in 0..8 {
        let text = crate::support::SAMPLE.replace("SN-0001", &format!("SN{number}"));
        station.put_text(&format!("{number}.json"), text);
        station.wait("it to be taken in", |station| pending(station) == number + 1);
    }
    station.server.come_back();
    station.wait("all to be delivered", |station| station.details()["queue"]["delivered"] == 8);
    assert_eq!(station.server.summary().distinct, 1);
    assert_eq!(station.arrived("SN7")["sn"], "SN7");
}
