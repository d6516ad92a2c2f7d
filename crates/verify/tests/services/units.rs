//! systemd units, started by the systemd of Debian 12 (252) and 13 (257).

use std::thread::sleep;
use std::time::Duration;

use super::{deb, service, sh};
use landfall_service_definition::{
    Account, Definition, Folders, Hardening, Network, Platform, Ready, Start, UserFolders, systemd,
};
use landfall_verify::lab::{Booted, DPKG, Laboratory, Package, Root, available, timed};

/// Speaks the notification protocol as the service's own process, as a real service does, and writes down what it
/// may and may not do.
const PROGRAM: &str = r#"#!/usr/bin/perl
use strict;
use Socket;
sub notify {
    socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
    send($s, $_[0], 0, sockaddr_un($ENV{NOTIFY_SOCKET})) or die "notify: $!";
}
open(my $out, ">", "$ENV{STATE_DIRECTORY}/seen") or die "state: $!";
my @account = getpwuid($>);
printf $out "%s\n", join("|", "arguments", @ARGV);
printf $out "account %s umask %04o\n", $account[0], umask;
printf $out "environment %s|%s\n", $ENV{OWN}, $ENV{URL};
my $secret = `cat "$ENV{CREDENTIALS_DIRECTORY}/token"`;
print $out "secret $secret in $ENV{CREDENTIALS_DIRECTORY}\n";
for my $folder (qw(/var/lib/demo /var/log/demo /var/cache/demo /run/demo /tmp /srv/reports /home/tester/reports
        /etc/demo /etc /usr /srv /home /home/tester /root /var/lib)) {
    my $written = open(my $f, ">", "$folder/probe");
    printf $out "%s %s\n", $written ? "writes" : "cannot write", $folder;
}
printf $out "home %s\n", join(",", sort glob("/home/* /home/tester/*"));
socket(my $inet, AF_INET, SOCK_STREAM, 0) and print $out "opens inet\n";
socket(my $raw, AF_INET, SOCK_RAW, 1) or print $out "cannot open raw\n";
socket(my $packet, 17, SOCK_RAW, 0) or print $out "cannot open packet\n";
system("unshare", "--user", "true") == 0 or print $out "cannot unshare\n";
close($out);
$SIG{TERM} = sub { exit 0 };
notify("READY=1\nSTATUS=ready");
for (;;) {
    notify("WATCHDOG=1") unless -e "$ENV{STATE_DIRECTORY}/hang";
    select(undef, undef, undef, 0.3);
}
"#;

const PREPARE: &str = "
useradd --system --home-dir /var/lib/demo --shell /usr/sbin/nologin demo
useradd --create-home tester
mkdir -p /home/tester/reports /home/other /srv/reports
chown demo: /home/tester/reports /srv/reports
chmod 0755 /home/tester
systemctl enable --now demo
";

/// What [`PROGRAM`] sees under the strict unit.
const CONFINED: &str = "arguments|run|$HOME 100% \"q\" ;||;
account demo umask 0027
environment it's 100% $HOME|https://x/?a=b&c=$d
secret s3cret in CREDENTIALS
writes /var/lib/demo
writes /var/log/demo
writes /var/cache/demo
writes /run/demo
writes /tmp
writes /srv/reports
writes /home/tester/reports
cannot write /etc/demo
cannot write /etc
cannot write /usr
cannot write /srv
cannot write /home
cannot write /home/tester
cannot write /root
cannot write /var/lib
home /home/tester,/home/tester/reports
opens inet
cannot open raw
cannot open packet
cannot unshare
";

