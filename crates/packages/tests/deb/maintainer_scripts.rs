//! dpkg's whole argument matrix against recorded calls.

use std::fs;

use landfall_packages::Inspection;
use landfall_payload::*;

use crate::bench::Bench;
use crate::common::{INSTANCE, demo, file};
use crate::{inspect, shell_syntax};

/// The demo with everything a service ships: unit, init script, account, tmpfiles, a file of its own group.
fn service() -> Payload {
    let mut payload = demo("1.0.0");
    let mut entries = vec![
        file("/etc/init.d/demo", Role::Config, 0o755, "#!/bin/sh\n### BEGIN INIT INFO\n### END INIT INFO\n"),
        file("/usr/lib/sysusers.d/demo.conf", Role::Data, 0o644, "u demo -\n"),
        file("/usr/lib/tmpfiles.d/demo.conf", Role::Data, 0o644, "d /var/lib/demo 0750 demo demo\n"),
        Entry { group: "demo".into(), ..file("/etc/demo/secret.toml", Role::Config, 0o640, "") },
        Entry { owner: "demo".into(), ..file("/usr/lib/demo/helper", Role::Program, 0o4755, "") },
    ];
    payload.all_entries.append(&mut entries);
    payload.all_entries.sort_by(|a, b| a.path.cmp(&b.path));
    let service = payload.service.as_mut().unwrap();
    service.credentials.insert("token".into(), "/etc/demo/credentials/token".into());
    payload
}

fn manual() -> Payload {
    let mut payload = service();
    payload.service.as_mut().unwrap().start = Start::Manual;
    payload
}

const RUNNING: (&str, &str) = ("systemctl", "[ \"$1\" != is-active ] || echo active");
const CRASHING: (&str, &str) = ("systemctl", "[ \"$1\" != is-active ] || { echo activating; exit 3; }");
const STOPPED: (&str, &str) = ("systemctl", "[ \"$1\" != is-active ] || { echo inactive; exit 3; }");
const SYSV_RUNNING: (&str, &str) = ("invoke-rc.d", "exit 0");
const SYSV_STOPPED: (&str, &str) = ("invoke-rc.d", "case \"$*\" in *status) exit 3 ;; esac");
const NEW: &str = "/var/lib/misc/demo.new";
const WAS_RUNNING: &str = "/var/lib/misc/demo.running";

/// One row: what is called, with what, on what machine; the calls that manage the service.
struct Row {
    script: &'static str,
    arguments: &'static [&'static str],
    systemd: bool,
    answers: &'static [(&'static str, &'static str)],
    /// Notes that are there before.
    notes: &'static [&'static str],
    expected: &'static [&'static str],
    /// Notes that are there afterwards.
    left: &'static [&'static str],
}

