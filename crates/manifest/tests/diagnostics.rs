//! What a user sees when a manifest is wrong.

use std::path::Path;

use landfall_manifest::{Loaded, Report, parse};

const SMALLEST: &str = r#"
[product]
name = "hello"
version = "1.2.3"
maintainer = "Jo Doe <jo@example.com>"
license = "MIT"
summary = "Says hello"

[programs.hello]
"#;

fn check(text: &str) -> Result<Loaded, Report> {
    parse(Path::new("landfall.toml"), text.to_owned())
}

/// The messages and hints of a manifest that must be wrong.
fn wrong(text: &str) -> String {
    check(text).expect_err("this manifest must be wrong").render(false)
}

#[test]
fn the_smallest_manifest_is_enough() {
    let loaded = check(SMALLEST).unwrap();
    assert_eq!(loaded.manifest.product.name, "hello");
    assert!(loaded.warnings.is_empty());
    assert!(SMALLEST.trim().lines().count() <= 10);
}

#[test]
fn all_errors_are_shown_at_once_with_line_and_mark() {
    let text = wrong(
        r#"
[product]
name = "Hello"
versoin = "1.2.3"
maintainer = "nobody"
license = 3
summary = "x"

[[files]]
source = "a"
destination = "{confg}/a"
role = "configuration"
"#,
    );
    for part in [
        "landfall.toml:4:1",
        "unknown key `versoin` in product",
        "did you mean `version`?",
        "missing key `version` in product",
        "license: expected a string, found an integer",
        "role: unknown value \"configuration\"",
        "^^^^^^^",
    ] {
        assert!(text.contains(part), "{part} not in\n{text}");
    }
}

#[test]
fn meaning_is_checked_after_structure() {
    let text = wrong(
        r#"
[product]
name = "Hello World"
version = "1.2"
maintainer = "nobody"
license = "MIT"
summary = "x"
homepage = "example.com"
identifier = "hello"

[service]
program = "hello"
watchdog = "10 parsecs"
arguments = ["--config", "{confg}/x"]
account = "Hello World"

[[files]]
source = "a"
content = "b"
destination = "relative/../x"
mode = "999"

[[files]]
destination = "etc/x"

[settings.token]
type = "secret"
default = "hunter2"
"#,
    );
    for part in [
        "\"Hello World\" cannot be a package name",
        "\"1.2\" is not a semantic version",
        "\"nobody\" is not a name with an address",
        "\"example.com\" is not a web address",
        "not a reverse-domain identifier",
        "no program is called \"hello\"",
        "is not a duration",
        "a watchdog needs a program that notifies",
        "unknown variable {confg}",
        "did you mean {config}?",
        "cannot be an account's name",
        "found source and content",
        "leaves its folder",
        "is not a file mode",
        "exactly one of source, content, symlink and ghost; found none",
        "is not a place on the machine",
        "a secret has no default",
    ] {
        assert!(text.contains(part), "{part} not in\n{text}");
    }
}

#[test]
fn syntax_errors_have_a_place() {
    let text = wrong("[product\nname = \"x\"\n");
    assert!(text.contains("not valid TOML") && text.contains("landfall.toml:1"), "{text}");
}

#[test]
fn a_version_has_three_shapes_and_no_other() {
    let with = |v: &str| SMALLEST.replace("\"1.2.3\"", v);
    assert!(check(&with("{ from = \"Cargo.toml\" }")).is_ok());
    assert!(check(&with("{ env = \"VERSION\" }")).is_ok());
    let text = wrong(&with("{ form = \"Cargo.toml\" }"));
    assert!(text.contains("expected a string, or a table with `from`, or a table with `env`"), "{text}");
    let text = wrong(&with("3"));
    assert!(text.contains("version: expected"), "{text}");
}

#[test]
fn places_are_found_for_machines_too() {
    let report = check(&SMALLEST.replace("1.2.3", "one")).unwrap_err();
    let records = report.records();
    assert_eq!((records[0].line, records[0].column), (Some(4), Some(11)));
}

#[test]
fn a_missing_file_says_what_to_do() {
    let report = landfall_manifest::load(Path::new("/nonexistent/landfall.toml")).unwrap_err();
    assert!(report.render(false).contains("landfall init"));
}

#[test]
fn numbers_are_bounded() {
    let text = wrong(&SMALLEST.replace("name =", "release = -1\nname ="));
    assert!(text.contains("between 0 and 4294967295"), "{text}");
}

#[test]
fn every_key_of_the_schema_is_documented() {
    fn walk(schema: &serde_json::Value, path: &str, missing: &mut Vec<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            for (key, property) in properties {
                if property["description"].as_str().is_none_or(str::is_empty) {
                    missing.push(format!("{path}.{key}"));
                }
            }
        }
        if let Some(defs) = schema["$defs"].as_object() {
            for (name, def) in defs {
                walk(def, name, missing);
            }
        }
    }
    let mut missing = Vec::new();
    walk(&landfall_manifest::schema::schema(), "", &mut missing);
    assert!(missing.is_empty(), "{missing:?}");
}

/// `examples/every-key` is where people look for how a key is written.
#[test]
fn the_large_example_has_every_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/every-key/landfall.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let schema = landfall_manifest::schema::schema();
    let structs = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let mut missing: Vec<&str> = structs
        .flat_map(|s| s["properties"].as_object().into_iter().flat_map(|p| p.keys()))
        .map(String::as_str)
        .filter(|key| {
            !text.contains(&format!("{key} ="))
                && !text.contains(&format!("[{key}"))
                && !text.contains(&format!("{key}]"))
        })
        .filter(|key| !text.contains(&format!(".{key}.")) && !text.contains(&format!("[[{key}")))
        .collect();
    missing.sort_unstable();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn health_is_an_address_or_a_table_of_them() {
    let with = |service: &str| format!("{SMALLEST}\n[service]\nprogram = \"hello\"\n{service}\n");
    assert!(check(&with("health = \"http://127.0.0.1:8080/\"")).is_ok());
    assert!(
        check(&with("health = { address = \"http://127.0.0.1:8080/\", listen = \"HELLO_LISTEN\" }")).is_ok()
    );
    for (text, said) in [
        ("health = \"https://127.0.0.1/\"", "http://127.0.0.1:8080/health"),
        ("health = { address = \"http://127.0.0.1/\", live = \"/live\" }", "\"/live\" is not an address"),
        ("health = { addres = \"http://127.0.0.1/\" }", "address"),
        ("restart = { pauses = [\"5s\", \"5s\", \"soon\"] }", "\"soon\" is not a duration"),
        ("restart = { pauses = [\"5s\"] }", "3"),
    ] {
        let message = wrong(&with(text));
        assert!(message.contains(said), "{text}: {message}");
    }
}