fn a_strict_service_works(suite: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = systemd::unit(&service());
    let Some(package) = deb(
        folder.path(),
        "1.0",
        &[
            ("/usr/bin/demo", 0o755, PROGRAM),
            ("/usr/lib/systemd/system/demo.service", 0o644, &unit),
            ("/etc/demo/environment", 0o600, "# a comment\nURL=https://x/?a=b&c=$d\n"),
            ("/etc/demo/credentials/token", 0o600, "s3cret"),
        ],
    ) else {
        return;
    };
    let package = Package { file: &package, name: "demo", manager: DPKG };
    let root = Root::bootable(suite);
    let Some(mut lab) = available(timed(&format!("{suite}: boot"), || Booted::boot(&root))) else { return };
    let pid = |lab: &Booted| sh(lab, "systemctl show --value --property=MainPID demo");
    // Beside the state there are the credentials' place, which differs, and what systemd has to say.
    let seen = |lab: &Booted, credentials: &str| {
        let text = lab.read("/var/lib/demo/seen").expect("readable").expect("written");
        assert_eq!(text, CONFINED.replace("CREDENTIALS", credentials), "{}", sh(lab, "journalctl -u demo"));
        assert_eq!(sh(lab, "systemctl is-active demo"), "active");
    };

    timed(&format!("{suite}: install"), || lab.install(&package)).expect("started").ok().expect("installed");
    timed(&format!("{suite}: start"), || sh(&lab, PREPARE));
    seen(&lab, "/run/credentials/demo.service");
    assert_eq!(sh(&lab, "stat -c '%a %U' /var/lib/demo /run/demo | tr '\\n' ' '"), "750 demo 755 demo ");
    let journal = sh(&lab, "journalctl --no-pager --output=cat --unit=demo --priority=warning");
    assert_eq!(journal.replace("-- No entries --", ""), "");

    // It comes back when it is killed, and when it hangs.
    for harm in ["kill -9 $(systemctl show --value --property=MainPID demo)", "touch /var/lib/demo/hang"] {
        let before = pid(&lab);
        sh(&lab, harm);
        let back = (0..100).any(|_| {
            sleep(Duration::from_millis(100));
            let now = pid(&lab);
            now != before && now != "0"
        });
        assert!(back, "not restarted after {harm}");
        sh(&lab, "rm -f /var/lib/demo/hang");
    }

    // What a systemd without LoadCredential= makes of it.
    lab.write("/etc/systemd/system/demo.service.d/old.conf", "[Service]\nLoadCredential=\n")
        .expect("written");
    sh(&lab, "systemctl daemon-reload; systemctl restart demo");
    seen(&lab, "/run/demo.credentials");
    assert_eq!(
        sh(&lab, "stat -c '%a %U %G' /run/demo.credentials /run/demo.credentials/token | tr '\\n' ' '"),
        "550 root demo 440 root demo "
    );
    sh(&lab, "systemctl stop demo; ! ls -d /run/demo.credentials*");
    sh(&lab, "rm -r /etc/systemd/system/demo.service.d; systemctl daemon-reload");

    timed(&format!("{suite}: reboot"), || lab.reboot()).expect("up again");
    seen(&lab, "/run/credentials/demo.service");
    an_instance_works(&lab);
    a_user_service_works(&lab);
    let level = sh(&lab, "systemd-analyze security --no-pager demo | tail -1");
    println!("{suite}: {level}");
    timed(&format!("{suite}: halt"), || drop(lab));
}

/// A second installation beside the first, under another account, with folders of its own.
fn an_instance_works(lab: &Booted) {
    let instance = Definition { writable: vec![], ..service() }.for_instance("line-2").expect("a name");
    let instance = instance.with_account(Account::Named("tester".into())).expect("an account");
    lab.write(&format!("/etc/systemd/system/{}", instance.unit()), &systemd::unit(&instance))
        .expect("written");
    lab.write("/etc/demo@line-2/credentials/token", "other").expect("written");
    sh(
        lab,
        "systemctl daemon-reload; systemctl enable --now demo@line-2; systemctl is-active demo demo@line-2",
    );
    let text = lab.read("/var/lib/demo@line-2/seen").expect("readable").expect("written");
    assert!(text.contains("account tester umask 0027\n"), "{text}");
    assert!(text.contains("secret other in /run/credentials/demo@line-2.service\n"), "{text}");
    assert!(text.contains("cannot write /var/lib/demo\n"), "{text}");
    assert_eq!(
        sh(lab, "stat -c '%a %U' /var/lib/demo@line-2 /etc/demo@line-2 | tr '\\n' ' '"),
        "750 tester 755 root "
    );
    sh(lab, "systemctl disable --now demo@line-2; systemctl is-active demo");
}

