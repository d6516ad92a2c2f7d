//! The smallest service.

use crate::support::{Running, command, wait_for};
use rustix::process::Signal;
use std::process::Stdio;

#[test]
fn twenty_lines_are_a_service() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut greeter = command("greeter");
    greeter.env("GREETER_WHOM", "world").stdin(Stdio::null()).stderr(std::fs::File::create(&log).unwrap());
    let mut greeter = Running(greeter.spawn().unwrap());
    let text = || std::fs::read_to_string(&log).unwrap();
    wait_for("the greeting", || text().ends_with("  INFO hello whom=world\n"));
    greeter.signal(Signal::TERM);
    assert_eq!(greeter.wait().0.code(), Some(0));
    let output = command("greeter").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.ends_with(" ERROR greeter ends: environment variable not found\n"), "{text}");
}
