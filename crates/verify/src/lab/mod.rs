//! Laboratories: throw-away machines in which packages are really installed, upgraded and removed.
//!
//! [`Root`] builds and keeps base systems. [`Chroot`] is one without a running system: what package managers and
//! maintainer scripts do is seen, no service starts. [`Booted`] is one under systemd, [`vm::Vm`] one with a kernel of
//! its own. All are gone, with everything in them, when the value is dropped or the process is killed.
//!
//! [`Manager`] is how packages get onto a machine, [`Services`] how services are looked after there.

mod alpine;
mod bare;
mod booted;
pub mod catalogue;
mod chroot;
mod emulation;
mod foreground;
mod holder;
mod managers;
mod rhel;
mod root;
mod services;
mod snapshot;
pub mod vm;
mod wine;

use std::fmt;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

pub use booted::Booted;
pub use catalogue::Blueprint;
pub use chroot::Chroot;
pub use foreground::ServiceCommand;
pub use managers::{APK, ARCHIVE, DNF_EL8, DNF_EL9, DPKG, MSI, Manager, PACMAN, RPM};
pub use root::Root;
pub use services::{ServiceState, Services, Verb};
pub use snapshot::{Difference, PASSED_OVER, PASSED_OVER_BY_WINDOWS, Snapshot};

/// Longest time that one command may take, in seconds.
const COMMAND_LIMIT: u32 = 300;

/// Folder for what a laboratory needs itself: packages before they are installed, helpers. It counts as no part of
/// the machine.
pub const INBOX: &str = "/opt/laboratory";

