//! The pages in a real browser: on a phone and a desktop, by day and by night, with the keyboard.
//!
//! `UPDATE_GOLDEN=1` puts the pictures into `docs/wats-client-page`.

use crate::chromium::{Browser, Window};
use crate::support::SAMPLE;
use crate::{Client, Page, Station, refuse_one, station, station_with};
use std::path::Path;

/// Finds what a page does wrong.
const JUDGE: &str = include_str!("judge.js");

fn updates() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// A station on which there is something to see.
fn busy_station() -> (Station, Client, Page, i64, i64) {
    let (station, client, page) = station();
    for number in 1..=6 {
        station.put(&format!("PSU-2611-{number:04}"));
    }
    station.wait_for(6);
    if updates() {
        // Something for the picture of the last minutes.
        for number in 0..45 {
            let more = [1, 1, 2, 1, 3, 2, 1, 4][number % 8];
            (0..more).for_each(|place| station.put(&format!("PSU-2610-{number:03}{place}")));
            std::thread::sleep(std::time::Duration::from_millis(2000));
        }
    }
    let refused = refuse_one(&station, &page, "PSU-2611-0007");
    station.server.go_down();
    station.put_text("frequency-response.json", with_chart());
    station.put("PSU-2611-0009");
    station.wait("two that wait", |_| page.api("GET", "/status", "").json()["queue"]["pending"] == 2);
    let found = page.api("GET", "/reports?text=frequency-response", "").json();
    let waiting = found["reports"][0]["sequence"].as_i64().unwrap();
    station.server.come_back();
    station.server.set(wats_simulator::Settings { token: Some("other".to_owned()), ..Default::default() });
    (station, client, page, refused, waiting)
}

/// A report with a failed step and a chart.
fn with_chart() -> String {
    let xs: Vec<String> = (0..60).map(|number| format!("{:.1}", 20.0 * 1.122f64.powi(number))).collect();
    let curve = |shift: f64| -> Vec<String> {
        (0..60).map(|number| format!("{:.2}", shift - f64::from(number).powi(3) / 6000.0)).collect()
    };
    let series = |name: &str, shift: f64| {
        format!(
            r#"{{"dataType":"XYG","name":"{name}","xdata":"{}","ydata":"{}"}}"#,
            xs.join(";"),
            curve(shift).join(";")
        )
    };
    let step = format!(
        r#"{{"id":9,"group":"M","stepType":"ET_NLT","name":"Ripple","status":"F","causedUUTFailure":true,
            "errorMessage":"ripple too high","numericMeas":[{{"compOp":"LE","status":"F","unit":"mV","value":61.5,"lowLimit":50}}]}},
            {{"id":10,"group":"M","stepType":"WATS_XYGMNLT","name":"Frequency response","status":"P",
            "numericMeas":[{{"compOp":"GELE","name":"gain at 1 kHz","status":"P","unit":"dB","value":-0.4,"lowLimit":-1,"highLimit":1}},
            {{"compOp":"GE","name":"bandwidth","status":"P","unit":"kHz","value":8.1,"lowLimit":6}}],
            "chart":{{"chartType":"LineLogX","label":"Frequency response","xLabel":"Frequency","xUnit":"Hz","yLabel":"Gain",
            "yUnit":"dB","series":[{},{}]}}}},"#,
        series("channel 1", 0.0),
        series("channel 2", -3.0)
    );
    let at = SAMPLE.rfind("{ \"id\": 3").unwrap();
    let text = format!("{}{step}{}", &SAMPLE[..at], &SAMPLE[at..]);
    text.replace("SN-0001", "PSU-2611-0008").replace("\"id\": \"0c5d", "\"note\": \"0c5d").replacen(
        "\"result\": \"P\"",
        "\"result\": \"F\"",
        1,
    )
}

