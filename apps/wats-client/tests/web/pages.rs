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
        ["FCT-01", ">ONE<", "Delivered", "1 delivered in the last ten minutes", "<figure class=\"pulse\""]
    {
        assert!(body.contains(part), "{part} in {body}");
    }
    station.server.go_down();
    station.put("TWO");
    station.wait("the outage", |_| page.get("/live").body.contains("The server does not answer"));
    station.wait("the report", |_| page.get("/live").body.contains("One report waits, safe on this disk"));
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

/// Much of everything, and numbers that are none: the page stays small, and the client goes on.
#[test]
fn a_monstrous_report_stays_bounded() {
    let (station, _client, page) = station();
    let measured = r#"{"id":9,"group":"M","stepType":"ET_NLT","name":"<i>","status":"P","numericMeas":[
        {"compOp":"GELE","status":"P","unit":"V","value":"NaN","lowLimit":"-inf","highLimit":1e308}]},"#;
    let plain = r#"{"id":9,"group":"M","stepType":"ET_A","name":"<i>","status":"D"},"#;
    let at = SAMPLE.rfind("{ \"id\": 3").unwrap();
    let with_steps = |steps: String, name: &str| {
        let text = format!("{}{steps}{}", &SAMPLE[..at], &SAMPLE[at..]);
        text.replace("SN-0001", name).replace("\"id\": \"", "\"note\": \"")
    };
    let bounded = |body: &str| {
        assert!(body.contains("rows more, in the download") && !body.contains("<i>"), "{}", &body[..2000]);
        assert!(body.matches("<tr").count() < 3100 && body.len() < 3_000_000, "{}", body.len());
    };
    let text = with_steps(measured.repeat(5000), "TRIED");
    let tried = page.upload("/try", "/try", &[("converter", "wsjf")], "many.json", text.as_bytes());
    let body = tried.expect(200).body;
    bounded(&body);
    assert!(body.contains("NaN V") && !body.contains("cx=\"NaN"));

    station.server.go_down();
    station.put_text("many.json", with_steps(plain.repeat(10_000), "MANY"));
    station.wait("it", |_| page.api("GET", "/status", "").json()["queue"]["pending"] == 1);
    bounded(&page.get("/reports/1").expect(200).body);
    page.get("/").expect(200);
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
    assert!(body.contains("<li data-ok=\"false\"><span class=\"step\">TCP</span>"), "{body}");
    let about = page.get("/about").expect(200).body;
    assert!(about.contains(env!("CARGO_PKG_VERSION")) && about.contains("openapi.json"), "{about}");
}

#[test]
fn an_occupied_port_is_no_reason_to_stop() {
    let page = crate::Page::new();
    let occupier = std::net::TcpListener::bind(page.address).unwrap();
    let mut station = crate::Station::new();
    station.set("web", "listen", &format!("\"{}\"", page.address));
    let _client = station.start();
    station.put("ONE");
    station.wait_for(1);
    assert!(station.log().contains("the web page is off"), "{}", station.log());
    drop(occupier);
    station.wait("the page", |_| std::net::TcpStream::connect(page.address).is_ok());
    drop(station_with(|station| station.set("health", "listen", "\"\"")));
}

/// Plug-ins and commands stand beside what is built in: listed, and there to be tried and chosen.
#[test]
fn converters_of_ones_own_are_listed_and_tried() {
    let label = include_str!("../../../../crates/wats-plugins/tests/plugins/label.wat");
    let (station, _client, page) = station_with(|station| {
        let folder = station.path("plugins");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("label.wasm"), wat::parse_str(label).unwrap()).unwrap();
        std::fs::write(folder.join("broken.wasm"), "no module").unwrap();
        let program = std::env::current_exe().unwrap().display().to_string();
        station.set("command.mine", "run", &format!("[{program:?}, \"{{file}}\"]"));
    });
    let body = page.get("/folders").expect(200).body;
    for part in ["plugin:label", "Label printer", "*.lbl", "plug-in", "command:mine", "built in", "spea"] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert!(body.contains("broken.wasm cannot be used") && page.get("/live").body.contains("broken.wasm"));
    let form = page.get("/folders/new").expect(200).body;
    assert!(form.contains("<option value=\"plugin:label\">") && form.contains("Which lane"), "{form}");
    let answer = page.api("GET", "/converters", "").json();
    assert!(answer["faults"][0].as_str().unwrap().contains("broken.wasm"), "{answer}");

    for converter in ["auto", "plugin:label"] {
        let fields = [("converter", converter), ("arguments", "lane = 2")];
        let body = page.upload("/try", "/try", &fields, "a.lbl", b"LBL-7").expect(200).body;
        assert!(body.contains("read by <strong>plugin:label") && body.contains("LBL-7"), "{body}");
    }
    // A plug-in is also named by its file, but only by one that a watched folder names already.
    let file = station.path("plugins/label.wasm").display().to_string();
    let tried = page.upload("/try", "/try", &[("converter", &file)], "a.lbl", b"LBL-7").expect(200).body;
    assert!(tried.contains("there is no converter named"), "{tried}");
    let folder = station.path("labels").display().to_string();
    let fields = [("folder", folder.as_str()), ("converter", &file), ("action", "save")];
    page.upload("/folders/new", "/folders/new", &fields, "", b"").expect(200);
    assert!(page.get("/folders/1").body.contains(&format!("<option value=\"{file}\" selected>")));
    let tried = page.upload("/try", "/try", &[("converter", &file)], "a.lbl", b"LBL-7").expect(200).body;
    assert!(tried.contains("read by <strong>plugin:label"), "{tried}");
    station.wait("the folder", |station| station.path("labels").is_dir());
    std::fs::write(station.path("labels/unit.lbl"), "LBL-8").unwrap();
    station.wait_for(1);
}
