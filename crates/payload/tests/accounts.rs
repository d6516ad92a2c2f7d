//! Accounts and directories, made by systemd's own tools.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Output};

use landfall_payload::service::accounts;
use landfall_payload::{Account, WritableDirectory};

/// Whether a tool is there; says so where it is not.
fn has(tool: &str, package: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).exists()));
    if !found {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {tool} (apt-get install {package})");
    }
    found
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Output of a command that must succeed.
fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    text
}

#[test]
fn accounts_and_directories_are_made() {
    if !has("systemd-sysusers", "systemd") || !has("systemd-tmpfiles", "systemd") {
        return;
    }
    let credentials = BTreeMap::from([("api-token".into(), "/etc/wats-client/credentials/api-token".into())]);
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc")).unwrap();
    let account = Account {
        name: "demo".into(),
        title: "Demo 100% \"x\": y".into(),
        home: "/var/lib/demo data".into(),
    };
    let directory = WritableDirectory {
        path: account.home.clone(),
        mode: 0o750,
        owner: account.name.clone(),
        group: account.name.clone(),
    };
    let write = |name: &str, text: String| {
        let path = root.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let users = write("users.conf", accounts::sysusers(&[account]));
    let files = write("files.conf", accounts::tmpfiles(&[directory], &credentials));
    let rooted = |tool: &str| {
        let mut command = Command::new(tool);
        command.arg(format!("--root={}", root.path().display()));
        command
    };
    succeed(rooted("systemd-sysusers").arg(users));
    let passwd = fs::read_to_string(root.path().join("etc/passwd")).unwrap();
    let fields: Vec<&str> = passwd.trim_end().split(':').collect();
    assert_eq!(fields[0], "demo");
    assert_eq!(fields[4..], ["Demo 100% \"x\"- y", "/var/lib/demo data", "/usr/sbin/nologin"]);
    if !is_root() {
        return;
    }
    succeed(rooted("systemd-tmpfiles").arg("--create").arg(files));
    let made = fs::metadata(root.path().join("var/lib/demo data")).unwrap();
    assert_eq!((made.mode() & 0o7777, made.uid().to_string().as_str()), (0o750, fields[2]));
    let secret = fs::metadata(root.path().join("etc/wats-client/credentials/api-token")).unwrap();
    assert_eq!((secret.mode() & 0o7777, secret.uid(), secret.len()), (0o600, 0, 0));
}

fn is_root() -> bool {
    let root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    if !root {
        let _ = writeln!(std::io::stderr(), "SKIPPED in part: needs root");
    }
    root
}
