//! `landfall build`: what it makes, and that it makes the same everywhere.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Project, has, tool};

const ALL: &str = "deb,rpm,apk,arch,tar.gz,tar.zst,zip";

#[test]
fn a_build_makes_every_format_and_describes_it() {
    let p = Project::service();
    let out = p.run(&format!("build --format {ALL}")).ok();
    assert!(out.contains("demo_1.2.3-1_amd64.deb") && out.contains("built demo 1.2.3 in dist"), "{out}");
    let release = p.release("dist");
    assert_eq!((&release["product"], &release["epoch"]), (&"demo".into(), &1_700_000_000.into()));
    let artifacts = release["artifacts"].as_array().unwrap();
    assert_eq!(artifacts.len(), 7);
    for a in artifacts {
        let bytes = fs::read(p.path("dist").join(a["path"].as_str().unwrap())).unwrap();
        assert_eq!(a["size"], bytes.len());
        assert!(a["contains"].as_str().unwrap().starts_with("demo 1.2.3: "), "{a}");
    }
    if has("sha256sum") {
        let script = format!("cd {} && sha256sum --check SHA256SUMS", p.path("dist").display());
        assert_eq!(tool("sh", &["-c", &script]).matches(": OK").count(), 7);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_everywhere() {
    let (a, b) = (Project::service(), Project::service());
    fs::File::options()
        .append(true)
        .open(b.path("demo.toml"))
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH)
        .unwrap();
    a.run(&format!("build --threads 1 --format {ALL} --output one")).ok();
    b.run(&format!("build --threads 2 --format {ALL} --output two")).ok();
    assert_eq!(a.release("one")["artifacts"], b.release("two")["artifacts"]);
    std::os::unix::fs::chown(b.path("."), Some(65534), Some(65534)).ok();
    if let Some(command) = b.command_as_nobody(&format!("build --format {ALL} --output three")) {
        command.env("TZ", "Asia/Tokyo").env("LC_ALL", "tr_TR.UTF-8").env("HOME", "/nonexistent").ran().ok();
        assert_eq!(a.release("one")["artifacts"], b.release("three")["artifacts"]);
    }
}

#[test]
fn another_epoch_gives_other_bytes() {
    let p = Project::service();
    p.run("build --format deb --output one").ok();
    p.command("build --format deb --output two").env("SOURCE_DATE_EPOCH", "1700000001").ran().ok();
    assert_ne!(p.release("one")["artifacts"], p.release("two")["artifacts"]);
}

#[test]
fn the_last_commit_tells_time_and_identity() {
    if !has("git") {
        return;
    }
    let p = Project::service();
    let git = "git -c user.name=x -c user.email=x@example.com -c init.defaultBranch=main";
    let script = format!(
        "cd {} && {git} init -q && {git} add . && GIT_COMMITTER_DATE='1600000000 +0000' {git} commit -q -m x",
        p.path(".").display()
    );
    tool("sh", &["-c", &script]);
    p.command("build --format tar.gz").without_env("SOURCE_DATE_EPOCH").ran().ok();
    let release = p.release("dist");
    assert_eq!(release["epoch"], 1_600_000_000);
    assert_eq!(release["commit"].as_str().unwrap().len(), 40);
    p.file("README.md", "# Changed\n");
    p.command("build --format tar.gz").without_env("SOURCE_DATE_EPOCH").ran().ok();
    assert!(p.release("dist")["commit"].as_str().unwrap().ends_with("-dirty"));
}

#[test]
fn a_missing_program_is_made_by_its_command() {
    let p = Project::new(
        "[programs.demo]\npath = \"out/{target}/demo\"\n\
         build = \"mkdir -p out/{target} && printf '#!/bin/sh\\\\n' > out/{target}/demo && echo noise\"\n",
    );
    let ran = p.run("build --format deb --json");
    assert_eq!(
        ran.json()["artifacts"][0]["format"],
        "deb",
        "the command's own output stays out of the result"
    );
    assert!(ran.stderr().contains("noise"));

    let p = Project::new("[programs.demo]\npath = \"out/demo\"\nbuild = \"exit 7\"\n");
    p.run("build").fails(4, &["build command of \"demo\" failed", "7"]);
    let p = Project::new("[programs.demo]\npath = \"out/demo\"\nbuild = \"true\"\n");
    p.run("build").fails(4, &["succeeded, but out/demo is still missing"]);
}

#[test]
fn a_killed_build_leaves_the_old_release_whole() {
    let p = Project::new("[[files]]\nsource = \"big\"\ndestination = \"/usr/share/big\"\n");
    p.file("big", "small");
    p.run("build --format deb").ok();
    let old = fs::read(p.path("dist/release.json")).unwrap();
    // Large enough to be interrupted.
    fs::File::create(p.path("big")).unwrap().set_len(4 << 30).unwrap();
    let mut child = p.command("build --format deb --level best").into_inner().spawn().unwrap();
    let begun = Instant::now();
    while !p.names(".").iter().any(|n| n.starts_with(".dist.building-")) {
        assert!(begun.elapsed() < Duration::from_secs(20), "the build did not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(50));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read(p.path("dist/release.json")).unwrap(), old);
    assert_eq!(p.names("dist"), ["SHA256SUMS", "demo_1.2.3-1_amd64.deb", "release.json"]);
    p.file("big", "small");
    p.run("build --format deb").ok();
    assert!(!p.names(".").iter().any(|n| n.starts_with(".dist.")), "{:?}", p.names("."));
}

#[test]
fn versions_come_from_the_environment() {
    let p = Project::new("");
    let text = fs::read_to_string(p.path("landfall.toml")).unwrap();
    p.file("landfall.toml", &text.replace("\"1.2.3\"", "{ env = \"RELEASE_VERSION\" }"));
    p.run("check").fails(3, &["RELEASE_VERSION is not set", "landfall.toml:3:11"]);
    p.command("build --format deb").env("RELEASE_VERSION", "v2.0.0-rc.1").ran().ok();
    assert!(p.names("dist").contains(&"demo_2.0.0~rc.1-1_amd64.deb".to_owned()));
}
