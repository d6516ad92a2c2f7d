//! Files of test equipment, from the watched folder to the server and on the command line.

use crate::support::{Station, names, program, report};
use serde_json::Value;
use std::fs;
use std::process::Output;

const SPEA: &str = include_str!("../../../../crates/wats-converters/tests/samples/spea.csv");
const SEICA: &str = include_str!("../../../../crates/wats-converters/tests/samples/seica.xml");
const KLIPPEL: &str = include_str!("../../../../crates/wats-converters/tests/samples/klippel.txt");

fn convert(name: &str, content: impl AsRef<[u8]>, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let config = folder.path().join("config.toml");
    fs::write(&config, "[station]\nname = \"FCT-01\"\nlocation = \"Line 1\"\n").unwrap();
    program().arg("convert").arg(&path).arg("--config").arg(&config).args(more).output().unwrap()
}

fn reports(output: &Output) -> Vec<Value> {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn every_report_of_every_known_file_arrives_once() {
    let station = Station::new();
    let _client = station.start();
    station.put_text("spea.csv", SPEA);
    station.put_text("again.csv", SPEA);
    station.put_text("seica.xml", SEICA);
    station.put_text("other.txt", "not ours");
    station.put_text("cut.xml", &SEICA[..SEICA.len() / 2]);
    station.put("JSON");
    station.wait_for(5);
    for (serial_number, result) in [("SP1", "P"), ("SP2", "F"), ("SE1", "P"), ("SE2", "F")] {
        let report = station.arrived(serial_number);
        assert_eq!((report["result"].as_str(), report["location"].as_str()), (Some(result), Some("Line 1")));
    }
    station.wait("all to be put away", |station| names(&station.path("watch")) == ["other.txt"]);
    let reason = fs::read_to_string(station.path("error/cut.xml.error.txt")).unwrap();
    assert!(reason.starts_with("line 3: "), "{reason}");
    assert_eq!(station.server.summary().distinct, 5);
}

#[test]
fn a_named_converter_gets_its_arguments_and_takes_every_file() {
    let mut station = Station::new();
    station.set("[watch]", "converter", "\"csv\"");
    station.set("[watch]", "patterns", "[\"*\"]");
    station.set(
        "[watch]",
        "arguments",
        "{ part-number = \"PSU\", process-code = 30, columns = { serial-number = \"Id\", start = \"When\" }, high-limits = { VCC = 5.1 } }",
    );
    let _client = station.start();
    station.put_text("table.dat", "Id;When;VCC\nT1;2026-01-15 10:00:00;5,2\n");
    station.put_text("other.txt", "not ours");
    station.wait_for(1);
    let report = station.arrived("T1");
    assert_eq!((report["pn"].as_str(), report["processCode"].as_i64()), (Some("PSU"), Some(30)));
    assert_eq!(report["root"]["steps"][0]["numericMeas"][0]["status"], "F");
    station.wait("the other to be refused", |station| {
        names(&station.path("error")) == ["other.txt", "other.txt.error.txt"]
    });
}

/// The folder of measurements is part of the report, and goes where its file goes.
#[test]
fn a_folder_that_belongs_to_a_file_follows_it() {
    let station = Station::new();
    let data = station.path("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("Sound-values.txt"), "name\tvalue\tmax\tmin\nlevel\t95.2\t97.3\t91.3\n").unwrap();
    let _client = station.start();
    station.put_text("unit 1.txt", KLIPPEL);
    station.wait("the file to wait", |station| {
        station.log().contains("the folder with the measurements is missing")
    });
    assert_eq!(names(&station.path("watch")), ["unit 1.txt"]);
    fs::rename(&data, station.path("watch/unit 1")).unwrap();
    station.wait_for(1);
    let report = station.arrived("K1");
    assert_eq!(report["root"]["steps"][0]["steps"][0]["numericMeas"][0]["highLimit"].to_string(), "97.3");
    station.wait("the folder to follow", |station| names(&station.path("done")) == ["unit 1", "unit 1.txt"]);
    assert!(names(&station.path("watch")).is_empty());
}

#[test]
fn wrong_converters_and_arguments_are_faults_of_the_configuration() {
    let check = |key: &str, value: &str| {
        let mut station = Station::new();
        station.set("[watch]", key, value);
        let output = station.command(&["check"]);
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8(output.stderr).unwrap()
    };
    let text = check("converter", "\"excel\"");
    let expected = "watch[0].converter: there is no converter named \"excel\"; the converters are auto, wsjf";
    assert!(text.contains(expected), "{text}");
    let text = check("arguments", "{ colour = \"red\" }");
    assert!(text.contains("watch[0].arguments.colour: the converter auto does not know it"), "{text}");
    let text = check("arguments", "{ process-code = \"ten\" }");
    assert!(text.contains("watch[0].arguments.process-code: \"ten\" is not a whole number"), "{text}");
    let text = check("arguments", "{ part-number = [1] }");
    assert!(
        text.contains("watch[0].arguments.part-number: must be a text, a number or true or false"),
        "{text}"
    );
}

#[test]
fn convert_prints_the_reports_of_a_file() {
    let output = convert("a.csv", SPEA, &["--argument", "part-revision=B", "-a", "purpose=Test"]);
    let found = reports(&output);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0]["sn"].as_str(), found[0]["rev"].as_str()), (Some("SP1"), Some("B")));
    assert_eq!((found[1]["result"].as_str(), found[1]["location"].as_str()), (Some("F"), Some("Line 1")));
    assert!(found.iter().all(|report| report["id"].as_str().is_some_and(|id| id.len() == 36)));
    assert!(output.stderr.is_empty());

    // What only the station can say is noted, and no reason to refuse the file.
    let output = convert("a.csv", SPEA, &[]);
    assert_eq!(reports(&output).len(), 2);
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(
        note.starts_with("wats-client: note: report 1 of 2: purpose (station purpose) is missing"),
        "{note}"
    );

    // Everything that a WSJF file says is there, and a server's spellings.
    let more = "\"result\": \"Passed\", \"processName\": \"ICT\", \"new\": [1.10]";
    let text = report("S").replace("\"result\": \"P\"", more);
    let found = reports(&convert("a.json", text, &[]));
    assert_eq!((found[0]["result"].as_str(), found[0]["processName"].as_str()), (Some("P"), Some("ICT")));
    assert_eq!(found[0]["new"][0].as_f64(), Some(1.1));
}

