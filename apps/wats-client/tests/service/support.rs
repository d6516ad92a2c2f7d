//! A station with a server, folders and a client.

use serde_json::Value;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::ExitStatus;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wats_simulator::Simulator;

pub(crate) const SAMPLE: &str = include_str!("../../samples/final-test-passed.json");
/// Longest time any step of a test may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The program to test, without the environment of whoever runs the tests.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wats-client"));
    command.env_clear();
    // Without these, a program on Windows finds neither its network nor a place for temporary files.
    for name in ["SystemRoot", "TEMP"] {
        command.envs(std::env::var_os(name).filter(|_| cfg!(windows)).map(|value| (name, value)));
    }
    command
}

/// A report of its own, without an id.
pub(crate) fn report(serial_number: &str) -> String {
    SAMPLE.replace("SN-0001", serial_number).replace("\"id\": \"", "\"note\": \"")
}

/// A station: a server, and folders for one client.
pub(crate) struct Station {
    pub(crate) server: Simulator,
    pub(crate) folder: TempDir,
    pub(crate) health: SocketAddr,
    /// Lines for the tables of the configuration, by table.
    settings: Vec<(&'static str, String)>,
    /// More tables for the end of the configuration.
    more: String,
}

impl Station {
    pub(crate) fn new() -> Self {
        Self::with(Simulator::start().unwrap())
    }

    pub(crate) fn with(server: Simulator) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let health = free_address();
        fs::write(folder.path().join("token"), "dG9rZW4=").unwrap();
        fs::create_dir(folder.path().join("watch")).unwrap();
        let mut station = Self { server, folder, health, settings: Vec::new(), more: String::new() };
        let path = |name: &str| station.path(name).display().to_string();
        let (watch, done, error, queue, token) =
            (path("watch"), path("done"), path("error"), path("queue"), path("token"));
        let url = station.server.url();
        station.set("server", "url", &format!("{url:?}"));
        station.set("server", "token-file", &format!("{token:?}"));
        station.set("station", "name", "\"FCT-01\"");
        station.set("station", "location", "\"Line 1\"");
        station.set("station", "purpose", "\"Production\"");
        station.set("[watch]", "folder", &format!("{watch:?}"));
        station.set("[watch]", "done", &format!("{done:?}"));
        station.set("[watch]", "error", &format!("{error:?}"));
        station.set("[watch]", "settle", "\"100ms\"");
        station.set("[watch]", "rescan", "\"1s\"");
        station.set("queue", "folder", &format!("{queue:?}"));
        station.set("queue", "min-free-disk", "0");
        station.set("upload", "rate-per-minute", "0");
        station.set("upload", "retry-first", "\"100ms\"");
        station.set("upload", "retry-limit", "\"500ms\"");
        station.set("health", "listen", &format!("\"{health}\""));
        station.set("web", "listen", "\"\"");
        station
    }

    /// Sets a key, or takes it out when the value is empty.
    pub(crate) fn set(&mut self, table: &'static str, key: &str, value: &str) {
        let start = format!("{key} = ");
        self.settings.retain(|(other, line)| *other != table || !line.starts_with(&start));
        if !value.is_empty() {
            self.settings.push((table, start + value));
        }
    }

