//! The command line talks to the running service, over the real socket.

use crate::support::{Running, command, example, skipped, wait_for};
use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn start(folder: &Path) -> Running {
    let mut command = command("everything");
    command.env("TALK", "1").env("RUNTIME_DIRECTORY", folder).stdout(Stdio::null());
    let running = Running(command.spawn().unwrap());
    wait_for("the socket", || folder.join("ipc/socket").exists());
    running
}

fn ask(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    told(&command("everything").args(arguments).env("RUNTIME_DIRECTORY", folder).output().unwrap())
}

fn told(output: &Output) -> (Option<i32>, String) {
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

#[test]
fn the_service_answers_tells_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = start(folder.path());
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("ipc"), mode("ipc/socket")), (0o700, 0o600));

    let own = rustix::process::geteuid().as_raw();
    assert_eq!(ask(folder.path(), &["ask", "who"]), (Some(0), format!("{own}\n")));
    let (code, text) = ask(folder.path(), &["ask", "fly"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("the command \"fly\" is unknown"), "{text}");
    let (code, text) = ask(folder.path(), &["listen"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(
        text.lines().filter(|line| line.starts_with("Happened { name: \"turned\"")).count(),
        3,
        "{text}"
    );

    // Many who say nothing keep nobody out for good, and the service not from stopping.
    let silent: Vec<_> = (0..40)
        .map(|_| std::os::unix::net::UnixStream::connect(folder.path().join("ipc/socket")).unwrap())
        .collect();
    assert_eq!(ask(folder.path(), &["ask", "stop"]).0, Some(0));
    drop(silent);
    assert_eq!(service.wait().0.code(), Some(0));
    // Root may find another one in the usual place; there is none in tests.
    let (code, text) = ask(folder.path(), &["ask", "who"]);
    assert_eq!(code, Some(15));
    assert!(text.contains("does not run"), "{text}");
}

#[test]
fn a_socket_that_a_crash_has_left_is_replaced_and_a_living_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = start(folder.path());
    first.0.kill().unwrap();
    first.wait();
    assert!(fs::metadata(folder.path().join("ipc/socket")).unwrap().file_type().is_socket());
    let _second = start(folder.path());
    wait_for("the second to answer", || ask(folder.path(), &["ask", "who"]).0 == Some(0));
    let mut third = command("everything");
    let third = third.env("TALK", "1").env("RUNTIME_DIRECTORY", folder.path()).output().unwrap();
    let (code, text) = told(&third);
    assert_eq!(code, Some(1));
    assert!(text.contains("another instance of the service answers there"), "{text}");
    assert_eq!(ask(folder.path(), &["ask", "who"]).0, Some(0));
}

#[test]
fn a_folder_that_others_can_write_to_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("ipc")).unwrap();
    fs::set_permissions(folder.path().join("ipc"), Permissions::from_mode(0o777)).unwrap();
    let mut service = command("everything");
    let output = service.env("TALK", "1").env("RUNTIME_DIRECTORY", folder.path()).output().unwrap();
    let (code, text) = told(&output);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("it must be a folder of the service's account that others cannot write to"),
        "{text}"
    );
}

#[test]
fn other_accounts_are_kept_out() {
    if !rustix::process::geteuid().is_root() {
        return skipped("root");
    }
    let folder = tempfile::tempdir().unwrap();
    let _service = start(folder.path());
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    // Where everybody may run it.
    let program = folder.path().join("everything");
    fs::copy(example("everything"), &program).unwrap();
    let as_nobody = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).args(["ask", "who"]);
        told(&command.env("RUNTIME_DIRECTORY", folder.path()).output().unwrap())
    };
    let (code, text) = as_nobody();
    assert_eq!(code, Some(16), "{text}");
    // Even with the doors wide open, the service looks at who comes in.
    for (path, mode) in [("ipc", 0o755), ("ipc/socket", 0o666)] {
        fs::set_permissions(folder.path().join(path), Permissions::from_mode(mode)).unwrap();
    }
    let (code, text) = as_nobody();
    assert_eq!(code, Some(16), "{text}");
    assert!(text.contains("hung up"), "{text}");
    assert_eq!(ask(folder.path(), &["ask", "who"]).0, Some(0));
}

#[test]
fn a_second_instance_is_told_about_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = command("everything");
    let mut first = Running(first.env("LOCK_FOLDER", folder.path()).stdout(Stdio::null()).spawn().unwrap());
    wait_for("the first to have the lock", || folder.path().join("everything.holder").exists());
    let second = || told(&command("everything").env("LOCK_FOLDER", folder.path()).output().unwrap());
    let (code, text) = second();
    assert_eq!(code, Some(17));
    assert!(text.contains(&format!("everything runs already (process {}, since ", first.0.id())), "{text}");
    // Killed, it leaves its note; its process number is nobody's, or anybody's.
    first.0.kill().unwrap();
    first.wait();
    let mut third = command("everything");
    let mut third = Running(third.env("LOCK_FOLDER", folder.path()).stdout(Stdio::null()).spawn().unwrap());
    wait_for("the third to have the lock", || {
        fs::read_to_string(folder.path().join("everything.holder"))
            .is_ok_and(|text| text.starts_with(&format!("process {},", third.0.id())))
    });
    third.signal(rustix::process::Signal::TERM);
    assert_eq!(third.wait().0.code(), Some(0));
}
