//! `landfall verify` and `landfall lab`

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::support::{Project, has, skipped};

/// Where laboratories cannot be had: said aloud.
fn can_verify() -> bool {
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !root {
        skipped("root, for laboratories");
    }
    root && has("mmdebstrap") && has("unshare")
}

#[test]
fn a_release_is_verified_and_the_evidence_lies_beside_it() {
    if !can_verify() {
        return;
    }
    let project = Project::service();
    project.run("build --format deb --as-version 1.2.2 --output before").ok();
    project.run("build --format deb,tar.gz").ok();
    let ran = project.run("verify --lab debian-12-chroot --artifact deb --previous before");
    let text = ran.ok();
    assert!(text.contains("verified demo 1.2.3"), "{text}");
    let evidence: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(project.path("dist/evidence.json")).unwrap()).unwrap();
    assert_eq!(evidence["version"], "1.2.3");
    assert_eq!(evidence["previous"], "1.2.2");
    let run = &evidence["runs"][0];
    assert_eq!(run["laboratory"], "debian-12-chroot");
    let verdict = |id: &str| {
        let steps = run["steps"].as_array().unwrap();
        steps.iter().find(|step| step["id"] == id).unwrap()["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("install"), "passed");
    assert_eq!(verdict("upgrade-configuration"), "passed");
    assert_eq!(verdict("purge"), "passed");
    assert_eq!(verdict("service"), "not-applicable");
    assert!(fs::read_to_string(project.path("dist/evidence.html")).unwrap().contains("1.2.3"));
    assert!(fs::read_to_string(project.path("dist/evidence.md")).unwrap().contains("Debian 12"));
}

#[test]
fn a_package_that_is_not_as_declared_fails() {
    if !can_verify() {
        return;
    }
    let project = Project::service();
    project.run("build --format deb").ok();
    // The manifest says something else by now.
    project.file("demo.toml", "x = 2\n");
    project
        .run("verify --lab debian-12-chroot --only install")
        .fails(8, &["/etc/demo/demo.toml has another content than declared"]);
}

#[test]
fn what_cannot_be_verified_is_refused() {
    let project = Project::service();
    let refused = |arguments: &str, code: i32, words: &str| {
        project.run(arguments).fails(code, &[words]);
    };
    refused("verify", 2, "holds no release.json; run `landfall build` first");
    project.run("build --format deb").ok();
    refused("verify --lab attic", 2, "no laboratory is called attic; there are: debian-12-systemd");
    refused("verify --only dancing", 2, "no step is called dancing; there are: layout, install, files");
    refused("verify --artifact rpm", 2, "no artifact is meant; the release has: demo_1.2.3-1_amd64.deb");
    refused("verify --previous nowhere", 2, "nowhere holds no release.json");
    fs::write(project.path("dist/demo_1.2.3-1_amd64.deb"), "something else").unwrap();
    refused("verify", 1, "is not the file that release.json describes");
    project.run("build --format deb --as-version 1.2.4").ok();
    refused("verify", 2, "holds version 1.2.4, the manifest says 1.2.3; run `landfall build` first");
}

#[test]
fn laboratories_are_listed_with_what_they_need() {
    let list = Project::service().run("lab list").ok();
    assert!(list.contains("debian-12-systemd"), "{list}");
    let json = Project::service().run("lab list --json").ok();
    let all: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(all.as_array().unwrap().iter().any(|lab| lab["laboratory"]["id"] == "rpm-systemd"));
    let steps = Project::service().run("verify --steps").ok();
    assert!(steps.contains("upgrade-configuration"), "{steps}");
}
