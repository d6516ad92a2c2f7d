//! The AppArmor profile under AppArmor's own parser.

mod common;

use std::fs;
use std::process::Command;

use common::{SERVICES, definition, has, succeed, variants};
use landfall_service_definition::*;

#[test]
fn profiles_compile() {
    if !has("apparmor_parser", "apparmor") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let awkward = Definition {
        program: "/opt/My App, 100%/{x}[1]*?@^/bin/demo".into(),
        writable: vec!["/srv/with space".into(), "/srv/\"quoted\"".into()],
        ..Definition::new("awkward", "")
    };
    let golden = SERVICES.map(|service| definition(service, "linux"));
    for (index, service) in golden.into_iter().chain(variants()).chain([awkward]).enumerate() {
        let path = folder.path().join(format!("profile-{index}"));
        let text = apparmor::profile(&service);
        fs::write(&path, &text).unwrap();
        let parser = |arguments: &[&str]| {
            succeed(Command::new("apparmor_parser").args(["--skip-cache"]).args(arguments).arg(&path))
        };
        // Compiled, not loaded: that would need a kernel with AppArmor.
        parser(&["--skip-kernel-load"]);
        let names = parser(&["--names"]);
        assert!(names.lines().any(|line| line == service.name), "{names}{text}");
    }
}

#[test]
fn a_broken_profile_is_noticed() {
    if !has("apparmor_parser", "apparmor") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile");
    let text = apparmor::profile(&definition("minimal", "linux")).replace(" mr,", " mr");
    fs::write(&path, text).unwrap();
    let output = Command::new("apparmor_parser")
        .args(["--skip-cache", "--skip-kernel-load"])
        .arg(path)
        .output()
        .unwrap();
    assert!(!output.status.success());
}
