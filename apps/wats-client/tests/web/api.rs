//! The control interface, and its description.

use crate::http::Answer;
use crate::support::{SAMPLE, Station};
use crate::{Page, refuse_one, station_with};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Checks every answer against the description, and remembers what was seen.
struct Described<'a> {
    page: &'a Page,
    description: Value,
    seen: RefCell<BTreeSet<(String, String, String)>>,
}

impl Described<'_> {
    /// Sends a request; `path` is as in the description, with `which` as its parameter.
    fn ask(&self, method: &str, path: &str, which: impl ToString, query: &str, body: &str) -> Answer {
        let answer = self.page.api(method, &format!("{}{query}", address(path, which)), body);
        self.check(method, path, answer)
    }

    fn check(&self, method: &str, path: &str, answer: Answer) -> Answer {
        let (method, status) = (method.to_ascii_lowercase(), answer.status.to_string());
        let described = &self.description["paths"][path][&method]["responses"][&status];
        assert!(described.is_object(), "{method} {path} {status} is not described: {answer:?}");
        let described = self.followed(described);
        let kind = answer.header("content-type").split(';').next().unwrap_or_default().to_owned();
        match described["content"].as_object() {
            None => assert!(answer.body.is_empty(), "{answer:?}"),
            Some(content) => {
                let schema =
                    &content.get(&kind).unwrap_or_else(|| panic!("{method} {path}: {kind}"))["schema"];
                if kind == "application/json" {
                    self.fits(&answer.json(), schema, path);
                }
            }
        }
        self.seen.borrow_mut().insert((path.to_owned(), method, status));
        answer
    }

    fn followed<'v>(&'v self, value: &'v Value) -> &'v Value {
        match value["$ref"].as_str() {
            Some(reference) => self.description.pointer(&reference[1..]).unwrap(),
            None => value,
        }
    }

    /// Whether a value is as its schema says, as far as the description uses schemas.
    fn fits(&self, value: &Value, schema: &Value, place: &str) {
        let schema = self.followed(schema);
        let types: Vec<&str> = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect(),
        };
        let own = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        assert!(types.contains(&own), "{place}: {value} is not {types:?}");
        if let Some(words) = schema["enum"].as_array() {
            assert!(words.contains(value), "{place}: {value} is not one of {words:?}");
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(value.get(required.as_str().unwrap()).is_some(), "{place} lacks {required}: {value}");
        }
        if let (Some(members), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
            for (name, member) in members {
                let property =
                    properties.get(name).unwrap_or_else(|| panic!("{place}.{name} is not described"));
                self.fits(member, property, &format!("{place}.{name}"));
            }
        }
        for item in value.as_array().into_iter().flatten() {
            self.fits(item, &schema["items"], &format!("{place}[]"));
        }
    }
}

/// The path of a description with its parameter.
fn address(path: &str, which: impl ToString) -> String {
    match (path.find('{'), path.find('}')) {
        (Some(start), Some(end)) => format!("{}{}{}", &path[..start], which.to_string(), &path[end + 1..]),
        _ => path.to_owned(),
    }
}

