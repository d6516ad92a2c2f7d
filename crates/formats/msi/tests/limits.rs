//! What is refused before anything is written, and what stays the same.

mod common;

use common::{id, product, write};
use landfall_msi::compound::Content;
use landfall_msi::installer::*;
use landfall_msi::{Codepage, Database, Value, row};

fn small() -> Package {
    product("1.2.3", FileContent::bytes(*b"program"))
}

/// What is said of a package that was changed.
fn refusal(change: impl FnOnce(&mut Package)) -> String {
    let mut package = small();
    change(&mut package);
    write(&package).map(|_| ()).unwrap_err().to_string()
}

/// What is said of a package of which neither a byte is written nor one of [`untouched`] files read.
fn refused_at_once(package: &Package, compression: Compression) -> String {
    let options = Options {
        compression,
        threads: 1,
        scratch: std::env::temp_dir(),
        application: String::new(),
        progress: &|_| {},
    };
    let mut output = Vec::new();
    let said = package.write(&options, &mut output).map(|_| ()).unwrap_err().to_string();
    assert!(output.is_empty());
    said
}

/// Content that nobody may ask for.
fn untouched(size: u64) -> FileContent {
    FileContent::opened_by(size, || panic!("a file of a package that cannot be was read"))
}

fn file(name: &str) -> Component {
    let file = File::new(Identifier::derived("f", &name.to_lowercase()), name, FileContent::bytes(*b"x"));
    Component::for_file(id(INSTALLDIR), id("Main"), file)
}

#[test]
fn the_same_description_gives_the_same_bytes() {
    let first = write(&small()).unwrap();
    assert_eq!(first, write(&small()).unwrap());
    let mut other = small();
    other.comments = "Other".into();
    assert_ne!(first, write(&other).unwrap());
}

#[test]
fn codes_follow_from_content() {
    let codes = |package: &Package| {
        let options = Options {
            compression: Compression::None,
            threads: 1,
            scratch: std::env::temp_dir(),
            application: String::new(),
            progress: &|_| {},
        };
        let report = package.write(&options, std::io::sink()).unwrap();
        (report.product_code, report.package_code)
    };
    let one = codes(&small());
    assert_eq!(one, codes(&small()));
    let changed = codes(&product("1.2.3", FileContent::bytes(*b"Program")));
    assert!(one.0 != changed.0 && one.1 != changed.1);
    let mut fixed = small();
    fixed.product_code = Some(one.0);
    fixed.comments = "Other".into();
    assert_eq!(codes(&fixed).0, one.0);
}

#[test]
fn components_keep_their_identity() {
    let guids = |package: &Package| {
        let database = package.database().unwrap();
        let table = database.table("Component").unwrap();
        let mut guids: Vec<String> = table.rows.iter().map(|row| row[1].to_string()).collect();
        guids.sort();
        guids
    };
    let mut next = product("9.0.0", FileContent::bytes(*b"something else"));
    next.components.reverse();
    assert_eq!(guids(&small()), guids(&next));
    next.components.push(file("new.txt"));
    assert_eq!(guids(&next).len(), guids(&small()).len() + 1);
}

#[test]
fn names_that_windows_does_not_take() {
    for name in ["aux.txt", "CON", "com1.log", "nul", "a?b", "x.", "trailing ", "a\\b"] {
        let said = refusal(|package| package.components.push(file(name)));
        assert!(said.contains("Windows takes no file named"), "{said}");
    }
    let said = refusal(|package| {
        package.components.push(file("Same.txt"));
        let mut other = file("SAME.TXT");
        other.files[0].id = id("other");
        other.key = KeyPath::File(id("other"));
        package.components.push(other);
    });
    assert!(said.contains("does not tell names by case"), "{said}");
    let said = refusal(|package| package.components.push(file(&"x".repeat(240))));
    assert!(said.contains("at most 259"), "{said}");
}

