//! What other programs make of a package.

mod common;

use std::fs;
use std::path::Path;
use std::time::Instant;

use common::{has, product, run, skip, write};
use landfall_msi::installer::{Component, File, FileContent, Identifier, Package};
use landfall_msi::{Database, Guid};

fn program() -> FileContent {
    FileContent::bytes(program_bytes())
}

fn program_bytes() -> Vec<u8> {
    (0..200_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn save(folder: &Path, name: &str, package: &Package) {
    fs::write(folder.join(name), write(package).unwrap()).unwrap();
}

#[test]
fn msitools_read_it() {
    if !has("msiinfo") {
        return skip("msiinfo (msitools)");
    }
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "x.msi", &product("1.2.3", program()));
    let tables = run("msiinfo", &["tables", "x.msi"], folder.path());
    for table in ["File", "ServiceInstall", "MsiServiceConfig", "_Validation", "Upgrade"] {
        assert!(tables.lines().any(|line| line == table), "{table} is missing:\n{tables}");
    }
    let properties = run("msiinfo", &["export", "x.msi", "Property"], folder.path());
    assert!(properties.contains("ProductVersion\t1.2.3"), "{properties}");
    let summary = run("msiinfo", &["suminfo", "x.msi"], folder.path());
    assert!(summary.contains("x64;1033"), "{summary}");

    run("msiextract", &["-C", "out", "x.msi"], folder.path());
    let extracted = folder.path().join("out/PFiles64/Kestrel Demo");
    assert_eq!(fs::read(extracted.join("kestrel-demo.exe")).unwrap(), program_bytes());
    assert_eq!(fs::read(extracted.join("Read me first.txt")).unwrap(), b"Grusswort\r\n");

    // Every table, as msidump writes it, is the one that was compiled.
    fs::create_dir(folder.path().join("dump")).unwrap();
    run("msidump", &["-t", "-d", "dump", "x.msi"], folder.path());
    let expected: Database = product("1.2.3", program()).database().unwrap();
    for table in expected.tables().filter(|table| !table.rows.is_empty()) {
        let dumped = fs::read(folder.path().join(format!("dump/{}.idt", table.name))).unwrap();
        let dumped = String::from_utf8_lossy(&dumped).replace('\r', "");
        let mut lines = dumped.lines();
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(lines.next().unwrap(), names.join("\t"), "{}", table.name);
        // The types and the name of the table stand below the names.
        let extra = usize::from(table.name == "Property");
        let hashes = table.name == "MsiFileHash";
        assert!(hashes || lines.skip(2).count() == table.rows.len() + extra, "{}", table.name);
    }
}

#[test]
fn seven_zip_reads_it() {
    if !has("7z") {
        return skip("7z (p7zip-full)");
    }
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "x.msi", &product("1.2.3", program()));
    let list = run("7z", &["l", "x.msi"], folder.path());
    assert!(list.contains("Type = Compound") && list.contains("Method = MSZip"), "{list}");
    run("7z", &["x", "-oout", "x.msi"], folder.path());
    assert_eq!(fs::read(folder.path().join("out/demo.exe")).unwrap(), program_bytes());
}

#[test]
fn it_can_be_signed() {
    if !has("osslsigncode") || !has("openssl") {
        return skip("osslsigncode and openssl");
    }
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "x.msi", &product("1.2.3", program()));
    let request =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem", "-days", "9"];
    let usage = ["-subj", "/CN=Kestrel test", "-addext", "extendedKeyUsage=codeSigning"];
    run("openssl", &[&request[..], &usage[..]].concat(), folder.path());
    let sign = ["sign", "-certs", "c.pem", "-key", "k.pem", "-add-msi-dse", "-in", "x.msi", "-out", "s.msi"];
    run("osslsigncode", &sign, folder.path());
    let said = run("osslsigncode", &["verify", "-CAfile", "c.pem", "-in", "s.msi"], folder.path());
    assert!(said.contains("Signature verification: ok"), "{said}");
}

/// Sources of the same product for wixl.
const WIXL: &str = r#"<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="*" Name="Kestrel" Language="1033" Version="1.0.0" Manufacturer="Kestrel"
           UpgradeCode="6F1B2C3D-1111-4222-8333-444455556666">
    <Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="product.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFiles64Folder">
      <Directory Id="INSTALLDIR" Name="Kestrel">COMPONENTS</Directory>
    </Directory></Directory>
    <Feature Id="Main" Level="1">REFERENCES</Feature>
  </Product>
</Wix>"#;

#[test]
fn not_larger_than_wixl_and_checked_alike() {
    if !has("wixl") {
        return skip("wixl");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut package = product("1.0.0", program());
    let (mut components, mut references) = (String::new(), String::new());
    package.components.clear();
    for number in 0..40_u32 {
        // Words, so that there is something to compress.
        let text: String = (0..60_000_u32).map(|i| format!("{} ", (i * i + number) % 9973)).collect();
        let name = format!("data-{number}.txt");
        fs::write(folder.path().join(&name), &text).unwrap();
        let key = Identifier::derived("f", &name);
        let content = FileContent::path(folder.path().join(&name)).unwrap();
        let file = File::new(key, &name, content);
        package.components.push(Component::for_file(common::id("INSTALLDIR"), common::id("Main"), file));
        let guid = Guid::derived(package.upgrade_code, &name);
        components.push_str(&format!(
            r#"<Component Id="c{number}" Guid="{guid}"><File Id="f{number}" Name="{name}" KeyPath="yes"/></Component>"#
        ));
        references.push_str(&format!(r#"<ComponentRef Id="c{number}"/>"#));
    }
    let source = WIXL.replace("COMPONENTS", &components).replace("REFERENCES", &references);
    fs::write(folder.path().join("x.wxs"), source).unwrap();
    let start = Instant::now();
    run("wixl", &["-a", "x64", "-o", "wixl.msi", "x.wxs"], folder.path());
    let theirs = start.elapsed();
    let start = Instant::now();
    save(folder.path(), "own.msi", &package);
    let own = start.elapsed();
    let size = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
    println!("own: {} bytes in {own:?}, wixl: {} bytes in {theirs:?}", size("own.msi"), size("wixl.msi"));
    assert!(size("own.msi") <= size("wixl.msi"));

    // Their tables are read as msitools reads them, and the checks run over them.
    let file = fs::File::open(folder.path().join("wixl.msi")).unwrap();
    let mut reader = landfall_msi::Reader::open(file).unwrap();
    let names: Vec<&str> = reader.table_names().collect();
    assert!(names.contains(&"FeatureComponents"));
    assert_eq!(reader.table("File").unwrap().unwrap().rows.len(), 40);
    let database = reader.database().unwrap();
    let findings = landfall_msi::ice::check(&database);
    assert!(findings.iter().all(|finding| finding.number != "ICE06"), "{findings:?}");
}
