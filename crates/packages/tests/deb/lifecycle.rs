//! Real dpkg through a package's whole life, in a throw-away copy of this machine.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use landfall_packages::{DebPackage, Package};
use landfall_payload::*;

use crate::common::{demo, file};
use crate::{has, write};

const UNIT: &str = "[Unit]\nDescription=Demo\n\n[Service]\nExecStart=/usr/bin/demo\n\n[Install]\nWantedBy=multi-user.target\n";

const INIT: &str = r#"#!/bin/sh
### BEGIN INIT INFO
# Provides:          demo
# Required-Start:
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Demo
### END INIT INFO
[ -x /usr/bin/demo ] || exit 0
running() { [ -e /run/demo.pid ] && kill -0 "$(cat /run/demo.pid)" 2>/dev/null; }
stop() {
    if running; then kill "$(cat /run/demo.pid)"; fi
    rm -f /run/demo.pid
}
case "$1" in
start) running || start-stop-daemon --start --background --make-pidfile --pidfile /run/demo.pid --exec /bin/sleep -- 999 ;;
stop) stop ;;
restart) stop; "$0" start ;;
status) running || exit 3 ;;
esac
"#;

fn payload(version: &str) -> Payload {
    let mut payload = demo(version);
    payload.all_entries.retain(|e| !e.path.ends_with("demo.service"));
    payload.all_entries.extend([
        file("/etc/init.d/demo", Role::Config, 0o755, INIT),
        file("/usr/lib/systemd/system/demo.service", Role::Data, 0o644, UNIT),
        file("/usr/lib/sysusers.d/demo.conf", Role::Data, 0o644, "u demo - \"Demo\" /var/lib/demo\n"),
        file("/usr/lib/tmpfiles.d/demo.conf", Role::Data, 0o644, "d /var/lib/demo 0750 demo demo\n"),
        Entry { group: "demo".into(), ..file("/etc/demo/secret.toml", Role::Config, 0o640, "") },
        Entry { owner: "demo".into(), ..file("/usr/lib/demo/helper", Role::Program, 0o4755, version) },
    ]);
    payload
        .service
        .as_mut()
        .unwrap()
        .credentials
        .insert("token".into(), "/etc/demo/credentials/token".into());
    for script in ["preinst", "postinst", "prerm"] {
        let text = format!("case \"$1\" in abort-*) ;; *) [ ! -e /tmp/fail-{script} ] || exit 1 ;; esac");
        payload.native_scripts.insert((Format::Deb, script.into()), text);
    }
    payload
}

fn live(name: &str) {
    if !has(
        &["dpkg", "unshare", "deb-systemd-helper", "systemctl"],
        "dpkg util-linux init-system-helpers systemd",
    ) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deb");
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        let payload = payload(version);
        fs::write(folder.path().join(DebPackage.file_name(&payload).unwrap()), write(&payload)).unwrap();
    }
    let namespaces = ["-m", "-p", "-f", "--kill-child"];
    let possible = Command::new("unshare")
        .args(namespaces)
        .args(["sh", "-c", "mount --make-rprivate / && mount -t tmpfs tmpfs /mnt"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !possible {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs root and mount namespaces");
        return;
    }
    let output = Command::new("unshare")
        .args(namespaces)
        .arg("sh")
        .arg(scripts.join("lifecycle.sh"))
        .args([folder.path(), &scripts])
        .arg(name)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("== done"), "{text}");
}

#[test]
fn the_whole_life_under_systemd() {
    live("lifecycle-systemd");
}

#[test]
fn the_whole_life_under_sysv_init() {
    live("lifecycle-sysv");
}
