//! What an installation may change.

mod common;

use std::collections::BTreeMap;

use common::{definition, full};
use landfall_service_definition::*;

#[test]
fn an_instance_shares_nothing_but_program_and_account() {
    for platform in ["linux", "macos", "windows"] {
        let one = definition("wats-client", platform);
        let two = one.for_instance("line-2").unwrap();
        assert_eq!((two.program, two.account), (one.program.clone(), one.account.clone()));
        let pairs = [
            (&one.folders.state, &two.folders.state),
            (&one.folders.logs, &two.folders.logs),
            (&one.folders.cache, &two.folders.cache),
            (&one.folders.runtime, &two.folders.runtime),
            (&one.folders.configuration, &two.folders.configuration),
            (&one.credentials["api-token"], &two.credentials["api-token"]),
        ];
        for (one, two) in pairs {
            assert!(one != two && two.contains("wats-client@line-2"), "{one} {two}");
            // Whoever removes the first with all that is below its folders leaves the second alone.
            assert!(
                !two.starts_with(&format!("{one}/")) && !two.starts_with(&format!("{one}\\")),
                "{one} {two}"
            );
        }
        let folder = two.settings["watch-folder"].default.clone().unwrap();
        assert!(folder.starts_with(&two.folders.state), "{folder}");
    }
}

#[test]
fn an_instance_has_a_name_everywhere() {
    let of = |platform| definition("wats-client", platform).for_instance("line-2").unwrap();
    assert_eq!(of("linux").unit(), "wats-client@line-2.service");
    assert_eq!(launchd::label(&of("macos")), "io.github.landfall.wats-client.line-2");
    let windows = windows::service(&of("windows"));
    assert_eq!(windows.name, "wats-client$line-2");
    assert_eq!(windows.account.name, r"NT SERVICE\wats-client$line-2");
    assert_eq!(windows.display_name, "WATS Client (line-2)");
}

#[test]
fn names_that_could_do_harm_are_refused() {
    let service = full();
    for bad in ["", "..", "-x", ".x", "a b", "a/b", "a\\b", "a@b", "é", "$(id)", "a\nb", &"x".repeat(65)] {
        let error = service.for_instance(bad).unwrap_err();
        assert!(error.to_string().contains("letters, digits"), "{error}");
    }
    let again = service.for_instance("one").unwrap().for_instance("two");
    assert!(again.unwrap_err().to_string().contains("already"));
    for bad in ["", "anna:root", "a b", "-x", "$(id)", "a\nUser=root"] {
        assert!(service.with_account(Account::Named(bad.into())).is_err(), "{bad}");
    }
    for bad in ["", "demo", "./demo", "/usr/bin/demo\nUser=root"] {
        assert!(service.with_program(bad).is_err(), "{bad}");
    }
    for (name, value) in [("", "x"), ("1A", "x"), ("A-B", "x"), ("A", "x\ny")] {
        let more = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        assert!(service.with_environment(&more).is_err(), "{name}={value}");
    }
}

#[test]
fn windows_takes_its_own_names_and_paths() {
    let service = definition("wats-client", "windows");
    assert!(service.with_program(r"D:\apps\wats-client.exe").is_ok());
    assert!(service.with_program("/usr/bin/demo").is_err());
    for (given, name, needs_logon_right) in [
        (r"EXAMPLE\reports$", r"EXAMPLE\reports$", true),
        ("anna@example.com", "anna@example.com", true),
        ("anna", r".\anna", true),
        (r"NT AUTHORITY\LocalService", r"NT AUTHORITY\LocalService", false),
        ("LocalSystem", "LocalSystem", false),
    ] {
        let changed = service.with_account(Account::Named(given.into())).unwrap();
        let account = windows::service(&changed).account;
        assert_eq!((account.name.as_str(), account.needs_logon_right), (name, needs_logon_right));
    }
    let system = windows::service(&service.with_account(Account::System).unwrap());
    assert_eq!((system.account.name.as_str(), system.required_privileges), ("LocalSystem", None));
}

#[test]
fn a_user_service_lives_in_its_persons_folders() {
    let anna = UserFolders::below("/home/anna", "/run/user/1000");
    let service = full().as_user_service(&anna).unwrap();
    assert_eq!(service.folders.state, "/home/anna/.local/state/wats-client");
    assert_eq!(service.folders.runtime, "/run/user/1000/wats-client");
    assert_eq!(service.credentials["api-token"], "/home/anna/.config/wats-client/credentials/api-token");
    let unit = systemd::unit(&service);
    for line in ["User=", "LoadCredential=", "CapabilityBoundingSet=", "ProtectSystem=", "multi-user.target"]
    {
        assert!(!unit.contains(line), "{line} needs privileges or is not there:\n{unit}");
    }
    assert!(sysv::script(&service).is_err() && openrc::script(&service).is_err());
    assert!(service.with_account(Account::System).is_err() && service.for_instance("x").is_err());
    for platform in ["windows", "container"] {
        assert!(definition("wats-client", platform).as_user_service(&anna).is_err());
    }
    let agent =
        definition("wats-client", "macos").as_user_service(&UserFolders::below("/Users/a", "")).unwrap();
    assert_eq!(
        launchd::path(&agent, "/Users/a"),
        "/Users/a/Library/LaunchAgents/io.github.landfall.wats-client.plist"
    );
}

#[test]
fn health_moves_with_the_port() {
    let service = definition("wats-client", "linux");
    let moved = service.with_health_listener("127.0.0.1", Some(8081)).unwrap();
    assert_eq!(moved.environment["WATS_CLIENT_HEALTH_LISTEN"], "127.0.0.1:8081");
    assert_eq!(moved.health.as_ref().unwrap().ready, "http://127.0.0.1:8081/health/ready");
    let open = service.with_health_listener("::", None).unwrap();
    assert_eq!(open.environment["WATS_CLIENT_HEALTH_LISTEN"], "[::]:8080");
    assert_eq!(open.health.as_ref().unwrap().address, "http://127.0.0.1:8080/health");
    assert!(!open.listener().unwrap().is_loopback());
    assert!(definition("minimal", "linux").with_health_listener("::", None).is_err());
}

#[test]
fn the_firewall_opens_only_for_what_is_asked_from_outside() {
    let service = definition("wats-client", "windows");
    assert_eq!(windows::service(&service).firewall, []);
    let open = windows::service(&service.with_health_listener("0.0.0.0", Some(9100)).unwrap());
    assert_eq!(open.firewall.len(), 1);
    assert_eq!((open.firewall[0].port, &open.firewall[0].program), (9100, &service.program));
}

#[test]
fn a_definition_with_an_unknown_field_is_refused() {
    let text = serde_json::to_string(&full()).unwrap();
    assert_eq!(serde_json::from_str::<Definition>(&text).unwrap(), full());
    let wrong = text.replacen('{', "{\"acount\": \"root\",", 1);
    assert!(serde_json::from_str::<Definition>(&wrong).unwrap_err().to_string().contains("acount"));
}
