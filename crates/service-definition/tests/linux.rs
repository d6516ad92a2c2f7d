//! The service files under the real tools: systemd's analyser, the shell, start-stop-daemon.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use common::{definition, full, has, is_root, plain, succeed, variants};
use landfall_service_definition::*;

fn lines<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

#[test]
fn the_unit_says_what_the_service_is() {
    let unit = systemd::unit(&full());
    for (key, values) in [
        ("Type", vec!["notify"]),
        ("NotifyAccess", vec!["main"]),
        ("ExecStart", vec!["/usr/bin/wats-client run"]),
        ("WatchdogSec", vec!["60"]),
        ("Restart", vec!["always"]),
        ("RestartSec", vec!["10"]),
        ("StartLimitIntervalSec", vec!["0"]),
        ("User", vec!["wats-client"]),
        ("Wants", vec!["network-online.target"]),
        ("LoadCredential", vec!["api-token:/etc/wats-client/credentials/api-token"]),
        ("StateDirectory", vec!["wats-client"]),
        ("ReadWritePaths", vec!["-/srv/reports"]),
        ("BindPaths", vec!["-/home/tester/reports"]),
        ("WantedBy", vec!["multi-user.target"]),
    ] {
        assert_eq!(lines(&unit, key), values, "{key}");
    }
    let unit = systemd::unit(&plain());
    assert_eq!(lines(&unit, "Type"), ["exec"]);
    assert!(
        ["User", "WatchdogSec", "LoadCredential", "ExecStartPre"]
            .iter()
            .all(|key| lines(&unit, key).is_empty())
    );
    let manual = Definition { start: Start::Manual, ..plain() };
    assert!(!systemd::unit(&manual).contains("[Install]"));
    assert_eq!(systemd::preset(&manual), "disable wats-client.service\n");
    assert_eq!(systemd::preset(&full()), "enable wats-client.service\n");
}

