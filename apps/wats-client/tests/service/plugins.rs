//! Converters that are not part of the program: plug-ins and external commands.

use crate::support::{Station, names};
use std::fs;

const LABEL: &str = include_str!("../../../../crates/wats-plugins/tests/plugins/label.wat");

/// A station with the plug-in `label` in its folder of plug-ins.
fn station_with(name: &str, text: &str) -> Station {
    let station = Station::new();
    fs::create_dir(station.path("plugins")).unwrap();
    fs::write(station.path("plugins").join(name), wat::parse_str(text).unwrap()).unwrap();
    station
}

#[test]
fn auto_gives_a_file_to_the_plugin_that_knows_it() {
    let station = station_with("label.wasm", LABEL);
    let _client = station.start();
    station.put_text("unit.lbl", "LBL-1");
    station.put_text("other.lbl", "milk");
    station.put("JSON");
    station.wait_for(2);
    assert_eq!(station.arrived("LBL-1")["location"], "Line 1");
    station.wait("the others to be put away", |station| names(&station.path("watch")) == ["other.lbl"]);
}

#[test]
fn a_folder_names_a_plugin_or_its_file() {
    let mut station = station_with("label.wasm", LABEL);
    station.set("[watch]", "converter", "\"plugin:label\"");
    station.set("[watch]", "arguments", "{ lane = 2, location = \"Line 7\" }");
    {
        let _client = station.start();
        station.put_text("a.lbl", "milk");
        station.wait_for(1);
    }
    assert_eq!(station.arrived("milk")["location"], "Line 7");
    let file = station.path("elsewhere.wasm");
    fs::rename(station.path("plugins/label.wasm"), &file).unwrap();
    station.set("[watch]", "converter", &format!("{:?}", file.display().to_string()));
    let _client = station.start();
    station.put_text("b.lbl", "bread");
    station.wait_for(2);
}

#[test]
fn a_plugin_that_runs_for_ever_costs_its_file_alone() {
    let endless =
        LABEL.replace("(if (i32.eqz (local.get 3))", "(loop $l (br $l)) (if (i32.eqz (local.get 3))");
    let mut station = station_with("label.wasm", &endless);
    station.set("plugins", "time", "\"200ms\"");
    let _client = station.start();
    station.put_text("unit.lbl", "LBL-1");
    station.put("JSON");
    station.wait_for(1);
    station.wait("the file to be refused", |station| {
        names(&station.path("error")) == ["unit.lbl", "unit.lbl.error.txt"]
    });
    let reason = fs::read_to_string(station.path("error/unit.lbl.error.txt")).unwrap();
    // Where instructions take their time, under an emulator, the clock is faster than their count.
    let counted =
        reason.starts_with("the converter plugin:label ran for more than the 100 million instructions");
    assert!(counted || reason.starts_with("the converter plugin:label ran for more than 2s"), "{reason}");
}

#[test]
fn faults_of_plugins_and_commands_are_named() {
    let check = |station: &Station| {
        let output = station.command(&["check"]);
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8(output.stderr).unwrap()
    };
    let station = station_with("label.wasm", "(module)");
    let text = check(&station);
    assert!(text.contains("label.wasm cannot be used: it does not export memory"), "{text}");
    // It keeps nothing else from running.
    let _client = station.start();
    station.put("JSON");
    station.wait_for(1);

    let mut station = station_with("label.wasm", LABEL);
    station.set("[watch]", "converter", "\"plugin:other\"");
    let text = check(&station);
    assert!(
        text.contains("there is no converter named \"plugin:other\"") && text.contains("plugin:label"),
        "{text}"
    );

    station.set("[watch]", "converter", "\"label.wasm\"");
    assert!(check(&station).contains("watch[0].converter: label.wasm must be a full path"));
    station.set("[watch]", "converter", "");
    station.set("plugins", "time", "\"1h\"");
    assert!(check(&station).contains("plugins: time must be between \"100ms\" and \"2m\""));
    station.set("plugins", "time", "");
    station.set("command.mine", "run", "[\"python3\"]");
    assert!(check(&station).contains("command.mine: \"python3\" must be the full path of a program"));
}

#[test]
fn convert_shows_what_a_plugin_gives() {
    let station = station_with("label.wasm", LABEL);
    let file = station.path("unit.lbl");
    fs::write(&file, "LBL-1").unwrap();
    let shown = |converter: &str| {
        let output = station.command(&["convert", &file.display().to_string(), "--converter", converter]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    for converter in ["auto", "plugin:label", &station.path("plugins/label.wasm").display().to_string()] {
        assert_eq!(shown(converter)[0]["sn"], "LBL-1", "{converter}");
    }
    fs::write(&file, "").unwrap();
    let output = station.command(&["convert", &file.display().to_string(), "--converter", "plugin:label"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.ends_with("unit.lbl: line 1: a label holds a serial number\n"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_command_converts_the_files_of_a_folder() {
    let mut station = Station::new();
    let script = r#"printf '[{"type":"T","pn":"P","rev":"A","sn":"%s","processCode":10,"result":"P","start":"2026-01-15T10:00:00Z","uut":{"user":"op"},"root":{"stepType":"SequenceCall","name":"x","status":"P","group":"M"}}]' "$(head -c 4 "$1")""#;
    station.set("command.mine", "run", &format!("[\"/bin/sh\", \"-c\", {script:?}, \"x\", \"{{file}}\"]"));
    station.set("[watch]", "converter", "\"command:mine\"");
    let _client = station.start();
    station.put_text("any name.at all", "SN-1");
    station.put_text("again", "SN-1");
    station.put_text("other", "SN-2");
    station.wait_for(2);
    station.wait("all to be put away", |station| names(&station.path("watch")).is_empty());
    assert_eq!(station.arrived("SN-1")["location"], "Line 1");
    assert_eq!(station.server.summary().distinct, 2);
}
