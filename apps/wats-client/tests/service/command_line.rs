//! Commands, their words and their exit codes.

use crate::support::{Station, http, program};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

fn check(text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    let output = program().args(["check", "--config"]).arg(&path).output().unwrap();
    let text = words(&output).replace(&folder.path().display().to_string(), "").replace('\\', "/");
    (output.status.code(), text)
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn faults_of_the_configuration_are_told_with_place_and_remedy() {
    let (code, text) = check("[server]\nulr = \"https://x\"\n");
    assert_eq!(code, Some(3));
    assert!(text.contains("/config.toml:2:1: unknown key `ulr`"), "{text}");
    let (code, text) = check("[health]\nlisten = \"nowhere\"\n");
    assert_eq!(code, Some(3));
    assert!(text.contains("/config.toml:2:10: \"nowhere\" is not an address and port"), "{text}");
    let (code, text) = check("[queue]\nfolder = \"here\"\n");
    assert_eq!(code, Some(3));
    assert!(text.contains("queue.folder: here must be a full path"), "{text}");
}

#[test]
fn the_shipped_configuration_passes_with_notes() {
    let (code, text) = check(include_str!("../../packaging/config.toml"));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("server.url is not set") && text.contains("there is no API token"), "{text}");
}

#[test]
fn a_configuration_that_is_not_valid_ends_the_service_with_3() {
    let station = Station::new();
    fs::write(station.path("bad.toml"), "x").unwrap();
    for path in [station.path("bad.toml"), station.path("missing.toml")] {
        let output = program().args(["run", "--config"]).arg(path).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", words(&output));
    }
}

#[test]
fn wrong_use_ends_with_64_and_help_with_0() {
    assert_eq!(program().arg("fly").output().unwrap().status.code(), Some(64));
    assert_eq!(program().output().unwrap().status.code(), Some(64));
    let help = program().arg("--help").output().unwrap();
    assert_eq!(help.status.code(), Some(0));
    assert!(words(&help).contains("Exit codes:"));
    let version = program().arg("--version").output().unwrap();
    assert_eq!(words(&version), format!("wats-client {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_empty_queue_can_be_listed() {
    let station = Station::new();
    let output = station.command(&["queue", "list"]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert!(words(&output).contains("pending      0"));
    assert_eq!(station.command(&["queue", "show", "1"]).status.code(), Some(1));
}

#[test]
fn the_demonstration_ends_by_itself() {
    let output = program().arg("demo").output().unwrap();
    let text = words(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("5 reports were sent, 5 arrived, each once."), "{text}");
}

#[test]
fn the_demonstration_server_can_run_alone() {
    let mut child = program().args(["demo", "--server-only"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit('/').next().unwrap().parse().unwrap();
    let (status, body) =
        http(address, "GET /api/App/Version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!((status, body.as_str()), (200, "\"2025.3.9.824\""));
    if cfg!(unix) {
        let pid = child.id().to_string();
        let kill = std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(kill.success());
    } else {
        child.kill().unwrap();
    }
    assert_eq!(child.wait().unwrap().success(), cfg!(unix));
}
