//! What systemd says and is told.

use crate::support::{Station, names};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

#[test]
fn the_service_manager_is_kept_informed() {
    let station = Station::new();
    let path = station.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut client =
        station.start_with(|command| command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "400000"));
    let next = || {
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    assert_eq!(next(), "READY=1");
    // The status comes with a sign of life, and again when it changes.
    let text = next();
    assert!(text.starts_with("WATCHDOG=1\nSTATUS="), "{text}");
    for _ in 0..3 {
        let text = next();
        assert!(text.starts_with("WATCHDOG=1"), "{text}");
    }
    client.terminate();
    let mut last = next();
    while last.starts_with("WATCHDOG=1") {
        last = next();
    }
    assert!(last.starts_with("STOPPING=1"), "{last}");
    client.wait();
}

#[test]
fn systemd_says_where_things_are() {
    let station = Station::new();
    let state = station.path("state");
    std::fs::create_dir(&state).unwrap();
    let credentials = station.path("credentials");
    std::fs::create_dir(&credentials).unwrap();
    std::fs::write(credentials.join("api-token"), "dG9rZW4=\n").unwrap();
    std::fs::write(station.path("empty.toml"), "[health]\nlisten = \"\"\n").unwrap();
    let mut command = crate::support::program();
    command.args(["run", "--config"]).arg(station.path("empty.toml"));
    command.env("STATE_DIRECTORY", &state).env("CREDENTIALS_DIRECTORY", &credentials);
    command
        .env("WATS_CLIENT_SERVER_URL", station.server.url() + "/api/")
        .env("WATS_CLIENT_STATION_NAME", "ENV-1");
    let mut child = command.spawn().unwrap();
    station.wait("the folder", |_| state.join("watch").is_dir());
    let report = crate::support::report("BY-ENV").replacen('{', r#"{"location":"L","purpose":"P","#, 1);
    std::fs::write(state.join("watch/a.json"), report).unwrap();
    station.wait_for(1);
    assert_eq!(station.arrived("BY-ENV")["machineName"], "ENV-1");
    station.wait("the file to be put away", |_| names(&state.join("done")) == ["a.json"]);
    assert_eq!(names(&state), ["done", "queue", "watch"]);
    child.kill().unwrap();
    child.wait().unwrap();
}
