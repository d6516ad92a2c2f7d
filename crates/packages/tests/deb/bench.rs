//! A bench for maintainer scripts: every command they call is a stub that writes down its call, and the system's
//! directories are a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use landfall_packages::Inspection;

/// What the stubs stand for.
const STUBS: [&str; 15] = [
    "chmod",
    "chown",
    "deb-systemd-helper",
    "deb-systemd-invoke",
    "dpkg-query",
    "dpkg-statoverride",
    "getent",
    "groupadd",
    "install",
    "invoke-rc.d",
    "stat",
    "systemctl",
    "systemd-sysusers",
    "systemd-tmpfiles",
    "update-rc.d",
];

/// Commands that do their real work.
const REAL: [&str; 9] = ["cat", "dash", "echo", "grep", "mkdir", "rm", "rmdir", "sh", "unlink"];

pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// A machine with everything installed; `answers` are shell fragments for stubs.
    pub(crate) fn new(systemd: bool, answers: &[(&str, &str)]) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        for directory in ["bin", "root/etc", "root/run", "root/var/lib/misc", "root/var/log"] {
            fs::create_dir_all(bench.path(directory)).unwrap();
        }
        if systemd {
            fs::create_dir_all(bench.path("root/run/systemd/system")).unwrap();
        }
        for name in STUBS.into_iter().chain(["useradd"]) {
            let answer = answers.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
            let text = format!("#!/bin/sh\necho \"{name} $*\" >>\"$BENCH/calls\"\n{answer}\n");
            bench.program(name, &text);
        }
        for name in REAL {
            let real =
                ["/usr/bin", "/bin"].iter().map(|d| Path::new(d).join(name)).find(|p| p.exists()).unwrap();
            std::os::unix::fs::symlink(real, bench.path("bin").join(name)).unwrap();
        }
        bench
    }

    fn program(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// A path of the machine.
    pub(crate) fn at(&self, absolute: &str) -> PathBuf {
        self.path(&format!("root{absolute}"))
    }

    pub(crate) fn put(&self, absolute: &str) {
        let path = self.at(absolute);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }

    pub(crate) fn make_executable(&self, absolute: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.put(absolute);
        fs::set_permissions(self.at(absolute), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Takes a command away.
    pub(crate) fn without(&self, name: &str) {
        fs::remove_file(self.path("bin").join(name)).unwrap();
    }

    /// Runs a script of the package with dpkg's arguments; the calls it makes, or its output if it fails.
    pub(crate) fn run(
        &self,
        package: &Inspection,
        script: &str,
        arguments: &[&str],
    ) -> Result<Vec<String>, String> {
        let Some(script) = package.scripts.iter().find(|s| s.name == script) else { return Ok(Vec::new()) };
        let root = self.path("root");
        let mut text = script.text.clone();
        for directory in ["/etc/", "/run/", "/usr/lib/demo/", "/var/"] {
            text = text.replace(directory, &format!("\u{1}{directory}"));
        }
        let text = text.replace('\u{1}', root.to_str().unwrap());
        let file = self.path("script");
        fs::write(&file, text).unwrap();
        let output = Command::new("/bin/dash")
            .arg(&file)
            .args(arguments)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("BENCH", self.folder.path())
            .env("DPKG_MAINTSCRIPT_PACKAGE", "demo")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.path("calls"));
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let clean = |text: &str| text.replace(root.to_str().unwrap(), "");
        if !output.status.success() {
            return Err(clean(&format!("{said}{calls}")));
        }
        Ok(clean(&(calls + &said)).lines().map(str::to_owned).collect())
    }
}