/// The same for one person, under a manager without privileges.
fn a_user_service_works(lab: &Booted) {
    let uid = sh(lab, "id -u tester");
    let person = UserFolders::below("/home/tester", &format!("/run/user/{uid}"));
    let user = Definition { writable: vec![], ..service() }.as_user_service(&person).expect("a user service");
    lab.write("/home/tester/.config/systemd/user/demo.service", &systemd::unit(&user)).expect("written");
    lab.write("/home/tester/.config/demo/credentials/token", "mine").expect("written");
    sh(lab, "chown -R tester: /home/tester/.config");
    let manager = format!(
        "mkdir -p /run/user/{uid}; chown tester: /run/user/{uid}; chmod 0700 /run/user/{uid}
        systemd-run --unit=manager --uid=tester --setenv=XDG_RUNTIME_DIR=/run/user/{uid} --setenv=HOME=/home/tester \
            --property=Type=notify --property=Delegate=yes --property=PAMName= /lib/systemd/systemd --user"
    );
    sh(lab, &manager);
    let ask = |what: &str| {
        sh(lab, &format!("runuser -u tester -- env XDG_RUNTIME_DIR=/run/user/{uid} systemctl --user {what}"))
    };
    ask("enable --now demo");
    assert_eq!(ask("is-active demo"), "active");
    let text = lab.read("/home/tester/.local/state/demo/seen").expect("readable").expect("written");
    assert!(text.contains("account tester umask 0027\n"), "{text}");
    assert!(text.contains("secret mine in /home/tester/.config/demo/credentials\n"), "{text}");
    assert!(text.contains("cannot open raw\n") && text.contains("cannot open packet\n"), "{text}");
    ask("stop demo");
    sh(lab, "systemctl stop manager");
}

#[test]
fn a_strict_service_works_on_debian_12() {
    a_strict_service_works("bookworm");
}

#[test]
fn a_strict_service_works_on_debian_13() {
    a_strict_service_works("trixie");
}

/// Says that it is ready, and waits.
const QUIET_PROGRAM: &str = r#"#!/usr/bin/perl
use Socket;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
send($s, "READY=1", 0, sockaddr_un($ENV{NOTIFY_SOCKET})) or die "notify: $!" if $ENV{NOTIFY_SOCKET};
sleep 1 while 1;
"#;

fn every_unit_starts_with_the_machine(suite: &str) {
    let Some(mut lab) = available(Booted::boot(&Root::bootable(suite))) else { return };
    lab.write("/usr/bin/demo", QUIET_PROGRAM).expect("written");
    sh(&lab, "chmod 0755 /usr/bin/demo; useradd --system demo");
    let mut units = vec![];
    for hardening in [Hardening::Strict, Hardening::Standard, Hardening::None] {
        for network in [Network::Outbound, Network::Inbound, Network::None] {
            let own = Account::Own("demo".into());
            for (account, ready) in [(own, Ready::Notify), (Account::System, Ready::Started)] {
                for start in [Start::Boot, Start::Delayed, Start::Manual] {
                    let name = format!("demo-{}", units.len());
                    let unit = Definition {
                        folders: Folders::of(Platform::Linux, &name),
                        name,
                        account: account.clone(),
                        watchdog: None,
                        credentials: [].into(),
                        writable: vec![],
                        ..Definition { hardening, network, ready, start, ..service() }
                    };
                    lab.write(&format!("/usr/lib/systemd/system/{}", unit.unit()), &systemd::unit(&unit))
                        .expect("written");
                    units.push(unit);
                }
            }
        }
    }
    let enabled: Vec<String> =
        units.iter().filter(|unit| unit.start != Start::Manual).map(Definition::unit).collect();
    sh(&lab, &format!("systemctl enable {}", enabled.join(" ")));
    timed(&format!("{suite}: restart with {} services", units.len()), || lab.reboot()).expect("up again");
    let time = |unit: &str| -> u64 {
        let show = format!("systemctl show --value --property=ActiveEnterTimestampMonotonic {unit}");
        sh(&lab, &show).parse().expect("microseconds")
    };
    let everything = time("multi-user.target");
    for service in units {
        let unit = service.unit();
        let state = lab.run(&["systemctl", "is-active", &unit]).expect("run").stdout;
        let wanted = if service.start == Start::Manual { "inactive" } else { "active" };
        assert_eq!(
            state.trim(),
            wanted,
            "{service:?}\n{}",
            sh(&lab, &format!("systemctl status {unit} || true"))
        );
        match service.start {
            Start::Boot => assert!(time(&unit) <= everything, "{unit}"),
            Start::Delayed => assert!(time(&unit) >= everything, "{unit}"),
            Start::Manual => sh(&lab, &format!("systemctl start {unit}; systemctl is-active {unit}")).clear(),
        }
    }
}

#[test]
fn every_unit_starts_with_debian_12() {
    every_unit_starts_with_the_machine("bookworm");
}

#[test]
fn every_unit_starts_with_debian_13() {
    every_unit_starts_with_the_machine("trixie");
}
