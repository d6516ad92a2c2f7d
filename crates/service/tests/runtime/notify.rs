//! systemd's notification protocol, with the test as the manager.

use crate::support::{LIMIT, Running, command};
use rustix::process::Signal;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The manager's socket, in a folder of its own.
struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        Self { folder, socket }
    }

    fn start(&self, environment: &[(&str, &str)]) -> Running {
        let mut command = command("everything");
        command.env("NOTIFY_SOCKET", self.folder.path().join("notify")).stdout(Stdio::null());
        Running(command.envs(environment.iter().copied()).spawn().unwrap())
    }

    fn next(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// The next message that is more than a sign of life.
    fn news(&self) -> String {
        loop {
            let text = self.next();
            if text != "WATCHDOG=1" {
                return text;
            }
        }
    }

    /// Whether there is a sign of life within this time.
    fn lives(&self, within: Duration) -> bool {
        let end = Instant::now() + within;
        self.socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut buffer = [0; 4096];
        let mut found = false;
        while !found && Instant::now() < end {
            found =
                self.socket.recv(&mut buffer).is_ok_and(|length| buffer[..length].starts_with(b"WATCHDOG=1"));
        }
        self.socket.set_read_timeout(Some(LIMIT)).unwrap();
        found
    }
}

#[test]
fn the_manager_hears_of_a_whole_life() {
    let manager = Manager::new();
    let mut service = manager.start(&[("WATCHDOG_USEC", "200000")]);
    assert_eq!(manager.news(), "READY=1");
    // A line break in a status must not make an assignment of its own.
    assert_eq!(manager.news(), "STATUS=at work READY=no");
    assert!(manager.lives(LIMIT));

    service.signal(Signal::HUP);
    let reloading = manager.news();
    let time: u128 = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().parse().unwrap();
    // Not later than now and not much earlier, on the clock that systemd compares with.
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = u128::try_from(now.tv_sec).unwrap() * 1_000_000 + u128::try_from(now.tv_nsec).unwrap() / 1_000;
    assert!(time <= now && now - time < 5_000_000, "{time} {now}");
    assert!(manager.news().starts_with("STATUS=reloading after "));
    assert_eq!(manager.news(), "READY=1");

    service.signal(Signal::TERM);
    assert_eq!(manager.news(), "STOPPING=1\nSTATUS=Stopping");
    assert_eq!(service.wait().0.code(), Some(0));
}

#[test]
fn a_stuck_loop_gives_no_sign_of_life() {
    let manager = Manager::new();
    let brake = manager.folder.path().join("stuck");
    let _service = manager.start(&[("WATCHDOG_USEC", "200000"), ("STUCK_WHEN", brake.to_str().unwrap())]);
    assert!(manager.lives(LIMIT));
    std::fs::write(&brake, "").unwrap();
    loop {
        let text = manager.next();
        if text.starts_with("STATUS=the work has been stuck") {
            break;
        }
    }
    assert!(!manager.lives(Duration::from_millis(600)));
    std::fs::remove_file(&brake).unwrap();
    assert!(manager.lives(LIMIT));
}

#[test]
fn no_sign_of_life_is_sent_that_nobody_wants() {
    let manager = Manager::new();
    // Meant for another process.
    let _service = manager.start(&[("WATCHDOG_USEC", "100000"), ("WATCHDOG_PID", "1")]);
    assert_eq!(manager.next(), "READY=1");
    assert!(!manager.lives(Duration::from_millis(500)));
}

#[test]
fn a_service_that_does_not_stop_is_ended() {
    let manager = Manager::new();
    let mut service = manager.start(&[("IGNORE_STOP", "1")]);
    assert_eq!(manager.next(), "READY=1");
    service.signal(Signal::TERM);
    let (status, took) = service.wait();
    assert_eq!(status.code(), Some(14));
    assert!((Duration::from_secs(2)..Duration::from_secs(4)).contains(&took), "{took:?}");
}

#[test]
fn a_failure_decides_the_exit_code() {
    let manager = Manager::new();
    let mut service = manager.start(&[("FAIL", "no such folder")]);
    assert_eq!(service.wait().0.code(), Some(3));
    assert_eq!(manager.next(), "STOPPING=1\nSTATUS=Stopping");
}

#[test]
fn without_the_journals_socket_lines_carry_their_priority() {
    use std::os::unix::fs::MetadataExt;
    if std::path::Path::new("/run/systemd/journal/socket").exists() {
        return crate::support::skipped("a machine without a journal");
    }
    let manager = Manager::new();
    let path = manager.folder.path().join("stderr");
    let file = std::fs::File::create(&path).unwrap();
    let meta = file.metadata().unwrap();
    for (stream, start) in
        [(format!("{}:{}", meta.dev(), meta.ino()), "<3>everything ends: "), ("8:1".into(), "2")]
    {
        let mut command = command("everything");
        command.env("NOTIFY_SOCKET", manager.folder.path().join("notify")).env("JOURNAL_STREAM", stream);
        let status = command.env("FAIL", "x").stderr(file.try_clone().unwrap()).status().unwrap();
        assert_eq!(status.code(), Some(3));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().last().is_some_and(|line| line.starts_with(start)), "{text}");
    }
}
