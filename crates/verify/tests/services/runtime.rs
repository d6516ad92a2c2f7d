//! A program with `landfall-service`, under the systemd of Debian 12 (252) and 13 (257).

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use super::sh;
use landfall_verify::lab::{Booted, Laboratory, Root, available, timed};

/// `READY=1`, `STATUS=`, `RELOADING=1`, the watchdog and a socket that systemd opens. `notify-reload` came with 253.
const UNIT: &str = "[Service]
Type=TYPE
ExecStart=/usr/bin/everything
ExecReload=RELOAD
WatchdogSec=1
Restart=on-failure
RestartSec=100ms
User=demo
RuntimeDirectory=everything
Environment=TALK=1 STUCK_WHEN=/tmp/stuck
";
const SOCKET: &str = "[Socket]
ListenStream=127.0.0.1:7007
FileDescriptorName=web
[Install]
WantedBy=sockets.target
";

/// The example, built now if it is not.
fn program() -> PathBuf {
    let cargo = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "landfall-service", "--example", "everything"])
        .status()
        .expect("cargo");
    assert!(cargo.success());
    let own = std::env::current_exe().expect("a path");
    own.parent().and_then(|deps| deps.parent()).expect("a target folder").join("examples/everything")
}

fn the_manager_is_spoken_to(suite: &str, kind: &str, reload: &str) {
    let root = Root::bootable(suite);
    let Some(lab) = available(timed(&format!("{suite}: boot"), || Booted::boot(&root))) else { return };
    lab.pour("/usr/bin/everything", &mut File::open(program()).expect("the example")).expect("written");
    let unit = UNIT.replace("TYPE", kind).replace("RELOAD", reload);
    lab.write("/etc/systemd/system/everything.service", &unit).expect("written");
    lab.write("/etc/systemd/system/everything.socket", SOCKET).expect("written");
    sh(&lab, "chmod 0755 /usr/bin/everything; useradd --system demo; systemctl daemon-reload");
    let show = |what: &str| sh(&lab, &format!("systemctl show --value --property={what} everything"));

    // The service starts with the first connection, and serves it.
    sh(&lab, "systemctl start everything.socket");
    assert_eq!(show("ActiveState"), "inactive");
    assert_eq!(sh(&lab, "bash -c 'cat </dev/tcp/127.0.0.1/7007'"), "web");
    assert_eq!(show("ActiveState"), "active");
    assert_eq!(show("StatusText"), "at work READY=no");

    // Over the private socket, as root and as the service's account and as nobody else.
    assert_eq!(
        sh(&lab, "stat -c '%a %U' /run/everything/ipc /run/everything/ipc/socket | tr '\\n' ' '"),
        "700 demo 600 demo "
    );
    assert_eq!(sh(&lab, "everything ask who"), "0");
    assert_eq!(sh(&lab, "setpriv --reuid=demo --clear-groups everything ask who"), sh(&lab, "id -u demo"));
    assert_eq!(
        sh(&lab, "setpriv --reuid=nobody --clear-groups everything ask who 2>&1 || echo $?").lines().last(),
        Some("16")
    );

    // A reload ends, and the journal has what the service says about it, by fields.
    sh(&lab, "systemctl reload everything; sleep 0.5; journalctl --sync");
    assert_eq!(show("ActiveState"), "active");
    assert!(show("StatusText").starts_with("reloading after "), "{}", show("StatusText"));
    let journal = "journalctl --output=cat --output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT EVENT_ID=1000 TARGET=everything";
    assert!(sh(&lab, journal).contains("reading the configuration again turns="), "{}", sh(&lab, journal));
    assert_eq!(sh(&lab, "journalctl --unit=everything --priority=4 --output=cat EVENT_ID=1000 | wc -l"), "1");

    // A loop hangs: the manager kills the service and starts it anew.
    let before = show("MainPID");
    sh(
        &lab,
        "nsenter --target $(systemctl show --value --property=MainPID everything) --mount touch /tmp/stuck",
    );
    let anew = (0..100).any(|_| {
        sleep(Duration::from_millis(100));
        let now = show("MainPID");
        now != before && now != "0"
    });
    assert!(anew, "not started anew");
    sh(&lab, "rm -f /tmp/stuck; journalctl --sync");
    assert_eq!(
        sh(&lab, "journalctl --unit=everything --output=cat EVENT_ID=15 | grep -c 'the work has been stuck'"),
        "1"
    );
    sh(&lab, "sleep 1; systemctl is-active everything");

    // It stops quickly and in good order.
    sh(&lab, "systemctl stop everything.socket everything");
    assert_eq!(show("Result"), "success");
    assert_eq!(show("ExecMainStatus"), "0");
}

#[test]
fn the_manager_is_spoken_to_on_debian_12() {
    the_manager_is_spoken_to("bookworm", "notify", "kill -HUP $MAINPID");
}

#[test]
fn the_manager_is_spoken_to_on_debian_13() {
    the_manager_is_spoken_to("trixie", "notify-reload", "");
}
