//! A machine with the program on it, and what is looked at there.

use landfall_verify::lab::{Laboratory, Outcome, Snapshot};
use serde_json::Value;
use std::fs::File;
use std::time::{Duration, Instant};

/// Where the program is put, as somebody would who installs it without a package.
pub(crate) const PROGRAM: &str = "/usr/local/bin/wats-client";
/// The server of the demonstration, on the machine itself.
pub(crate) const SERVER: &str = "http://127.0.0.1:9000";
/// Longest wait for something to happen.
const LIMIT: Duration = Duration::from_secs(30);

/// A laboratory with the program.
pub(crate) struct Machine<L>(pub(crate) L);

impl<L: Laboratory> Machine<L> {
    pub(crate) fn new(lab: L) -> Self {
        let mut program = File::open(env!("CARGO_BIN_EXE_wats-client")).unwrap();
        lab.pour(PROGRAM, &mut program).unwrap();
        let machine = Self(lab);
        machine.sh(&format!(
            "chmod 0755 {PROGRAM}; printf dG9rZW46dG9rZW4= >/root/token; chmod 0600 /root/token"
        ));
        machine
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn start_server(&self) {
        self.sh(&format!(
            "setsid {PROGRAM} demo --server-only --listen 127.0.0.1:9000 >/root/server.log 2>&1 </dev/null &"
        ));
        self.wait(&format!("curl -fs {SERVER}/api/health"));
    }

    /// Output of a script that must succeed.
    pub(crate) fn sh(&self, text: &str) -> String {
        self.0.script(text).and_then(Outcome::ok).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Whether a script succeeds.
    pub(crate) fn holds(&self, text: &str) -> bool {
        self.0.script(text).unwrap().success()
    }

    /// Waits until a script succeeds.
    pub(crate) fn wait(&self, text: &str) {
        let end = Instant::now() + LIMIT;
        while !self.holds(text) {
            assert!(Instant::now() < end, "in vain: {text}\n{}", self.0.script("journalctl -n 40").unwrap());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs the program with words of the shell.
    pub(crate) fn client(&self, words: &str) -> Outcome {
        self.0.script(&format!("{PROGRAM} {words}")).unwrap()
    }

    /// Runs the program, which must end with a code; gives everything it said.
    pub(crate) fn ends(&self, code: i32, words: &str) -> String {
        let outcome = self.client(words);
        assert_eq!(outcome.code, Some(code), "{outcome}");
        outcome.text()
    }

    /// The same with an answer in JSON.
    pub(crate) fn json(&self, code: i32, words: &str) -> Value {
        let outcome = self.client(&format!("{words} --json"));
        assert_eq!(outcome.code, Some(code), "{outcome}");
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        self.0.read(path).unwrap()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.0.snapshot().unwrap()
    }

    /// What is different now, without what every start of a service leaves.
    pub(crate) fn since(&self, before: &Snapshot) -> String {
        self.snapshot().since(before).to_string()
    }

    /// Waits until the service says that it talks with its server.
    pub(crate) fn connected(&self, port: u16) {
        self.wait(&format!(
            "curl -fs http://127.0.0.1:{port}/health/details | grep -q '\"state\":\"connected\"'"
        ));
    }

    /// Nothing is different, apart from what service and server have written themselves.
    pub(crate) fn same_but_logs(&self, before: &Snapshot) {
        let now = self.since(before);
        let own = ["/var/log/", "/var/lib/wats-client", "/root/server.log"];
        let other: Vec<&str> =
            now.lines().filter(|line| !own.iter().any(|path| line.contains(path))).collect();
        assert_eq!(other, Vec::<&str>::new());
    }

    /// As with packages, the locked account stays, so that its number is not used again.
    pub(crate) fn nothing_but_accounts(&self, before: &Snapshot) {
        let now = self.since(before);
        let accounts = ["passwd", "group", "shadow", "gshadow", "subuid", "subgid"];
        let known = |line: &&str| accounts.iter().any(|file| line.contains(&format!("/etc/{file}")));
        let other: Vec<&str> = now.lines().filter(|line| !known(line)).collect();
        assert_eq!(other, Vec::<&str>::new());
    }
}
