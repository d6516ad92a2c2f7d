//! Services to render, and the tools that judge.

#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use landfall_service_definition::*;

/// The services with golden files.
pub(crate) const SERVICES: [&str; 2] = ["minimal", "wats-client"];

pub(crate) fn golden(service: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(service).join(file)
}

/// A definition that was made from a manifest.
pub(crate) fn definition(service: &str, platform: &str) -> Definition {
    let path = golden(service, &format!("definition.{platform}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A service with everything: secrets, watchdog, environment, further folders.
pub(crate) fn full() -> Definition {
    Definition {
        title: "WATS Client".into(),
        documentation: Some("https://landfall.example/wats-client".into()),
        arguments: vec!["run".into()],
        account: Account::Own("wats-client".into()),
        restart: RestartPolicy::Always,
        restart_delay: 10,
        ready: Ready::Notify,
        watchdog: Some(60),
        environment: BTreeMap::from([("LANG".into(), "C.UTF-8".into())]),
        environment_file: Some("/etc/default/wats-client".into()),
        writable: vec!["/srv/reports".into(), "/home/tester/reports".into()],
        credentials: BTreeMap::from([("api-token".into(), "/etc/wats-client/credentials/api-token".into())]),
        ..Definition::new("wats-client", "/usr/bin/wats-client")
    }
}

/// The smallest service.
pub(crate) fn plain() -> Definition {
    Definition { title: "WATS Client".into(), ..Definition::new("wats-client", "/usr/bin/wats-client") }
}

/// Services that differ in everything that changes a line.
pub(crate) fn variants() -> Vec<Definition> {
    let awkward = Definition {
        title: "It's 100% «demo»; $HOME \"quoted\" `x`".into(),
        arguments: ["", "a b", "$HOME", "100%", "it's", "\"q\"", "back\\slash", ";", "*", "#", "line\nbreak"]
            .map(String::from)
            .into(),
        environment: BTreeMap::from([("GREETING".into(), "it's \"100%\" $HOME \\ ; & é".into())]),
        ..full()
    };
    let usual = Definition { writable: vec!["/srv/reports".into()], ..full() };
    let instance = full().for_instance("line-2").unwrap();
    let others = full().with_account(Account::Named("anna".into())).unwrap();
    let mut all = vec![usual, full(), plain(), awkward, instance, others];
    for hardening in [Hardening::Strict, Hardening::Standard, Hardening::None] {
        for network in [Network::Outbound, Network::Inbound, Network::None] {
            for start in [Start::Boot, Start::Delayed, Start::Manual] {
                let restart = RestartPolicy::Never;
                all.push(Definition { hardening, network, start, restart, ..full() });
                all.push(Definition { hardening, network, start, ..plain() });
            }
        }
    }
    all
}

/// Whether a tool is there; says so where it is not.
pub(crate) fn has(tool: &str, package: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).exists()));
    if !found {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {tool} (apt-get install {package})");
    }
    found
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Output of a command that must succeed.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    text
}

pub(crate) fn is_root() -> bool {
    let root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    if !root {
        let _ = writeln!(std::io::stderr(), "SKIPPED in part: needs root");
    }
    root
}
