//! A page with a password, which other machines may reach.

use crate::{Page, Station, station, station_with};
use std::net::SocketAddr;

/// Listens at all addresses of this machine.
fn on_network(station: &mut Station) -> SocketAddr {
    let page = Page::new();
    let address = SocketAddr::from(([0, 0, 0, 0], page.address.port()));
    station.set("web", "listen", &format!("\"{address}\""));
    page.address
}

#[test]
fn other_machines_see_nothing_without_a_password() {
    let mut station = Station::new();
    let address = on_network(&mut station);
    let page = Page { address, ..Page::new() };
    let _client = station.start();
    station.wait("the page", |_| page.try_get("/").is_some());
    for path in ["/", "/reports", "/live", "/setup", "/settings"] {
        let answer = page.get(path).expect(403);
        assert!(answer.body.contains("no password is set") && !answer.body.contains("FCT-01"), "{answer:?}");
    }
    page.api("GET", "/status", "").expect(403);
}

#[test]
fn the_password_opens_the_page() {
    let (station, _client, page) = station_with(|station| {
        std::fs::write(station.path("password"), "correct horse battery").unwrap();
        let file = format!("{:?}", station.path("password").display().to_string());
        station.set("web", "password-file", &file);
    });
    assert_eq!(
        page.get("/reports?state=pending&q=a").expect(303).header("location"),
        "/login?next=/reports?state=pending%26q=a"
    );
    page.get("/live").expect(403);
    page.get("/style.css").expect(200);
    assert!(!page.get("/login").expect(200).body.contains("FCT-01"));
    let enter =
        |password: &str, next: &str| page.post("/login", "/login", &[("password", password), ("next", next)]);
    assert!(enter("wrong", "/").expect(403).body.contains("This is not the password"));
    page.get("/reports").expect(303);
    assert_eq!(enter("correct horse battery", "//evil.example/").expect(303).header("location"), "/");
    assert!(page.get("/").expect(200).body.contains("Sign out"));
    // Who has entered it may change what else needs the token.
    assert!(
        page.post("/settings", "/settings", &[("server.url", "http://127.0.0.1:9")])
            .expect(200)
            .body
            .contains("Saved")
    );
    page.post("/", "/logout", &[]).expect(303);
    page.get("/").expect(303);
    enter("correct horse battery", "/").expect(303);
    page.get("/").expect(200);
    std::fs::write(station.path("password"), "another horse battery").unwrap();
    page.get("/").expect(303);
}

/// A cookie from before is worth nothing: not after signing out, and not after a new start of the service.
#[test]
fn a_session_survives_nothing_that_it_should_not() {
    let (station, mut client, page) = station_with(|station| {
        std::fs::write(station.path("password"), "correct horse battery").unwrap();
        let file = format!("{:?}", station.path("password").display().to_string());
        station.set("web", "password-file", &file);
    });
    let before = page.get("/login").expect(200);
    let first = page.cookie.borrow().clone();
    assert!(!first.is_empty() && !before.body.contains(&first));
    page.post("/login", "/login", &[("password", "correct horse battery")]).expect(303);
    assert_ne!(*page.cookie.borrow(), first, "a cookie that somebody has planted is not signed in");
    let signed_in = page.cookie.borrow().clone();
    let with = |cookie: &str| {
        let headers = [format!("Host: {}", page.address), format!("Cookie: {cookie}")];
        page.send("GET", "/reports", &headers.each_ref().map(String::as_str), b"").unwrap().status
    };
    assert_eq!((with(&signed_in), with(&first)), (200, 303));
    page.post("/", "/logout", &[]).expect(303);
    assert_eq!(with(&signed_in), 303);

    page.post("/login", "/login", &[("password", "correct horse battery")]).expect(303);
    let signed_in = page.cookie.borrow().clone();
    let token = page.token("/settings");
    assert_eq!(with(&signed_in), 200);
    client.kill();
    let _client = station.start();
    station.wait("the page", |_| page.try_get("/login").is_some());
    assert_eq!(with(&signed_in), 303);
    *page.cookie.borrow_mut() = signed_in;
    let form = ["Sec-Fetch-Site: same-origin", "Content-Type: application/x-www-form-urlencoded"];
    let body = format!("token={token}&station.location=X");
    page.post_raw("/settings", &form, body.as_bytes()).expect(403);
}

#[test]
fn passwords_cannot_be_guessed_fast() {
    let (_station, _client, page) = station_with(|station| {
        std::fs::write(station.path("password"), "correct horse battery").unwrap();
        let file = format!("{:?}", station.path("password").display().to_string());
        station.set("web", "password-file", &file);
    });
    for _ in 0..5 {
        page.post("/login", "/login", &[("password", "guess")]).expect(403);
    }
    let answer = page.post("/login", "/login", &[("password", "correct horse battery")]).expect(429);
    assert!((1..=60).contains(&answer.header("retry-after").parse().unwrap()), "{answer:?}");
    page.get("/").expect(303);
}

#[test]
fn a_password_is_set_on_the_page() {
    let (station, _client, page) = station();
    let with = |one: &str, other: &str, token: &str| {
        let fields = [("password", one), ("again", other), ("api-token", token)];
        page.post("/settings", "/settings/password", &fields).expect(200).body
    };
    let set = |one: &str, other: &str| with(one, other, "dG9rZW4=");
    assert!(set("short", "short").contains("at least 10 characters"));
    assert!(set("long enough 1", "long enough 2").contains("not the same"));
    // Whoever has the password may change where the API token goes.
    assert!(with("long enough 1", "long enough 1", "").contains("enter the API token too"));
    assert!(with("long enough 1", "long enough 1", "d3Jvbmc=").contains("The API token comes from"));
    assert!(set("long enough 1", "long enough 1").contains("The password is set"));
    page.get("/").expect(303);
    let stored = std::fs::read(station.path("secrets").join("web-password")).unwrap();
    // Windows encrypts it once more.
    assert_eq!(stored.starts_with(b"pbkdf2-sha256:600000:"), cfg!(unix));
    assert!(!stored.windows(13).any(|bytes| bytes == b"long enough 1"));
    page.post("/login", "/login", &[("password", "long enough 1")]).expect(303);
    page.get("/").expect(200);
}
