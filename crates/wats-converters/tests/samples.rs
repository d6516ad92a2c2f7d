//! Every converter against a small file of its format: `auto` finds it, every report is right and valid, and a server
//! takes it.

use serde_json::Value;
use wats::{Client, ContentHash, Report, Secret, Station};
use wats_converters::{AUTO, Arguments, Confidence, Source, all, convert};

mod support;
use support::{sample, samples, xjtag_archive};

/// What a report should be: serial number, part number, revision, process code, result, start, steps below the root,
/// and numbers of numeric, boolean and text measurements.
type Expected = (&'static str, &'static str, &'static str, i64, &'static str, &'static str, [usize; 4]);

const EXPECTED: &[(&str, &str, &[Expected])] = &[
    (
        "wsjf.json",
        "wsjf",
        &[
            ("J1", "PSU-1", "A", 10, "P", "2026-01-15T10:00:00+01:00", [1, 1, 0, 0]),
            ("J2", "PSU-1", "A", 10, "F", "2020-01-01T08:00:00Z", [0, 0, 0, 0]),
        ],
    ),
    (
        "wsxf.xml",
        "wsxf",
        &[
            ("X1", "PSU-1", "A", 10, "F", "2026-01-15T10:00:00+01:00", [3, 1, 2, 1]),
            ("X1", "PSU-1", "A", 500, "P", "2026-01-15T12:00:00+01:00", [0, 0, 0, 0]),
        ],
    ),
    ("wrml.xml", "wrml", &[("W1", "PSU-1", "A", 10, "P", "2026-01-15T10:00:00", [2, 2, 0, 0])]),
    (
        "atml-6.01.xml",
        "atml",
        &[
            ("A1", "PSU-1", "1.0", 10, "F", "2026-01-15T10:00:00.500", [4, 3, 0, 1]),
            ("A2", "PSU-1", "1.0", 10, "P", "2026-01-15T10:05:00Z", [3, 1, 0, 0]),
        ],
    ),
    (
        "spea.csv",
        "spea",
        &[
            ("SP1", "PSU-1", "1.0", 31, "P", "2025-03-14T09:30:00", [3, 2, 1, 0]),
            ("SP2", "PSU-1", "1.0", 31, "F", "2025-03-14T09:30:00", [1, 1, 0, 0]),
        ],
    ),
    (
        "i3070.log",
        "i3070",
        &[
            ("I1", "PSU-1", "B", 20, "P", "2025-03-14T09:15:00", [8, 3, 3, 0]),
            ("I3", "PSU-1", "B", 20, "F", "2025-03-14T09:16:00", [1, 0, 1, 0]),
        ],
    ),
    ("spectrum.txt", "spectrum", &[("SN-9", "PB", "1.0", 30, "F", "2023-09-14T16:44:10.988", [6, 1, 2, 0])]),
    (
        "gr228x.log",
        "gr228x",
        &[
            ("G1", "PSU_1", "1.0", 20, "T", "2012-07-31T14:18:51", [2, 0, 2, 0]),
            ("G2", "PSU_1", "1.0", 20, "P", "2012-07-31T14:19:32", [7, 4, 3, 0]),
        ],
    ),
    (
        "seica.xml",
        "seica",
        &[
            ("SE1", "PSU_100", "B", 10, "P", "2025-03-14T11:10:00", [1, 1, 0, 0]),
            ("SE2", "PSU_100", "B", 10, "F", "2025-03-14T11:11:00", [2, 1, 1, 0]),
        ],
    ),
    (
        "klippel.txt",
        "klippel",
        &[("K1", "speaker", "1.0", 700, "F", "2020-05-14T10:01:37.563+02:00", [8, 2, 3, 0])],
    ),
    (
        "testexec-sl.xml",
        "testexec-sl",
        &[("TE1", "PSU-2", "D", 20, "F", "2025-03-14T09:00:00", [4, 2, 1, 1])],
    ),
    (
        "wstf.txt",
        "wstf",
        &[
            ("T1", "PSU-5", "C", 100, "P", "2025-03-14T09:00:00Z", [6, 3, 1, 1]),
            ("T2", "PSU-5", "1.0", 10, "F", "2025-03-14T10:00:00", [1, 1, 0, 0]),
        ],
    ),
    (
        "teststand.xml",
        "teststand",
        &[("TS1", "PSU-1", "1.0", 60, "F", "2022-06-23T10:55:04.370+02:00", [3, 1, 1, 0])],
    ),
    (
        "csv.csv",
        "csv",
        &[
            ("C1", "PSU-1", "A", 10, "P", "2026-01-15T10:00:00+01:00", [2, 1, 0, 1]),
            ("C2", "PSU-1", "A", 10, "F", "2026-01-15T10:01:00+01:00", [2, 1, 0, 1]),
        ],
    ),
    (
        "runs.xjlog",
        "xjtag",
        &[
            ("XJ1", "demo", "1.0", 210, "P", "2018-08-10T12:25:32.9968057Z", [3, 0, 1, 0]),
            ("XJ2", "demo", "1.0", 210, "F", "2018-08-10T12:26:32Z", [2, 0, 1, 0]),
        ],
    ),
];

fn source(name: &str) -> Source {
    match name {
        "runs.xjlog" => Source::new(name, xjtag_archive()),
        name => sample(name),
    }
}

/// Fills what only a station knows, and brings it into the form that a server takes.
fn prepared(mut report: Report) -> Report {
    report.fill_station(&Station { name: "N".into(), location: "L".into(), purpose: "P".into() });
    report.prepare();
    report.validate().unwrap_or_else(|problems| panic!("{problems}: {report:?}"));
    report
}

fn counts(step: &Value, counts: &mut [usize; 4]) {
    for (index, member) in ["steps", "numericMeas", "booleanMeas", "stringMeas"].into_iter().enumerate() {
        counts[index] += step[member].as_array().map_or(0, Vec::len);
    }
    for step in step["steps"].as_array().into_iter().flatten() {
        self::counts(step, counts);
    }
}

#[test]
fn every_format_gives_its_reports() {
    let tested: Vec<&str> = EXPECTED.iter().map(|(_, converter, _)| *converter).collect();
    for converter in all() {
        assert!(tested.contains(&converter.name()), "no sample for {}", converter.name());
    }
    for (name, converter, expected) in EXPECTED {
        let conversion = convert(AUTO, &source(name), &Arguments::default())
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(conversion.converter, *converter, "{name}");
        assert!(conversion.confidence.unwrap() >= Confidence::THRESHOLD);
        assert_eq!(conversion.reports.len(), expected.len(), "{name}");
        for (report, expected) in conversion.reports.into_iter().zip(*expected) {
            let report: Value = serde_json::from_str(&prepared(report).to_json()).unwrap();
            let text = |member: &str| report[member].as_str().unwrap_or_default();
            let mut found = [0; 4];
            counts(&report["root"], &mut found);
            let actual = (
                text("sn"),
                text("pn"),
                text("rev"),
                report["processCode"].as_i64().unwrap(),
                text("result"),
                text("start"),
                found,
            );
            let (sn, pn, rev, code, result, start, counts) = *expected;
            assert_eq!(actual, (sn, pn, rev, code, result, start, counts), "{name}: {report:#}");
        }
    }
}

/// Nobody claims the file of another format, also not at second glance.
#[test]
fn no_converter_claims_the_file_of_another() {
    for (name, own, _) in EXPECTED {
        let source = source(name);
        for converter in all().iter().filter(|converter| converter.name() != *own) {
            let confidence = converter.confidence(&source);
            assert!(confidence < Confidence::THRESHOLD, "{} claims {name}: {confidence:?}", converter.name());
        }
    }
    for (name, text) in [
        ("notes.txt", "Bought milk;\nand bread"),
        ("a.csv", "a;b;c\n1;2;3"),
        ("a.json", "{\"colour\":"),
        ("a.xml", "<html><body/></html>"),
        ("a.log", "2026-01-01 started"),
        ("a.zip", "PK\u{3}\u{4} not really"),
        ("START.csv", "START;now"),
    ] {
        for converter in all() {
            let confidence = converter.confidence(&Source::new(name, text.into()));
            let json = converter.name() == "wsjf" && name == "a.json";
            assert!(confidence < Confidence::THRESHOLD || json, "{} claims {name}", converter.name());
        }
    }
}

/// The same file gives the same ids; another converter, another place and another content give others.
#[test]
fn ids_are_stable_and_unique() {
    let mut known = std::collections::HashSet::new();
    for (name, ..) in EXPECTED {
        let ids = |source: &Source| {
            let reports = convert(AUTO, source, &Arguments::default()).unwrap().reports;
            reports.iter().map(|report| report.id().unwrap()).collect::<Vec<_>>()
        };
        let first = ids(&source(name));
        assert_eq!(first, ids(&source(name)), "{name}");
        for id in first {
            assert!(known.insert(id), "{name}: {id} twice");
        }
    }
    let conversion = convert(AUTO, &source("seica.xml"), &Arguments::default()).unwrap();
    assert_eq!(conversion.content, ContentHash::of(sample("seica.xml").bytes()));
    assert_eq!(conversion.reports[1].id(), Some(wats::report_id(&conversion.content, "seica", 1)));
}

/// Steps that were written as text are those that a server takes.
#[test]
fn steps_need_no_preparation() {
    for (name, ..) in EXPECTED {
        for mut report in convert(AUTO, &source(name), &Arguments::default()).unwrap().reports {
            let mut values = Report::from_members(report.members().clone());
            report.prepare();
            values.prepare();
            let [report, values] =
                [report, values].map(|report| serde_json::from_str::<Value>(&report.to_json()).unwrap());
            assert_eq!(report, values, "{name}");
        }
    }
}

/// Details that the table of counts does not show.
#[test]
fn details_are_kept() {
    let reports = |name: &str| -> Vec<Value> {
        let reports = convert(AUTO, &source(name), &Arguments::default()).unwrap().reports;
        reports.iter().map(|report| Value::Object(report.members().clone())).collect()
    };
    // What is sent has the digits of the file.
    let says = |name: &str, index: usize, part: &str| {
        let json = convert(AUTO, &source(name), &Arguments::default()).unwrap().reports[index].to_json();
        assert!(json.contains(part), "{json}");
    };
    let wsjf = reports("wsjf.json");
    assert_eq!(wsjf[0]["futureMember"].to_string(), "{\"kept\":[1.50,null]}");

    let wsxf = reports("wsxf.xml");
    assert_eq!(wsxf[0]["id"], "6f0d8a52-0d3e-4d1a-9b7a-3f6b1f0c0101");
    assert_eq!(wsxf[0]["uut"]["comment"], "a & b");
    let step = &wsxf[0]["root"]["steps"][0];
    assert_eq!(
        (&step["group"], &step["errorCode"], &step["reportText"]),
        (&"S".into(), &7.into(), &"too high".into())
    );
    assert_eq!(
        step["numericMeas"][0].to_string(),
        r#"{"value":61.50,"unit":"mV","compOp":"LE","lowLimit":50,"status":"F"}"#
    );
    assert_eq!(wsxf[0]["root"]["steps"][1]["booleanMeas"][1]["name"], "a#2");
    assert_eq!(wsxf[1]["uur"]["refUUT"], "6f0d8a52-0d3e-4d1a-9b7a-3f6b1f0c0101");
    assert_eq!(wsxf[1]["uur"]["processCode"], 10);
    assert_eq!(wsxf[1]["subUnits"][1]["failures"][0]["comRef"], "C12");

    let wrml = reports("wrml.xml");
    assert_eq!(wrml[0]["root"]["steps"][0]["steps"][0]["numericMeas"][1]["name"], "1V8");
    assert_eq!(wrml[0]["root"].get("loop"), None);
    assert_eq!(wrml[0]["binaryData"][0]["data"], "AAEC");

    let atml = reports("atml-6.01.xml");
    assert_eq!(atml[0]["uut"]["user"], "Jörg");
    assert_eq!(atml[0]["uut"]["execTime"].as_f64(), Some(1.5));
    let rails = &atml[0]["root"]["steps"][0];
    let measured = |index: usize| rails["numericMeas"][index].to_string();
    assert_eq!(
        measured(0),
        r#"{"compOp":"GELE","name":"inside","status":"P","unit":"V","value":1.80,"lowLimit":1.7,"highLimit":1.9}"#
    );
    assert_eq!(
        measured(1),
        r#"{"compOp":"LTGT","name":"outside","status":"P","unit":"bars","value":5,"lowLimit":2,"highLimit":4}"#
    );
    assert_eq!(
        measured(2),
        r#"{"compOp":"GELE","name":"tolerance","status":"F","unit":"","value":12,"lowLimit":9.5,"highLimit":11.0}"#
    );
    assert_eq!(rails["loop"]["n"], 2);
    assert_eq!(atml[0]["root"]["steps"][1]["stringMeas"][0]["compOp"], "IGNORECASE");
    assert_eq!(
        (&atml[0]["root"]["steps"][2]["status"], &atml[0]["root"]["steps"][3]["status"]),
        (&"S".into(), &"E".into())
    );
    assert_eq!(atml[1]["root"]["steps"][0]["name"], "Call sub");
    assert_eq!(atml[1]["root"]["steps"][0]["steps"][0]["numericMeas"][0]["value"], "NaN");
    // The second report has the id of the first one: both must arrive.
    assert_ne!(atml[0]["id"], atml[1]["id"]);

    let spea = reports("spea.csv");
    assert_eq!((&spea[0]["machineName"], &spea[0]["uut"]["batchSN"]), (&"03".into(), &"LOT42".into()));
    says("spea.csv", 1, r#""value":2.5e3,"#);
    assert_eq!(spea[1]["root"]["steps"][0]["reportText"], "too high pins 12 13");

    let i3070 = reports("i3070.log");
    says(
        "i3070.log",
        0,
        r#"{"compOp":"GELE","status":"P","unit":"Ohm","value":1.006789E+03,"lowLimit":9.500000E+02,"highLimit":1.050000E+03}"#,
    );
    assert_eq!(i3070[1]["root"]["reportText"], "shorts {n1, n7}");
    assert!(i3070[1]["root"]["steps"][0]["reportText"].as_str().unwrap().contains("2 shorts, 1 opens"));

    says(
        "spectrum.txt",
        0,
        r#"{"compOp":"GELE","status":"F","unit":"Ohm","value":120.50e3,"lowLimit":90e3,"highLimit":110e3}"#,
    );

    let klippel = reports("klippel.txt");
    let names: Vec<_> =
        klippel[0]["root"]["steps"].as_array().unwrap().iter().map(|step| &step["name"]).collect();
    assert_eq!(names, ["Impedance", "Sound Pressure", "pol"]);
    let impedance = &klippel[0]["root"]["steps"][0]["steps"];
    assert_eq!(impedance[0]["chart"]["series"][0]["ydata"], "1.7263");
    assert_eq!(impedance[0]["chart"]["series"][1]["ydata"], "3.4030;3.4223");
    assert_eq!((&impedance[1]["status"], &impedance[2]["status"]), (&"F".into(), &"S".into()));

    let wstf = reports("wstf.txt");
    assert_eq!(wstf[0]["miscInfos"][0]["text"], "23.5 °C");
    assert_eq!(wstf[0]["uut"]["comment"], "one\ntwo");
    assert_eq!(wstf[0]["subUnits"][0]["sn"], "S-1");
    assert_eq!(wstf[0]["root"]["steps"][0]["steps"][1]["stepType"], "ET_MNLT");

    let xjtag = reports("runs.xjlog");
    assert_eq!(xjtag[0]["root"]["steps"][0]["steps"][1]["status"], "S");
    assert_eq!(xjtag[0]["root"]["steps"][0]["steps"][0]["totTime"].as_f64(), Some(0.42));
}

/// A Klippel file without its folder would lose its measurements.
#[test]
fn a_klippel_file_waits_for_its_folder() {
    let source = Source::new("klippel.txt", sample("klippel.txt").bytes().to_vec());
    let refusal = convert(AUTO, &source, &Arguments::default()).unwrap_err().to_string();
    assert!(refusal.contains("the folder with the measurements is missing"), "{refusal}");
    let arguments = Arguments::from_iter([("require-data", "false")]);
    assert_eq!(convert(AUTO, &source, &arguments).unwrap().reports.len(), 1);
}

/// Statuses come from the file, or from the limits when a person wants that.
#[test]
fn statuses_can_be_computed_from_limits() {
    let text = String::from_utf8(sample("spea.csv").bytes().to_vec()).unwrap();
    let source = Source::new("a.csv", text.replace("PASS;9.8e-08", "PASS;1e-08").into_bytes());
    let results = |arguments: &Arguments| {
        let reports = convert(AUTO, &source, arguments).unwrap().reports;
        reports.iter().map(|report| report.result().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(results(&Arguments::default()), ["P", "F"]);
    assert_eq!(results(&Arguments::from_iter([("status-mode", "active")])), ["F", "F"]);
    let wrong =
        convert(AUTO, &source, &Arguments::from_iter([("status-mode", "x")])).unwrap_err().to_string();
    assert_eq!(wrong, "the converter's argument status-mode: \"x\" is neither import nor active");
}

/// TestStand's own report is recognised and refused with the reason.
#[test]
fn a_printed_teststand_report_is_refused() {
    let source =
        Source::new("a.xml", b"<Reports><Report Type='UUT' Title='x'><Prop/></Report></Reports>".to_vec());
    let refusal = convert(AUTO, &source, &Arguments::default()).unwrap_err().to_string();
    assert!(refusal.contains("ATML"), "{refusal}");
}

#[test]
fn refusals_of_auto_help() {
    let refusal = |name: &str, text: &str| {
        convert(AUTO, &Source::new(name, text.into()), &Arguments::default()).unwrap_err().to_string()
    };
    assert_eq!(refusal("a.txt", " \n"), "the file is empty");
    assert_eq!(refusal("a.txt", "milk"), "no converter knows this file");
    assert!(refusal("a.json", "[1").starts_with(
        "no converter knows this file; the most likely one, wsjf, says: the file is not valid JSON"
    ));
    let unknown = convert("excel", &sample("csv.csv"), &Arguments::default()).unwrap_err().to_string();
    assert!(
        unknown.starts_with("there is no converter named \"excel\"; the converters are auto, wsjf, wsxf,"),
        "{unknown}"
    );
}

/// What this crate makes, a server takes.
#[test]
fn a_server_takes_every_report() {
    let simulator = wats_simulator::Simulator::start().unwrap();
    let client = Client::builder(simulator.url().parse().unwrap(), "test", "1")
        .token(Secret::new("t".to_owned()))
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut sent = 0;
    for (name, ..) in EXPECTED {
        for report in convert(AUTO, &source(name), &Arguments::default()).unwrap().reports {
            let report = prepared(report);
            runtime
                .block_on(client.submit_wsjf(report.to_json().into_bytes()))
                .unwrap_or_else(|failure| panic!("{name}: {failure}"));
            sent += 1;
        }
    }
    assert_eq!(simulator.summary().distinct, sent);
    assert!(samples().len() >= 14);
}
