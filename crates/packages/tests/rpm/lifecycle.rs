//! Installation, upgrade and removal by the real rpm in a small root of busybox, with the programs that a
//! distribution would have replaced by ones that write down how they are called.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use landfall_payload::*;

use super::common::{INSTANCE, demo, file};
use super::{build, build_with, has, run, save};
use landfall_packages::Level;

/// A root directory with its own rpm database.
struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        for folder in ["bin", "dev", "etc", "run/systemd/system", "tmp", "usr/sbin", "var/lib"] {
            fs::create_dir_all(root.path(folder)).unwrap();
        }
        fs::set_permissions(root.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy("/bin/busybox", root.path("bin/busybox")).unwrap();
        for applet in ["sh", "chmod", "chown", "grep", "mkdir", "rm", "unlink"] {
            symlink("busybox", root.path("bin").join(applet)).unwrap();
        }
        fs::write(root.path("etc/passwd"), "root:x:0:0::/root:/bin/sh\n").unwrap();
        fs::write(root.path("etc/group"), "root:x:0:\n").unwrap();
        root.program("getent", "grep -q \"^$2:\" /etc/$1");
        root.program("groupadd", "shift; echo \"$1:x:990:\" >>/etc/group");
        root.program("useradd", "for u; do :; done; echo \"$u:x:990:990::/:/sbin/nologin\" >>/etc/passwd");
        // Called as: install -d -m MODE -o OWNER -g GROUP PATH
        root.program("install", "mkdir -p $8 && chmod $3 $8 && chown $5:$7 $8");
        root.program("systemctl", "case $1 in is-enabled) exec test -e /enabled;; esac");
        root
    }

    /// A program that writes its name and arguments to `/calls` and then does something.
    fn program(&self, name: &str, does: &str) {
        let path = self.path("usr/sbin").join(name);
        fs::write(&path, format!("#!/bin/sh\necho \"{name} $*\" >>/calls\n{does}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below.trim_start_matches('/'))
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    /// Takes what was called since the last time.
    fn calls(&self) -> Vec<String> {
        let calls = self.read("calls");
        let _ = fs::remove_file(self.path("calls"));
        calls.lines().map(str::to_owned).collect()
    }

    fn rpm(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("rpm");
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").arg("--root").arg(self.0.path());
        run(command.args(["--dbpath", "/var/lib/rpm"]).args(arguments))
    }

    fn install(&self, package: &Path) -> Vec<String> {
        self.rpm(&["-U", "--nodeps", "--nosignature", &package.to_string_lossy()]);
        self.calls()
    }

    fn erase(&self, name: &str) -> Vec<String> {
        self.rpm(&["-e", "--nodeps", name]);
        self.calls()
    }
}

/// Whether the lifecycle can run here; says why not.
fn possible() -> bool {
    let root = fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0);
    if !root {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs root (rpm --root changes the root directory)");
    } else if !has("rpm") {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs rpm (apt-get install rpm)");
    } else if !Path::new("/bin/busybox").exists() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs busybox (apt-get install busybox-static)");
    } else {
        return true;
    }
    false
}

/// The demo with a second configuration file, one file of the service's account and directories for tmpfiles.
fn service(version: &str, config: &str) -> Payload {
    let mut payload = demo(version);
    payload.all_entries.retain(|e| e.path != "/etc/demo/config.toml");
    let mut secret = file("/etc/demo/secret", Role::Config, 0o640, "");
    secret.group = "demo".into();
    payload.all_entries.extend([
        file("/etc/demo/config.toml", Role::Config, 0o644, config),
        file("/etc/demo/other.toml", Role::Config, 0o644, "unedited = true\n"),
        secret,
        file("/usr/lib/tmpfiles.d/demo.conf", Role::Data, 0o644, "d /var/lib/demo 0750 demo demo\n"),
    ]);
    payload.all_entries.sort_by(|a, b| a.path.cmp(&b.path));
    payload
}

#[test]
fn a_service_is_installed_upgraded_and_removed() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let old = service("1.0.0", "url = \"old\"\n");
    let new = service("1.1.0-rc.1", "url = \"new\"\n");
    let old = save(&old, &build(&old), folder.path());
    let new = save(&new, &build(&new), folder.path());

    // A first installation makes the account, the directory, asks the presets and starts what they enable.
    fs::write(root.path("enabled"), "").unwrap();
    assert_eq!(
        root.install(&old),
        [
            "getent group demo",
            "groupadd -r demo",
            "getent passwd demo",
            "useradd -r -g demo -d /var/lib/demo -M -s /sbin/nologin -c Demo demo",
            "install -d -m 0750 -o demo -g demo /var/lib/demo",
            "systemctl --no-reload preset demo.service",
            "systemctl daemon-reload",
            "systemctl is-enabled demo.service",
            "systemctl start demo.service",
        ]
    );
    assert_eq!(root.rpm(&["-V", "--nodeps", "demo"]), "");
    let secret = fs::metadata(root.path("etc/demo/secret")).unwrap();
    assert_eq!((secret.mode() & 0o7777, secret.uid(), secret.gid()), (0o640, 0, 990));
    let state = fs::metadata(root.path("var/lib/demo")).unwrap();
    assert_eq!((state.mode() & 0o7777, state.uid(), state.gid()), (0o750, 990, 990));

    // An upgrade keeps what was edited, and restarts only what runs.
    fs::write(root.path("etc/demo/config.toml"), "url = \"mine\"\n").unwrap();
    fs::write(root.path("var/lib/demo/unsent"), "report").unwrap();
    fs::write(root.path("var/lib/demo/cache.db"), "cache").unwrap();
    fs::create_dir_all(root.path("etc/systemd/system")).unwrap();
    fs::write(root.path("etc/systemd/system/demo@two.service"), INSTANCE).unwrap();
    assert_eq!(
        root.install(&new),
        [
            "getent group demo",
            "getent passwd demo",
            "systemctl daemon-reload",
            "systemctl try-restart demo.service",
            "systemctl try-restart demo@two.service",
        ]
    );
    assert_eq!(root.read("etc/demo/config.toml"), "url = \"mine\"\n");
    assert_eq!(root.read("etc/demo/config.toml.rpmnew"), "url = \"new\"\n");
    assert!(root.rpm(&["-q", "demo"]).starts_with("demo-1.1.0~rc.1-1"));

    // A removal stops the service, keeps what was edited or written, and takes the rest.
    assert_eq!(
        root.erase("demo"),
        [
            "systemctl stop demo.service",
            "systemctl --no-reload disable demo.service",
            "systemctl stop demo@two.service",
            "systemctl daemon-reload",
        ]
    );
    assert!(!root.path("etc/systemd/system/demo@two.service").exists());
    assert_eq!(root.read("etc/demo/config.toml.rpmsave"), "url = \"mine\"\n");
    assert!(!root.path("etc/demo/other.toml").exists());
    assert!(!root.path("usr/bin/demo").exists());
    assert!(!root.path("usr/share/demo/empty").exists());
    assert!(!root.path("var/lib/demo/cache.db").exists(), "a ghost goes with the package");
    assert_eq!(root.read("var/lib/demo/unsent"), "report");
}

