//! What people see and do.

use crate::support::SAMPLE;
use crate::{refuse_one, station, station_with};
use serde_json::Value;

#[test]
fn the_overview_says_how_it_is() {
    let (station, _client, page) = station();
    station.put("ONE");
    station.wait_for(1);
    station.wait("the overview", |_| page.get("/live").body.contains("All reports have arrived"));
    let body = page.get("/").expect(200).body;
    for part in
        ["FCT-01", ">ONE<", "Delivered", "1 delivered in the last ten minutes", "<svg class=\"pulse wide\""]
    {
        assert!(body.contains(part), "{part} in {body}");
    }
    station.server.go_down();
    station.put("TWO");
    station.wait("the outage", |_| page.get("/live").body.contains("The server does not answer"));
    station.wait("the report", |_| page.get("/live").body.contains("One report is safe on this disk"));
}

#[test]
fn reports_are_found_seen_and_downloaded() {
    let (station, _client, page) = station();
    station.server.go_down();
    station.put_text("failed.json", include_str!("../../samples/final-test-failed.json"));
    station.put("SN%_X");
    station.wait("both", |_| page.api("GET", "/status", "").json()["queue"]["pending"] == 2);
    let all = page.get("/reports").expect(200).body;
    assert!(all.contains("SN-0002") && all.contains("SN%_X"), "{all}");
    let some = page.get("/reports?state=pending&q=%25_").expect(200).body;
    assert!(!some.contains(">SN-0002<") && some.contains("SN%_X"), "{some}");
    assert!(page.get("/reports?q=nothing").body.contains("No report has"));
    assert!(page.get("/reports?state=delivered").body.contains("There are none"));

    let found = page.api("GET", "/reports?text=SN-0002", "").json();
    let sequence = found["reports"][0]["sequence"].as_i64().unwrap();
    let body = page.get(&format!("/reports/{sequence}")).expect(200).body;
    for part in ["Ripple", "61.5 mV", "≤ 50", "<svg class=\"limits\"", "Waiting", "failed.json", "Try now"]
    {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert!(!body.contains("Discard"), "only what was refused can be discarded");
    let download = page.get(&format!("/reports/{sequence}/wsjf")).expect(200);
    assert_eq!(download.json()["sn"], "SN-0002");
    assert!(download.header("content-disposition").starts_with("attachment; "), "{download:?}");
}

#[test]
fn refused_reports_are_tried_again_corrected_and_discarded() {
    let (station, _client, page) = station();
    let sequence = refuse_one(&station, &page, "REFUSED");
    let address = format!("/reports/{sequence}");
    let body = page.get(&address).expect(200).body;
    assert!(body.contains("no such &lt;operation&gt;") && body.contains("Correct"), "{body}");
    assert!(page.get("/live").body.contains("1 report that the server refused waits"));

    // Correcting: what is no report is refused with the reason, and what was typed stays.
    let form = format!("{address}/correct");
    let again = page.post(&form, &form, &[("report", "{\"sn\": ")]).expect(200).body;
    assert!(again.contains("not valid JSON") && again.contains("{&quot;sn&quot;: "), "{again}");
    let fault = page.post(&form, &form, &[("report", "{\"type\":\"T\"}")]).expect(200).body;
    assert!(fault.contains("serial number"), "{fault}");
    let body = page.get(&form).body;
    let text = body
        .split("<textarea")
        .nth(1)
        .unwrap()
        .split_once('>')
        .unwrap()
        .1
        .split("</textarea>")
        .next()
        .unwrap();
    let text = text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let id = serde_json::from_str::<Value>(&text).unwrap()["id"].clone();
    page.post(&form, &form, &[("report", &text.replace("REFUSED", "CORRECTED"))]).expect(303);
    station.wait_for(1);
    assert_eq!(station.arrived("CORRECTED")["id"], id);

    let sequence = refuse_one(&station, &page, "AGAIN");
    page.post(&format!("/reports/{sequence}"), &format!("/reports/{sequence}/retry"), &[]).expect(303);
    station.wait_for(2);
    station.arrived("AGAIN");

    refuse_one(&station, &page, "ALL");
    page.post("/connection", "/reports/retry-refused", &[]).expect(303);
    station.wait_for(3);
    station.arrived("ALL");

    let sequence = refuse_one(&station, &page, "AWAY");
    let form = format!("/reports/{sequence}/discard");
    assert!(page.get(&form).expect(200).body.contains("Discard this report?"));
    page.post(&form, &form, &[]).expect(303);
    page.get(&format!("/reports/{sequence}")).expect(404);
    assert_eq!(page.api("GET", "/status", "").json()["queue"]["quarantined"], 0);
}

/// Serial numbers, file names and messages come from machines and servers that nobody has checked.
#[test]
fn hostile_text_stays_text() {
    let (station, _client, page) = station();
    let evil = "<script>alert(1)</script>'\\\"&";
    station.server.go_down();
    let report = SAMPLE
        .replace("SN-0001", evil)
        .replace("Output voltage", &evil.repeat(3))
        .replace("\"operator 7\"", "\"<img src=x onerror=alert(1)>\"");
    let name = if cfg!(windows) { "b&quot'.json" } else { "<b>&quot;'.json" };
    station.put_text(name, report);
    station.wait("it", |_| page.api("GET", "/status", "").json()["queue"]["pending"] == 1);
    let search = "/reports?q=%3Cscript%3E%22%27";
    for path in [
        "/",
        "/live",
        "/reports",
        "/reports/1",
        "/logs",
        "/logs/live?level=debug",
        search,
        "/reports?state=%3Cscript%3E",
    ] {
        let body = page.get(path).expect(200).body;
        for raw in ["<script>alert", "<img src=x", "<b>", "<script>\"'"] {
            assert!(!body.contains(raw), "{raw} in {path}: {body}");
        }
    }
    assert!(page.get("/reports/1").body.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn a_file_can_be_tried_before_its_folder_is_watched() {
    let (station, _client, page) = station();
    let try_it = |fields: &[(&str, &str)], name: &str, file: &[u8]| {
        page.upload("/try", "/try", fields, name, file).expect(200).body
    };
    let body = try_it(&[("converter", "auto")], "C:\\data\\one.json", SAMPLE.as_bytes());
    for part in ["1 report in one.json", "wsjf", "SN-0001", "Output voltage", "4.9 … 5.1", "FCT-01"] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert!(try_it(&[("converter", "auto")], "a.txt", b"not ours").contains("no converter knows this file"));
    assert!(
        try_it(&[("converter", "csv"), ("arguments", "odd = 1")], "a.csv", b"a;b")
            .contains("does not know it")
    );
    assert!(try_it(&[("converter", "auto"), ("arguments", "odd")], "a.csv", b"a;b").contains("NAME = VALUE"));
    assert!(try_it(&[("converter", "<b>")], "<b>", b"x").contains("there is no converter named"));
    assert_eq!(page.api("GET", "/status", "").json()["queue"]["pending"], 0);
    assert_eq!(station.server.summary().distinct, 0);
}

#[test]
fn logs_and_the_connection_can_be_looked_at() {
    let (station, _client, page) = station();
    station.put_text("broken.json", "{\"type\": ");
    station.wait("the message", |_| page.get("/logs?level=error").body.contains("broken.json"));
    assert!(page.get("/logs").body.contains("wats-client starts"));
    assert!(!page.get("/logs/live?level=error").body.contains("wats-client starts"));
    station.wait("the connection", |_| {
        page.post("/connection", "/connection", &[]).body.contains("takes the token")
    });
    station.server.go_down();
    let body = page.post("/connection", "/connection", &[]).expect(200).body;
    assert!(body.contains("o connection to the server"), "{body}");
    let about = page.get("/about").expect(200).body;
    assert!(about.contains(env!("CARGO_PKG_VERSION")) && about.contains("openapi.json"), "{about}");
}

#[test]
fn an_occupied_port_is_no_reason_to_stop() {
    let page = crate::Page::new();
    let _occupier = std::net::TcpListener::bind(page.address).unwrap();
    let mut station = crate::Station::new();
    station.set("web", "listen", &format!("\"{}\"", page.address));
    let _client = station.start();
    station.put("ONE");
    station.wait_for(1);
    assert!(station.log().contains("the web page is off"), "{}", station.log());
    drop(station_with(|station| station.set("health", "listen", "\"\"")));
}
