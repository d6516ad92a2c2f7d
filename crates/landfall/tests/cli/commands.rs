//! `init`, `check`, `plan`, `inspect`, `schema`, `completions`.

use std::fs;
use std::path::Path;

use crate::support::{Project, has, tool};

fn repository(relative: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(relative)
}

#[test]
fn init_understands_a_cargo_workspace() {
    let p = Project::new("");
    fs::remove_file(p.path("landfall.toml")).unwrap();
    p.file(
        "Cargo.toml",
        "[workspace]\nmembers = [\"crates/*\"]\n[workspace.package]\nversion = \"3.1.4\"\nlicense = \"MIT\"\n\
         authors = [\"Jo Doe <jo@example.com>\"]\n",
    );
    p.file(
        "crates/agent/Cargo.toml",
        "[package]\nname = \"agent\"\nversion.workspace = true\nlicense.workspace = true\n\
         description = \"Watches things.\"\nauthors.workspace = true\n",
    );
    p.file("crates/agent/src/main.rs", "fn main() {}")
        .file("crates/library/Cargo.toml", "[package]\nname = \"lib\"\n");
    p.file("LICENSE", "MIT").file("README.md", "# Agent").file("docs/agent.1", ".TH AGENT 1\n");
    p.file("dist-files/agent.service", "[Service]\nUser=agent\nExecStart=/usr/bin/agent run --verbose\n");
    assert!(p.run("init").ok().contains("wrote landfall.toml"));
    let text = fs::read_to_string(p.path("landfall.toml")).unwrap();
    for part in [
        "name = \"agent\"",
        "version = { from = \"Cargo.toml\" }",
        "maintainer = \"Jo Doe <jo@example.com>\"",
        "summary = \"Watches things\"",
        "[programs.agent]",
        "role = \"license\"",
        "role = \"manual-page\"",
        "[service]",
        "arguments = [\"run\", \"--verbose\"]",
        "account = \"agent\"",
    ] {
        assert!(text.contains(part), "{part} not in\n{text}");
    }
    assert!(p.run("check").ok().contains("agent 3.1.4"));
    p.run("init").fails(2, &["exists already", "--force"]);
    p.run("init --force").ok();
}

#[test]
fn init_asks_for_what_it_cannot_know() {
    let p = Project::new("");
    fs::remove_file(p.path("landfall.toml")).unwrap();
    let out = p.run("init").ok();
    assert!(out.contains("please complete: license"), "{out}");
    p.run("check").ok();
}

#[test]
fn plan_says_what_would_be_built_and_why_not() {
    let p = Project::new(
        "[programs.demo]\nbuild = \"make\"\ntargets = [\"x86_64-unknown-linux-gnu\", \"x86_64-unknown-linux-musl\", \
         \"powerpc64le-unknown-linux-gnu\", \"x86_64-pc-windows-gnu\"]\n",
    );
    let text = p.run("plan --target all --format deb,arch").ok();
    for part in [
        "demo_1.2.3-1_amd64.deb",
        "first, because target/x86_64-unknown-linux-gnu/release/demo is missing: make",
        "first, because target/x86_64-pc-windows-gnu/release/demo.exe is missing",
        "not built: the package for x86_64-unknown-linux-gnu has the same file name",
        "not built: deb packages are for Linux, not for windows",
    ] {
        assert!(text.contains(part), "{part} not in\n{text}");
    }
    let text = p.run("plan --target x86_64-unknown-linux-gnu,x86_64-unknown-linux-musl --format apk").ok();
    assert!(text.contains("x86_64-unknown-linux-musl  demo-1.2.3-r0.x86_64.apk"), "Alpine has musl: {text}");
    let json = p.run("plan --json --target powerpc64le-unknown-linux-gnu").json();
    let arch = json["artifacts"].as_array().unwrap().iter().find(|a| a["format"] == "arch").unwrap().clone();
    assert!(arch["obstacle"].as_str().unwrap().contains("powerpc64le"), "{arch}");
}