/// Why something in a laboratory did not work.
#[derive(Debug)]
pub enum LabError {
    /// This machine lacks something; the text says what, and how to get it.
    Missing(String),
    /// The laboratory has no such thing: a machine without a power switch.
    Unsupported(&'static str),
    /// It ought to have worked.
    Failed(String),
}

impl fmt::Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => write!(f, "needs {what}"),
            Self::Unsupported(what) => write!(f, "a laboratory of this kind {what}"),
            Self::Failed(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for LabError {}

impl From<io::Error> for LabError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What laboratories answer.
pub type Result<T> = std::result::Result<T, LabError>;

/// For tests: the value, or `None` with a visible line where the machine cannot have it.
///
/// # Panics
/// When it ought to have worked.
pub fn available<T>(value: Result<T>) -> Option<T> {
    match value {
        Ok(value) => Some(value),
        Err(LabError::Missing(what)) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED: needs {what}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// What a command said.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The command, for messages.
    pub command: String,
    /// Exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    fn new(command: String, output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { command, code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Everything it said.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Whether it ended with 0.
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// Standard output without the last line break, if it ended with 0.
    ///
    /// # Errors
    /// With everything it said, if not.
    pub fn ok(self) -> Result<String> {
        if self.success() {
            Ok(self.stdout.trim_end_matches('\n').to_owned())
        } else {
            Err(LabError::Failed(self.to_string()))
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        write!(f, "{}: ended with {code}\n{}{}", self.command, self.stdout, self.stderr)
    }
}

/// A package to try.
#[derive(Clone, Copy)]
pub struct Package<'a> {
    /// The package file.
    pub file: &'a Path,
    /// Its name in the package manager's database.
    pub name: &'a str,
    /// The package manager.
    pub manager: &'static dyn Manager,
}

/// What a package manager does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Puts a new package on the machine.
    Install,
    /// Puts it over an older version of itself.
    Upgrade,
    /// Puts it over the same version of itself.
    Reinstall,
    /// Puts it over a newer version of itself.
    Downgrade,
    /// Puts it on the machine after an interruption and [`Manager::repair`].
    Restore,
    /// Takes it away.
    Remove,
    /// Takes its configuration and data away too, or what is left of them.
    Purge,
}

/// A machine to try packages on.
pub trait Laboratory {
    /// Runs a command on the machine as root, in `/`, with a bare environment.
    ///
    /// # Errors
    /// When it cannot be started; a command that fails is no error.
    fn invoke(&self, words: &[&str], input: Option<&mut dyn io::Read>) -> Result<Outcome>;

    /// Runs a shell on the machine for whoever sits at this terminal, until it ends.
    ///
    /// # Errors
    /// When it cannot be started.
    fn shell(&self) -> Result<()> {
        Err(LabError::Unsupported("has no terminal"))
    }

    /// What is on the machine's own file system now.
    ///
    /// # Errors
    /// When it cannot be walked.
    fn snapshot(&self) -> Result<Snapshot>;

    /// What looks after services there.
    fn services(&self) -> Services;

    /// Where the commands that [`Laboratory::run`] runs find a path of the machine's own.
    fn path(&self, path: &str) -> String {
        path.to_owned()
    }

    /// Whether files have owners and permission bits there.
    fn has_modes(&self) -> bool {
        true
    }

    /// Says how a service is started, for machines on which nothing but a person starts it; others take no notice.
    /// Its file lies in the laboratory's own folder.
    ///
    /// # Errors
    /// When it cannot be written.
    fn declare_service(&self, service: &ServiceCommand<'_>) -> Result<()> {
        match self.services() {
            Services::Foreground => self.write(&foreground::path(service.name), &service.script()),
            _ => Ok(()),
        }
    }

    /// Leaves so many bytes free on the machine's disk; `None` takes the limit away.
    ///
    /// # Errors
    /// [`LabError::Unsupported`] where the disk cannot be made smaller.
    fn limit_disk(&self, _free: Option<u64>) -> Result<()> {
        Err(LabError::Unsupported("has no disk of a size that can be changed"))
    }

    /// Restarts the machine in good order and waits until it is up.
    ///
    /// # Errors
    /// When it does not come up; [`LabError::Unsupported`] where nothing runs that could be restarted.
    fn reboot(&mut self) -> Result<()> {
        Err(LabError::Unsupported("has no running system to restart"))
    }

    /// Takes the machine's power away, at once, and starts it again.
    ///
    /// # Errors
    /// As [`Laboratory::reboot`].
    fn cut_power(&mut self) -> Result<()> {
        Err(LabError::Unsupported("shares the kernel of this machine, whose power cannot be cut"))
    }

    /// Runs a command.
    ///
    /// # Errors
    /// When it cannot be started.
    fn run(&self, words: &[&str]) -> Result<Outcome> {
        self.invoke(words, None)
    }

    /// Runs a shell script that ends at its first failing command.
    ///
    /// # Errors
    /// When the shell cannot be started.
    fn script(&self, text: &str) -> Result<Outcome> {
        self.run(&["sh", "-ec", text])
    }

    /// A file's text; `None` where there is none.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    fn read(&self, path: &str) -> Result<Option<String>> {
        let outcome = self.run(&["sh", "-ec", "[ -e \"$0\" ] || exit 3; cat \"$0\"", path])?;
        if outcome.code == Some(3) { Ok(None) } else { outcome.clone().ok().map(|_| Some(outcome.stdout)) }
    }

    /// Writes a file, making the folders that lead to it.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(&self, path: &str, content: &str) -> Result<()> {
        self.pour(path, &mut content.as_bytes())
    }

    /// Writes a file from a source, making the folders that lead to it.
    ///
    /// # Errors
    /// When it cannot be written.
    fn pour(&self, path: &str, content: &mut dyn io::Read) -> Result<()> {
        let script = "mkdir -p \"${0%/*}\"; cat >\"$0\"";
        self.invoke(&["sh", "-ec", script, path], Some(content))?.ok().map(drop)
    }