/// Names as nobody should give them, in a station where much goes wrong.
fn unlucky_station() -> (Station, Client, Page) {
    let long = "Unterspannungsversorgungsprüfplatz_".repeat(2);
    let (station, client, page) = station_with(|station| {
        station.set("station", "name", &format!("{:?}", long));
        station.set("station", "location", &format!("{:?}", "W".repeat(100)));
        std::fs::create_dir(station.path("plugins")).unwrap();
        std::fs::write(station.path("plugins").join("broken.wasm"), "no module").unwrap();
        station.set("queue", "max-reports", "2");
    });
    let serial = "SN-".to_owned() + &"8".repeat(97);
    let sequence = refuse_one(&station, &page, &serial);
    assert_eq!(sequence, 1);
    let text =
        with_chart().replace("PSU-2611-0008", &"M".repeat(100)).replace("Ripple", &"ripple_".repeat(14));
    station.server.go_down();
    station.put_text(&format!("{}.json", "file_".repeat(40)), text);
    station.put_text("broken.json", "{\"type\": ");
    station.wait("it", |_| page.api("GET", "/status", "").json()["queue"]["pending"] == 1);
    (station, client, page)
}

fn judge(browser: &mut Browser, page: &Page, paths: &[&str]) {
    for width in ["phone", "desktop"] {
        let [day, night] = ["day", "night"].map(|time| Window::named(&format!("{width}-{time}")));
        browser.resize(day);
        for path in paths {
            browser.open(&format!("http://{}{path}", page.address));
            for window in [day, night] {
                browser.resize(window);
                let faults = browser.evaluate(JUDGE);
                assert_eq!(faults, serde_json::json!([]), "{path} {}", window.name);
            }
        }
    }
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[test]
fn everything_fits_and_is_legible_everywhere() {
    let Some(mut browser) = Browser::start() else { return };
    let (station, _client, page) = unlucky_station();
    let paths = [
        "/",
        "/reports",
        "/reports?q=nothing",
        "/reports/1",
        "/reports/1/correct",
        "/reports/1/discard",
        "/reports/2",
        "/folders",
        "/folders/0",
        "/folders/0/remove",
        "/try",
        "/settings",
        "/connection",
        "/logs?level=debug",
        "/about",
    ];
    judge(&mut browser, &page, &paths);
    // What comes of a test of the connection, and of a file that is tried.
    browser.resize(Window::named("phone-day"));
    browser.open(&format!("http://{}/connection", page.address));
    browser.follow(|browser| drop(browser.evaluate("document.querySelector('button.main').click()")));
    assert_eq!(browser.evaluate(JUDGE), serde_json::json!([]));
    browser.open(&format!("http://{}/try", page.address));
    std::fs::write(station.path("unit.json"), with_chart()).unwrap();
    browser.choose("#file", &station.path("unit.json"));
    browser.follow(|browser| drop(browser.evaluate("document.querySelector('button.main').click()")));
    assert!(browser.evaluate("document.querySelectorAll('.chart path').length").as_i64() > Some(1));
    assert_eq!(browser.evaluate(JUDGE), serde_json::json!([]));
    assert_eq!(browser.faults(), Vec::<String>::new());
}

/// From nothing to the first report without a mouse: the wizard, and an overview that follows by itself.
#[test]
fn a_station_is_set_up_with_the_keyboard() {
    let Some(mut browser) = Browser::start() else { return };
    let mut url = String::new();
    let (station, _client, page) = station_with(|station| {
        url = station.server.url();
        for (table, key) in [("server", "url"), ("server", "token-file"), ("station", "name")] {
            station.set(table, key, "");
        }
        station
            .server
            .set(wats_simulator::Settings { token: Some("Z29vZA==".to_owned()), ..Default::default() });
    });
    browser.resize(Window::named("phone-day"));
    browser.open(&format!("http://{}/", page.address));
    assert_eq!(browser.evaluate("location.pathname"), "/setup");
    assert_eq!(browser.evaluate(JUDGE), serde_json::json!([]));

    // The first stop leads past the navigation.
    browser.press("Tab");
    assert_eq!(browser.evaluate("document.activeElement.className"), "skip");
    browser.press("Enter");
    browser.wait("document.activeElement.id === 'content'");
    let mut stops = Vec::new();
    loop {
        browser.press("Tab");
        let stop = browser.evaluate(
            "(() => { const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
            return { id: at.id || at.textContent, seen: at.matches(':focus-visible') && style.outlineStyle !== 'none'
                && parseFloat(style.outlineWidth) >= 2, inside: box.top >= 0 && box.bottom <= innerHeight }; })()",
        );
        let id = stop["id"].as_str().unwrap().to_owned();
        assert!(stop["seen"] == true && stop["inside"] == true, "{stop}");
        match id.as_str() {
            "server" => browser.write(&url),
            "api-token" => browser.write("Z29vZA=="),
            _ => {}
        }
        let is_last = id == "Save and start";
        stops.push(id);
        if is_last {
            break;
        }
        assert!(stops.len() < 40, "{stops:?}");
    }
    let order = [
        "server",
        "api-token",
        "Test the connection",
        "name",
        "location",
        "purpose",
        "folder",
        "Save and start",
    ];
    assert_eq!(stops, order);
    browser.follow(|browser| browser.press("Enter"));
    assert_eq!(browser.evaluate("location.pathname"), "/");
    browser.wait("document.querySelector('.state h1').textContent === 'All reports have arrived'");

    station.put("BY-KEYBOARD");
    browser.wait("document.body.textContent.includes('BY-KEYBOARD')");
    browser.wait("document.querySelectorAll('.pulse .bar').length > 0");
    station.server.go_down();
    browser.wait("document.querySelector('.state h1').textContent === 'The server does not answer'");
    // A slash leads to the search.
    browser.open(&format!("http://{}/reports", page.address));
    browser.press("/");
    browser.wait("document.activeElement.id === 'q'");
    browser.write("keyboard");
    browser.follow(|browser| browser.press("Enter"));
    assert_eq!(browser.evaluate("document.querySelectorAll('td.serial').length"), 1);
    assert_eq!(browser.faults(), Vec::<String>::new());
}

