//! Debian packages, written here and looked at with Debian's own tools.

#[path = "deb/bench.rs"]
mod bench;
#[allow(unreachable_pub)]
mod common;
#[path = "deb/lifecycle.rs"]
mod lifecycle;
#[path = "deb/maintainer_scripts.rs"]
mod maintainer_scripts;
#[path = "deb/tools.rs"]
mod tools;

use std::io::Cursor;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use landfall_packages::{DebPackage, Inspection, Level, Options, Package};
use landfall_payload::Payload;

/// Options for quick tests.
fn options(scratch: &Path) -> Options<'_> {
    Options {
        level: Level::Fast,
        compression: None,
        threads: 1,
        scratch: scratch.to_owned(),
        progress: &|_| {},
    }
}

/// The package's bytes.
fn write(payload: &Payload) -> Vec<u8> {
    let scratch = tempfile::tempdir().unwrap();
    let mut output = Cursor::new(Vec::new());
    DebPackage.write(payload, &options(scratch.path()), &mut output).unwrap();
    output.into_inner()
}

/// The error of a payload that cannot be written.
fn write_error(payload: &Payload) -> String {
    let scratch = tempfile::tempdir().unwrap();
    let mut output = Cursor::new(Vec::new());
    DebPackage.write(payload, &options(scratch.path()), &mut output).unwrap_err().to_string()
}

/// The package, written and read back.
fn inspect(payload: &Payload) -> Inspection {
    DebPackage.read(&mut Cursor::new(write(payload))).unwrap()
}

/// Whether the tools are there; says so where they are not.
fn has(tools: &[&str], packages: &str) -> bool {
    let missing: Vec<&&str> = tools
        .iter()
        .filter(|t| !["/usr/bin", "/bin", "/usr/sbin", "/sbin"].iter().any(|d| Path::new(d).join(t).exists()))
        .collect();
    if !missing.is_empty() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {missing:?} (apt-get install {packages})");
    }
    missing.is_empty()
}

/// The output of a command that must succeed.
fn run(program: &str, arguments: &[&str]) -> String {
    let output =
        Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Every maintainer script is sound for dash and for busybox.
fn shell_syntax(package: &Inspection) {
    let folder = tempfile::tempdir().unwrap();
    assert!(!package.scripts.is_empty());
    for script in &package.scripts {
        let path = folder.path().join(&script.name);
        std::fs::write(&path, &script.text).unwrap();
        let path = path.to_str().unwrap();
        if has(&["dash"], "dash") {
            run("dash", &["-n", path]);
        }
        if has(&["busybox"], "busybox") {
            run("busybox", &["sh", "-n", path]);
        }
    }
}