#[test]
fn units_are_clean_and_confined() {
    if !has("systemd-analyze", "systemd") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut files = vec![];
    for (index, service) in variants().into_iter().enumerate() {
        let path = folder.path().join(format!("demo-{index}.service"));
        // Something that exists everywhere: the analyser looks for the program.
        let service = Definition { program: "/bin/sh".into(), ..service };
        fs::write(&path, systemd::unit(&service)).unwrap();
        files.push((service, path));
    }
    let text = succeed(
        Command::new("systemd-analyze").args(["verify", "--man=no"]).args(files.iter().map(|f| &f.1)),
    );
    assert_eq!(text, "", "systemd-analyze verify");

    let exposure = |path: &Path| -> f64 {
        let mut command = Command::new("systemd-analyze");
        let text = succeed(command.args(["security", "--no-pager", "--offline=true"]).arg(path));
        let overall = text.lines().find(|line| line.contains("Overall exposure level")).unwrap();
        overall.split(": ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
    };
    for (service, path) in &files {
        let level = exposure(path);
        let limit = match (service.hardening, service.account.user()) {
            (Hardening::Strict, "root") => 1.8,
            // The analyser gives nothing for homes hidden in another way than by ProtectHome=.
            (Hardening::Strict, _) if service.writable.iter().any(|path| path.starts_with("/home/")) => 1.5,
            (Hardening::Strict, _) => 1.3,
            (Hardening::Standard, "root") => 7.5,
            (Hardening::Standard, _) => 5.0,
            (Hardening::None, _) => 10.0,
        };
        assert!(level <= limit, "{level} > {limit}:\n{}", fs::read_to_string(path).unwrap());
    }
    println!("overall exposure of the full service: {}", exposure(&files[0].1));
}

#[test]
fn golden_units_are_clean_and_confined() {
    if !has("systemd-analyze", "systemd") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let anna = UserFolders::below("/home/anna", "/run/user/1000");
    for service in common::SERVICES {
        // Something that exists everywhere: the analyser looks for the program.
        let linux = definition(service, "linux").with_program("/bin/sh").unwrap();
        let write = |name: String, text: String| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let system = write(linux.unit(), systemd::unit(&linux));
        let instance = linux.for_instance("line-2").unwrap();
        let instance = write(instance.unit(), systemd::unit(&instance));
        let user = linux.as_user_service(&anna).unwrap();
        let user = write(format!("user-{}", user.unit()), systemd::unit(&user));
        let verify = |scope: &str, unit: &Path| {
            let mut command = Command::new("systemd-analyze");
            command.env("XDG_RUNTIME_DIR", folder.path());
            succeed(command.args(["verify", "--man=no", scope]).arg(unit))
        };
        assert_eq!(verify("--system", &system), "");
        assert_eq!(verify("--system", &instance), "");
        assert_eq!(verify("--user", &user), "");
        for unit in [&system, &instance] {
            succeed(
                Command::new("systemd-analyze")
                    .args(["security", "--no-pager", "--offline=true", "--threshold=25"])
                    .arg(unit),
            );
        }
    }
}

#[test]
fn scripts_are_good_shell() {
    let folder = tempfile::tempdir().unwrap();
    let shellcheck = has("shellcheck", "shellcheck");
    let mut all = vec![];
    for (index, service) in variants().into_iter().enumerate() {
        for (kind, text) in [("sysv", sysv::script(&service)), ("openrc", openrc::script(&service))] {
            let path = folder.path().join(format!("{kind}-{index}"));
            fs::write(&path, text.unwrap()).unwrap();
            succeed(Command::new("sh").arg("-n").arg(&path));
            all.push(path);
        }
    }
    if shellcheck {
        // 2034: openrc-run reads the variables.
        let arguments = ["--shell=sh", "--severity=warning", "--exclude=SC2034"];
        succeed(Command::new("shellcheck").args(arguments).args(all));
    }
}

/// A program that shows what it was given and waits for its end.
const PROGRAM: &str = r#"#!/bin/sh
{
    printf '%s\n' "arguments: $*" "account: $(id -un)" "umask: $(umask)" "url: $URL" "quoted: $QUOTED" "own: $OWN" "over: $OVER"
    echo "secret: $(cat "$CREDENTIALS_DIRECTORY/token")"
    echo "secret mode: $(stat -c %a:%U:%G "$CREDENTIALS_DIRECTORY/token")"
} >"${STATE_DIRECTORY:-/var/lib/landfall-demo}/seen"
echo printed
trap 'echo stopped; exit 0' TERM
while :; do sleep 0.1; done
"#;

#[test]
fn the_init_script_starts_and_stops_a_process() {
    init_script_lives(|service| service);
}

#[test]
fn the_init_script_of_an_instance_does_so_too() {
    init_script_lives(|service| {
        let service = service.for_instance("line-2").unwrap();
        service.with_account(Account::Named("nobody".into())).unwrap()
    });
}

/// Runs an init script through a whole life in a mount namespace of its own, where everything it writes to is
/// empty and temporary.
fn init_script_lives(variant: fn(Definition) -> Definition) {
    let tools = [("start-stop-daemon", "dpkg"), ("unshare", "util-linux"), ("mount", "mount")];
    if !tools.iter().all(|(tool, package)| has(tool, package)) || !is_root() {
        return;
    }
    if !Path::new("/lib/lsb/init-functions").exists() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: needs /lib/lsb/init-functions (apt-get install sysvinit-utils)"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // The account must be able to look through it.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let program = at("landfall-demo");
    let service = Definition {
        name: "landfall-demo".into(),
        program: program.clone(),
        arguments: vec!["landfall-demo".into(), "it's $HOME".into()],
        account: Account::Own("nobody".into()),
        ready: Ready::Started,
        environment: BTreeMap::from([("OWN".into(), "a & b".into()), ("OVER".into(), "unit".into())]),
        environment_file: Some(at("environment")),
        folders: Folders::of(Platform::Linux, "landfall-demo"),
        credentials: BTreeMap::from([("token".into(), at("token"))]),
        ..full()
    };
    let service = variant(service);
    let id = service.id();
    // Debian's nobody has the group nogroup; the script wants a group of the account's name.
    let script = sysv::script(&service)
        .unwrap()
        .replace("nobody:nobody", "nobody:nogroup")
        .replace("-g nobody", "-g nogroup");
    let script = script.replace("chgrp nobody", "chgrp nogroup");
    for (path, text, mode) in [
        (&program, PROGRAM, 0o755),
        (&at("init"), &script, 0o755),
        (
            &at("environment"),
            "# a comment\n OVER=file\n; another\nno assignment\n1=x\n  URL = https://x/?a=b&c=$(touch /tmp/x)\nQUOTED=\"in quotes\"\n",
            0o600,
        ),
        (&at("token"), "s3cret\n", 0o600),
        (&at("life"), LIFE, 0o755),
    ] {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]);
    let text = succeed(command.args(["sh", "-e"]).arg(at("life")).arg(at("init")).arg(&id));
    assert!(text.contains("\ndone\n"), "{text}");
    assert!(text.contains("arguments: landfall-demo it's $HOME\naccount: nobody\numask: 0027\n"), "{text}");
    assert!(
        text.contains("url: https://x/?a=b&c=$(touch /tmp/x)\nquoted: in quotes\nown: a & b\nover: file\n"),
        "{text}"
    );
    assert!(text.contains("secret: s3cret\nsecret mode: 440:root:nogroup\n"), "{text}");
}

