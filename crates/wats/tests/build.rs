//! Reports made with the builder.

use serde_json::Value;
use wats::build::{
    Asset, Attachment, Chart, ChartType, Fault, Group, Header, Limits, MakeError, Repair, RepairUnit, Status,
    Step, SubUnit, Test, TextLimit,
};
use wats::{Station, Uuid, read_reports};

const ID: &str = "6f0d8a52-0d3e-4d1a-9b7a-3f6b1f0c0001";

fn header() -> Header {
    Header {
        serial_number: "SN0001".into(),
        part_number: "PSU-100".into(),
        revision: "A".into(),
        process_code: 100,
        start: "2026-01-15T10:00:00.000+01:00".into(),
        station: Station { name: "FCT-01".into(), location: "Line 1".into(), purpose: "Production".into() },
    }
}

fn text_file(name: &str) -> Attachment {
    Attachment { name: name.into(), content_type: "text/plain".into(), content: b"hello".to_vec() }
}

fn problem(steps: Vec<Step>) -> String {
    Test::new(header(), steps).finish().unwrap_err().to_string()
}

#[test]
fn every_kind_of_step_is_made_as_it_is_described() {
    let sweep = Chart::new(ChartType::LineLogX, "Sweep").x("f", "Hz").y("A", "dB").series(
        "run",
        &[10.0, 100.0, 1000.0],
        &[0.0, 3.1, 2.9],
    );
    let noise = Chart::new(ChartType::Line, "Noise").series("u", &[0.0, 1.0], &[0.5, 0.25]);
    let steps = vec![
        Step::action("Power on").group(Group::Setup).seconds(0.25),
        Step::numeric("VCC", 5.01, "V", Limits::between(4.9, 5.1)),
        Step::numeric("Ripple", 61.5, "mV", Limits::at_most(50.0))
            .error(42, "too high")
            .report_text("line 1\nline 2")
            .caused_failure(),
        Step::numerics(
            "Rails",
            [("3V3", 3.3, "V", Limits::between(3.2, 3.4)), ("1V8", 1.8, "V", Limits::none())],
        ),
        Step::pass_fail("LED", true),
        Step::pass_fails("Pins", [("P", true), ("P", true)]),
        Step::text("FW", "v1.2", TextLimit::IgnoreCase("V1.2".into())),
        Step::texts("Ids", [("MAC", "00:11", TextLimit::None), ("Slot", "7", TextLimit::Equal("7".into()))]),
        Step::numerics("Sweep", [("peak", 3.1, "dB", Limits::none())]).chart(sweep),
        Step::message_popup("Ask", "ok", 1),
        Step::call_executable("Flash", 0),
        Step::sequence_of(
            "Loop",
            "loop.seq",
            "2.1",
            vec![Step::generic("w", "NI_Wait").status(Status::Skipped).iteration(0, 2)],
        )
        .rounds(2),
        Step::chart_only("Noise", noise),
        Step::file("log", text_file("log.txt")).group(Group::Cleanup),
    ];
    let test = Test::new(header(), steps)
        .id(Uuid::parse_str(ID).unwrap())
        .program("psu.seq", "1.0")
        .operator("op7")
        .comment("demo")
        .batch("LOT42")
        .fixture("FX3")
        .socket(2)
        .seconds(12.5)
        .error(42, "ripple")
        .misc("Firmware", "1.2.3")
        .sub_unit(SubUnit {
            part_type: "PCBA".into(),
            serial_number: "S-1".into(),
            part_number: "PCB-1".into(),
            revision: "B".into(),
        });
    let report = test.finish().unwrap();
    let expected = read_reports(include_bytes!("reports/test.json")).unwrap().remove(0);
    assert_eq!(Value::from(report.members().clone()), Value::from(expected.members().clone()));
    // Nothing is left for the last step before sending.
    let mut prepared = report.clone();
    prepared.prepare();
    assert_eq!(prepared, report);
}

#[test]
fn a_repair_is_made_as_it_is_described() {
    let header = Header {
        process_code: 500,
        start: "2026-01-15T12:00:00+01:00".into(),
        station: Station { name: "REP-01".into(), location: "Repair".into(), purpose: "Repair".into() },
        ..header()
    };
    let board = |serial_number: &str, replaces| RepairUnit {
        part_type: "PCBA".into(),
        serial_number: serial_number.into(),
        part_number: "PCB-1".into(),
        revision: "B".into(),
        replaces,
        ..RepairUnit::default()
    };
    let fault = Fault {
        category: "Component".into(),
        code: "Defect Component".into(),
        component: "C12".into(),
        comment: "short".into(),
        step: Some(3),
        article: "CAP-7".into(),
    };
    let repair = Repair::new(header.clone(), 100)
        .id(Uuid::parse_str("6f0d8a52-0d3e-4d1a-9b7a-3f6b1f0c0002").unwrap())
        .test(Uuid::parse_str(ID).unwrap())
        .operator("rep1")
        .comment("replaced C12")
        .dates("2026-01-15T11:10:00Z", "2026-01-15T11:12:00Z")
        .seconds(120.0)
        .misc("Bench", "3")
        .fault(fault.clone())
        .part(board("S-1", None))
        .part(board("S-2", Some(1)));
    let report = repair.finish().unwrap();
    let expected = read_reports(include_bytes!("reports/repair.json")).unwrap().remove(0);
    assert_eq!(Value::from(report.members().clone()), Value::from(expected.members().clone()));

    let refusal = |repair: Repair| repair.finish().unwrap_err().to_string();
    let nameless = Fault { code: String::new(), ..fault };
    assert_eq!(
        refusal(Repair::new(header.clone(), 100).fault(nameless)),
        "repaired unit 0: a failure needs a category and a code"
    );
    let itself = Repair::new(header.clone(), 100).part(board("S-1", Some(1)));
    assert_eq!(refusal(itself), "repaired unit 1: there is no other unit 1 that it could replace");
    let nowhere = Repair::new(header, 100).part(board("S-1", Some(7)));
    assert!(refusal(nowhere).contains("no other unit 7"));
}