#[test]
fn with_the_update_helper_the_restart_is_left_to_the_end_of_the_transaction() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    fs::create_dir_all(root.path("usr/lib/systemd")).unwrap();
    root.program("systemd-update-helper", "");
    symlink("/usr/sbin/systemd-update-helper", root.path("usr/lib/systemd/systemd-update-helper")).unwrap();
    root.program("systemd-tmpfiles", "mkdir /var/lib/demo");
    let (old, new) = (service("1.0.0", ""), service("1.0.1", ""));
    let calls = root.install(&save(&old, &build(&old), folder.path()));
    assert!(calls.contains(&"systemd-tmpfiles --create /usr/lib/tmpfiles.d/demo.conf".to_owned()));
    // The presets did not enable it.
    assert_eq!(calls.last().unwrap(), "systemctl is-enabled demo.service");
    fs::create_dir_all(root.path("etc/systemd/system")).unwrap();
    fs::write(root.path("etc/systemd/system/demo@two.service"), INSTANCE).unwrap();
    let calls = root.install(&save(&new, &build(&new), folder.path()));
    let marked: Vec<_> = calls.iter().filter(|call| call.contains("mark-restart")).collect();
    let of = "systemd-update-helper mark-restart-system-units";
    assert_eq!(marked, [&format!("{of} demo.service"), &format!("{of} demo@two.service")]);
    assert!(!calls.iter().any(|c| c.contains("restart demo")));
}

#[test]
fn own_scripts_see_the_arguments_of_their_kind() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let scripted = |version: &str| {
        let mut payload = demo(version);
        payload.service = None;
        payload.accounts.clear();
        payload.writable.clear();
        for slot in ["pretrans", "pre", "post", "preun", "postun", "posttrans"] {
            let script = format!("echo {version} %{slot} $1 >>/calls\nexit 0");
            payload.native_scripts.insert((Format::Rpm, slot.to_owned()), script);
        }
        let hook = |name: &str| Some(format!("echo {version} {name} $1 >>/calls\nexit 0\n"));
        payload.hooks = Hooks {
            before_install: hook("before-install"),
            after_install: hook("after-install"),
            before_remove: hook("before-remove"),
            after_remove: hook("after-remove"),
            formats: None,
        };
        save(&payload, &build(&payload), folder.path())
    };
    assert_eq!(
        root.install(&scripted("1.0.0")),
        [
            "1.0.0 %pretrans 1",
            "1.0.0 before-install install",
            "1.0.0 %pre 1",
            "1.0.0 after-install install",
            "1.0.0 %post 1",
            "1.0.0 %posttrans 1",
        ]
    );
    assert_eq!(
        root.install(&scripted("2.0.0")),
        [
            "2.0.0 %pretrans 2",
            "2.0.0 before-install upgrade",
            "2.0.0 %pre 2",
            "2.0.0 after-install upgrade",
            "2.0.0 %post 2",
            "1.0.0 %preun 1",
            "1.0.0 %postun 1",
            "2.0.0 %posttrans 2",
        ]
    );
    assert_eq!(
        root.erase("demo"),
        ["2.0.0 before-remove remove", "2.0.0 %preun 0", "2.0.0 after-remove remove", "2.0.0 %postun 0"]
    );
}

#[test]
fn every_compression_installs() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = "All work and no play makes a dull payload.\n".repeat(40_000);
    for compression in [Compression::Zstd, Compression::Gzip, Compression::Xz, Compression::None] {
        let root = Root::new();
        let mut payload = service("1.0.0", "");
        payload.all_entries.push(file("/var/lib/demo-text", Role::Data, 0o644, &text));
        payload.all_entries.sort_by(|a, b| a.path.cmp(&b.path));
        let bytes = build_with(&payload, Level::Fast, Some(compression), 2);
        root.install(&save(&payload, &bytes, folder.path()));
        assert_eq!(root.rpm(&["-V", "--nodeps", "demo"]), "", "{compression:?}");
        assert!(root.read("var/lib/demo-text") == text, "{compression:?}");
    }
}