/// `$1` is the init script, `$2` the service's name.
const LIFE: &str = r#"
id=$2
for folder in /run /var/lib /var/log /var/cache; do mount -t tmpfs -o mode=755 tmpfs $folder; done
code() { wanted=$1; shift; rc=0; "$@" || rc=$?; [ $rc = $wanted ] || { echo "$*: $rc instead of $wanted"; exit 1; }; }
code 3 "$1" status
code 0 "$1" stop
code 0 "$1" try-restart
code 3 "$1" status
code 3 "$1" nonsense
code 0 "$1" start
code 0 "$1" status
cat /var/lib/$id/seen
stat -c '%n %a %U' /run/$id /var/lib/$id /var/log/$id /run/$id.credentials
pid=$(cat /run/$id.pid)
code 0 "$1" start
[ "$(cat /run/$id.pid)" = "$pid" ] || { echo "started twice"; exit 1; }
code 0 "$1" try-restart
[ "$(cat /run/$id.pid)" != "$pid" ] || { echo "not restarted"; exit 1; }
pid=$(cat /run/$id.pid)
kill -9 "$pid"; sleep 0.2
code 1 "$1" status
code 0 "$1" start
code 0 "$1" force-reload
kill -9 "$(cat /run/$id.pid)"; sleep 0.2
start-stop-daemon --start --background --make-pidfile --pidfile /run/$id.pid --chuid nobody --exec /bin/sleep -- 1000
other=$(cat /run/$id.pid)
code 1 "$1" status
code 0 "$1" start
[ "$(cat /run/$id.pid)" != "$other" ] || { echo "took another process for its own"; exit 1; }
code 0 "$1" status
kill -9 "$(cat /run/$id.pid)"; sleep 0.2
echo "$other" >/run/$id.pid
code 0 "$1" stop
kill "$other" || { echo "stopped another process"; exit 1; }
echo 999999 >/run/$id.pid
code 1 "$1" status
code 0 "$1" start
code 0 "$1" stop
code 3 "$1" status
[ ! -e /run/$id.credentials ]
grep -c stopped /var/log/$id/$id.log
[ -z "$(pgrep -u nobody)" ] || { echo "a process is left"; exit 1; }
echo done
"#;
