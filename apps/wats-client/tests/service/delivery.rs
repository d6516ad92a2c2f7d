//! Reports that arrive.

use crate::support::{SAMPLE, Station, names, report};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn one_report_travels() {
    let station = Station::new();
    let _client = station.start();
    let text = SAMPLE.replacen(
        '{',
        r#"{"productName":"x","startUTC":"2026-01-15T09:00:00.Z","future":{"n":1.500},"#,
        1,
    );
    station.put_text("a.json", &text);
    station.wait_for(1);
    let id = "0c5d6a0e-3a55-4d5b-8a51-1f6e0c1d0001";
    let received = station.server.received(id).unwrap();
    assert_eq!(received.count, 1);
    assert_eq!(received.user_agent, format!("wats-client/{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(received.report["machineName"], "FCT-01");
    assert_eq!(received.report["location"], "Line 1");
    assert_eq!(received.report["purpose"], "Production");
    assert_eq!(received.report["future"]["n"].to_string(), "1.500");
    assert!(received.report.get("productName").is_none() && received.report.get("startUTC").is_none());
    station.wait("the file to be put away", |station| names(&station.path("done")) == ["a.json"]);
    assert_eq!(fs::read_to_string(station.path("done/a.json")).unwrap(), text);
}

#[test]
fn a_slow_writer_is_waited_for() {
    let mut station = Station::new();
    station.set("[watch]", "settle", "\"900ms\"");
    let _client = station.start();
    let text = report("SLOW");
    let (first, second) = text.split_at(text.len() / 2);
    let mut file = fs::File::create(station.path("watch/slow.json")).unwrap();
    file.write_all(first.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    file.write_all(second.as_bytes()).unwrap();
    drop(file);
    station.wait_for(1);
    station.arrived("SLOW");
    assert_eq!(names(&station.path("error")), [""; 0]);
}

#[test]
fn a_file_moved_into_place_is_taken_at_once() {
    let mut station = Station::new();
    station.set("[watch]", "settle", "\"1h\"");
    let _client = station.start();
    station.wait("the folder to be watched", |station| station.log().contains("folder is watched"));
    station.put_text("moved.json.tmp", report("MOVED"));
    fs::rename(station.path("watch/moved.json.tmp"), station.path("watch/moved.json")).unwrap();
    station.wait_for(1);
}

/// Nobody looks at the folder again by himself: what is not heard of is not taken.
#[test]
fn files_that_come_while_others_are_taken_are_taken_too() {
    const FILES: usize = 60;
    let mut station = Station::new();
    station.set("[watch]", "settle", "\"1h\"");
    station.set("[watch]", "rescan", "\"1h\"");
    let _client = station.start();
    station.wait("the folder to be watched", |station| station.log().contains("folder is watched"));
    for round in 0..10 {
        for number in 0..FILES {
            let name = format!("{round}-{number}.json");
            station.put_text(&format!("{name}.tmp"), report(&name));
            fs::rename(station.path(&format!("watch/{name}.tmp")), station.path(&format!("watch/{name}")))
                .unwrap();
        }
        station.wait_for((round + 1) * FILES);
    }
}

#[test]
fn a_marker_says_that_a_file_is_complete() {
    let mut station = Station::new();
    station.set("[watch]", "settle", "\"1h\"");
    station.set("[watch]", "marker", "\".done\"");
    station.set("[watch]", "patterns", "[\"*\"]");
    let _client = station.start();
    station.put_text("b.json.done", "");
    std::thread::sleep(Duration::from_millis(20));
    station.put_text("a.json", report("MARKED"));
    station.put_text("b.json", report("OLD-MARKER"));
    station.put_text("c.json", "{");
    station.put_text("c.json.done", "");
    station.wait("the bad one", |station| names(&station.path("error")) == ["c.json", "c.json.error.txt"]);
    station.wait("its marker to go", |station| {
        names(&station.path("watch")) == ["a.json", "b.json", "b.json.done"]
    });
    station.put_text("a.json.done", "");
    station.wait_for(1);
    station.arrived("MARKED");
    station.wait("the marker to go", |station| names(&station.path("watch")) == ["b.json", "b.json.done"]);
    assert_eq!(names(&station.path("done")), ["a.json"]);
}

#[test]
fn text_with_a_byte_order_mark_and_lists_are_read() {
    let station = Station::new();
    let _client = station.start();
    station.put_text("mark.json", format!("\u{feff}{}", report("MARK")));
    station.put_text("list.json", format!("[{},{}]", report("LIST-1"), report("LIST-2")));
    station.wait_for(3);
    for serial_number in ["MARK", "LIST-1", "LIST-2"] {
        station.arrived(serial_number);
    }
}

#[test]
fn unusable_files_go_to_the_error_folder_with_the_reason() {
    let station = Station::new();
    let _client = station.start();
    station.put_text("broken.json", "{\"type\":");
    station.put_text("empty.json", "");
    station.put_text("no-sn.json", report("X").replace("\"sn\"", "\"s\""));
    station.put_text("latin.json", b"{\"sn\":\"\xe4\"}");
    station.put_text("other.txt", "not ours");
    station.put_text(".hidden.json", "not ours");
    station.put("GOOD");
    station.wait_for(1);
    station.wait("eight files", |station| names(&station.path("error")).len() == 8);
    let reason =
        |name: &str| fs::read_to_string(station.path("error").join(format!("{name}.error.txt"))).unwrap();
    assert!(
        reason("broken.json").starts_with("the file is not valid JSON: EOF"),
        "{}",
        reason("broken.json")
    );
    assert!(reason("empty.json").starts_with("the file is empty"));
    assert!(reason("no-sn.json").contains("sn (serial number) is missing"));
    assert!(reason("latin.json").contains("not UTF-8"));
    assert_eq!(names(&station.path("watch")), [".hidden.json", "other.txt"]);

    station.put_text("broken.json", "{\"again\":");
    station.wait("a second one of that name", |station| names(&station.path("error")).len() == 10);
    assert_eq!(fs::read_to_string(station.path("error/broken.json")).unwrap(), "{\"type\":");
}

#[test]
fn the_same_content_is_sent_once() {
    let station = Station::new();
    let mut client = station.start();
    station.put_text("a.json", report("ONCE"));
    station.wait_for(1);
    station.put_text("b.json", report("ONCE"));
    station.wait("both to be put away", |station| names(&station.path("done")).len() == 2);
    station.wait("the record of it", |station| station.details()["queue"]["delivered"] == 1);
    client.kill();
    let _client = station.start();
    station.put_text("a.json", report("ONCE"));
    station.wait("the third to be put away", |station| names(&station.path("done")).len() == 3);
    station.put("LAST");
    station.wait_for(2);
    assert_eq!(station.server.summary().requests, 2);
}

#[test]
fn kept_files_stay_and_are_sent_once() {
    let mut station = Station::new();
    station.set("[watch]", "post-action", "\"keep\"");
    station.put("KEPT");
    let mut client = station.start();
    station.wait_for(1);
    station.wait("the record of it", |station| station.details()["queue"]["delivered"] == 1);
    client.kill();
    let _client = station.start();
    station.put("SECOND");
    station.wait_for(2);
    assert_eq!(names(&station.path("watch")), ["KEPT.json", "SECOND.json"]);
    assert_eq!(station.server.summary().requests, 2);
}

#[test]
fn a_folder_that_vanishes_is_watched_again_when_it_is_back() {
    let station = Station::new();
    let _client = station.start();
    station.put("BEFORE");
    station.wait_for(1);
    station.wait("the file to be put away", |station| names(&station.path("watch")).is_empty());
    fs::remove_dir(station.path("watch")).unwrap();
    // The client makes it anew, as it would at the start.
    station.wait("the folder", |station| station.path("watch").is_dir());
    station.put("AFTER");
    station.wait_for(2);
}

#[test]
fn a_thousand_reports_go_through() {
    let station = Station::new();
    let serial_numbers: Vec<String> = (0..1000).map(|number| format!("SN{number}")).collect();
    let start = Instant::now();
    let _client = station.start();
    serial_numbers.iter().for_each(|serial_number| station.put(serial_number));
    station.wait_for(1000);
    println!("1000 reports in {:?}", start.elapsed());
    assert_eq!(station.server.summary().stored, 1000);
}

/// Real exports, where they are at hand.
#[test]
fn real_exports_arrive_whole() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/wsjf");
    if !samples.is_dir() {
        return;
    }
    let station = Station::new();
    let _client = station.start();
    for name in names(&samples) {
        fs::copy(samples.join(&name), station.path("watch").join(&name)).unwrap();
    }
    station.wait_for(2);
    let test = station.server.received("33a2d408-3fc8-480b-b554-6866c77fd91c").unwrap().report;
    let original = fs::read_to_string(samples.join("uut-wsjf-export.json")).unwrap();
    let original: serde_json::Value = serde_json::from_str(&original).unwrap();
    assert_eq!(
        test["root"]["steps"].as_array().unwrap().len(),
        original["root"]["steps"].as_array().unwrap().len()
    );
    assert_eq!(test["machineName"], original["machineName"]);
    let repair = station.server.received("83ac0b8e-b575-4004-94de-f905774c3ed8").unwrap().report;
    assert_eq!(repair["subUnits"][0]["failures"][0]["comRef"], "U1");
}
