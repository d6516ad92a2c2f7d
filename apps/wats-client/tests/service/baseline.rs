//! What the Python client was measured to do wrong, row by row of that measurement: none of it happens here.

use crate::support::{SAMPLE, Station, names, report};
use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};
use wats_simulator::{Cut, Fault, Settings};

fn put_many(station: &Station, count: usize) {
    (0..count).for_each(|number| station.put(&format!("SN{number}")));
}

fn count(station: &Station, state: &str) -> u64 {
    station.details()["queue"][state].as_u64().unwrap_or(u64::MAX)
}

/// All have arrived, the queue is empty, and the files are where they belong.
fn all_is_well(station: &Station, reports: usize) {
    station.wait_for(reports);
    station.wait("an empty queue", |station| count(station, "pending") == 0);
    station.wait("the files to be put away", |station| names(&station.path("done")).len() == reports);
    assert_eq!(station.server.summary().distinct, reports);
    assert_eq!(names(&station.path("error")), [""; 0]);
    assert_eq!(names(&station.path("watch")), [""; 0]);
}

#[test]
fn an_outage_with_200_files_loses_none_and_ends_with_the_outage() {
    let station = Station::new();
    let _client = station.start();
    station.wait("a connection", |station| station.details()["server"]["state"] == "connected");
    station.server.go_down();
    put_many(&station, 200);
    station.wait("the queue to have them", |station| count(station, "pending") == 200);
    station.wait("the outage to be known", |station| station.details()["server"]["state"] == "offline");
    std::thread::sleep(Duration::from_secs(2));
    station.server.come_back();
    let back = Instant::now();
    all_is_well(&station, 200);
    assert_eq!(station.server.summary().stored, 200);
    println!("200 reports {:?} after the server was back", back.elapsed());
}

#[test]
fn a_server_that_is_down_at_the_start_is_waited_for() {
    let station = Station::new();
    station.server.go_down();
    put_many(&station, 50);
    let _client = station.start();
    station.wait("the queue to have them", |station| count(station, "pending") == 50);
    station.server.come_back();
    all_is_well(&station, 50);
    assert_eq!(station.server.summary().stored, 50);
}

#[test]
fn a_server_that_stores_and_cuts_the_line_gets_each_report_once() {
    let station = Station::new();
    station.server.misbehave(Fault::cut(30, Cut::After));
    put_many(&station, 100);
    let _client = station.start();
    all_is_well(&station, 100);
    assert_eq!(count(&station, "quarantined"), 0);
}

#[test]
fn errors_500_and_429_of_20_files_are_outlasted() {
    let station = Station::new();
    station.server.misbehave(Fault::status(20, 500));
    station.server.misbehave(Fault { retry_after: Some("1".to_owned()), ..Fault::status(2, 429) });
    station.server.misbehave(Fault::status(20, 503));
    put_many(&station, 20);
    let _client = station.start();
    all_is_well(&station, 20);
    assert_eq!(station.server.summary().stored, 20);
}

#[test]
fn a_conflict_is_a_delivery() {
    let station = Station::new();
    let mut client = station.start();
    put_many(&station, 20);
    all_is_well(&station, 20);
    client.kill();
    // A new queue knows nothing of what was sent; the server does.
    fs::remove_dir_all(station.path("queue")).unwrap();
    station.server.set(Settings { conflict_for_known: true, ..Settings::default() });
    fs::rename(station.path("done"), station.path("before")).unwrap();
    names(&station.path("before")).iter().for_each(|name| {
        fs::rename(station.path("before").join(name), station.path("watch").join(name)).unwrap();
    });
    let _client = station.start();
    station.wait("the deliveries", |station| count(station, "delivered") == 20);
    all_is_well(&station, 20);
    let summary = station.server.summary();
    assert_eq!((summary.stored, summary.requests), (20, 40));
}

