//! What other programs make of a package.

mod common;

use std::fs;

use common::{has, product, run, skip, write};
use landfall_msi::installer::FileContent;

fn program() -> FileContent {
    FileContent::bytes((0..200_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>())
}

#[test]
fn msitools_read_it() {
    if !has("msiinfo") {
        return skip("msiinfo (msitools)");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.msi"), write(&product("1.2.3", program())).unwrap()).unwrap();
    let tables = run("msiinfo", &["tables", "x.msi"], folder.path());
    for table in ["File", "ServiceInstall", "MsiServiceConfig", "_Validation", "Upgrade"] {
        assert!(tables.lines().any(|line| line == table), "{table} is missing:\n{tables}");
    }
    let properties = run("msiinfo", &["export", "x.msi", "Property"], folder.path());
    assert!(properties.contains("ProductVersion\t1.2.3"), "{properties}");
    let summary = run("msiinfo", &["suminfo", "x.msi"], folder.path());
    assert!(summary.contains("x64;1033"), "{summary}");
    run("msiextract", &["-C", "out", "x.msi"], folder.path());
    let extracted = fs::read(folder.path().join("out/PFiles64/Kestrel Demo/kestrel-demo.exe")).unwrap();
    assert_eq!(extracted.len(), 800_000);
}