#[test]
fn convert_says_why_a_file_is_refused() {
    let text = refusal(&convert("a.txt", "milk and bread", &[]));
    assert!(text.ends_with("a.txt: no converter knows this file\n"), "{text}");
    let text = refusal(&convert("a.json", report("S").replace("\"sn\"", "\"s\""), &[]));
    assert!(text.ends_with("a.json: a server would refuse it: sn (serial number) is missing\n"), "{text}");
    let text = refusal(&convert("a.xml", SEICA, &["--converter", "spea"]));
    assert!(text.contains("line 1: "), "{text}");
    let text = refusal(&convert("a.xml", SEICA, &["--converter", "excel"]));
    assert!(text.contains("there is no converter named \"excel\""), "{text}");
    let missing = program().args(["convert", "/nowhere/a.xml"]).output().unwrap();
    assert!(refusal(&missing).contains("/nowhere/a.xml cannot be read"));
    let wrong = convert("a.xml", SEICA, &["-a", "part-number"]);
    assert_eq!(wrong.status.code(), Some(64));
}

/// It is not even read, in the folder nor by the command.
#[test]
fn a_file_of_2_gb_is_refused() {
    let station = Station::new();
    let _client = station.start();
    let huge = |name: &str| {
        fs::File::create(station.path(name)).unwrap().set_len(2 << 30).unwrap();
        station.path(name)
    };
    huge("watch/huge.json");
    station.put("JSON");
    station.wait_for(1);
    station.wait("the file to be refused", |station| {
        names(&station.path("error")) == ["huge.json", "huge.json.error.txt"]
    });
    let reason = fs::read_to_string(station.path("error/huge.json.error.txt")).unwrap();
    assert!(reason.starts_with("the file has 2048 MiB, 64 are allowed"), "{reason}");
    let output = program().arg("convert").arg(huge("huge.xjlog")).output().unwrap();
    assert!(refusal(&output).ends_with("the file is too large: it has more than 64 MiB\n"));
}