    /// Puts a package's file on the machine, and the tool that its manager needs; the path there.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    fn bring(&self, package: &Package<'_>) -> Result<String> {
        let name = package.file.file_name().unwrap_or_default().to_string_lossy();
        let path = format!("{INBOX}/{name}");
        let mut file = File::open(package.file)
            .map_err(|error| LabError::Failed(format!("{}: {error}", package.file.display())))?;
        self.pour(&path, &mut file)?;
        if let Some((path, script)) = package.manager.tool() {
            self.write(path, script)?;
        }
        Ok(path)
    }

    /// Lets the package manager do something with a package.
    ///
    /// # Errors
    /// When its file cannot be read or the package manager cannot be started; [`LabError::Unsupported`] where the
    /// package manager knows no such action.
    fn manage(&self, action: Action, package: &Package<'_>) -> Result<Outcome> {
        let subject = match action {
            Action::Remove | Action::Purge => package.name.to_owned(),
            _ => self.bring(package)?,
        };
        let words = package.manager.command(action, &subject, package.name);
        let words = words.ok_or(LabError::Unsupported("has a package manager without such a step"))?;
        self.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// [`Action::Install`].
    ///
    /// # Errors
    /// As [`Laboratory::manage`].
    fn install(&self, package: &Package<'_>) -> Result<Outcome> {
        self.manage(Action::Install, package)
    }

    /// [`Action::Upgrade`].
    ///
    /// # Errors
    /// As [`Laboratory::manage`].
    fn upgrade(&self, package: &Package<'_>) -> Result<Outcome> {
        self.manage(Action::Upgrade, package)
    }

    /// [`Action::Remove`].
    ///
    /// # Errors
    /// As [`Laboratory::manage`].
    fn remove(&self, package: &Package<'_>) -> Result<Outcome> {
        self.manage(Action::Remove, package)
    }

    /// [`Action::Purge`].
    ///
    /// # Errors
    /// As [`Laboratory::manage`].
    fn purge(&self, package: &Package<'_>) -> Result<Outcome> {
        self.manage(Action::Purge, package)
    }

    /// What an address of the machine's own network answers; `None` where nobody answers with success.
    ///
    /// # Errors
    /// When the machine has no program that could ask.
    fn http(&self, address: &str) -> Result<Option<String>> {
        let outcome = self.run(&["sh", "-c", HTTP_HELPER, "http", address])?;
        match outcome.code {
            Some(0) => Ok(Some(outcome.stdout)),
            Some(127) => Err(LabError::Failed("the laboratory has neither curl nor wget".to_owned())),
            _ => Ok(None),
        }
    }
}

/// A script that prints what the address in `$1` answers.
pub(crate) const HTTP_HELPER: &str = r#"#!/bin/sh
if command -v curl >/dev/null; then exec curl -fsS -m 5 "$1"; fi
if command -v wget >/dev/null; then exec wget -q -T 5 -O - "$1"; fi
exit 127
"#;

/// Runs a command of this machine that leads into a laboratory, and writes `input` to it.
fn converse(mut command: Command, words: &[&str], input: Option<&mut dyn io::Read>) -> Result<Outcome> {
    let Some(input) = input else {
        return Ok(Outcome::new(words.join(" "), command.args(words).stdin(Stdio::null()).output()?));
    };
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let copied = child.stdin.take().map(|mut pipe| io::copy(input, &mut pipe));
    let outcome = Outcome::new(words.join(" "), child.wait_with_output()?);
    // What the command says of itself is the better explanation of a broken pipe.
    if outcome.success() {
        copied.transpose()?;
    }
    Ok(outcome)
}

/// The whole environment of a command.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
    ("HOME", "/root"),
    ("LC_ALL", "C.UTF-8"),
    ("DEBIAN_FRONTEND", "noninteractive"),
];

/// A command of this machine with a bare environment and an end.
fn bare(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.env_clear().envs(ENVIRONMENT);
    command.args(["--kill-after=5", &COMMAND_LIMIT.to_string(), program]);
    command
}

/// Checks that this process may make namespaces and that tools are there; `tools` are programs and their Debian
/// packages.
///
/// # Errors
/// [`LabError::Missing`] if not.
fn require(tools: &[(&str, &str)]) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Err(LabError::Missing("root (run it with sudo)".to_owned()));
    }
    let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    for (tool, package) in tools {
        if !folders.iter().any(|folder| Path::new(folder).join(tool).exists()) {
            return Err(LabError::Missing(format!("{tool} (apt-get install {package})")));
        }
    }
    Ok(())
}

/// Says how long something took, on standard error.
pub fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = work();
    eprintln!("{:7.2} s  {what}", start.elapsed().as_secs_f64());
    value
}
