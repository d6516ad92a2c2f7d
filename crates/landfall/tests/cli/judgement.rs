//! `lint` and `diff`.

use crate::support::Project;

const ALL: &str = "deb,rpm,apk,arch,tar.gz,tar.zst,zip";

/// Builds the usual service in every format and gives the packages' paths.
fn packages(p: &Project, output: &str) -> String {
    p.run(&format!("build --format {ALL} --output {output}")).ok();
    let release = p.release(output);
    let paths = release["artifacts"].as_array().unwrap().iter();
    paths.map(|a| format!("{output}/{}", a["path"].as_str().unwrap())).collect::<Vec<_>>().join(" ")
}

#[test]
fn lint_has_nothing_against_what_build_makes() {
    let p = Project::service();
    let paths = packages(&p, "dist");
    let out = p.run(&format!("lint --strict {paths}")).ok();
    assert_eq!(
        out.matches("dist/").count() - out.matches("--> ").count(),
        7,
        "a line for each package: {out}"
    );
    assert_eq!(p.run("lint --strict dist").ok(), out, "a folder stands for its release");
    let json = p.run(&format!("lint --json {paths}")).json();
    assert_eq!(json.as_array().unwrap().len(), 7);
    assert!(json.to_string().contains("\"severity\":\"note\""), "nothing is signed: {json}");
}

#[test]
fn lint_has_nothing_against_the_example() {
    let p = Project::new("");
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/every-key/landfall.toml");
    p.run(&format!("build --target x86_64-unknown-linux-gnu --format {ALL} --manifest {manifest}")).ok();
    for name in p.names("dist").iter().filter(|n| n.starts_with("every-key")) {
        p.run(&format!("lint --strict dist/{name}")).ok();
    }
}

#[test]
fn lint_says_what_is_wrong_and_fails() {
    let p = Project::new(
        "[programs.demo]\npath = \"demo.sh\"\n[[files]]\nsource = \"key\"\ndestination = \"{data}/key.pem\"\n\
         [[files]]\nsource = \"junk\"\ndestination = \"{data}/notes.orig\"\n",
    );
    p.program("demo.sh", "#!/bin/sh\n").file("junk", "x").file("key", "-----BEGIN PRIVATE KEY-----\n");
    let paths = packages(&p, "dist");
    let ran = p.run(&format!("lint {paths}"));
    ran.fails(6, &["7 packages have errors", "--explain"]);
    let out = ran.stdout();
    assert_eq!(out.matches("error[secret]: /usr/share/demo/key.pem holds a private key").count(), 7, "{out}");
    assert!(
        out.contains("= why: ")
            && out.contains("= help: ")
            && out.contains("--> dist/demo_1.2.3-1_amd64.deb"),
        "{out}"
    );
    p.file("key", "nothing");
    let paths = packages(&p, "dist");
    p.run(&format!("lint {paths}")).ok();
    p.run(&format!("lint --strict {paths}")).fails(6, &["errors or warnings"]);
}

#[test]
fn lint_judges_the_others_where_one_cannot_be_read() {
    let p = Project::service();
    p.run("build --format deb").ok();
    p.file("text.deb", "!<arch>\nnot really");
    let ran = p.run("lint text.deb dist/demo_1.2.3-1_amd64.deb");
    ran.fails(5, &["text.deb"]);
    assert!(ran.stdout().contains("demo_1.2.3-1_amd64.deb: "), "{}", ran.stdout());
    p.run("lint .").fails(2, &["release.json"]);
    p.run("lint").fails(2, &["required"]);
    p.run("lint nowhere.deb").fails(1, &["cannot read nowhere.deb"]);
}

#[test]
fn lint_says_what_speaks_against_a_platform() {
    let p = Project::service();
    p.run("build --format deb,rpm --target x86_64-unknown-linux-gnu").ok();
    p.run("lint --platform debian-11,ubuntu-24.04 dist/demo_1.2.3-1_amd64.deb").ok();
    let ran = p.run("lint --platform debian-12-arm64,debian-12 dist/demo_1.2.3-1_amd64.deb");
    ran.fails(6, &["1 package has errors"]);
    assert_eq!(ran.stdout().matches("error[platform-architecture]").count(), 1, "{}", ran.stdout());
    let old = p.run("lint --platform rhel-8 dist/demo-1.2.3-1.x86_64.rpm").ok();
    assert!(old.contains("note[platform-systemd-directive]"), "{old}");
    p.run("lint --platform beos x.deb").fails(2, &["beos", "debian-12"]);
}

#[test]
fn lint_explains_its_checks() {
    let p = Project::new("");
    let list = p.run("lint --list").ok();
    assert!(list.contains("deb-conffile-missing") && list.lines().count() > 100, "{list}");
    assert!(p.run("lint --list --json").json()[0]["remedy"].is_string());
    let text = p.run("lint --explain deb-conffile-missing").ok();
    assert!(text.contains("deb-conffiles(5)"), "{text}");
    p.run("lint --explain nonsense").fails(2, &["--list"]);
}

#[test]
fn diff_shows_what_changes_and_what_bites() {
    let p = Project::service();
    p.run("build --format deb,rpm,tar.gz --output old").ok();
    let manifest = std::fs::read_to_string(p.path("landfall.toml")).unwrap();
    p.file("landfall.toml", &manifest.replace("1.2.3", "1.3.0"));
    p.file("demo.toml", "x = 2\n");
    p.run("build --format deb,rpm,tar.gz --output new").ok();
    let (old, new) = ("old/demo_1.2.3-1_amd64.deb", "new/demo_1.3.0-1_amd64.deb");
    let out = p.run(&format!("diff {old} {new}")).ok();
    for part in ["demo 1.2.3-1 -> 1.3.0-1", "~ /etc/demo/demo.toml", "- x = 1", "+ x = 2", "no hazards"] {
        assert!(out.contains(part), "{part} not in\n{out}");
    }
    let json = p.run("diff --json old new").json();
    assert_eq!((json["artifacts"].as_array().unwrap().len(), &json["new"]), (3, &"1.3.0".into()));

    let back = p.run(&format!("diff {new} {old}"));
    back.fails(7, &["1 hazard of severity error"]);
    assert!(back.stdout().contains("error[upgrade-version-not-higher]: goes from 1.3.0-1 down to 1.2.3-1"));
    p.file(
        "landfall.toml",
        &manifest.replace("1.2.3", "1.3.0").replace("account = \"demo\"", "account = \"other\""),
    );
    p.run("build --format deb --output new").ok();
    let ran = p.run("diff old new");
    ran.fails(7, &["3 hazards"]);
    assert!(ran.stdout().contains("error[upgrade-service-account-changed]"), "{}", ran.stdout());
    assert_eq!(ran.stdout().matches("error[upgrade-artifact-gone]").count(), 2, "{}", ran.stdout());

    p.run(&format!("diff old {new}")).fails(2, &["release.json"]);
    p.run(&format!("diff {old} old/demo-1.2.3-1.x86_64.rpm")).fails(2, &["one format"]);
    p.run("diff . new").fails(2, &["release.json"]);
    p.run(&format!("diff nowhere {new}")).fails(1, &["cannot read nowhere"]);
}
