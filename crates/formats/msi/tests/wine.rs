//! The whole life of a product under Wine: installed, repaired, upgraded, not downgraded, removed.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{has, product, run, skip, write};
use landfall_msi::Package;
use landfall_msi::installer::*;

const WINE: &str = "/usr/lib/wine/wine64";
const COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// A Windows of its own.
struct Windows {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Windows {
    fn start() -> Option<Self> {
        if !Path::new(WINE).exists() {
            skip("wine64");
            return None;
        }
        if !has(COMPILER) {
            skip("x86_64-w64-mingw32-gcc (gcc-mingw-w64-x86-64)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/service.c");
        run(COMPILER, &["-Os", "-s", "-o", "service.exe", source], folder.path());
        let windows = Self { program: folder.path().join("service.exe"), folder };
        assert!(windows.wine(&["wineboot", "-i"]).0, "wineboot failed");
        // What wineboot has begun must have ended, or services do not start.
        assert!(windows.command("wineserver-stable").arg("-w").status().unwrap().success());
        Some(windows)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("WINEPREFIX", self.folder.path().join("prefix"))
            .env("WINEARCH", "win64")
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree=d;mshtml=d;winemenubuilder.exe=d")
            .env("DISPLAY", "")
            .stdin(Stdio::null())
            .current_dir(self.folder.path());
        command
    }

    /// Runs a program and returns whether it succeeded, and what it said.
    fn wine(&self, arguments: &[&str]) -> (bool, String) {
        // Wine's own processes outlive it and would keep a pipe open.
        let (path, log) = (self.folder.path().join("output"), self.folder.path().join("errors"));
        let status = self
            .command(WINE)
            .args(arguments)
            .stdout(fs::File::create(&path).unwrap())
            .stderr(fs::File::create(log).unwrap())
            .status()
            .unwrap();
        (status.success(), String::from_utf8_lossy(&fs::read(path).unwrap()).replace('\r', ""))
    }

    /// Runs the installer quietly and returns its exit code and its log.
    fn msiexec(&self, arguments: &[&str]) -> (i32, String) {
        let log = self.folder.path().join("install.log");
        let mut command = self.command(WINE);
        command.arg("msiexec").args(arguments).args(["/qn", "/l*v", "install.log"]);
        let errors = fs::File::create(self.folder.path().join("errors")).unwrap();
        let code = command.stdout(Stdio::null()).stderr(errors).status().unwrap().code().unwrap();
        let bytes = fs::read(log).unwrap_or_default();
        let text = if bytes.starts_with(&[0xFF, 0xFE]) {
            let units: Vec<u16> =
                bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        (code, text)
    }

    fn product(&self, version: &str) -> Package {
        product(version, FileContent::path(&self.program).unwrap())
    }

    fn write(&self, package: &Package, name: &str) {
        fs::write(self.folder.path().join(name), write(package).unwrap()).unwrap();
    }

    fn drive(&self, path: &str) -> PathBuf {
        self.folder.path().join("prefix/drive_c").join(path)
    }

    /// What the service manager says of the product's service.
    fn service(&self) -> String {
        self.wine(&["service.exe", "query", "kestrel-demo"]).1
    }

    fn registry(&self, name: &str) -> String {
        let (_, text) = self.wine(&["reg", "query", r"HKLM\Software\Kestrel\Demo", "/v", name]);
        text.split("REG_SZ").nth(1).unwrap_or_default().trim().to_owned()
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        let _ = self.command("wineserver-stable").arg("-k").status();
    }
}

#[test]
fn a_product_lives_and_goes() {
    let Some(windows) = Windows::start() else { return };
    windows.write(&windows.product("1.0.0"), "one.msi");
    windows.write(&windows.product("1.1.0"), "two.msi");
    let program = windows.drive("Own Folder/kestrel-demo.exe");

    // Installed with settings and a folder of one's choice.
    let arguments =
        ["/i", "one.msi", "SERVER_URL=https://given.test", "API_TOKEN=s3cr3t", r"INSTALLDIR=C:\Own Folder\"];
    let (code, log) = windows.msiexec(&arguments);
    assert_eq!(code, 0, "{log}");
    assert!(program.exists());
    assert_eq!(fs::read(windows.drive("Own Folder/Read me first.txt")).unwrap(), b"Grusswort\r\n");
    assert!(windows.drive("Own Folder/empty").exists());
    assert!(windows.drive("ProgramData/Kestrel Demo").is_dir());
    let state = windows.service();
    assert!(state.contains("state=4 start=2") && state.contains("Own Folder"), "{state}");
    assert_eq!(windows.registry("ServerUrl"), "https://given.test");
    assert_eq!(windows.registry("Token"), "s3cr3t");
    let (_, path) = windows.wine(&["cmd", "/c", "echo %PATH%"]);
    assert!(path.contains(r"C:\Own Folder"), "{path}");

    // A repair brings back what was lost and keeps the settings.
    fs::remove_file(windows.drive("Own Folder/Read me first.txt")).unwrap();
    let (code, log) = windows.msiexec(&["/i", "one.msi", "REINSTALL=ALL", "REINSTALLMODE=amus"]);
    assert_eq!(code, 0, "{log}");
    assert!(windows.drive("Own Folder/Read me first.txt").exists());
    assert_eq!(windows.registry("ServerUrl"), "https://given.test");

    // An upgrade keeps the settings, the folder, and what an administrator changed of the service.
    assert!(windows.wine(&["service.exe", "start-type", "kestrel-demo", "3"]).0);
    let (code, log) = windows.msiexec(&["/i", "two.msi"]);
    assert_eq!(code, 0, "{log}");
    assert!(program.exists());
    assert_eq!(windows.registry("ServerUrl"), "https://given.test");
    assert_eq!(windows.registry("Token"), "s3cr3t");
    let state = windows.service();
    assert!(state.contains("start=3"), "{state}");
    let (_, list) = windows.wine(&["uninstaller", "--list"]);
    assert_eq!(list.matches("Kestrel Demo").count(), 1, "{list}");

    // Gone.
    let (code, log) = windows.msiexec(&["/x", "two.msi"]);
    assert_eq!(code, 0, "{log}");
    assert!(!program.exists());
    assert!(!windows.drive("Own Folder").exists());
    assert_eq!(windows.service().trim(), "absent");
    assert_eq!(windows.registry("ServerUrl"), "");

    // No way back. Installed anew, because Wine 8 forgets what a product upgrades to once it has removed the old
    // version.
    assert_eq!(windows.msiexec(&["/i", "two.msi"]).0, 0);
    let (code, log) = windows.msiexec(&["/i", "one.msi"]);
    assert_eq!(code, 1603 & 0xFF, "{log}");
    assert!(windows.service().contains("state=4"));
}