    /// Watches one more folder, named like what happens to its files.
    pub(crate) fn watch(&mut self, post_action: &str) {
        let path = |name: &str| self.path(name).display().to_string();
        let (watch, done, error) = (path(post_action), path(&format!("{post_action}-done")), path("error"));
        fs::create_dir_all(&watch).unwrap();
        let keys = self.settings.iter().filter(|(table, _)| *table == "[watch]").map(|(_, line)| line);
        let shared = ["folder", "done", "error", "post-action"];
        let keys = keys.filter(|line| !shared.iter().any(|key| line.starts_with(&format!("{key} ="))));
        let keys: Vec<&str> = keys.map(String::as_str).collect();
        self.more += &format!(
            "[[watch]]\nfolder = {watch:?}\ndone = {done:?}\nerror = {error:?}\npost-action = {post_action:?}\n{}\n",
            keys.join("\n")
        );
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration and gives its path.
    pub(crate) fn config(&self) -> PathBuf {
        let mut text = String::new();
        let own = ["plugins", "command.mine"].into_iter();
        let own = own.filter(|table| self.settings.iter().any(|(of, _)| of == table));
        for table in ["server", "proxy", "station", "[watch]", "queue", "upload", "health", "web", "log"]
            .into_iter()
            .chain(own)
        {
            text += &format!("[{table}]\n");
            for (_, line) in self.settings.iter().filter(|(of, _)| *of == table) {
                text += &format!("{line}\n");
            }
        }
        let path = self.path("config.toml");
        text += &self.more;
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn start(&self) -> Client {
        self.start_with(|command| command)
    }

    pub(crate) fn start_with(&self, change: impl FnOnce(&mut Command) -> &mut Command) -> Client {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = program();
        command.arg("run").arg("--config").arg(self.config()).stderr(log).stdin(Stdio::null());
        command.env("RUNTIME_DIRECTORY", self.runtime_folder());
        Client { child: change(&mut command).spawn().unwrap() }
    }

    /// Puts a report with this serial number into the watched folder.
    pub(crate) fn put(&self, serial_number: &str) {
        self.put_text(&format!("{serial_number}.json"), report(serial_number));
    }

    pub(crate) fn put_text(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path("watch").join(name), text).unwrap();
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Waits until a condition holds; fails with the log when it does not in time.
    pub(crate) fn wait(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            assert!(
                start.elapsed() < LIMIT,
                "waited in vain for {what}\nserver: {:?}\nwatch: {:?}\nlog:\n{}",
                self.server.summary(),
                names(&self.path("watch")),
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until this many different reports have arrived.
    pub(crate) fn wait_for(&self, reports: usize) {
        self.wait(&format!("{reports} reports"), |station| station.server.summary().distinct >= reports);
    }

    /// The one report that arrived with this serial number.
    pub(crate) fn arrived(&self, serial_number: &str) -> Value {
        let ids = self.server.summary().ids.into_keys();
        let mut found = ids
            .map(|id| self.server.received(&id).unwrap().report)
            .filter(|report| report["sn"] == serial_number);
        let report = found.next().unwrap_or_else(|| panic!("{serial_number} has not arrived"));
        assert!(found.next().is_none(), "{serial_number} has arrived under two ids");
        report
    }

    /// Asks a health endpoint: status and body.
    pub(crate) fn ask(&self, path: &str) -> Option<(u16, String)> {
        http(self.health, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    }

    pub(crate) fn details(&self) -> Value {
        self.ask("/health/details").and_then(|(_, body)| serde_json::from_str(&body).ok()).unwrap_or_default()
    }

    /// Name of this station's instance.
    pub(crate) fn instance(&self) -> String {
        self.folder.path().file_name().unwrap().to_string_lossy().into_owned()
    }

    /// The run-time folder that a service manager would give to the instance.
    pub(crate) fn runtime_folder(&self) -> PathBuf {
        self.path(&format!("wats-client@{}", self.instance())).join("run")
    }

    /// Asks the running service, as an administrator would, with these arguments.
    pub(crate) fn status(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.args(["status", "--instance", &self.instance()]).args(arguments);
        command.env("RUNTIME_DIRECTORY", self.runtime_folder());
        command
    }

    /// Runs another command of the program on the configuration as it is now, where it finds the running service.
    pub(crate) fn command_beside(&self, arguments: &[&str]) -> Output {
        let mut command = program();
        command.env("RUNTIME_DIRECTORY", self.runtime_folder());
        command.args(arguments).arg("--config").arg(self.path("config.toml")).output().unwrap()
    }

    /// Runs another command of the program on this station's configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        program().args(arguments).arg("--config").arg(self.config()).output().unwrap()
    }
}

/// A free address of this machine, with a port that no connection is given in the meantime.
fn free_address() -> SocketAddr {
    std::iter::repeat_with(|| SocketAddr::from(([127, 0, 0, 1], fastrand::u16(10_000..30_000))))
        .find(|address| TcpListener::bind(address).is_ok())
        .unwrap()
}

/// Sends a request and gives status and body. `None` when nobody answers.
pub(crate) fn http(address: SocketAddr, request: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// The names in a folder, sorted; none when it is not there.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A running client. Killed when dropped.
pub(crate) struct Client {
    child: Child,
}

impl Client {
    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end; gives the exit status and how long that took.
    #[cfg(unix)]
    pub(crate) fn wait(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, start.elapsed());
            }
            assert!(start.elapsed() < LIMIT, "the client does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
