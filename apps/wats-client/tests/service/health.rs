//! What monitoring is told.

use crate::support::Station;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

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
    client.kill();

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
    let occupier = std::net::TcpListener::bind(station.health).unwrap();
    let _client = station.start();
    station.put("ONE");
    station.wait_for(1);
    station.wait("the warning", |station| station.log().contains("health endpoints are off"));
    drop(occupier);
    station.wait("the endpoints", |station| station.details()["queue"]["delivered"] == 1);
}

#[test]
fn the_command_line_asks_the_running_service() {
    let station = Station::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let nobody = station.status(&[]).output().unwrap();
    assert_eq!(nobody.status.code(), Some(1));
    assert!(text(&nobody.stderr).contains("does not run"), "{}", text(&nobody.stderr));

    let _client = station.start();
    station.wait("the connection", |station| station.details()["server"]["state"] == "connected");
    let mut follower = station.status(&["--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "Connected; 0 waiting, 0 delivered, 0 refused");
    station.put("ONE");
    station.wait_for(1);
    assert!(lines.any(|line| line.unwrap() == "Connected; 0 waiting, 1 delivered, 0 refused"));
    follower.kill().unwrap();
    follower.wait().unwrap();

    let answer = station.status(&["--json"]).output().unwrap();
    assert!(answer.status.success(), "{}", text(&answer.stderr));
    let state: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(state["alive"], true);
    assert_eq!(state["problem"], Value::Null);
    assert_eq!(state["details"]["queue"]["delivered"], 1);
}

#[test]
fn a_service_that_cannot_work_says_why_on_the_command_line() {
    let mut station = Station::new();
    station.set("server", "url", "\"\"");
    let _client = station.start();
    station.wait("the folder", |station| station.ask("/health/ready").is_some());
    let answer = station.status(&[]).output().unwrap();
    assert_eq!(answer.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&answer.stderr).contains("no server address is set"), "{answer:?}");
    assert!(String::from_utf8_lossy(&answer.stdout).starts_with("Not configured: "), "{answer:?}");
}

/// Ready is about the work that the service is for: it is true through an outage, and false when somebody has to act.
#[test]
fn ready_is_true_and_false_when_it_should_be() {
    let station = Station::new();
    let _client = station.start();
    let ready = |station: &Station, status: u16, part: &str| {
        station.ask("/health/ready").is_some_and(|(own, body)| own == status && body.contains(part))
    };
    station.wait("the connection", |station| ready(station, 200, ""));

    station.server.go_down();
    station.wait("the outage", |station| station.details()["server"]["state"] == "offline");
    assert!(ready(&station, 200, ""), "reports are kept: that is its work");
    station.server.come_back();
    station.server.set(wats_simulator::Settings { token: Some("b3RoZXI=".to_owned()), ..Default::default() });
    std::fs::write(station.path("token"), "d3Jvbmc=").unwrap();
    station.wait("the refusal", |station| ready(station, 503, "401"));
    assert_eq!(station.ask("/health/live").unwrap().0, 200, "a new start would not help");
    std::fs::write(station.path("token"), "b3RoZXI=").unwrap();
    station.wait("the new token", |station| ready(station, 200, ""));

    std::fs::rename(station.path("watch"), station.path("elsewhere")).unwrap();
    std::fs::write(station.path("watch"), "no folder").unwrap();
    station.wait("the folder's loss", |station| ready(station, 503, "watch"));
    std::fs::remove_file(station.path("watch")).unwrap();
    std::fs::rename(station.path("elsewhere"), station.path("watch")).unwrap();
    station.wait("the folder", |station| ready(station, 200, ""));
}
