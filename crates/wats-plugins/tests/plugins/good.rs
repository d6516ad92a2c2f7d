//! What a good plug-in does.

use crate::support::{LABEL, convert, label_with, module, plugin};
use std::fs;
use wats_converters::{AUTO, Arguments, Converter, Converters, Refusal, Source};
use wats_plugins::{Limits, Plugin, in_folder};

#[test]
fn a_module_makes_reports_with_stable_ids() {
    let mut converters = Converters::default();
    converters.add(Box::new(plugin(LABEL, Limits::default()).unwrap()));
    let source = Source::new("a.lbl", b"LBL-7".to_vec());
    let arguments = Arguments::from_iter([("location", "Line 1"), ("lane", "2")]);
    converters.check_arguments("plugin:label", &arguments).unwrap();

    let conversion = converters.convert(AUTO, &source, &arguments).unwrap();
    assert_eq!((conversion.converter, conversion.reports.len()), ("plugin:label", 1));
    assert_eq!(conversion.confidence.unwrap().as_percent(), 90);
    let report = &conversion.reports[0];
    assert_eq!((report.serial_number(), report.result()), (Some("LBL-7"), Some("P")));
    assert_eq!(report.members()["location"], "Line 1");
    assert_eq!(report.id(), Some(wats::report_id(&conversion.content, "plugin:label", 0)));
    let again = converters.convert("plugin:label", &source, &arguments).unwrap();
    assert_eq!(again.reports[0].id(), report.id());

    // What it does not know is left to others.
    let other = converters.convert(AUTO, &Source::new("a.lbl", b"milk".to_vec()), &arguments);
    assert!(matches!(other, Err(Refusal::Unknown { best: None })));
    let named = converters.convert("plugin:label", &Source::new("a.lbl", b"milk".to_vec()), &arguments);
    assert_eq!(named.unwrap().reports[0].serial_number(), Some("milk"));
}

#[test]
fn a_module_describes_itself() {
    let plugin = plugin(LABEL, Limits::default()).unwrap();
    let description = plugin.describe();
    assert_eq!((plugin.name(), description.title), ("plugin:label", "Label printer"));
    assert_eq!(description.patterns, ["*.lbl"]);
    assert_eq!(description.arguments[0].name, "lane");
    assert!(plugin.is_asked_by_auto());

    let mut converters = Converters::default();
    converters.add(Box::new(plugin));
    assert!(converters.patterns().contains(&"*.lbl"));
    let wrong = Arguments::from_iter([("colour", "red")]);
    let refusal = converters.check_arguments("plugin:label", &wrong).unwrap_err().to_string();
    assert!(
        refusal.contains("the converter plugin:label does not know it; it knows") && refusal.contains("lane")
    );

    // Without that function it must be named.
    let mute = LABEL.replace("(export \"wats_confidence\")", "");
    assert!(!super::support::plugin(&mute, Limits::default()).unwrap().is_asked_by_auto());
}

#[test]
fn a_refusal_has_its_reason_and_line() {
    let plugin = plugin(LABEL, Limits::default()).unwrap();
    assert_eq!(convert(&plugin, b"").unwrap_err().to_string(), "line 1: a label holds a serial number");
}

/// Nothing of one file is there when the next one is converted.
#[test]
fn every_file_meets_a_new_instance() {
    let counting = label_with(
        "wats_convert",
        "(i32.store8 (i32.const 1535) (i32.add (i32.load8_u (i32.const 1535)) (i32.const 1)))
         (i32.store8 (i32.const 60000) (i32.add (i32.const 48) (i32.load8_u (i32.const 1535))))
         (i32.store8 (i32.const 59999) (i32.const 91)) (i32.store8 (i32.const 60001) (i32.const 93))
         (call $answer (i32.const 59999) (i32.const 3))",
    );
    let plugin = plugin(&counting, Limits::default()).unwrap();
    for _ in 0..3 {
        // The answer is [1] each time: no report, but a count.
        assert!(convert(&plugin, b"x").unwrap_err().to_string().contains("no object as report 1"));
    }
}

#[test]
fn a_large_file_has_room() {
    let plugin = plugin(LABEL, Limits::default()).unwrap();
    let file = vec![b'7'; 20 << 20];
    let reports = convert(&plugin, &file).unwrap();
    assert_eq!(reports[0].serial_number().map(str::len), Some(file.len()));
    let refusal = convert(&plugin, &vec![b'7'; (64 << 20) + 1]).unwrap_err();
    assert_eq!(refusal.to_string(), "the file is too large: it has 64 MiB, 64 are allowed");
}

#[test]
fn a_folder_holds_plugins() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    put("b.wasm", &module(LABEL));
    put("c.wasm", &module(LABEL));
    put("d.wasm", b"no module");
    put("readme.txt", b"text");
    fs::create_dir(folder.path().join("e.wasm")).unwrap();
    let (plugins, faults) = in_folder(folder.path(), Limits::default());
    assert_eq!(plugins.iter().map(Plugin::name).collect::<Vec<_>>(), ["plugin:label"]);
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults[0].contains("c.wasm are both the plug-in plugin:label: remove one"), "{}", faults[0]);
    assert!(faults[1].contains("d.wasm cannot be used: it is no WebAssembly module"), "{}", faults[1]);
    let (plugins, faults) = in_folder(&folder.path().join("nowhere"), Limits::default());
    assert!(plugins.is_empty() && faults.is_empty());
}
