//! The table of crates in CONTRIBUTING.md.

use std::fs;
use std::path::Path;

/// Every crate once, and above all that it uses.
#[test]
fn the_table_of_crates_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let cells = text.lines().filter_map(|line| line.strip_prefix("| `crates/")?.split(" |").next());
    let listed: Vec<String> = cells
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim_matches('`').trim_start_matches("crates/").to_owned())
        .filter(|name| !name.contains('*'))
        .collect();
    let entries = fs::read_dir(root.join("crates")).unwrap().flatten();
    let folders = entries.map(|entry| entry.file_name().into_string().unwrap());
    let mut there: Vec<String> = folders.filter(|name| name != "formats").collect();
    there.sort();
    let mut sorted = listed.clone();
    sorted.sort();
    assert_eq!(sorted, there);
    for (place, name) in listed.iter().enumerate() {
        let manifest = fs::read_to_string(root.join("crates").join(name).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let uses = manifest.get("dependencies").and_then(toml::Value::as_table);
        for used in uses.into_iter().flat_map(toml::Table::keys) {
            let used = used.trim_start_matches("landfall-");
            let above = listed[..place].iter().any(|other| other == used);
            assert!(!above, "{name} uses {used}, which stands above it");
        }
    }
}
