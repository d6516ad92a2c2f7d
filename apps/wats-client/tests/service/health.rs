//! What monitoring and the service manager are told.

use crate::support::{Station, names};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

#[test]
fn all_endpoints_answer() {
    let station = Station::new();
    let _client = station.start();
    station.put("ONE");
    station.wait_for(1);
    station.wait("the connection", |station| station.details()["server"]["state"] == "connected");
    for path in ["/", "/health", "/health/live", "/health/ready", "/health/details", "/metrics"] {
        assert_eq!(station.ask(path).unwrap().0, 200, "{path}");
    }
    assert_eq!(station.ask("/elsewhere").unwrap().0, 404);
    station.wait("the delivery", |station| station.details()["queue"]["delivered"] == 1);
    let details = station.details();
    assert_eq!(details["healthy"], true);
    assert_eq!(details["station"], "FCT-01");
    assert!(details["lastDelivery"].is_string(), "{details}");
    assert_eq!(details["watch"][0]["path"], station.path("watch").display().to_string());
    assert!(station.ask("/metrics").unwrap().1.contains("wats_client_reports{state=\"delivered\"} 1\n"));
}

#[test]
fn without_a_server_it_runs_and_keeps_reports() {
    let mut station = Station::new();
    let url = format!("{:?}", station.server.url());
    station.set("server", "url", "");
    let mut client = station.start();
    station.put("EARLY");
    station.wait("the queue to have it", |station| station.details()["queue"]["pending"] == 1);
    assert_eq!(station.ask("/health").unwrap().0, 200);
    let (status, body) = station.ask("/health/ready").unwrap();
    assert_eq!(status, 503);
    assert!(body.contains("no server address is set"), "{body}");
    client.terminate();
    assert_eq!(client.wait().0.code(), Some(0));

    station.set("server", "url", &url);
    std::fs::write(station.path("token"), "").unwrap();
    let mut client = station.start();
    station.wait("the reason", |station| {
        station.ask("/health/ready").is_some_and(|(_, body)| body.contains("no API token is set"))
    });
    assert!(client.is_running());
    std::fs::write(station.path("token"), "dG9rZW4=").unwrap();
    station.wait_for(1);
}

#[test]
fn an_occupied_health_port_is_no_reason_to_stop() {
    let station = Station::new();
    let _occupier = std::net::TcpListener::bind(station.health).unwrap();
    let _client = station.start();
    station.put("ONE");
    station.wait_for(1);
    assert!(station.log().contains("health endpoints are off"), "{}", station.log());
}

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