#[test]
fn inspect_reads_what_build_wrote() {
    let p = Project::service();
    p.run("build --format deb,rpm,apk,arch,tar.gz,tar.zst,zip").ok();
    for artifact in p.release("dist")["artifacts"].as_array().unwrap() {
        let name = artifact["path"].as_str().unwrap();
        let json = p.run(&format!("inspect --json dist/{name}")).json();
        assert_eq!(json["format"], artifact["format"], "{name}");
        let files = json["files"].as_array().unwrap();
        assert!(
            files.iter().any(|f| f["path"].as_str().unwrap().ends_with("/usr/bin/demo")),
            "{name}: {files:?}"
        );
        let text = p.run(&format!("inspect dist/{name}")).ok();
        assert!(text.contains("usr/bin/demo") && text.contains("-rwxr-xr-x"), "{name}: {text}");
    }
}

#[test]
fn inspect_reads_packages_of_others() {
    let p = Project::new("");
    if has("dpkg-deb") {
        p.file(
            "deb/DEBIAN/control",
            "Package: other\nVersion: 1\nArchitecture: all\nMaintainer: X <x@example.com>\nDescription: x\n",
        );
        p.file("deb/usr/share/other/x", "x");
        let (source, out) = (p.path("deb"), p.path("other.deb"));
        for compression in ["xz", "gzip", "zstd", "none"] {
            let (source, out) = (source.to_str().unwrap(), out.to_str().unwrap());
            tool("dpkg-deb", &["--root-owner-group", "-Z", compression, "-b", source, out]);
            let json = p.run("inspect --json other.deb").json();
            assert_eq!((json["name"].as_str(), json["architecture"].as_str()), (Some("other"), Some("all")));
            assert!(json["files"].to_string().contains("/usr/share/other/x"));
        }
    }
    let (folder, out) = (p.path("."), p.path("other.tar.gz"));
    tool("tar", &["-C", folder.to_str().unwrap(), "-czf", out.to_str().unwrap(), "landfall.toml"]);
    assert!(p.run("inspect other.tar.gz").ok().contains("landfall.toml"));
}

#[test]
fn inspect_refuses_what_is_no_package() {
    let p = Project::new("");
    p.file("text.deb", "!<arch>\nnot really").file("text", "hello");
    p.run("inspect text").fails(5, &["none of the packages that are known here"]);
    p.run("inspect text.deb").fails(5, &["text.deb"]);
    p.run("inspect .").fails(2, &["is a folder"]);
    p.run("inspect nowhere").fails(1, &["cannot read nowhere"]);
}

#[test]
fn schemas_and_completions_are_printed() {
    let p = Project::new("");
    assert_eq!(p.run("schema").json()["title"], "landfall.toml");
    assert!(p.run("schema --release").json()["properties"]["artifacts"].is_object());
    assert!(p.run("completions bash").ok().contains("_landfall"));
    p.run("completions tcsh").fails(2, &["tcsh"]);
}

#[test]
fn quiet_is_quiet_and_colours_need_a_terminal() {
    let p = Project::service();
    let ran = p.run("build --quiet --format deb");
    assert_eq!((ran.ok().as_str(), ran.stderr().as_str()), ("", ""));
    assert!(!p.run("plan").ok().contains('\u{1b}'));
    assert!(!p.command("plan").env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").ran().ok().contains('\u{1b}'));
}

/// The reference page is made from the types; whoever changes them makes it again.
#[test]
fn the_reference_page_is_up_to_date() {
    let expected = Project::new("").run("schema --markdown").ok();
    assert!(
        fs::read_to_string(repository("docs/manifest.md")).unwrap_or_default() == expected,
        "docs/manifest.md is out of date: cargo run -p landfall -- schema --markdown > docs/manifest.md"
    );
}

#[test]
fn the_documented_exit_codes_are_those_of_the_help() {
    let page = fs::read_to_string(repository("docs/command-line.md")).unwrap();
    let help = Project::new("").run("--help").ok();
    let codes = help.split("Exit codes:").nth(1).unwrap();
    for line in codes.lines().filter(|l| !l.trim().is_empty()) {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        assert!(page.contains(&format!("| {code} | {} |", meaning.trim())), "{line}");
    }
}

#[test]
fn the_examples_build() {
    let p = Project::new("");
    for example in ["smallest", "every-key"] {
        let manifest = repository("examples").join(example).join("landfall.toml");
        let manifest = manifest.display();
        p.run(&format!("build --target x86_64-unknown-linux-gnu --manifest {manifest} --output {example}"))
            .ok();
        assert!(p.release(example)["artifacts"].as_array().unwrap().len() >= 6);
    }
}
