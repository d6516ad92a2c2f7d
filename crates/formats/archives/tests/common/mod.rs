//! Running foreign programs.

use std::io::Write;
use std::process::{Command, Stdio};

/// What a foreign program writes when it is fed `input`, or `None` with a visible line where it is missing.
pub(crate) fn foreign(program: &str, package: &str, arguments: &[&str], input: &[u8]) -> Option<String> {
    let child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs {program} (apt-get install {package})");
        return None;
    };
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || pipe.write_all(&input));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    // A reader may stop at the end mark.
    let _ = writer.join().unwrap();
    Some(String::from_utf8(output.stdout).unwrap())
}
