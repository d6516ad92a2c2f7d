//! Finding and running the examples.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// Longest time that anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// The built example of this name.
pub(crate) fn example(name: &str) -> PathBuf {
    // target/debug/deps/runtime-… → target/debug/examples/NAME
    let own = std::env::current_exe().unwrap();
    let path = own.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is missing: cargo builds it with `cargo test`", path.display());
    path
}

/// The example of this name with nothing in its environment.
pub(crate) fn command(name: &str) -> Command {
    let mut command = Command::new(example(name));
    command.env_clear();
    command
}

/// A running program, killed when dropped.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(self.0.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Waits for its end; gives the exit status and how long that took.
    pub(crate) fn wait(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return (status, start.elapsed());
            }
            assert!(start.elapsed() < LIMIT, "the program does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until a condition holds.
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LIMIT, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Says that a test does not run here, and what it needs.
pub(crate) fn skipped(needs: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "SKIPPED: needs {needs}");
}
