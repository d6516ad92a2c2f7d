//! The web page and the control interface of the real program, asked as browsers and fleet tools do.

mod api;
mod browser;
mod chromium;
mod guard;
mod http;
mod pages;
mod password;
mod settings;
#[path = "../service/support.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod support;

use http::Page;
use support::{Client, Station};

/// The token of the control interface.
const WEB_TOKEN: &str = "a-token-for-fleet-tools";

/// A station with a page, whose client runs.
fn station() -> (Station, Client, Page) {
    station_with(|_| {})
}

fn station_with(change: impl FnOnce(&mut Station)) -> (Station, Client, Page) {
    let mut station = Station::new();
    let page = Page::new();
    std::fs::write(station.path("web-token"), WEB_TOKEN).unwrap();
    let token = format!("{:?}", station.path("web-token").display().to_string());
    station.set("web", "listen", &format!("\"{}\"", page.address));
    station.set("web", "token-file", &token);
    change(&mut station);
    let state = station.path("state");
    let client = station.start_with(|command| command.env("STATE_DIRECTORY", state));
    station.wait("the page", |_| page.try_get("/about").is_some());
    (station, client, page)
}

/// A report that the server refuses, in the queue.
fn refuse_one(station: &Station, page: &Page, serial_number: &str) -> i64 {
    station.server.misbehave(wats_simulator::Fault {
        status: Some(400),
        body: Some("{\"message\":\"no such <operation>\"}".to_owned()),
        requests: 1,
        ..Default::default()
    });
    station.put(serial_number);
    station.wait("the refusal", |_| page.api("GET", "/status", "").json()["queue"]["quarantined"] == 1);
    let found = page.api("GET", &format!("/reports?text={serial_number}"), "").json();
    found["reports"][0]["sequence"].as_i64().unwrap()
}