#[test]
fn everything_is_as_described_and_everything_described_was_seen() {
    let (station, _client, page) = station_with(|station| station.set("queue", "keep-delivered-bytes", "0"));
    let description =
        page.send("GET", "/api/v1/openapi.json", &[&format!("Host: {}", page.address)], b"").unwrap();
    let api =
        Described { page: &page, description: description.expect(200).json(), seen: RefCell::default() };

    let (report, content, retry) =
        ("/reports/{sequence}", "/reports/{sequence}/content", "/reports/{sequence}/retry");
    let refused = refuse_one(&station, &page, "REFUSED");
    assert_eq!(api.ask("GET", report, refused, "", "").expect(200).json()["state"], "quarantined");
    assert_eq!(api.ask("GET", content, refused, "", "").expect(200).json()["sn"], "REFUSED");
    api.ask("POST", retry, refused, "", "").expect(204);
    station.wait_for(1);
    station.wait("the delivery", |_| page.api("GET", "/status", "").json()["queue"]["delivered"] == 1);
    api.ask("POST", retry, refused, "", "").expect(409);
    api.ask("DELETE", report, refused, "", "").expect(409);
    api.ask("GET", content, refused, "", "").expect(410);
    api.ask("PUT", content, refused, "", "{}").expect(409);
    let refused = refuse_one(&station, &page, "OTHER");
    let other = api.ask("GET", content, refused, "", "").expect(200).body;
    api.ask("PUT", content, refused, "", &other.replace("OTHER", "")).expect(409);
    api.check(
        "PUT",
        content,
        page.api_bytes("PUT", &format!("/reports/{refused}/content"), b"\xff").expect(400),
    );
    let long = "x".repeat((32 << 20) + 1);
    api.ask("PUT", content, refused, "", &long).expect(413);
    api.ask("PUT", content, refused, "", &other.replace("OTHER", "CORRECTED")).expect(204);
    station.wait_for(2);
    station.arrived("CORRECTED");
    let refused = refuse_one(&station, &page, "LAST");
    assert_eq!(api.ask("POST", "/reports/retry", 0, "", "").expect(200).json()["reports"], 1);
    station.wait_for(3);
    let refused_again = refuse_one(&station, &page, "GONE");
    api.ask("DELETE", report, refused_again, "", "").expect(204);
    assert_ne!(refused, refused_again);
    for (method, path) in
        [("GET", report), ("DELETE", report), ("GET", content), ("PUT", content), ("POST", retry)]
    {
        api.ask(method, path, refused_again, "", "{}").expect(404);
    }
    api.check("GET", report, page.api("GET", "/reports/x", "").expect(400));

    let status = api.ask("GET", "/status", 0, "", "").expect(200).json();
    assert_eq!((&status["station"], &status["queue"]["delivered"]), (&json!("FCT-01"), &json!(3)));
    let list = api.ask("GET", "/reports", 0, "?state=delivered&limit=1", "").expect(200).json();
    assert_eq!(
        (list["reports"].as_array().unwrap().len(), &list["next"]),
        (1, &list["reports"][0]["sequence"])
    );
    api.ask("GET", "/reports", 0, "?state=odd", "").expect(400);
    assert!(api.ask("GET", "/converters", 0, "", "").expect(200).body.contains("\"csv\""));
    assert!(
        api.ask("GET", "/metrics", 0, "", "")
            .expect(200)
            .body
            .contains("wats_client_delivery_seconds_count 3")
    );
    assert!(
        api.ask("GET", "/logs", 0, "?level=info&limit=50", "")
            .expect(200)
            .body
            .contains("wats-client starts")
    );
    api.ask("GET", "/logs", 0, "?limit=x", "").expect(400);
    station.wait("the server", |_| {
        api.ask("POST", "/test-connection", 0, "", "").expect(200).json()["ok"] == true
    });
    api.ask("GET", "/openapi.json", 0, "", "").expect(200);

    let converted = api.ask("POST", "/convert", 0, "?name=a.json&converter=wsjf", SAMPLE).expect(200).json();
    assert_eq!(
        (&converted["converter"], &converted["reports"][0]["report"]["sn"]),
        (&json!("wsjf"), &json!("SN-0001"))
    );
    api.ask("POST", "/convert", 0, "?converter=csv&odd=1", "a;b").expect(422);
    api.ask("POST", "/convert", 0, "", &long).expect(413);

    let applied = api
        .ask("PATCH", "/config", 0, "", r#"{"station.location": "Line 2", "upload.concurrency": 3}"#)
        .expect(200);
    assert_eq!(applied.json()["changed"], json!(["station.location", "upload.concurrency"]));
    let config = api.ask("GET", "/config", 0, "", "").expect(200).json();
    assert_eq!((&config["station.location"], &config["log.level"]), (&json!("Line 2"), &json!("info")));
    assert!(!config.to_string().contains("dG9rZW4="), "a secret is shown");
    api.ask("PATCH", "/config", 0, "", r#"{"station.location": null}"#).expect(200);
    api.ask("PATCH", "/config", 0, "", r#"{"odd.key": "1"}"#).expect(422);
    api.ask("PATCH", "/config", 0, "", "{").expect(400);
    let raw = |method: &str, path: &str, headers: &[&str]| {
        let host = format!("Host: {}", page.address);
        let headers: Vec<&str> = [host.as_str()].into_iter().chain(headers.iter().copied()).collect();
        page.send(method, &format!("/api/v1{path}"), &headers, b"{}").unwrap()
    };
    let token = format!("Authorization: Bearer {}", crate::WEB_TOKEN);
    api.check("PATCH", "/config", raw("PATCH", "/config", &[&token]).expect(415));
    folders(&api, &station);
    for (method, path) in [("POST", "/folders"), ("PATCH", "/folders/{number}"), ("PUT", "/secrets/{name}")] {
        let which = if path.starts_with("/secrets") { "web.token" } else { "0?folder=x" };
        api.check(method, path, raw(method, &address(path, which), &[&token]).expect(415));
    }
    secrets(&api, &station);

    // Nothing without the token, and nothing at all where none is set.
    let paths = api.description["paths"].as_object().unwrap().clone();
    let operations: Vec<(&str, &str)> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (path.as_str(), method.as_str()))
        })
        .filter(|(path, method)| *method != "parameters" && *path != "/openapi.json")
        .collect();
    for (path, method) in &operations {
        let address = address(path, 1);
        for headers in
            [&[][..], &["Authorization: Bearer wrong"], &["Authorization: Basic YTpi"], &["Cookie: a=b"]]
        {
            api.check(method, path, raw(&method.to_uppercase(), &address, headers).expect(401));
        }
    }
    std::fs::write(station.path("web-token"), "").unwrap();
    for (path, method) in &operations {
        let address = address(path, 1);
        api.check(method, path, raw(&method.to_uppercase(), &address, &[&token]).expect(403));
    }

    let mut unseen = Vec::new();
    for (path, item) in &paths {
        for (method, operation) in
            item.as_object().unwrap().iter().filter(|(method, _)| *method != "parameters")
        {
            for status in operation["responses"].as_object().unwrap().keys() {
                if !api.seen.borrow().contains(&(path.clone(), method.clone(), status.clone())) {
                    unseen.push(format!("{method} {path} {status}"));
                }
            }
        }
    }
    assert!(unseen.is_empty(), "described and never seen: {unseen:?}");
}