#[test]
fn refused_reports_are_kept_with_the_servers_words() {
    let station = Station::new();
    let body = Some(r#"{"message":"Process 100 is unknown"}"#.to_owned());
    station.server.misbehave(Fault { body, ..Fault::status(20, 400) });
    station.server.misbehave(Fault::status(1, 413));
    put_many(&station, 21);
    let _client = station.start();
    station.wait("the refusals", |station| count(station, "quarantined") == 21);
    let list =
        String::from_utf8(station.command(&["queue", "list", "--state", "quarantined"]).stdout).unwrap();
    assert_eq!(list.matches("status 400: Process 100 is unknown").count(), 20, "{list}");
    assert_eq!(list.matches("status 413").count(), 1, "{list}");
    assert_eq!(station.server.summary().requests, 21);
    assert!(station.command(&["queue", "retry", "--all"]).status.success());
    all_is_well(&station, 21);
}

#[test]
fn a_client_killed_in_the_middle_of_300_files_doubles_nothing() {
    let station = Station::new();
    station.server.set(Settings { delay_milliseconds: 300, ..Settings::default() });
    put_many(&station, 300);
    let mut client = station.start();
    station.wait_for(10);
    client.kill();
    let under_way = station.server.summary().requests;
    station.server.set(Settings::default());
    let _client = station.start();
    all_is_well(&station, 300);
    let summary = station.server.summary();
    // What was on its way goes out again at once, not half an hour later, under the same id.
    assert!(summary.stored - 300 <= 5, "{} of {under_way}", summary.stored);
}

#[test]
fn files_written_in_two_parts_arrive_whole() {
    let mut station = Station::new();
    station.set("[watch]", "settle", "\"2s\"");
    let _client = station.start();
    let mut files: Vec<(File, String)> = Vec::new();
    for number in 0..20 {
        let text = report(&format!("SN{number}"));
        let (first, second) = text.split_at(text.len() / 2);
        let mut file = File::create(station.path(&format!("watch/{number}.json"))).unwrap();
        file.write_all(first.as_bytes()).unwrap();
        files.push((file, second.to_owned()));
    }
    std::thread::sleep(Duration::from_millis(500));
    files.iter_mut().for_each(|(file, rest)| file.write_all(rest.as_bytes()).unwrap());
    drop(files);
    all_is_well(&station, 20);
}

#[test]
fn malformed_files_disturb_no_good_ones_and_say_why() {
    let station = Station::new();
    let bad: [(&str, &[u8], &str); 7] = [
        ("empty.json", b"", "the file is empty"),
        ("truncated.json", &SAMPLE.as_bytes()[..300], "not valid JSON"),
        ("binary.json", &[0, 159, 146, 150, 0, 1], "not UTF-8"),
        ("list.json", b"[1, 2]", ""),
        ("no-sn.json", &report("X").replace("\"sn\"", "\"s\"").into_bytes(), "serial number"),
        ("latin-1.json", b"{\"sn\":\"\xe4\"}", "not UTF-8"),
        (
            "result.json",
            &report("X").replace("\"result\": \"P\"", "\"result\": \"X\"").into_bytes(),
            "result",
        ),
    ];
    bad.iter().for_each(|(name, content, _)| station.put_text(name, content));
    station.put_text("foreign.xyz", "left alone");
    station.put_text("mark.json", format!("\u{feff}{}", report("MARK")));
    put_many(&station, 20);
    let _client = station.start();
    station.wait_for(21);
    station.arrived("MARK");
    station.wait("the bad ones", |station| names(&station.path("error")).len() == 2 * bad.len());
    for (name, _, why) in bad {
        let note = fs::read_to_string(station.path(&format!("error/{name}.error.txt"))).unwrap();
        assert!(note.contains(why), "{name}: {note}");
    }
    assert_eq!(names(&station.path("watch")), ["foreign.xyz"]);
    assert_eq!(station.server.summary().distinct, 21);
}

#[test]
fn an_idle_client_notices_an_outage_by_itself() {
    let mut station = Station::new();
    station.set("upload", "probe", "\"300ms\"");
    let _client = station.start();
    station.wait("a connection", |station| station.details()["server"]["state"] == "connected");
    station.server.go_down();
    station.wait("the outage", |station| station.details()["server"]["state"] == "offline");
    station.server.come_back();
    station.wait("the return", |station| station.details()["server"]["state"] == "connected");
}

#[test]
fn nobody_is_told_the_token() {
    let station = Station::new();
    let _client = station.start();
    put_many(&station, 3);
    all_is_well(&station, 3);
    let token = fs::read_to_string(station.path("token")).unwrap();
    let status = station.status(&["--json"]).output().unwrap();
    assert!(status.status.success());
    let mut told = String::from_utf8(status.stdout).unwrap() + &station.log();
    for path in ["/health", "/health/ready", "/health/details", "/metrics"] {
        told += &station.ask(path).unwrap().1;
    }
    told += &String::from_utf8(station.command(&["queue", "list", "--json"]).stdout).unwrap();
    assert!(!told.contains(token.trim()), "{told}");
}

/// A share that goes away with files on it, and comes back: they are taken then.
#[test]
fn a_folder_that_is_gone_for_a_while_is_taken_up_again() {
    let station = Station::new();
    let _client = station.start();
    station.put("BEFORE");
    station.wait_for(1);
    station.wait("the file to be put away", |station| names(&station.path("watch")).is_empty());
    let (watch, away) = (station.path("watch"), station.path("away"));
    fs::rename(&watch, &away).unwrap();
    (0..5).for_each(|number| {
        fs::write(away.join(format!("{number}.json")), report(&format!("AWAY{number}"))).unwrap()
    });
    // The client makes it anew, as it would at the start; on its place the old one appears again.
    station.wait("a new folder", |_| watch.is_dir());
    fs::rename(&watch, station.path("empty")).unwrap();
    fs::rename(&away, &watch).unwrap();
    station.wait_for(6);
    station.put("AFTER");
    all_is_well(&station, 7);
}
