//! A Windows to install on: Wine, with a folder of its own.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const WINE: &str = "/usr/lib/wine/wine64";
const COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// The machine, and the name of the service that is installed on it.
pub(crate) struct Windows {
    folder: tempfile::TempDir,
    service: &'static str,
}

impl Windows {
    /// Starts one, with `NAME.exe`, a service, in its folder; `None` where something is missing.
    pub(crate) fn start(service: &'static str) -> Option<Self> {
        for (tool, package) in [(WINE, "wine64"), (COMPILER, "gcc-mingw-w64-x86-64")] {
            if Command::new(tool).arg("--version").output().is_err() {
                let _ = writeln!(std::io::stderr(), "SKIPPED: needs {tool} (apt-get install {package})");
                return None;
            }
        }
        let windows = Self { folder: tempfile::tempdir().unwrap(), service };
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../formats/msi/tests/data/service.c");
        let arguments = ["-Os", "-s", "-o", &format!("{service}.exe"), source];
        let compiled = Command::new(COMPILER).args(arguments).current_dir(windows.folder()).status().unwrap();
        assert!(compiled.success());
        windows.wine(&["wineboot", "-i"]);
        // What wineboot has begun must have ended, or services do not start.
        assert!(windows.command("wineserver-stable").arg("-w").status().unwrap().success());
        Some(windows)
    }

    /// Where the packages are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path on drive C.
    pub(crate) fn drive(&self, path: &str) -> PathBuf {
        self.folder().join("prefix/drive_c").join(path)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("WINEPREFIX", self.folder().join("prefix"))
            .env("WINEARCH", "win64")
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree=d;mshtml=d;winemenubuilder.exe=d")
            .env("DISPLAY", "")
            .stdin(Stdio::null())
            .current_dir(self.folder());
        command
    }

    /// Runs a program and returns what it said.
    fn wine(&self, arguments: &[&str]) -> String {
        // Wine's own processes outlive it and would keep a pipe open.
        let file = |name: &str| fs::File::create(self.folder().join(name)).unwrap();
        let mut command = self.command(WINE);
        command.args(arguments).stdout(file("output")).stderr(file("errors")).status().unwrap();
        let said = fs::read(self.folder().join("output")).unwrap();
        String::from_utf8_lossy(&said).replace('\r', "")
    }

    /// Runs the installer quietly; returns its exit code, of which Wine keeps one byte, and its log.
    pub(crate) fn msiexec(&self, arguments: &[&str]) -> (i32, String) {
        let log = self.folder().join("install.log");
        let _ = fs::remove_file(&log);
        let mut command = self.command(WINE);
        command.arg("msiexec").args(arguments).args(["/qn", "/l*v", "install.log"]);
        let errors = fs::File::create(self.folder().join("errors")).unwrap();
        let code = command.stdout(Stdio::null()).stderr(errors).status().unwrap().code().unwrap();
        let bytes = fs::read(log).unwrap_or_default();
        let units: Vec<u16> =
            bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let text = match bytes.starts_with(&[0xFF, 0xFE]) {
            true => String::from_utf16_lossy(&units),
            false => String::from_utf8_lossy(&bytes).into_owned(),
        };
        (code, text)
    }

    /// What the service manager says of the service.
    pub(crate) fn service(&self) -> String {
        self.wine(&[&format!("{}.exe", self.service), "query", self.service])
    }

    /// Sets the service's start type as an administrator does.
    pub(crate) fn set_start_type(&self, start: u32) {
        self.wine(&[&format!("{}.exe", self.service), "start-type", self.service, &start.to_string()]);
    }

    /// Stops the service as an administrator does.
    pub(crate) fn stop(&self) {
        self.wine(&["sc", "stop", self.service]);
        self.wait_for("state=1");
    }

    /// Waits until the service manager says this of the service.
    pub(crate) fn wait_for(&self, state: &str) {
        for _ in 0..100 {
            if self.service().contains(state) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{}, not {state}", self.service());
    }

    /// The data of a registry value; empty where there is none.
    pub(crate) fn registry(&self, key: &str, name: &str) -> String {
        let text = self.wine(&["reg", "query", key, "/v", name]);
        let line = text.lines().find(|line| line.contains("REG_")).unwrap_or_default();
        line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        let _ = self.command("wineserver-stable").arg("-k").status();
    }
}
