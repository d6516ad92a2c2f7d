//! The service of Windows, from its installation to its removal, as whoever deploys it would see it.
#![cfg(windows)]

#[path = "../service/support.rs"]
#[allow(dead_code, reason = "shared with the tests of the running program")]
mod support;

use std::io::Write;
use std::process::{Command, Output};
use std::{env, fs};
use support::{Station, program};

const NAME: &str = "wats-client";
/// Set by whoever can do without what is on the machine: the test installs a service.
const PERMISSION: &str = "WATS_CLIENT_TEST_SERVICES";

fn run(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

/// Runs a command of the program.
fn ours(arguments: &[&str]) -> (Option<i32>, String) {
    run(program().env("ProgramData", env::var_os("ProgramData").unwrap()).args(arguments))
}

/// Runs a command of Windows.
fn system(command: &str) -> (Option<i32>, String) {
    let mut words = command.split(' ');
    run(Command::new(words.next().unwrap()).args(words))
}

fn assert_ends(code: i32, (found, text): (Option<i32>, String)) -> String {
    assert_eq!(found, Some(code), "{text}");
    text
}

#[test]
fn a_service_is_installed_runs_and_is_removed() {
    if env::var_os(PERMISSION).is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {PERMISSION}=1: it installs a service here");
        return;
    }
    let station = Station::new();
    let token = station.path("token").display().to_string();
    let (url, health) = (station.server.url(), station.health.to_string());
    let install = [
        "install-service",
        "--silent",
        "--account",
        "LocalSystem",
        "--server-url",
        &url,
        "--api-token-file",
        &token,
        "--health-listen",
        &health,
    ];
    assert_ends(11, ours(&["uninstall-service", "--silent"]));
    assert_ends(64, ours(&["install-service", "--silent", "--fly"]));
    assert_ends(0, ours(&install));
    assert_ends(4, ours(&[&install[..], &["--no-upgrade"]].concat()));
    assert_ends(0, ours(&install));

    let services = r"HKLM\SYSTEM\CurrentControlSet\Services";
    let text = assert_ends(0, system(&format!(r"reg query {services}\{NAME}")));
    assert!(text.contains(&url) && text.contains("LocalSystem"), "{text}");
    assert_ends(0, system(&format!(r"reg query {services}\EventLog\Application\{NAME} /v EventMessageFile")));

    assert_ends(0, system(&format!("net stop {NAME}")));
    // Wine 8 gives a service neither the variables of its registration nor the right ProgramData; so the same stands
    // in the file, in both places.
    let config = fs::read_to_string(station.config()).unwrap();
    for base in ["ProgramData", "PUBLIC"] {
        let folder = std::path::PathBuf::from(env::var_os(base).unwrap()).join(NAME);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), &config).unwrap();
    }
    assert_ends(0, system(&format!("net start {NAME}")));
    station
        .wait("its health", |station| station.ask("/health/ready").is_some_and(|(status, _)| status == 200));
    station.put("BY-SERVICE");
    station.wait_for(1);
    station.arrived("BY-SERVICE");
    // Over the named pipe, from another process.
    let text = assert_ends(0, ours(&["status"]));
    assert!(text.starts_with("Connected; 0 waiting, 1 delivered"), "{text}");

    assert_ends(0, system(&format!("net stop {NAME}")));
    assert!(station.ask("/health").is_none());
    assert_ends(0, ours(&["uninstall-service", "--silent"]));
    let (code, text) = system(&format!(r"reg query {services}\{NAME}"));
    assert_ne!(code, Some(0), "{text}");
    assert_ends(11, ours(&["uninstall-service", "--silent"]));
}
