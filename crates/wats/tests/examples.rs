//! Runs the examples against the simulator.
#![cfg(all(feature = "api", feature = "wsxf"))]

use serde_json::Value;
use wats_simulator::{Settings, Simulator};

macro_rules! example {
    ($name:ident, $path:literal) => {
        #[allow(dead_code, reason = "the test has no use for its main function")]
        #[path = $path]
        mod $name;
    };
}

example!(convert, "../examples/convert.rs");
example!(repair, "../examples/repair.rs");
example!(search, "../examples/search.rs");
example!(send_report, "../examples/send_report.rs");

const TOKEN: &str = "dG9rZW4=";

fn server() -> Simulator {
    let server = Simulator::start().unwrap();
    server.set(Settings { token: Some(TOKEN.into()), ..Settings::default() });
    server
}

#[tokio::test]
async fn a_report_is_sent_and_the_unit_repaired() {
    let server = server();
    let id = send_report::run(&server.url(), TOKEN).await.unwrap();
    // Again: it is the same report.
    assert_eq!(send_report::run(&server.url(), TOKEN).await.unwrap(), id);
    let received = server.received(&id).unwrap();
    assert_eq!((received.count, &received.report["result"]), (2, &"P".into()));
    assert_eq!(received.report["root"]["steps"].as_array().map(Vec::len), Some(6));

    let repair = repair::run(&server.url(), TOKEN, id.parse().unwrap()).await.unwrap();
    let received = server.received(&repair).unwrap().report;
    assert_eq!((&received["uur"]["refUUT"], &received["sn"]), (&Value::from(id), &"SN-0001".into()));
    assert_eq!(received["subUnits"][0]["failures"][0]["code"], "Defect Component");
}

#[tokio::test]
async fn failed_units_are_found_with_their_attachments() {
    let server = server();
    let test = include_str!("reports/test.json");
    let client = wats::Client::builder(server.url().parse().unwrap(), "test", "1")
        .token(wats::Secret::new(TOKEN))
        .build()
        .unwrap();
    for number in 0..3 {
        let text =
            test.replace("SN0001", &format!("SN{number}")).replace("0001\",", &format!("000{number}\","));
        client.submit(&wats::read_reports(text.as_bytes()).unwrap()[0]).await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut units = search::run(&server.url(), TOKEN, "PSU-100", folder.path()).await.unwrap();
    units.sort();
    let expected = ["SN0", "SN1", "SN2"].map(|unit| (unit.to_owned(), "Ripple".to_owned()));
    assert_eq!(units, expected);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    assert!(search::run(&server.url(), TOKEN, "OTHER", folder.path()).await.unwrap().is_empty());
}

#[test]
fn formats_are_turned_into_each_other() {
    let json = include_bytes!("reports/test.json");
    let xml = convert::run(json).unwrap();
    let back: Value = serde_json::from_str(&convert::run(xml.as_bytes()).unwrap()).unwrap();
    let mut expected = serde_json::from_slice::<Value>(json).unwrap();
    // A number of rounds has two names.
    expected["root"]["steps"][11]["loop"] = back[0]["root"]["steps"][11]["loop"].clone();
    expected["root"]["steps"][11]["steps"][0]["loop"] =
        back[0]["root"]["steps"][11]["steps"][0]["loop"].clone();
    assert_eq!(back[0], expected);
    assert!(convert::run(b"neither").is_err());
}