/// Width and height of a PNG.
fn size_of_png(bytes: &[u8]) -> (u32, u32) {
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

fn take_picture(browser: &mut Browser, name: &str, window: Window) {
    let picture = browser.picture();
    assert_eq!(size_of_png(&picture), (window.width, window.height));
    let length = picture.len();
    assert!(length > 15_000, "{name} {} is nearly blank: {length} bytes", window.name);
    if updates() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/wats-client-page");
        std::fs::write(docs.join(format!("{name}-{}.png", window.name)), picture).unwrap();
    }
}

#[test]
fn pictures_for_the_documentation() {
    let Some(mut browser) = Browser::start() else { return };
    let (station, _client, page, refused, waiting) = busy_station();
    station.wait("the refusal", |_| page.get("/live").body.contains("The server refuses"));
    let report = format!("/reports/{waiting}");
    let pictures = [
        ("overview", "/", "desktop-day"),
        ("overview", "/", "desktop-night"),
        ("overview", "/", "phone-day"),
        ("report", &report, "desktop-day"),
        ("report", &report, "phone-night"),
        ("reports", "/reports", "phone-night"),
    ];
    for (name, path, window) in pictures {
        let window = Window::named(window);
        browser.resize(window);
        browser.open(&format!("http://{}{path}", page.address));
        take_picture(&mut browser, name, window);
    }
    let desktop = Window::named("desktop-day");
    browser.resize(desktop);
    browser.open(&format!("http://{}/connection", page.address));
    browser.follow(|browser| drop(browser.evaluate("document.querySelector('button.main').click()")));
    take_picture(&mut browser, "connection", desktop);
    browser.open(&format!("http://{}/try", page.address));
    std::fs::write(station.path("board-17.json"), with_chart()).unwrap();
    browser.choose("#file", &station.path("board-17.json"));
    browser.follow(|browser| drop(browser.evaluate("document.querySelector('button.main').click()")));
    browser.evaluate("document.querySelector('.outcome').scrollIntoView()");
    take_picture(&mut browser, "try", desktop);

    // The script has run under the page's own policy: it shows local times, and where they come from beside them.
    browser.open(&format!("http://{}/reports/{refused}", page.address));
    let times = "[...document.querySelectorAll('time')].every((time) => time.title.startsWith('20'))";
    assert_eq!(browser.evaluate(times), true);
    assert_eq!(browser.evaluate("document.body.textContent.includes('no such <operation>')"), true);
    assert_eq!(browser.faults(), Vec::<String>::new());
}
