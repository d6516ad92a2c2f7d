//! Every bad input gets an error that says what, where and what to do, and an exit code.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::support::{Project, has, skipped};

fn file(source: &str) -> String {
    format!("[[files]]\nsource = \"{source}\"\ndestination = \"/usr/share/demo/x\"\n")
}

#[test]
fn a_missing_file() {
    Project::new(&file("nowhere.txt")).run("build").fails(
        3,
        &["there is no file \"nowhere.txt\"", "landfall.toml:9:10", "^^^^", "help: the path is relative"],
    );
}

#[test]
fn a_path_that_leaves_the_root() {
    Project::new(&file("../secret"))
        .run("build")
        .fails(3, &["leaves the manifest's folder", "landfall.toml:9"]);
    let p = Project::new(&file("link"));
    symlink("/etc/hostname", p.path("link")).unwrap();
    p.run("build").fails(3, &["is a link that leaves the manifest's folder"]);
    let p = Project::new("[[files]]\ncontent = \"\"\ndestination = \"/usr/share/../../etc/x\"\n");
    p.run("build").fails(3, &["leaves its folder"]);
}

#[test]
fn two_files_for_one_destination() {
    let p = Project::new(&format!("{}{}", file("a"), file("b")));
    p.file("a", "").file("b", "");
    p.run("build").fails(3, &["two files have the destination /usr/share/demo/x", "the other is at line 8"]);
}

#[test]
fn an_unknown_target() {
    let p = Project::service();
    p.run("build --target x86_64-unknown-plan9")
        .fails(2, &["unknown target \"x86_64-unknown-plan9\"", "linux"]);
    p.run("build --target mips-unknown-linux-gnu").fails(2, &["unknown target"]);
    let p = Project::new(
        "[programs.demo]\ntargets = [\"x86_64-unknown-linux-gnu\", \"z80-unknown-linux-gnu\"]\n",
    );
    p.run("check").fails(3, &["unknown target \"z80-unknown-linux-gnu\"", "landfall.toml:9"]);
}

#[test]
fn an_unknown_format() {
    Project::service().run("build --format msix").fails(2, &["unknown format \"msix\"", "deb, rpm"]);
}

#[test]
fn an_unreadable_file() {
    let p = Project::new(&file("secret"));
    p.file("secret", "x");
    fs::set_permissions(p.path("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    if let Some(command) = p.command_as_nobody("build") {
        command.ran().fails(3, &["cannot read \"secret\": Permission denied", "help: check its permissions"]);
    }
}

#[test]
fn an_output_folder_without_permission() {
    let p = Project::service();
    if let Some(command) = p.command_as_nobody("build --format deb --output /usr/demo-dist") {
        command.ran().fails(1, &["cannot make the folder", "Permission denied", "--output"]);
    }
}

#[test]
fn an_output_folder_that_is_a_file_or_somebody_elses() {
    let p = Project::service();
    p.file("taken", "x").file("full/letter.txt", "x");
    p.run("build --output taken").fails(1, &["taken is a file, not a folder", "--output"]);
    p.run("build --output full").fails(1, &["holds files but no release.json"]);
    assert_eq!(p.names("full"), ["letter.txt"]);
}

#[test]
fn a_full_disk() {
    if !has("unshare") || !has("mount") {
        return;
    }
    let p = Project::new(&file("noise"));
    // Bytes that do not compress, from a little generator of our own.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    })
    .take(2 << 20)
    .collect();
    fs::write(p.path("noise"), noise).unwrap();
    fs::create_dir(p.path("small")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=1m tmpfs small && exec {} build --format deb --output small/dist",
        env!("CARGO_BIN_EXE_landfall")
    );
    let mut command = std::process::Command::new("unshare");
    command.args(["-m", "sh", "-c", &script]).current_dir(p.path(".")).env("SOURCE_DATE_EPOCH", "1");
    let out = command.output().unwrap();
    let text = String::from_utf8_lossy(&out.stderr);
    if text.contains("Operation not permitted") {
        return skipped("the right to mount a small file system");
    }
    assert_eq!(out.status.code(), Some(1), "{text}");
    assert!(text.contains("No space left on device") && text.contains("free some space"), "{text}");
}

#[test]
fn a_program_of_another_architecture() {
    let p = Project::new("[programs.demo]\npath = \"demo\"\n");
    // The machine field (bytes 18 and 19) of an ELF header says AArch64.
    let mut elf = fs::read("/bin/true").unwrap();
    elf[18..20].copy_from_slice(&183_u16.to_le_bytes());
    fs::write(p.path("demo"), elf).unwrap();
    p.run("build --target x86_64-unknown-linux-gnu")
        .fails(3, &["aarch64", "x86_64-unknown-linux-gnu", "landfall.toml:9"]);
}

#[test]
fn an_empty_glob() {
    Project::new(&file("*.nothing"))
        .run("build")
        .fails(3, &["\"*.nothing\" matches no file", "landfall.toml:9"]);
}

#[test]
fn a_broken_manifest_shows_all_errors_for_people_and_machines() {
    let p = Project::new("[servce]\n[[files]]\nsource = 3\ndestination = \"/x\"\n");
    p.run("check").fails(3, &["did you mean `service`?", "expected a string, found an integer"]);
    let out = p.run("check --json");
    assert_eq!(out.code(), 3);
    let json: serde_json::Value = serde_json::from_str(&out.stdout()).unwrap();
    assert_eq!(json["diagnostics"].as_array().unwrap().len(), 2);
    assert_eq!(json["diagnostics"][0]["line"], 8);
}

#[test]
fn no_manifest() {
    let p = Project::new("");
    p.run("build --manifest other.toml").fails(3, &["cannot read the manifest", "landfall init"]);
}

#[test]
fn a_time_that_is_none() {
    let p = Project::service();
    p.command("build").env("SOURCE_DATE_EPOCH", "yesterday").ran().fails(2, &["SOURCE_DATE_EPOCH"]);
}
