//! Changing the configuration, from nothing to a running station.

use crate::support::SAMPLE;
use crate::{station, station_with};
use std::fs;

fn config(station: &crate::Station) -> String {
    fs::read_to_string(station.path("config.toml")).unwrap()
}

#[test]
fn a_new_station_is_set_up_in_one_page() {
    let mut url = String::new();
    let (station, _client, page) = station_with(|station| {
        url = station.server.url();
        for (table, key) in
            [("server", "url"), ("server", "token-file"), ("station", "location"), ("station", "purpose")]
        {
            station.set(table, key, "");
        }
        station
            .server
            .set(wats_simulator::Settings { token: Some("Z29vZA==".to_owned()), ..Default::default() });
    });
    assert_eq!(page.get("/").expect(303).header("location"), "/setup");
    let first = station.path("watch").display().to_string();
    let answers = |token: &'static str, action: &'static str| {
        let folder = station.path("tester").display().to_string();
        let fields = [
            ("server", url.as_str()),
            ("api-token", token),
            ("name", "FCT-09"),
            ("location", "Line 9"),
            ("purpose", "Production"),
            ("folder", folder.as_str()),
            ("action", action),
        ];
        page.post("/setup", "/setup", &fields)
    };
    assert!(page.get("/setup").expect(200).body.contains(&first));
    assert!(answers("", "save").expect(200).body.contains("Enter the API token"));
    let tested = answers("d3Jvbmc=", "test").expect(200).body;
    assert!(tested.contains("Token: the server refuses it") && tested.contains("Line 9"), "{tested}");
    assert!(!tested.contains("d3Jvbmc="), "a secret comes back");
    assert!(answers("Z29vZA==", "test").expect(200).body.contains("takes the token"));
    let before = config(&station);
    answers("Z29vZA==", "save").expect(303);
    let after = config(&station);
    assert!(!before.contains("url =") && after.contains(&url), "{after}");
    assert!(!after.contains("Z29vZA=="), "the token has no place in the file");

    fs::write(station.path("tester").join("one.json"), SAMPLE.replace("machineName", "x")).unwrap();
    station.wait_for(1);
    assert_eq!(station.arrived("SN-0001")["machineName"], "FCT-09");
    assert_eq!(station.arrived("SN-0001")["location"], "Line 9");
    page.get("/").expect(200);
    // Only once.
    page.get("/setup").expect(303);
    let secret = station.path("secrets").join("api-token");
    // Windows encrypts it.
    assert_eq!(fs::read(&secret).unwrap().starts_with(b"Z29vZA==\n"), cfg!(unix));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn settings_are_changed_and_hold_at_once() {
    let (station, _client, page) = station();
    let body = page.get("/settings").expect(200).body;
    assert!(body.contains("value=\"Line 1\"") && !body.contains("dG9rZW4="), "{body}");
    let saved =
        page.post("/settings", "/settings", &[("station.location", "Line 2"), ("upload.concurrency", "3")]);
    assert!(saved.expect(200).body.contains("Saved, and in force"));
    station.put("MOVED");
    station.wait_for(1);
    assert_eq!(station.arrived("MOVED")["location"], "Line 2");

    let before = config(&station);
    let refused = page.post(
        "/settings",
        "/settings",
        &[("station.location", "Line 3"), ("upload.concurrency", "1000")],
    );
    let body = refused.expect(200).body;
    assert!(body.contains("between 1 and 100") && body.contains("value=\"Line 3\""), "{body}");
    assert_eq!(config(&station), before, "one wrong value, and nothing is changed");
}

/// Whoever can change the address could otherwise have the token sent to a server of his own.
#[test]
fn the_address_is_changed_only_with_the_token() {
    let (station, _client, page) = station();
    let before = config(&station);
    for (key, value) in
        [("server.url", "http://127.0.0.1:9"), ("proxy.url", "http://127.0.0.1:9"), ("log.file", "/tmp/x")]
    {
        let body = page.post("/settings", "/settings", &[(key, value)]).expect(200).body;
        assert!(body.contains("enter the API token too"), "{key}: {body}");
        page.api("PATCH", "/config", &format!("{{\"{key}\": \"{value}\"}}")).expect(422);
    }
    // Not even with it: any file could be sent as a token.
    for token in ["dG9rZW4=", "b3RoZXI="] {
        let fields = [
            ("server.token-file", "/etc/hostname"),
            ("server.url", "http://127.0.0.1:9"),
            ("api-token", token),
        ];
        let body = page.post("/settings", "/settings", &fields).expect(200).body;
        assert!(body.contains("names the file of a secret"), "{body}");
    }
    assert_eq!(config(&station), before);
    let other = wats_simulator::Simulator::start().unwrap();
    let api = |token: &str| {
        let body =
            serde_json::json!({ "server.url": other.url(), "server.token": token, "web.hosts": ["a", "b"] });
        page.api("PATCH", "/config", &body.to_string())
    };
    assert!(api("Ym9ndXM=").expect(422).body.contains("the API token comes from "));
    assert_eq!(config(&station), before);
    let applied = api("dG9rZW4=").expect(200).json();
    assert_eq!(applied["changed"], serde_json::json!(["server.url", "web.hosts"]));
    assert!(config(&station).contains(r#"hosts = ["a", "b"]"#) && !config(&station).contains("dG9r"));
    station.put("LED BY A FLEET TOOL");
    station.wait("the report", |_| other.summary().distinct == 1);
    let back = [("server.url", station.server.url()), ("api-token", "dG9rZW4=".to_owned())];
    let back = back.each_ref().map(|(name, value)| (*name, value.as_str()));
    page.post("/settings", "/settings", &back).expect(200);
    let fields = [("server.url", other.url()), ("api-token", "dG9rZW4=".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert!(page.post("/settings", "/settings", &fields).expect(200).body.contains("Saved"));
    station.put("ELSEWHERE");
    station.wait("the report", |_| other.summary().distinct == 2);
}

#[test]
fn a_token_is_replaced() {
    let (station, _client, page) = station();
    station.server.set(wats_simulator::Settings { token: Some("bmV3".to_owned()), ..Default::default() });
    station.put("WAITS");
    station.wait("the refusal", |_| page.get("/live").body.contains("The server refuses"));
    let store = |name: &str, value: &str, action: &str| {
        let fields = [("name", name), ("value", value), ("action", action)];
        page.post("/settings", "/settings/secret", &fields)
    };
    let body = store("server.token", "bmV3", "").expect(200).body;
    assert!(body.contains("The API token is stored, and in force") && !body.contains("bmV3"), "{body}");
    station.wait_for(1);
    assert!(store("server.token", " ", "").expect(200).body.contains("Enter the API token"));
    assert!(store("server.token", "a\nb", "").expect(200).body.contains("must be one line"));
    store("odd", "x", "").expect(400);

    // What was there before counts again.
    assert!(store("server.token", "", "forget").expect(200).body.contains("is forgotten"));
    station.put("STAYS");
    station.wait("the refusal", |_| page.get("/live").body.contains("The server refuses"));

    assert!(store("web.token", "another-token", "").expect(200).body.contains("is stored"));
    page.api("GET", "/status", "").expect(401);
    assert!(store("proxy.password", "hush", "").expect(200).body.contains("is stored"));
    assert!(!page.get("/settings").body.contains("hush"));
}

#[test]
fn folders_are_added_tried_changed_and_removed() {
    let (station, _client, page) = station();
    let folder = station.path("spea").display().to_string();
    let fields = [
        ("folder", folder.as_str()),
        ("converter", "csv"),
        ("arguments", "part-number = P 1\nunits.VCC = V"),
        ("priority", "2"),
    ];
    let with = |action: &'static str| -> Vec<(&str, &str)> {
        fields.into_iter().chain([("action", action)]).collect()
    };
    let tried =
        page.upload("/folders/new", "/folders/new", &with("try"), "a.csv", b"a;b\n1;2\n").expect(200).body;
    assert!(tried.contains("a.csv") && tried.contains("P 1") && !station.path("spea").exists(), "{tried}");
    let saved = page.upload("/folders/new", "/folders/new", &with("save"), "", b"").expect(200).body;
    assert!(saved.contains("Saved, and in force") && saved.contains(&folder), "{saved}");
    let text = config(&station);
    assert!(text.contains("priority = 2") && text.contains("part-number = \"P 1\""), "{text}");
    station.wait("the folder", |station| station.path("spea").is_dir());

    let form = page.get("/folders/1").expect(200).body;
    assert!(form.contains("units.VCC = V") && form.contains("value=\"2\""), "{form}");
    let changed = [
        ("was", folder.as_str()),
        ("folder", folder.as_str()),
        ("converter", "wsjf"),
        ("arguments", "part-number = Q"),
        ("priority", ""),
        ("action", "save"),
    ];
    // A form that was shown before the numbers moved changes no other folder.
    let stale = page.upload("/folders/0", "/folders/0", &changed, "", b"").expect(200).body;
    assert!(form.contains(&format!("name=\"was\" value=\"{folder}\"")), "{form}");
    assert!(stale.contains("The folders have changed meanwhile"), "{stale}");
    page.upload("/folders/1", "/folders/1", &changed, "", b"").expect(200);
    let text = config(&station);
    assert!(
        !text.contains("VCC") && !text.contains("priority = 2") && text.contains("part-number = \"Q\""),
        "{text}"
    );

    let twice = page.upload("/folders/new", "/folders/new", &with("save"), "", b"").expect(200).body;
    assert!(twice.contains("is watched by watch[1] already"), "{twice}");
    page.post("/folders/1/remove", "/folders/1/remove", &[("folder", "another")]).expect(409);
    page.post("/folders/1/remove", "/folders/1/remove", &[("folder", &folder)]).expect(303);
    assert!(!config(&station).contains("spea"), "{}", config(&station));
    page.get("/folders/1").expect(404);
    station.put("STILL");
    station.wait_for(1);
}

/// A new token in the place of one that is handed over anew would let that one be sent to the new address.
#[test]
fn a_token_of_the_service_manager_cannot_be_led_away() {
    let mut station = crate::Station::new();
    let page = crate::Page::new();
    station.set("web", "listen", &format!("\"{}\"", page.address));
    let credentials = station.path("credentials");
    fs::create_dir(&credentials).unwrap();
    fs::write(credentials.join("api-token"), "c2VjcmV0").unwrap();
    let _client = station.start_with(|command| command.env("CREDENTIALS_DIRECTORY", &credentials));
    station.wait("the page", |_| page.try_get("/about").is_some());
    let before = config(&station);
    let fields = [("server.url", "http://127.0.0.1:9"), ("api-token", "Ym9ndXM=")];
    let body = page.post("/settings", "/settings", &fields).expect(200).body;
    assert!(body.contains("The API token comes from "), "{body}");
    // Nor by way of a stored one, which would be forgotten afterwards, or of a password.
    page.post("/settings", "/settings/secret", &[("name", "server.token"), ("value", "Ym9ndXM=")])
        .expect(200);
    let body = page.post("/settings", "/settings", &fields).expect(200).body;
    assert!(body.contains("The API token comes from "), "{body}");
    for token in ["", "Ym9ndXM="] {
        let fields = [("password", "long enough 1"), ("again", "long enough 1"), ("api-token", token)];
        let body = page.post("/settings", "/settings/password", &fields).expect(200).body;
        assert!(!body.contains("The password is set") && body.contains("API token"), "{body}");
    }
    page.post("/settings", "/settings/secret", &[("name", "server.token"), ("action", "forget")]).expect(200);
    assert_eq!(config(&station), before);
    let fields = [("server.url", "http://127.0.0.1:9"), ("api-token", "c2VjcmV0")];
    assert!(page.post("/settings", "/settings", &fields).expect(200).body.contains("Saved"));
}