const fn row(script: &'static str, arguments: &'static [&'static str]) -> Row {
    Row { script, arguments, systemd: true, answers: &[], notes: &[], expected: &[], left: &[] }
}

const ENABLE: [&str; 3] = [
    "deb-systemd-helper unmask demo.service",
    "deb-systemd-helper --quiet was-enabled demo.service",
    "deb-systemd-helper enable demo.service",
];

/// Calls that manage the service; what every configuration calls besides is checked on its own.
fn about_the_service(calls: &[String]) -> Vec<&str> {
    let commands = ["deb-systemd-invoke ", "invoke-rc.d ", "systemctl start", "systemctl reset-failed"];
    calls
        .iter()
        .map(String::as_str)
        .filter(|c| {
            commands.iter().any(|command| c.starts_with(command))
                || *c == "deb-systemd-helper mask demo.service"
        })
        .filter(|c| !c.ends_with(" status"))
        .collect()
}

fn check(package: &Inspection, rows: &[Row]) {
    for row in rows {
        let what =
            format!("{} {:?} systemd={} notes={:?}", row.script, row.arguments, row.systemd, row.notes);
        let bench = Bench::new(row.systemd, row.answers);
        bench.make_executable("/etc/init.d/demo");
        for note in row.notes {
            bench.put(note);
        }
        let calls = bench.run(package, row.script, row.arguments).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(about_the_service(&calls), row.expected, "{what}");
        let notes = |b: &Bench| -> Vec<&str> {
            [NEW, WAS_RUNNING].into_iter().filter(|n| b.at(n).exists()).collect()
        };
        assert_eq!(notes(&bench), row.left, "{what}");
        // dpkg calls a script again after a failure: nothing may go wrong, and no note may change.
        bench.run(package, row.script, row.arguments).unwrap_or_else(|e| panic!("{what}, again: {e}"));
        assert_eq!(notes(&bench), row.left, "{what}, again");
    }
}

#[test]
fn every_call_of_dpkg_does_what_it_should() {
    let start = &["deb-systemd-invoke start demo.service"];
    let restart = &["deb-systemd-invoke try-restart demo.service"];
    let sysv = |script, arguments, answers| Row { systemd: false, answers, ..row(script, arguments) };
    check(
        &inspect(&service()),
        &[
            Row { left: &[NEW], ..row("preinst", &["install"]) },
            Row { left: &[NEW], ..row("preinst", &["install", "0.9-1", "1.0-1"]) },
            row("preinst", &["upgrade", "0.9-1", "1.0-1"]),
            row("preinst", &["abort-upgrade", "1.0-1"]),
            // A new installation; one of a removed package, whose old version dpkg still gives; an upgrade.
            Row { notes: &[NEW], expected: start, ..row("postinst", &["configure", ""]) },
            Row { expected: start, ..row("postinst", &["configure"]) },
            Row { notes: &[NEW], expected: start, ..row("postinst", &["configure", "0.9-1"]) },
            Row { expected: restart, ..row("postinst", &["configure", "0.9-1"]) },
            row("postinst", &["abort-upgrade", "1.0-1"]),
            row("postinst", &["abort-remove"]),
            Row {
                notes: &[WAS_RUNNING],
                expected: &["systemctl start demo.service"],
                ..row("postinst", &["abort-remove"])
            },
            row("postinst", &["abort-remove", "in-favour", "other", "1"]),
            row("postinst", &["abort-deconfigure", "in-favour", "other", "1"]),
            row("postinst", &["triggered", "/usr/share/demo"]),
            Row {
                answers: &[RUNNING],
                expected: &["deb-systemd-invoke stop demo.service"],
                left: &[WAS_RUNNING],
                ..row("prerm", &["remove"])
            },
            Row {
                answers: &[CRASHING],
                expected: &["deb-systemd-invoke stop demo.service"],
                left: &[WAS_RUNNING],
                ..row("prerm", &["remove", "in-favour", "other", "1"])
            },
            Row {
                answers: &[STOPPED],
                expected: &["deb-systemd-invoke stop demo.service"],
                ..row("prerm", &["remove"])
            },
            row("prerm", &["upgrade", "1.1-1"]),
            row("prerm", &["deconfigure", "in-favour", "other", "1"]),
            row("prerm", &["failed-upgrade", "0.9-1", "1.0-1"]),
            Row {
                notes: &[WAS_RUNNING],
                expected: &["systemctl reset-failed demo.service", "deb-systemd-helper mask demo.service"],
                ..row("postrm", &["remove"])
            },
            Row { notes: &[NEW], ..row("postrm", &["abort-install"]) },
            Row { notes: &[NEW], ..row("postrm", &["abort-install", "0.9-1", "1.0-1"]) },
            row("postrm", &["upgrade", "1.1-1"]),
            row("postrm", &["failed-upgrade", "0.9-1", "1.0-1"]),
            row("postrm", &["abort-upgrade", "0.9-1", "1.0-1"]),
            row("postrm", &["disappear", "other", "1"]),
            Row { notes: &[NEW, WAS_RUNNING], ..row("postrm", &["purge"]) },
            // SysV init.
            Row {
                expected: &["invoke-rc.d demo start"],
                ..sysv("postinst", &["configure", ""], &[SYSV_STOPPED])
            },
            Row {
                expected: &["invoke-rc.d --force demo restart"],
                ..sysv("postinst", &["configure", "0.9-1"], &[SYSV_RUNNING])
            },
            sysv("postinst", &["configure", "0.9-1"], &[SYSV_STOPPED]),
            Row {
                expected: &["invoke-rc.d demo stop"],
                left: &[WAS_RUNNING],
                ..sysv("prerm", &["remove"], &[SYSV_RUNNING])
            },
            Row { expected: &["invoke-rc.d demo stop"], ..sysv("prerm", &["remove"], &[SYSV_STOPPED]) },
            Row {
                notes: &[WAS_RUNNING],
                expected: &["invoke-rc.d --force demo start"],
                ..sysv("postinst", &["abort-remove"], &[])
            },
            Row { expected: &["deb-systemd-helper mask demo.service"], ..sysv("postrm", &["remove"], &[]) },
        ],
    );
}

#[test]
fn instances_are_restarted_with_the_package_and_go_with_it() {
    let package = inspect(&service());
    for (systemd, file) in [(true, "/etc/systemd/system/demo@two.service"), (false, "/etc/init.d/demo@two")] {
        let bench = Bench::new(systemd, &[]);
        let theirs = file.replace("two", "own");
        for (file, text) in [(file, INSTANCE), (&theirs, "ExecStart=/usr/bin/demo")] {
            bench.make_executable(file);
            fs::write(bench.at(file), text).unwrap();
        }
        let state = ["/var/lib/demo@two/queue/unsent", "/etc/demo@two/config.toml"];
        state.iter().for_each(|path| bench.put(path));
        let about = |script: &str, arguments: &[&str]| -> Vec<String> {
            let calls = bench.run(&package, script, arguments).unwrap();
            assert!(!calls.iter().any(|call| call.contains("demo@own")), "{calls:?}");
            let calls = calls.into_iter().filter(|call| call.contains("demo@two"));
            calls.filter(|call| !call.ends_with(" status")).collect()
        };
        let (restart, stop): (_, &[&str]) = match systemd {
            true => (
                "deb-systemd-invoke try-restart demo@two.service",
                &["deb-systemd-invoke stop demo@two.service"],
            ),
            false => (
                "invoke-rc.d --force demo@two restart",
                &["invoke-rc.d --force demo@two stop", "update-rc.d demo@two remove"],
            ),
        };
        assert_eq!(about("postinst", &["configure", "0.9-1"]), [restart]);
        // Only a removal that came through takes them.
        assert_eq!(about("prerm", &["remove"]), [""; 0]);
        assert!(bench.at(file).exists());
        assert_eq!(about("postrm", &["remove"]), stop);
        assert!(!bench.at(file).exists() && bench.at(&theirs).exists());
        assert!(state.iter().all(|path| bench.at(path).exists()));
        bench.run(&package, "postrm", &["purge"]).unwrap();
        assert!(!bench.at("/var/lib/demo@two").exists() && !bench.at("/etc/demo@two").exists());
    }
}

#[test]
fn a_manual_service_is_only_restarted() {
    check(
        &inspect(&manual()),
        &[
            row("preinst", &["install"]),
            Row {
                expected: &["deb-systemd-invoke try-restart demo.service"],
                ..row("postinst", &["configure", ""])
            },
            Row {
                expected: &["deb-systemd-invoke try-restart demo.service"],
                ..row("postinst", &["configure", "1"])
            },
            Row {
                notes: &[WAS_RUNNING],
                expected: &["systemctl start demo.service"],
                ..row("postinst", &["abort-remove"])
            },
            Row { systemd: false, answers: &[SYSV_STOPPED], ..row("postinst", &["configure", ""]) },
        ],
    );
    let bench = Bench::new(true, &[("deb-systemd-helper", "exit 1")]);
    let calls = bench.run(&inspect(&manual()), "postinst", &["configure", ""]).unwrap();
    assert!(!calls.iter().any(|c| c.contains(" enable ")), "{calls:?}");
}

#[test]
fn a_service_that_does_not_start_does_not_fail_the_package() {
    let fail = "exit 1";
    for systemd in [true, false] {
        let bench = Bench::new(
            systemd,
            &[
                ("systemctl", fail),
                ("deb-systemd-invoke", fail),
                ("deb-systemd-helper", fail),
                ("invoke-rc.d", fail),
                ("systemd-sysusers", fail),
                ("systemd-tmpfiles", fail),
                ("dpkg-statoverride", fail),
            ],
        );
        let package = inspect(&service());
        for (script, arguments) in [
            ("postinst", ["configure", ""]),
            ("postinst", ["configure", "1"]),
            ("postinst", ["abort-remove", ""]),
            ("prerm", ["remove", ""]),
            ("postrm", ["remove", ""]),
            ("postrm", ["purge", ""]),
        ] {
            bench.put(WAS_RUNNING);
            bench.run(&package, script, &arguments).unwrap_or_else(|e| panic!("{script} {arguments:?}: {e}"));
        }
    }
}

#[test]
fn configuration_makes_account_directories_and_ownership() {
    let package = inspect(&service());
    let absent = [("getent", "exit 2"), ("dpkg-statoverride", "exit 1"), ("stat", "echo 0:0")];
    let bench = Bench::new(true, &absent);
    bench.make_executable("/etc/init.d/demo");
    bench.put("/etc/demo/secret.toml");
    bench.put("/usr/lib/demo/helper");
    let calls = bench.run(&package, "postinst", &["configure", ""]).unwrap();
    let mut expected = vec![
        "systemd-sysusers demo.conf",
        "getent group demo",
        "groupadd --system demo",
        "getent passwd demo",
        "useradd --system --gid demo --home-dir /var/lib/demo --no-create-home --shell /usr/sbin/nologin --comment \
         Demo demo",
        "systemd-tmpfiles --create demo.conf",
        "install -d -m 0750 -o demo -g demo /var/lib/demo",
        "dpkg-statoverride --list /etc/demo/secret.toml",
        "stat -c %u:%g /etc/demo/secret.toml",
        "chown -h root:demo /etc/demo/secret.toml",
        // Shipped without its set-id bit, which only its owner may have.
        "dpkg-statoverride --list /usr/lib/demo/helper",
        "chown -h demo:root /usr/lib/demo/helper",
        "chmod 4755 /usr/lib/demo/helper",
    ];
    expected.extend(ENABLE);
    expected.extend([
        "update-rc.d demo defaults",
        "systemctl --system daemon-reload",
        "deb-systemd-invoke start demo.service",
    ]);
    assert_eq!(calls, expected);

    // An administrator's choices stand, registered or not; the account and the directory are there.
    let mut payload = service();
    payload.all_entries.retain(|e| e.owner == "root");
    for answers in [
        [("stat", "echo 1000:0"), ("dpkg-statoverride", "exit 1")],
        [("stat", "echo 0:0"), ("dpkg-statoverride", "")],
    ] {
        let bench = Bench::new(false, &answers);
        bench.without("systemd-sysusers");
        bench.without("systemd-tmpfiles");
        bench.put("/var/lib/demo/queue");
        bench.put("/etc/demo/secret.toml");
        let calls = bench.run(&inspect(&payload), "postinst", &["configure", "1"]).unwrap();
        let unwanted = ["chown", "useradd", "groupadd", "install", "systemd-", "update-rc.d"];
        assert!(!calls.iter().any(|c| unwanted.iter().any(|u| c.starts_with(u))), "{calls:?}");
    }
}

#[test]
fn a_purge_takes_everything_and_a_remove_nothing() {
    let package = inspect(&service());
    let ours = [
        "/var/lib/demo/queue/unsent",
        "/var/lib/demo/cache.db",
        "/etc/demo/credentials/token",
        "/etc/default/demo",
        "/etc/demo/mine.conf",
    ];
    let theirs = ["/var/lib/other/x", "/etc/default/other", "/etc/other"];
    let bench = Bench::new(true, &[]);
    for path in ours.iter().chain(&theirs) {
        bench.put(path);
    }
    for (script, arguments) in [
        ("prerm", ["upgrade", "2"]),
        ("preinst", ["upgrade", "1"]),
        ("postrm", ["upgrade", "2"]),
        ("postinst", ["configure", "1"]),
        ("prerm", ["remove", ""]),
        ("postrm", ["remove", ""]),
        ("postrm", ["abort-install", ""]),
        ("postrm", ["disappear", "other"]),
    ] {
        bench.run(&package, script, &arguments).unwrap();
        for path in ours {
            assert!(bench.at(path).exists(), "{path} is gone after {script} {arguments:?}");
        }
    }
    let calls = bench.run(&package, "postrm", &["purge"]).unwrap();
    for path in ours {
        assert!(!bench.at(path).exists(), "{path} is left");
    }
    for gone in ["/etc/demo", "/var/lib/demo"] {
        assert!(!bench.at(gone).exists(), "{gone} is left");
    }
    for path in theirs {
        assert!(bench.at(path).exists(), "{path} is gone");
    }
    for call in [
        "deb-systemd-helper purge demo.service",
        "deb-systemd-helper unmask demo.service",
        "update-rc.d demo remove",
        "systemctl --system daemon-reload",
    ] {
        assert!(calls.iter().any(|c| c == call), "{call} in {calls:?}");
    }

    // Another package's file in the configuration directory saves the directory, but not the secret.
    let bench = Bench::new(
        false,
        &[("dpkg-query", "echo 'demo: /etc/demo/config.toml'; echo 'x: /etc/demo/x.conf'")],
    );
    bench.put("/etc/demo/x.conf");
    bench.put("/etc/demo/credentials/token");
    bench.run(&package, "postrm", &["purge"]).unwrap();
    assert!(bench.at("/etc/demo/x.conf").exists());
    assert!(!bench.at("/etc/demo/credentials/token").exists());
}

#[test]
fn fragments_run_at_their_time_and_end_only_themselves() {
    let mut payload = service();
    payload.all_entries.retain(|e| e.owner == "root");
    let say = |what: &str| Some(format!("echo \"{what} $*\"\nexit 0\n"));
    payload.hooks = Hooks {
        before_install: say("before-install"),
        after_install: say("after-install"),
        before_remove: say("before-remove"),
        after_remove: say("after-remove"),
        formats: None,
    };
    for script in ["preinst", "postinst", "prerm", "postrm"] {
        payload
            .native_scripts
            .insert((Format::Deb, script.into()), format!("echo \"own {script} $*\"\nexit 0"));
    }
    let package = inspect(&payload);
    shell_syntax(&package);
    let order = |script: &str, arguments: &[&str]| -> Vec<String> {
        let calls = Bench::new(true, &[]).run(&package, script, arguments).unwrap();
        let wanted = ["before-", "after-", "own", "deb-systemd-invoke", "deb-systemd-helper mask"];
        calls.into_iter().filter(|c| wanted.iter().any(|w| c.starts_with(w))).collect()
    };
    assert_eq!(order("preinst", &["install"]), ["before-install install", "own preinst install"]);
    assert_eq!(order("preinst", &["upgrade", "1"]), ["before-install upgrade", "own preinst upgrade 1"]);
    assert_eq!(order("preinst", &["abort-upgrade", "1"]), ["own preinst abort-upgrade 1"]);
    let calls = order("postinst", &["configure", "1"]);
    assert_eq!(
        calls,
        [
            // The bench lists recorded calls before what was said.
            "deb-systemd-invoke try-restart demo.service",
            "after-install upgrade",
            "own postinst configure 1",
        ]
    );
    assert_eq!(order("postinst", &["abort-upgrade", "1"]), ["own postinst abort-upgrade 1"]);
    assert_eq!(order("prerm", &["upgrade", "1"]), ["own prerm upgrade 1"]);
    assert_eq!(
        order("prerm", &["remove"]),
        ["deb-systemd-invoke stop demo.service", "before-remove remove", "own prerm remove"]
    );
    assert_eq!(
        order("postrm", &["remove"]),
        ["deb-systemd-helper mask demo.service", "after-remove remove", "own postrm remove"]
    );
    assert_eq!(order("postrm", &["purge"]), ["own postrm purge"]);

    let text = |name: &str| package.scripts.iter().find(|s| s.name == name).unwrap().text.clone();
    let postinst = text("postinst");
    assert!(postinst.find("after_install \"$action\"").unwrap() < postinst.find("try-restart").unwrap());
}

#[test]
fn a_failing_fragment_fails_its_script() {
    let mut payload = demo("1.0.0");
    payload.service = None;
    payload.hooks.after_install = Some("false\necho not reached".into());
    let package = inspect(&payload);
    let error = Bench::new(true, &[]).run(&package, "postinst", &["configure", ""]).unwrap_err();
    assert!(!error.contains("not reached"));
    // The note is still there, so that the next attempt is an installation, too.
    let bench = Bench::new(true, &[]);
    bench.run(&package, "preinst", &["install", "1"]).unwrap();
    bench.run(&package, "postinst", &["configure", "1"]).unwrap_err();
    assert!(bench.at(NEW).exists());

    payload.hooks.after_install = None;
    payload.native_scripts.insert((Format::Deb, "postrm".into()), "false".into());
    Bench::new(true, &[]).run(&inspect(&payload), "postrm", &["remove"]).unwrap_err();

    // Fragments of other formats are none of ours; one of comments alone is no syntax error.
    payload.hooks.after_install = Some("# nothing".into());
    shell_syntax(&inspect(&payload));
    payload.hooks.formats = Some(vec![Format::Rpm]);
    assert!(!inspect(&payload).scripts.iter().any(|s| s.name == "postinst" && s.text.contains("# nothing")));
}

#[test]
fn a_plain_program_has_no_scripts() {
    let mut payload = demo("1.0.0");
    payload.service = None;
    payload.accounts.clear();
    payload.writable.clear();
    payload.all_entries.retain(|e| matches!(e.kind, EntryKind::File(_)) && !e.path.contains("systemd"));
    assert!(inspect(&payload).scripts.is_empty());
}

#[test]
fn scripts_are_sound_shell() {
    shell_syntax(&inspect(&service()));
    shell_syntax(&inspect(&manual()));
    let mut unit_only = service();
    unit_only.all_entries.retain(|e| !e.path.starts_with("/etc/init.d"));
    shell_syntax(&inspect(&unit_only));
    let mut init_only = service();
    init_only.all_entries.retain(|e| !e.path.contains("/systemd/"));
    shell_syntax(&inspect(&init_only));
    assert!(!inspect(&init_only).scripts.iter().any(|s| s.text.contains("systemctl")));
}