/// Every answer about folders.
fn folders(api: &Described<'_>, station: &Station) {
    let (all, one) = ("/folders", "/folders/{number}");
    let text = || std::fs::read_to_string(station.path("config.toml")).unwrap();
    let before = text();
    let folder = station.path("ict").display().to_string();
    let named = format!("?folder={folder}");
    let new = json!({
        "folder": folder, "converter": "csv", "patterns": ["*.csv", "*.txt"], "priority": 2, "settle": "1s",
        "post-action": "keep", "arguments": {"part-number": "1.10", "units.VCC": "V", "low-limits.VCC 3": 2},
    });
    let added = api.ask("POST", all, 0, "", &new.to_string()).expect(201);
    assert_eq!(added.header("location"), "/api/v1/folders/1");
    let added = added.json();
    for (name, value) in new.as_object().unwrap().iter().filter(|(name, _)| *name != "arguments") {
        assert_eq!(added[name], *value, "{name}");
    }
    assert_eq!(added["arguments"], json!({"part-number": "1.10", "units.VCC": "V", "low-limits.VCC 3": "2"}));
    let all_stays = before.lines().all(|line| text().contains(line));
    assert!(all_stays && text().contains("part-number = \"1.10\""), "{}", text());
    station.wait("the folder", |station| station.path("ict").is_dir());
    let listed = api.ask("GET", all, 0, "", "").expect(200).json();
    assert_eq!(listed["folders"].as_array().unwrap().len(), 2);
    assert_eq!(listed["folders"][1]["folder"], folder.as_str());
    // As the page: what does not hold changes nothing.
    let whole = text();
    for (body, why) in [
        (new.to_string(), "is watched by watch[1] already"),
        ("{}".to_owned(), "enter the folder"),
        (r#"{"folder": "/x", "arguments": 1}"#.to_owned(), "must be an object"),
        (r#"{"folder": "/x", "priority": [1]}"#.to_owned(), "must be a text"),
        (r#"{"folder": "/x", "prioritty": 1}"#.to_owned(), "did you mean watch[].priority"),
        (r#"{"folder": "/x", "converter": "csv", "arguments": {"odd": 1}}"#.to_owned(), "odd"),
    ] {
        let answer = api.ask("POST", all, 0, "", &body).expect(422).body;
        assert!(answer.contains(why), "{body}: {answer}");
    }
    api.ask("POST", all, 0, "", "{").expect(400);
    assert_eq!(text(), whole);

    let change = r#"{"priority": 1, "settle": null, "arguments": {"units.VCC": null, "units": "V", "low-limits.VCC 3": 3}}"#;
    let changed = api.ask("PATCH", one, 1, &named, change).expect(200).json();
    assert_eq!((&changed["priority"], &changed["settle"]), (&json!(1), &json!("2s")));
    assert_eq!(changed["arguments"], json!({"part-number": "1.10", "units": "V", "low-limits.VCC 3": "3"}));
    let cleared = api.ask("PATCH", one, 1, &named, r#"{"arguments": null, "converter": "wsjf"}"#).expect(200);
    assert_eq!(cleared.json()["arguments"], json!({}));
    let state = || api.ask("GET", one, 1, "", "").expect(200).json()["state"].clone();
    station.wait("the folder again", |_| state() == json!({"problem": null, "waiting": 0}));
    api.ask("PATCH", one, 1, &named, r#"{"folder": ""}"#).expect(422);
    api.ask("PATCH", one, 1, "", "{}").expect(400);
    api.ask("GET", one, "x", "", "").expect(400);
    api.ask("DELETE", one, 1, "", "").expect(400);
    for method in ["GET", "PATCH", "DELETE"] {
        api.ask(method, one, 7, &named, "{}").expect(404);
    }
    api.ask("PATCH", one, 0, &named, "{}").expect(409);
    api.ask("DELETE", one, 0, &named, "").expect(409);
    api.ask("DELETE", one, 1, &named, "").expect(204);
    assert_eq!(text(), before);

    // Without one in the file the usual one is watched, which cannot be removed, and stays when another comes.
    let first = api.ask("GET", one, 0, "", "").expect(200).json();
    let folder = |number: i64| {
        api.ask("GET", one, number, "", "").expect(200).json()["folder"].as_str().unwrap().to_owned()
    };
    let named = |folder: String| format!("?folder={folder}");
    api.ask("DELETE", one, 0, &named(folder(0)), "").expect(204);
    let usual = folder(0);
    assert_eq!(usual, station.path("state").join("watch").display().to_string());
    api.ask("DELETE", one, 0, &named(usual.clone()), "").expect(422);
    let mut again = first.clone();
    for name in ["number", "state"] {
        again.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(api.ask("POST", all, 0, "", &again.to_string()).expect(201).json()["number"], 1);
    assert_eq!(folder(0), usual);
    api.ask("DELETE", one, 0, &named(usual), "").expect(204);
    let mut now = api.ask("GET", one, 0, "", "").expect(200).json();
    now["state"] = first["state"].clone();
    assert_eq!(now, first);
}

/// Every answer about secrets; none is in any of them.
fn secrets(api: &Described<'_>, station: &Station) {
    let (all, one) = ("/secrets", "/secrets/{name}");
    let value = |text: &str| json!({ "value": text }).to_string();
    let known = |name: &str| {
        let answer = api.ask("GET", all, 0, "", "").expect(200);
        for secret in ["bmV3", "dG9rZW4=", "hush", "long enough", crate::WEB_TOKEN] {
            assert!(!answer.body.contains(secret), "{answer:?}");
        }
        let secrets = answer.json()["secrets"].as_array().unwrap().clone();
        secrets.into_iter().find(|secret| secret["name"] == name).unwrap()
    };
    assert!(known("server.token")["origin"].is_string() && known("proxy.password")["origin"].is_null());
    station.server.set(wats_simulator::Settings { token: Some("bmV3".to_owned()), ..Default::default() });
    api.ask("PATCH", "/config", 0, "", r#"{"station.location": "Line 1"}"#).expect(200);
    let arrived = station.server.summary().distinct;
    station.put("WAITS");
    station
        .wait("the refusal", |_| api.page.api("GET", "/status", "").json()["server"]["state"] != "connected");
    api.ask("PUT", one, "server.token", "", &value("bmV3")).expect(204);
    station.wait("the report", |station| station.server.summary().distinct == arrived + 1);
    assert!(known("server.token")["origin"].as_str().unwrap().ends_with("api-token"));
    api.ask("PUT", one, "proxy.password", "", &value("hush")).expect(204);
    for (name, body) in [
        ("server.token", value("a\nb")),
        ("server.token", value(" ")),
        ("server.token", "{}".to_owned()),
        ("web.password", value("short")),
        ("web.password", value("long enough 1")),
    ] {
        api.ask("PUT", one, name, "", &body).expect(422);
    }
    api.ask("PUT", one, "server.token", "", "x").expect(400);
    for method in ["PUT", "DELETE"] {
        api.ask(method, one, "odd", "", &value("x")).expect(404);
    }
    // The page's password opens the way to the API token, and so needs it: the one that was handed over.
    let password = |token: &str| json!({"value": "long enough 1", "apiToken": token}).to_string();
    api.ask("PUT", one, "web.password", "", &password("bmV3")).expect(422);
    api.ask("PUT", one, "web.password", "", &password("dG9rZW4=")).expect(204);
    api.page.get("/settings").expect(303);
    api.ask("DELETE", one, "web.password", "", "").expect(204);
    api.page.get("/settings").expect(200);
    for _ in 0..2 {
        api.ask("DELETE", one, "proxy.password", "", "").expect(204);
    }
    std::fs::create_dir(station.path("secrets").join("proxy-password")).unwrap();
    assert!(known("proxy.password")["problem"].is_string());
    api.ask("DELETE", one, "proxy.password", "", "").expect(422);
    std::fs::remove_dir(station.path("secrets").join("proxy-password")).unwrap();
}

/// The other way round: what is not described is refused, and in the form that is described.
#[test]
fn other_paths_and_methods_are_refused_in_the_same_form() {
    let (_station, _client, page) = station_with(|_| {});
    let description = page.api("GET", "/openapi.json", "").expect(200).json();
    for (path, item) in description["paths"].as_object().unwrap() {
        let address = address(path, 1);
        for method in ["GET", "PUT", "POST", "DELETE", "PATCH"] {
            if item.get(method.to_ascii_lowercase()).is_none() {
                let answer = page.api(method, &address, "{}").expect(405);
                assert!(answer.json()["error"].is_string(), "{method} {path}");
            }
        }
    }
    for path in ["/nothing", "/status/", "/reports/1/nothing", ""] {
        assert!(page.api("GET", path, "").expect(404).json()["error"].is_string(), "{path}");
    }
}

/// A description that other tools can read: what it refers to is there, and names are given once.
#[test]
fn the_description_is_whole() {
    let description: Value = serde_json::from_str(include_str!("../../src/web/api/openapi.json")).unwrap();
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    references(&description, &mut found);
    for reference in &found {
        assert!(description.pointer(&reference[1..]).is_some(), "{reference}");
    }
    for (kind, things) in description["components"].as_object().unwrap() {
        for name in things.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
            assert!(
                found.contains(&format!("#/components/{kind}/{name}").as_str()),
                "{kind}/{name} is unused"
            );
        }
    }
    let mut operations = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters")
        {
            let id = operation["operationId"].as_str().unwrap();
            assert!(operations.insert(id), "{method} {path}: {id} comes twice");
            assert!(
                operation["summary"].is_string() && operation["responses"].is_object(),
                "{method} {path}"
            );
        }
        let named = path.matches('{').count();
        assert_eq!(item["parameters"].as_array().map_or(0, Vec::len), named, "parameters of {path}");
    }
}
