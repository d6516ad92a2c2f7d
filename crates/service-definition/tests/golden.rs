//! Every rendering of two services, as files that can be read beside this one.
//!
//! The definitions are those that the manifest gives (`crates/payload/tests/definition.rs`).
//! `UPDATE_GOLDEN=1 cargo test` writes the files anew; the difference is for a reviewer to judge.

mod common;

use std::fs;

use common::{SERVICES, definition, golden};
use landfall_service_definition::*;

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

/// File name and text of everything that is rendered.
fn renderings(service: &str) -> Vec<(&'static str, String)> {
    let linux = definition(service, "linux");
    let macos = definition(service, "macos");
    let windows = definition(service, "windows");
    let container = definition(service, "container");
    let instance = |of: &Definition| of.for_instance("line-2").unwrap();
    let anna = UserFolders::below("/home/anna", "/run/user/1000");
    let image = "registry.example.com/demo:1.0.0";
    vec![
        ("service", systemd::unit(&linux)),
        ("instance.service", systemd::unit(&instance(&linux))),
        ("user.service", systemd::unit(&linux.as_user_service(&anna).unwrap())),
        ("init", sysv::script(&linux).unwrap()),
        ("instance.init", sysv::script(&instance(&linux)).unwrap()),
        ("openrc", openrc::script(&linux).unwrap()),
        ("instance.openrc", openrc::script(&instance(&linux)).unwrap()),
        ("daemon.plist", launchd::plist(&macos)),
        (
            "agent.plist",
            launchd::plist(&macos.as_user_service(&UserFolders::below("/Users/anna", "")).unwrap()),
        ),
        ("instance.plist", launchd::plist(&instance(&macos))),
        ("windows.json", json(&windows::service(&windows))),
        ("instance.windows.json", json(&windows::service(&instance(&windows)))),
        ("container.json", json(&container::container(&container))),
        ("compose.yaml", compose::file(&container, image)),
        ("kubernetes.yaml", kubernetes::manifest(&container, image)),
        ("cil", selinux::policy(&linux)),
        ("file_contexts", selinux::file_contexts(&linux)),
        ("apparmor", apparmor::profile(&linux)),
    ]
}

#[test]
fn renderings_are_as_they_were() {
    let mut differing = vec![];
    for service in SERVICES {
        for (file, text) in renderings(service) {
            let path = golden(service, file);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&path, &text).unwrap();
            }
            if fs::read_to_string(&path).unwrap_or_default() != text {
                differing.push(path.display().to_string());
            }
        }
    }
    assert!(differing.is_empty(), "UPDATE_GOLDEN=1 writes anew:\n{}", differing.join("\n"));
}

#[test]
fn no_golden_file_is_left_over() {
    for service in SERVICES {
        let known: Vec<String> = renderings(service).into_iter().map(|(file, _)| file.to_owned()).collect();
        for entry in fs::read_dir(golden(service, "")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(name.starts_with("definition.") || known.contains(&name), "{service}/{name}");
        }
    }
}
