//! The clock of the machine is set while the client runs.

use crate::support::Station;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use wats_simulator::Fault;

/// Makes the client believe in another time of day.
const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];

/// A report that waits for its next try does so by the time that passes, not by the time of day.
#[test]
fn a_clock_set_back_or_forward_delays_nothing() {
    let Some(library) = LIBRARIES.iter().find(|path| Path::new(path).exists()) else {
        eprintln!("SKIPPED: needs libfaketime");
        return;
    };
    let mut station = Station::new();
    station.set("upload", "retry-first", "\"2s\"");
    station.set("upload", "retry-limit", "\"4s\"");
    let clock = station.path("clock");
    let set = |offset: &str| fs::write(&clock, offset).unwrap();
    set("+0");
    let mut client = station.start_with(|command| {
        command
            .env("LD_PRELOAD", library)
            .env("FAKETIME_TIMESTAMP_FILE", &clock)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    });
    station.put("FIRST");
    station.wait_for(1);
    for (number, offset) in ["-30d", "+30d"].into_iter().enumerate() {
        station.server.misbehave(Fault::status(1, 500));
        station.put(&format!("LATER{number}"));
        station.wait("the failure", |station| station.details()["uploadFailures"] == number as u64 + 1);
        let failed = Instant::now();
        set(offset);
        station.wait_for(number + 2);
        assert!(failed.elapsed() < Duration::from_secs(15), "{:?}", failed.elapsed());
    }
    // Set back between two runs.
    station.server.misbehave(Fault::status(1, 500));
    station.put("LAST");
    station.wait("the failure", |station| station.details()["uploadFailures"] == 3);
    client.kill();
    let _client = station.start();
    station.wait_for(4);
}
