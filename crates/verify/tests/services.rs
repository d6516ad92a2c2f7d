//! Laboratories, and service definitions under the real service managers.

#[path = "services/openrc.rs"]
mod openrc;
#[path = "services/units.rs"]
mod units;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use landfall_service_definition::{Account, Definition, Ready, RestartPolicy};
use landfall_verify::lab::{Chroot, DPKG, Laboratory, Outcome, Package, Root, available, timed};

/// A file of a test package: path, mode, text. Files named `DEBIAN/…` are the package's own.
type Files<'a> = [(&'a str, u32, &'a str)];

/// Makes a Debian package with Debian's own tool; `None`, said aloud, where that is missing.
fn deb(folder: &Path, version: &str, files: &Files<'_>) -> Option<PathBuf> {
    let tree = folder.join(format!("tree-{version}"));
    let control = format!(
        "Package: demo\nVersion: {version}\nArchitecture: all\nMaintainer: Demo <demo@example.com>\n\
         Description: demonstration\n"
    );
    for (path, mode, text) in files.iter().chain([&("DEBIAN/control", 0o644, control.as_str())]) {
        let path = tree.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().expect("below the tree")).expect("a folder");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).expect("its mode");
    }
    let package = folder.join(format!("demo_{version}_all.deb"));
    let output =
        Command::new("dpkg-deb").args(["--root-owner-group", "-b"]).arg(&tree).arg(&package).output();
    let Ok(output) = output else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs dpkg-deb (apt-get install dpkg)");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(package)
}

/// Output of a script that must succeed.
fn sh(lab: &impl Laboratory, text: &str) -> String {
    lab.script(text).and_then(Outcome::ok).unwrap_or_else(|error| panic!("{error}"))
}

/// A service with everything that a unit can say.
fn service() -> Definition {
    Definition {
        title: "Demo".into(),
        documentation: Some("https://example.com/demo".into()),
        arguments: vec!["run".into(), "$HOME 100% \"q\" ;".into(), String::new(), ";".into()],
        account: Account::Own("demo".into()),
        restart: RestartPolicy::Always,
        restart_delay: 1,
        ready: Ready::Notify,
        watchdog: Some(2),
        stop_timeout: 10,
        environment: BTreeMap::from([("OWN".into(), "it's 100% $HOME".into())]),
        writable: vec!["/srv/reports".into(), "/home/tester/reports".into()],
        credentials: BTreeMap::from([("token".into(), "/etc/demo/credentials/token".into())]),
        ..Definition::new("demo", "/usr/bin/demo")
    }
}

#[test]
fn a_debian_package_comes_and_goes_without_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let files = |number: &'static str| {
        [
            ("DEBIAN/conffiles", 0o644, "/etc/demo/demo.conf\n"),
            ("DEBIAN/postinst", 0o755, "#!/bin/sh\nset -e\necho \"postinst $*\" >>/tmp/scripts\n"),
            ("/etc/demo/demo.conf", 0o644, number),
            ("/usr/share/demo/number", 0o644, number),
        ]
    };
    let Some(old) = deb(folder.path(), "1.0", &files("one\n")) else { return };
    let Some(new) = deb(folder.path(), "2.0", &files("two\n")) else { return };
    let old = Package { file: &old, name: "demo", manager: DPKG };
    let new = Package { file: &new, name: "demo", manager: DPKG };
    let root = Root::minimal("bookworm");
    let Some(lab) = available(timed("chroot: open", || Chroot::open(&root))) else { return };
    let before = timed("chroot: snapshot", || lab.snapshot()).unwrap();

    timed("chroot: install", || lab.install(&old)).unwrap().ok().unwrap();
    assert_eq!(lab.read("/usr/share/demo/number").unwrap().as_deref(), Some("one\n"));
    assert_eq!(lab.run(&["dpkg", "--verify", "demo"]).unwrap().ok().unwrap(), "");
    assert_eq!(
        lab.snapshot().unwrap().since(&before).to_string(),
        "+ /etc/demo directory 0755 root:root\n\
         + /etc/demo/demo.conf file 0644 root:root\n\
         + /usr/share/demo directory 0755 root:root\n\
         + /usr/share/demo/number file 0644 root:root\n"
    );

    lab.write("/etc/demo/demo.conf", "edited\n").unwrap();
    timed("chroot: upgrade", || lab.upgrade(&new)).unwrap().ok().unwrap();
    assert_eq!(lab.read("/usr/share/demo/number").unwrap().as_deref(), Some("two\n"));
    assert_eq!(lab.read("/etc/demo/demo.conf").unwrap().as_deref(), Some("edited\n"));
    assert!(
        lab.read("/tmp/scripts")
            .unwrap()
            .unwrap()
            .starts_with("postinst configure \npostinst configure 1.0\n")
    );

    timed("chroot: remove", || lab.remove(&new)).unwrap().ok().unwrap();
    assert_eq!(lab.read("/usr/share/demo/number").unwrap(), None);
    assert_eq!(lab.read("/etc/demo/demo.conf").unwrap().as_deref(), Some("edited\n"));
    timed("chroot: purge", || lab.purge(&new)).unwrap().ok().unwrap();
    let left = lab.snapshot().unwrap().since(&before);
    assert!(left.is_empty(), "{left}");
    timed("chroot: close", || drop(lab));
}
