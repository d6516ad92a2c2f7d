//! The log file: for people or as JSON, and never larger than it may be.

use crate::support::Station;
use serde_json::Value;
use std::fs;
use std::process::Command;

#[test]
fn a_json_log_is_whole_in_every_line_and_every_file() {
    let mut station = Station::new();
    let folder = station.path("logs");
    let file = folder.join("client.log");
    for (key, value) in [
        ("file", format!("{:?}", file.display().to_string())),
        ("format", "\"json\"".to_owned()),
        ("max-size", "\"2KB\"".to_owned()),
        ("keep", "3".to_owned()),
        ("level", "\"debug\"".to_owned()),
    ] {
        station.set("log", key, &value);
    }
    let _client = station.start();
    for number in 0..24 {
        station.put(&format!("LOG-{number}"));
    }
    // Windows has no such names; its paths have backslashes.
    let bad = if cfg!(windows) { "bad.json" } else { "bad \"quoted\".json" };
    station.put_text(bad, "{\"type\": ");
    station.wait_for(24);
    station.wait("full files", |_| folder.join("client.log.3").exists());
    station.wait("the refusal", |station| station.details()["files"]["failed"] == 1);

    let out = Command::new(env!("CARGO_BIN_EXE_wats-client"))
        .args(["logs", "--lines", "5", "--level", "info", "--config"])
        .arg(station.path("config.toml"))
        .output()
        .unwrap();
    assert!(out.status.success() && String::from_utf8_lossy(&out.stdout).lines().count() <= 5, "{out:?}");

    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert_eq!(names.len(), 4, "{names:?}");
    let mut lines = 0;
    for name in &names {
        assert!(fs::metadata(name).unwrap().len() <= 2000, "{name:?}");
        for line in fs::read_to_string(name).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            for key in ["time", "level", "target", "message"] {
                assert!(line[key].is_string(), "{line}");
            }
            assert!(["error", "warn", "info", "debug"].contains(&line["level"].as_str().unwrap()), "{line}");
            assert!(!line.to_string().contains("dG9rZW4="), "the token is in the log");
            lines += 1;
        }
    }
    assert!(lines > 10, "{lines}");
}
