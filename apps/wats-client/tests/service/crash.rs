//! Power cuts and orderly ends.

use crate::support::{Station, names};
use std::time::Duration;
use wats_simulator::Settings;

/// Kills the client over and over at any moment while reports come in and go out.
#[test]
fn power_cuts_lose_nothing() {
    const REPORTS: usize = 300;
    const CUTS: u64 = 25;
    let station = Station::new();
    station.server.set(Settings { delay_milliseconds: 5, ..Settings::default() });
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..REPORTS {
                station.put(&format!("SN{number}"));
                std::thread::sleep(Duration::from_millis(8));
            }
        });
        for _ in 0..CUTS {
            let mut client = station.start();
            std::thread::sleep(Duration::from_millis(fastrand::u64(20..250)));
            client.kill();
        }
        let _client = station.start();
        station.wait_for(REPORTS);
        station.wait("an empty queue", |station| station.details()["queue"]["pending"] == 0);
    });
    let summary = station.server.summary();
    assert_eq!(summary.distinct, REPORTS);
    // Only what was on its way at a cut, at most five each time, may have been sent twice: under the same id.
    let again = summary.stored - REPORTS as u64;
    println!("{CUTS} cuts, {again} reports sent again under their id");
    assert!(again <= CUTS * 5, "{again}");
    assert_eq!(names(&station.path("watch")), [""; 0]);
    assert_eq!(names(&station.path("error")), [""; 0]);
}

/// Kills the client over and over between watching and queueing; nothing is on its way, so each arrives once.
#[test]
fn power_cuts_while_files_are_taken_in_double_nothing() {
    const REPORTS: usize = 200;
    let station = Station::new();
    station.server.go_down();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..REPORTS).for_each(|number| station.put(&format!("SN{number}"))));
        for _ in 0..15 {
            let mut client = station.start();
            std::thread::sleep(Duration::from_millis(fastrand::u64(80..200)));
            client.kill();
        }
    });
    station.server.come_back();
    let _client = station.start();
    station.wait_for(REPORTS);
    station.wait("an empty queue", |station| station.details()["queue"]["pending"] == 0);
    let summary = station.server.summary();
    assert_eq!((summary.distinct, summary.stored), (REPORTS, REPORTS as u64));
}

#[cfg(unix)]
#[test]
fn it_ends_in_time_under_load_and_goes_on_later() {
    let station = Station::new();
    station.server.set(Settings { delay_milliseconds: 10_000, ..Settings::default() });
    let mut client = station.start();
    (0..50).for_each(|number| station.put(&format!("SN{number}")));
    station.wait("reports on their way", |station| station.server.summary().requests == 5);
    client.terminate();
    let (status, time) = client.wait();
    assert_eq!(status.code(), Some(0), "{}", station.log());
    assert!(time < Duration::from_secs(2), "{time:?}");
    station.server.set(Settings::default());
    let _client = station.start();
    station.wait_for(50);
}

#[cfg(unix)]
#[test]
fn it_ends_at_once_when_idle() {
    let station = Station::new();
    let mut client = station.start();
    station.wait("its health", |station| station.ask("/health").is_some());
    client.terminate();
    let (status, time) = client.wait();
    assert_eq!(status.code(), Some(0));
    assert!(time < Duration::from_millis(700), "{time:?}");
}

#[test]
fn two_clients_do_not_share_a_queue() {
    let station = Station::new();
    let _first = station.start();
    station.wait("its health", |station| station.ask("/health").is_some());
    let output = station.command_beside(&["run"]);
    assert_eq!(output.status.code(), Some(17));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("another wats-client is using this queue"), "{text}");
}
