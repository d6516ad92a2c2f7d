//! `render`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Project;

/// Where the repository is.
fn repository(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(relative)
}

/// Every manager, and the file that says what it is told of the WATS Client.
const MANAGERS: &[(&str, &str)] = &[
    ("systemd", "service"),
    ("sysv", "init"),
    ("openrc", "openrc"),
    ("launchd", "daemon.plist"),
    ("compose --image registry.example.com/demo:1.0.0", "compose.yaml"),
    ("kubernetes --image registry.example.com/demo:1.0.0", "kubernetes.yaml"),
    ("selinux", "cil"),
    ("apparmor", "apparmor"),
    ("systemd --instance line-2", "instance.service"),
    ("sysv --instance line-2", "instance.init"),
    ("openrc --instance line-2", "instance.openrc"),
    ("launchd --instance line-2", "instance.plist"),
];

fn golden(name: &str) -> String {
    fs::read_to_string(repository("crates/service-definition/tests/golden/wats-client").join(name)).unwrap()
}

#[test]
fn the_repository_s_own_service_is_what_its_packages_say() {
    let p = Project::new("");
    let manifest = repository("landfall.toml");
    let render = |what: &str| p.run(&format!("render --manifest {} {what}", manifest.display()));
    for (manager, file) in MANAGERS {
        assert_eq!(render(manager).ok(), golden(file), "{manager}");
    }
    for (manager, file) in [
        ("windows", "windows.json"),
        ("windows --instance line-2", "instance.windows.json"),
        ("container", "container.json"),
    ] {
        let known: Value = serde_json::from_str(&golden(file)).unwrap();
        assert_eq!(render(manager).json(), known, "{manager}");
    }
}

#[test]
fn json_says_where_the_text_belongs() {
    let p = Project::service();
    let file = |manager: &str| {
        p.run(&format!("render {manager} --json")).json()["file"].as_str().unwrap().to_owned()
    };
    assert_eq!(file("systemd --instance two"), "/etc/systemd/system/demo@two.service");
    assert_eq!(file("sysv"), "/etc/init.d/demo");
    assert!(file("launchd").starts_with("/Library/LaunchDaemons/"));
    assert_eq!(file("selinux"), "demo.cil");
    let text = p.run("render apparmor --json").json()["text"].as_str().unwrap().to_owned();
    assert_eq!(p.run("render apparmor").ok(), text);
}

#[test]
fn an_installation_s_own_program_port_and_image_are_in_it() {
    let p = Project::service();
    p.file(
        "landfall.toml",
        &format!(
            "{}\n[service.health]\naddress = \"http://127.0.0.1:8080/\"\nlisten = \"DEMO_LISTEN\"\n",
            fs::read_to_string(p.path("landfall.toml")).unwrap()
        ),
    );
    let unit = p.run("render systemd --program /opt/demo/demo --health-listen [::1]:8181").ok();
    assert!(
        unit.contains("ExecStart=/opt/demo/demo run\n") && unit.contains("DEMO_LISTEN=[::1]:8181"),
        "{unit}"
    );
    let module = p.run("render selinux --program /opt/demo/demo --health-listen 127.0.0.1:8181").ok();
    assert!(module.contains("(filecon \"/opt/demo/demo\" file"), "{module}");
    assert!(module.contains("(portcon tcp 8181 "), "{module}");
    assert!(p.run("render compose").ok().contains("image: \"demo:1.2.3\""));
}

#[test]
fn what_cannot_be_rendered_is_refused() {
    let p = Project::new("");
    p.run("render systemd").fails(2, &["no [service]"]);
    let p = Project::service();
    p.run("render upstart").fails(2, &["upstart", "systemd"]);
    p.run("render systemd --instance -x").fails(2, &["unexpected argument"]);
    p.run("render systemd --instance a/b").fails(2, &["cannot be an instance's name"]);
    p.run("render systemd --program demo").fails(2, &["demo"]);
    p.run("render systemd --health-listen 8080").fails(2, &["HOST:PORT"]);
    p.run("render systemd --health-listen ::1:8080").fails(2, &["HOST:PORT"]);
    p.run("render systemd --health-listen 127.0.0.1:8080").fails(2, &["no health address"]);
    p.run("render windows --target x86_64-unknown-linux-gnu").fails(2, &["no target of windows"]);
    p.run("render windows --target nonsense").fails(2, &["unknown target"]);
}

/// The pages for whoever deploys the WATS Client: every `landfall` command in them.
#[test]
fn the_commands_of_the_pages_work() {
    let p = Project::new("");
    for file in ["landfall.toml", "Cargo.toml"] {
        fs::copy(repository(file), p.path(file)).unwrap();
    }
    let mut taken = 0;
    for entry in fs::read_dir(repository("docs/deploy")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let commands = text.split(['`', '\n']).filter(|part| part.starts_with("landfall render "));
        for command in commands {
            // A redirection is the shell's affair.
            let arguments = command.trim_start_matches("landfall ").split('>').next().unwrap();
            let out = p.run(arguments).ok();
            assert!(out.lines().count() > 5, "{}: {command}: {out}", path.display());
            taken += 1;
        }
    }
    assert!(taken > 4, "only {taken}");
}
