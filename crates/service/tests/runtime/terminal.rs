//! A person at a terminal.

use crate::support::{LIMIT, Running, command};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A terminal with a program in it.
struct Terminal {
    keyboard: File,
    screen: Arc<Mutex<String>>,
    program: Running,
}

impl Terminal {
    /// `setsid --ctty` makes the terminal the one whose Ctrl-C reaches the program.
    fn start(environment: &[(&str, &str)]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let side = || Stdio::from(File::options().read(true).write(true).open(&name).unwrap());
        let mut program = std::process::Command::new("setsid");
        program.arg("--ctty").arg("--wait").arg(command("everything").get_program());
        program.env_clear().env("PATH", "/usr/bin:/bin").envs(environment.iter().copied());
        program.stdin(side()).stdout(side()).stderr(side());
        let program = Running(program.spawn().unwrap());
        let keyboard = File::from(master);
        let screen = Arc::<Mutex<String>>::default();
        let (mut read, shown) = (keyboard.try_clone().unwrap(), screen.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(length @ 1..) = read.read(&mut buffer) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        });
        Self { keyboard, screen, program }
    }

    fn wait_for(&self, text: &str) {
        let start = Instant::now();
        while !self.screen.lock().unwrap().contains(text) {
            assert!(start.elapsed() < LIMIT, "{text:?} does not come: {:?}", self.screen.lock().unwrap());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn press_control_c(&mut self) {
        self.keyboard.write_all(&[3]).unwrap();
    }
}

#[test]
fn control_c_stops_in_good_order() {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_for("host: terminal");
    terminal.press_control_c();
    terminal.wait_for("stopping: Some(Requested)");
    assert_eq!(terminal.program.wait().0.code(), Some(0));
}

#[test]
fn a_second_control_c_ends_at_once() {
    let mut terminal = Terminal::start(&[("IGNORE_STOP", "1")]);
    terminal.wait_for("host: terminal");
    terminal.press_control_c();
    terminal.wait_for("stopping: Some(Requested)");
    terminal.press_control_c();
    let (status, took) = terminal.program.wait();
    assert_eq!(status.code(), Some(130));
    assert!(took < Duration::from_secs(1), "{took:?}");
}