#[test]
fn what_does_not_fit() {
    assert!(refusal(|p| p.name = "n".repeat(64)).contains("63"));
    assert!(refusal(|p| p.features[0].title = "t".repeat(65)).contains("has room for 64 characters"));
    let said = refusal(|p| p.properties.push(Property::fixed("ARPCOMMENTS", "c".repeat(1 << 16))));
    assert!(said.contains("65,535 bytes"), "{said}");
    let said = refusal(|p| {
        let huge = FileContent::opened_by(3 << 30, || Ok(Box::new(std::io::empty())));
        p.components.push(Component::for_file(
            id(INSTALLDIR),
            id("Main"),
            File::new(id("huge"), "huge", huge),
        ));
    });
    assert!(said.contains("at most 2 GiB"), "{said}");
    let said = refusal(|p| {
        let short = FileContent::opened_by(10, || Ok(Box::new(std::io::empty())));
        p.components.push(Component::for_file(
            id(INSTALLDIR),
            id("Main"),
            File::new(id("short"), "short", short),
        ));
    });
    assert!(said.contains("short"), "{said}");
    let said = refusal(|p| {
        p.codepage = Some(Codepage::Windows1252);
        p.comments = "日本".into();
    });
    assert!(said.contains("1252"), "{said}");
}

#[test]
fn too_many_rows() {
    let mut database = Database::new(Codepage::Utf8);
    for number in 0..=0xFFFF {
        database.insert("Property", row![format!("P{number}"), "same"]).unwrap();
    }
    let mut output = Vec::new();
    let said = database.write(&mut output).unwrap_err().to_string();
    assert!(said.contains("65536 rows") && said.contains("split") && output.is_empty(), "{said}");
}

#[test]
fn too_many_files() {
    let mut package = small();
    let key = Component::for_file(id(INSTALLDIR), id("Main"), File::new(id("f"), "f", untouched(1)));
    package.components.push(key);
    let files = &mut package.components.last_mut().unwrap().files;
    files.extend((0..=0xFFFF).map(|n| File::new(id(&format!("f{n}")), format!("f{n}"), untouched(1))));
    let said = refused_at_once(&package, Compression::Mszip { level: 1 });
    assert!(said.contains("rows") && said.contains("split"), "{said}");
}

#[test]
fn more_than_two_gibibytes() {
    let huge = tempfile::tempfile().unwrap();
    huge.set_len(2 << 30).unwrap();
    let mut database = Database::new(Codepage::Utf8);
    database.insert("Binary", row!["Huge", Value::Stream]).unwrap();
    database.add_stream("Binary.Huge", Content::File(huge));
    let mut output = Vec::new();
    let said = database.write(&mut output).unwrap_err().to_string();
    assert!(said.contains("at most 2 GiB") && output.is_empty(), "{said}");
}

#[test]
fn a_cabinet_of_more_than_two_gibibytes() {
    let mut package = small();
    for name in ["one", "two"] {
        let half = File::new(id(name), name, untouched(1 << 30));
        package.components.push(Component::for_file(id(INSTALLDIR), id("Main"), half));
    }
    let said = refused_at_once(&package, Compression::None);
    assert!(said.contains("at most 2 GiB") && said.contains("split"), "{said}");
}

#[test]
fn more_strings_than_short_references_name() {
    let mut database = Database::new(Codepage::Utf8);
    for number in 0..40_000 {
        database.insert("Property", row![format!("P{number}"), format!("value {number}")]).unwrap();
    }
    let mut bytes = Vec::new();
    database.write(&mut bytes).unwrap();
    let mut reader = landfall_msi::Reader::open(std::io::Cursor::new(bytes)).unwrap();
    let table = reader.table("Property").unwrap().unwrap();
    let row = table.rows.iter().find(|row| row[0].text() == "P39999").unwrap();
    assert_eq!(row[1], Value::from("value 39999"));
}

#[test]
fn contradictions() {
    assert!(refusal(|p| p.components[0].features.clear()).contains("no feature"));
    assert!(refusal(|p| p.components[0].key = KeyPath::File(id("none"))).contains("key path"));
    assert!(refusal(|p| p.directories[0].parent = id("Nowhere")).contains("no folder Nowhere"));
    assert!(refusal(|p| p.directories[0].parent = id(INSTALLDIR)).contains("circle"));
    assert!(refusal(|p| p.properties[0].name = "Server".into()).contains("upper case"));
    let said = refusal(|p| {
        let copy = Component::for_file(
            id(INSTALLDIR),
            id("Main"),
            File::new(id("demo.exe"), "other.exe", FileContent::bytes(*b"")),
        );
        p.components.push(copy);
    });
    assert!(said.contains("two files have the key"), "{said}");
}

#[test]
fn text_beyond_western_europe_is_utf8() {
    let mut package = small();
    assert_eq!(package.database().unwrap().codepage, Codepage::Windows1252);
    package.name = "観測".into();
    assert_eq!(package.database().unwrap().codepage, Codepage::Utf8);
    assert!(write(&package).is_ok());
}
