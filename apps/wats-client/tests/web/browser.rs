//! The pages in a real browser: at two widths, by day and by night.
//!
//! `UPDATE_GOLDEN=1` puts the pictures into `docs/wats-client-page`.

use crate::support::SAMPLE;
use crate::{Page, Station, refuse_one, station};
use std::path::{Path, PathBuf};
use std::process::Command;

fn chromium() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name)))
        .find(|path| path.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: needs chromium");
    }
    found
}

/// Runs the browser; gives what it writes.
fn browse(chromium: &Path, profile: &Path, arguments: &[&str]) -> String {
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
        ])
        .args(["--force-color-profile=srgb", "--lang=en-GB", "--disable-dev-shm-usage"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .env("TZ", "UTC")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A station on which there is something to see.
fn busy_station() -> (Station, crate::Client, Page, i64, i64) {
    let (station, client, page) = station();
    for number in 1..=6 {
        station.put(&format!("PSU-2611-{number:04}"));
    }
    station.wait_for(6);
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

/// Width and height of a PNG.
fn size_of_png(bytes: &[u8]) -> (u32, u32) {
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn pages_look_right_by_day_and_night_and_on_a_phone() {
    let Some(chromium) = chromium() else { return };
    let (station, _client, page, refused, waiting) = busy_station();
    station.wait("the refusal", |_| page.get("/live").body.contains("The server refuses"));
    let profile = tempfile::tempdir().unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/wats-client-page");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let report = format!("/reports/{waiting}");
    let pictures = [
        ("overview", "/", "desktop", "day"),
        ("overview", "/", "desktop", "night"),
        ("overview", "/", "phone", "day"),
        ("overview", "/", "phone", "night"),
        ("report", &report, "desktop", "day"),
        ("report", &report, "phone", "night"),
        ("reports", "/reports", "phone", "night"),
        ("folder", "/folders/0", "desktop", "day"),
    ];
    for (name, path, window, time) in pictures {
        let (width, height) = if window == "phone" { (390, 844) } else { (1100, 900) };
        let file = station.path(&format!("{name}-{window}-{time}.png"));
        let arguments = [
            "--virtual-time-budget=1000",
            &format!("--screenshot={}", file.display()),
            &format!("--window-size={width},{height}"),
            &format!("--blink-settings=preferredColorScheme={}", u8::from(time == "day")),
            &format!("http://{}{path}", page.address),
        ];
        browse(&chromium, profile.path(), &arguments);
        let bytes = std::fs::read(&file).unwrap();
        assert_eq!(size_of_png(&bytes), (width, height));
        let length = bytes.len();
        assert!(length > 15_000, "{name} on a {window} by {time} is nearly blank: {length} bytes");
        if update {
            std::fs::create_dir_all(&docs).unwrap();
            std::fs::copy(&file, docs.join(file.file_name().unwrap())).unwrap();
        }
    }
    // The script has run under the page's own policy: it shows local times, and where it comes from beside them.
    let address = format!("http://{}/reports/{refused}", page.address);
    let seen = browse(&chromium, profile.path(), &["--dump-dom", "--virtual-time-budget=1000", &address]);
    assert!(seen.contains("<time datetime=\"") && seen.contains("\" title=\"20"), "{seen}");
    assert!(seen.contains("no such &lt;operation&gt;"), "{seen}");
}