#[test]
fn results_follow_from_measurements_unless_they_are_given() {
    let result = |steps: Vec<Step>| {
        let report = Test::new(header(), steps).finish().unwrap();
        report.result().unwrap().to_owned()
    };
    let good = || Step::numeric("a", 1.0, "V", Limits::between(1.0, 2.0));
    let bad = || Step::pass_fail("b", false);
    assert_eq!(result(vec![]), "P");
    assert_eq!(result(vec![good(), Step::action("x")]), "P");
    assert_eq!(result(vec![Step::sequence("s", vec![good(), bad()])]), "F");
    assert_eq!(result(vec![bad(), Step::action("x").status(Status::Error)]), "E");
    assert_eq!(result(vec![bad(), Step::action("x").status(Status::Terminated)]), "T");
    assert_eq!(result(vec![Step::call_executable("x", 3)]), "F");
    let given = Test::new(header(), vec![bad()]).result(Status::Passed).finish().unwrap();
    assert_eq!((given.result(), &given.members()["root"]["status"]), (Some("P"), &"P".into()));
}

#[test]
fn what_a_server_would_refuse_is_refused_with_the_place() {
    let lacking = Header { serial_number: String::new(), start: "today".into(), ..header() };
    let refusal = Test::new(lacking, vec![]).finish().unwrap_err();
    assert!(matches!(&refusal, MakeError::Header(invalid) if invalid.problems.len() == 2), "{refusal}");
    let skipped = Test::new(header(), vec![]).result(Status::Skipped).finish().unwrap_err();
    assert!(skipped.to_string().contains("result must be one of"), "{skipped}");

    assert_eq!(problem(vec![Step::action(" ")]), "step \" \": it has no name");
    assert_eq!(problem(vec![Step::generic("a", "")]), "step \"a\": it has no kind");
    let none: [(&str, bool); 0] = [];
    assert_eq!(problem(vec![Step::pass_fails("a", none)]), "step \"a\": it has no measurement");
    let inside = Step::sequence("s", vec![Step::numeric("n", 1.0, "V", Limits::between(2.0, 1.0))]);
    assert_eq!(problem(vec![inside]), "step \"n\": the low limit 2 is above the high limit 1");
    let unknown = Step::numeric("n", 1.0, "V", Limits::at_least(f64::NAN));
    assert_eq!(problem(vec![unknown]), "step \"n\": a limit is not a number");
    let uneven = Chart::new(ChartType::Line, "c").series("s", &[1.0], &[1.0, 2.0]);
    assert!(problem(vec![Step::chart_only("c", uneven)]).contains("has 1 horizontal and 2 vertical places"));
    assert!(problem(vec![Step::action("a").iteration(2, 2)]).contains("counted from 0"));
    for name in ["", "a/b", "..\\c", ".."] {
        assert!(problem(vec![Step::file("f", text_file(name))]).contains("is no name of a file"));
    }
    let large = Attachment { content: vec![0; (10 << 20) + 1], ..text_file("large.bin") };
    assert!(problem(vec![Step::file("f", large)]).contains("large.bin has more than 10 MiB"));
    let deep = (0..60).fold(Step::action("a"), |inner, _| Step::sequence("s", vec![inner]));
    assert!(problem(vec![deep]).contains("more than 40 sequences"));
}

#[test]
fn what_is_too_long_is_cut_where_that_does_no_harm() {
    let report = Test::new(header(), vec![Step::action("ä".repeat(150))])
        .comment(&"c".repeat(6000))
        .misc("d".repeat(150), "t".repeat(150))
        .file(text_file("notes.txt"))
        .asset(Asset { serial_number: "DMM-7".into(), usage_count: Some(1) })
        .finish()
        .unwrap();
    let members = report.members();
    let length = |value: &Value| value.as_str().unwrap().chars().count();
    assert_eq!(length(&members["root"]["steps"][0]["name"]), 100);
    assert_eq!(length(&members["uut"]["comment"]), 5000);
    let info = &members["miscInfos"][0];
    assert_eq!((length(&info["description"]), length(&info["text"])), (100, 100));
    assert_eq!(members["binaryData"][0]["data"], "aGVsbG8=");
    assert_eq!(members["assets"][0]["usageCount"], 1);
}

#[test]
fn numbers_that_json_does_not_know_become_texts() {
    let all = [("a", f64::INFINITY, "V", Limits::at_least(1.0)), ("b", f64::NAN, "V", Limits::none())];
    let report = Test::new(header(), vec![Step::numerics("n", all)]).finish().unwrap();
    let measured = &report.members()["root"]["steps"][0]["numericMeas"];
    assert_eq!((&measured[0]["value"], &measured[0]["status"]), (&"Infinity".into(), &"P".into()));
    assert_eq!(measured[1]["value"], "NaN");
}
