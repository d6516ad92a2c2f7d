//! OpenRC service scripts, run by the OpenRC of Debian 12 (0.45) and 13 (0.56).

use std::thread::sleep;
use std::time::Duration;

use super::service;
use landfall_service_definition::{Account, openrc};
use landfall_verify::lab::{Chroot, Laboratory, Root, available, timed};

/// What openrc-run expects of a system that has started.
const OPENRC: &str = "
for state in daemons exclusive failed inactive options scheduled started starting stopping tmp wasinactive; do
    mkdir -p /run/openrc/$state
done
for level in sysinit boot default; do openrc $level; done
useradd --system demo
rc-update add demo default
";

/// Writes down what it was given and waits for its end.
const PLAIN_PROGRAM: &str = r#"#!/bin/sh
{
    echo "arguments $# $*"
    echo "account $(id -un) in $(pwd)"
    echo "environment $OWN|$URL|$command"
    echo "secret $(cat "$CREDENTIALS_DIRECTORY/token")"
} >/var/lib/demo/seen
echo $$ >/run/demo/own.pid
echo printed
trap 'echo stopped; exit 0' TERM
while :; do sleep 0.1; done
"#;

/// Only with `supervise-daemon`: in Debian, OpenRC's own `start-stop-daemon` is missing.
fn an_openrc_service_works(suite: &str) {
    let root = Root::minimal(suite).with(&["openrc"]);
    let Some(lab) = available(Chroot::open(&root)) else { return };
    let sh = |text: &str| super::sh(&lab, text);
    for (path, text) in [
        ("/etc/init.d/demo", openrc::script(&service()).expect("a script").as_str()),
        ("/usr/bin/demo", PLAIN_PROGRAM),
        // The second name is one of openrc-run's own.
        ("/etc/demo/environment", "URL=https://x/?a=b&c=$(touch /tmp/x)\ncommand=x\n"),
        ("/etc/demo/credentials/token", "s3cret"),
    ] {
        lab.write(path, text).expect("written");
    }
    sh("chmod 0755 /etc/init.d/demo /usr/bin/demo; chmod -R go= /etc/demo/credentials");
    timed(&format!("{suite}: start OpenRC"), || sh(OPENRC));
    let status = || lab.run(&["rc-service", "demo", "status"]).expect("run").code;
    let pid = || lab.read("/run/demo/own.pid").expect("readable").unwrap_or_default();
    assert_eq!(status(), Some(3));
    sh("rc-service demo start; sleep 0.5");
    assert_eq!(status(), Some(0));
    assert_eq!(
        lab.read("/var/lib/demo/seen").expect("readable").expect("written"),
        "arguments 4 run $HOME 100% \"q\" ;  ;\naccount demo in /\n\
         environment it's 100% $HOME|https://x/?a=b&c=$(touch /tmp/x)|\nsecret s3cret\n"
    );
    assert_eq!(sh("stat -c '%a %U %G' /run/demo.credentials | tr '\\n' ' '"), "550 root demo ");
    let before = pid();
    sh("kill -9 $(cat /run/demo/own.pid)");
    sleep(Duration::from_millis(2500));
    assert_ne!(pid(), before, "not started again");
    assert_eq!(status(), Some(0));
    let before = pid();
    sh("rc-service demo restart; sleep 0.5");
    assert_ne!(pid(), before, "not restarted");
    assert_eq!(status(), Some(0));
    sh("rc-service demo stop");
    assert_eq!(status(), Some(3));
    assert_eq!(sh("ls -d /run/demo.credentials /run/demo.pid 2>/dev/null || true"), "");
    assert!(sh("cat /var/log/demo/demo.log").ends_with("stopped"));
    an_instance_works(&lab);
    a_number_that_is_used_again_does_no_harm(&lab);
}

/// A second installation beside the first, under another account, with folders of its own.
fn an_instance_works(lab: &Chroot) {
    let sh = |text: &str| super::sh(lab, text);
    let instance = service().for_instance("line-2").expect("a name");
    let instance = instance.with_account(Account::Named("other".into())).expect("an account");
    lab.write("/etc/init.d/demo@line-2", &openrc::script(&instance).expect("a script")).expect("written");
    lab.write("/etc/demo@line-2/credentials/token", "other").expect("written");
    sh(
        "chmod 0755 /etc/init.d/demo@line-2; useradd --system --gid games other; rc-update add demo@line-2 default",
    );
    // The program of this test writes where the first instance does.
    sh(
        "sed -i 's|/var/lib/demo/|${STATE_DIRECTORY:-/var/lib/demo}/|; s|/run/demo/|${RUNTIME_DIRECTORY:-/run/demo}/|' \
        /usr/bin/demo",
    );
    sh("rc-service demo start; rc-service demo@line-2 start; sleep 0.5");
    assert!(sh("cat /var/lib/demo@line-2/seen").contains("account other in /\n"));
    assert!(sh("cat /var/lib/demo@line-2/seen").ends_with("secret other"));
    assert_eq!(sh("stat -c '%U %G' /var/lib/demo@line-2"), "other games");
    sh("rc-service demo stop; rc-service demo@line-2 status; rc-service demo@line-2 stop");
}

/// A pid file that is left over names a process that has nothing to do with the service.
fn a_number_that_is_used_again_does_no_harm(lab: &Chroot) {
    let sh = |text: &str| super::sh(lab, text);
    sh("rc-service demo start; sleep 0.5; kill -9 $(cat /run/demo.pid) $(cat /run/demo/own.pid); sleep 0.2
        setsid sleep 1000 >/dev/null 2>&1 & echo $! >/run/demo.pid; echo $! >/run/stranger");
    // What it says of that is OpenRC's own affair.
    lab.run(&["rc-service", "demo", "stop"]).expect("run");
    sh("kill -0 $(cat /run/stranger)");
    sh("rc-service demo zap; rc-service demo start; sleep 0.5; rc-service demo status");
    sh("rc-service demo stop; kill $(cat /run/stranger)");
    assert_eq!(lab.run(&["rc-service", "demo", "status"]).expect("run").code, Some(3));
}

#[test]
fn an_openrc_service_works_on_debian_12() {
    an_openrc_service_works("bookworm");
}

#[test]
fn an_openrc_service_works_on_debian_13() {
    an_openrc_service_works("trixie");
}
