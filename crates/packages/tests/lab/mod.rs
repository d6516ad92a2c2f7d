//! Laboratories: throw-away Debian machines in which packages are really installed, upgraded and removed.
//!
//! [`Root`] builds and keeps base systems. [`Chroot`] is one without a running system: what package managers and
//! maintainer scripts do is seen, no service starts. [`Booted`] is one under systemd. Both are gone, with
//! everything in them, when the value is dropped or the test is killed.

// Each test program uses its part.
#![allow(dead_code, unreachable_pub, unused_imports)]

mod booted;
mod chroot;
mod holder;
mod root;
mod snapshot;

use std::fmt;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

pub use booted::Booted;
pub use chroot::Chroot;
pub use root::Root;
pub use snapshot::{Difference, Snapshot};

/// Longest time that one command may take, in seconds.
const COMMAND_LIMIT: u32 = 300;

/// Where a package is put before it is installed.
const INBOX: &str = "/tmp/laboratory";

/// Why something in a laboratory did not work.
#[derive(Debug)]
pub enum LabError {
    /// This machine lacks something; the text says what, and how to get it. Tests skip.
    Missing(String),
    /// It ought to have worked.
    Failed(String),
}

impl fmt::Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => write!(f, "needs {what}"),
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

pub type Result<T> = std::result::Result<T, LabError>;

/// The value, or `None` with a visible line where the machine cannot have it.
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
        Err(LabError::Failed(what)) => panic!("{what}"),
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
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// The package file; its ending tells the package manager.
    pub file: &'a Path,
    /// Its name in the package manager's database.
    pub name: &'a str,
}

/// What a package manager does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Puts a new package on the machine.
    Install,
    /// Puts it over another version of itself.
    Upgrade,
    /// Takes it away.
    Remove,
    /// Takes its configuration away too.
    Purge,
}

impl Package<'_> {
    /// The package manager's command for a step; `subject` is the file in the laboratory, or the name.
    fn command(&self, step: Step, subject: &str) -> Result<Vec<String>> {
        let ending = |ending: &str| self.file.to_string_lossy().ends_with(ending);
        let words: &[&str] = if ending(".deb") {
            match step {
                Step::Install | Step::Upgrade => &["dpkg", "--install"],
                Step::Remove => &["dpkg", "--remove"],
                Step::Purge => &["dpkg", "--purge"],
            }
        } else if ending(".rpm") {
            // The names in a Debian system's rpm database satisfy nothing.
            match step {
                Step::Install => &["rpm", "--install", "--nodeps"],
                // As the others do: also over the same version and over a newer one.
                Step::Upgrade => &["rpm", "--upgrade", "--nodeps", "--oldpackage", "--replacepkgs"],
                Step::Remove => &["rpm", "--erase"],
                Step::Purge => &[],
            }
        } else if ending(".pkg.tar.zst") {
            match step {
                Step::Install | Step::Upgrade => &["pacman", "--noconfirm", "-Udd"],
                Step::Remove => &["pacman", "--noconfirm", "-R"],
                Step::Purge => &["pacman", "--noconfirm", "-Rn"],
            }
        } else {
            &[]
        };
        if words.is_empty() {
            return Err(LabError::Failed(format!("no {step:?} for {}", self.file.display())));
        }
        Ok(words.iter().copied().chain([subject]).map(str::to_owned).collect())
    }
}

/// A machine to try packages on.
pub trait Laboratory {
    /// A command that runs on the machine as root, in `/`, with a bare environment; arguments are to be added.
    fn command(&self, program: &str) -> Command;

    /// Where this process sees the machine's `/`. Only for walks that follow no link: an absolute link would
    /// lead out.
    fn root(&self) -> PathBuf;

    /// Installs a package that is not there yet.
    ///
    /// # Errors
    /// When its file cannot be read or the package manager cannot be started.
    fn install(&self, package: &Package<'_>) -> Result<Outcome> {
        self.put(package, Step::Install)
    }

    /// Installs a package over an older or newer version of itself.
    ///
    /// # Errors
    /// As [`Laboratory::install`].
    fn upgrade(&self, package: &Package<'_>) -> Result<Outcome> {
        self.put(package, Step::Upgrade)
    }

    /// Removes a package; configuration stays where its manager keeps it.
    ///
    /// # Errors
    /// As [`Laboratory::install`].
    fn remove(&self, package: &Package<'_>) -> Result<Outcome> {
        self.run_words(&package.command(Step::Remove, package.name)?)
    }

    /// Removes a package or what is left of it, with its configuration.
    ///
    /// # Errors
    /// As [`Laboratory::install`], and where the manager knows no such step.
    fn purge(&self, package: &Package<'_>) -> Result<Outcome> {
        self.run_words(&package.command(Step::Purge, package.name)?)
    }

    /// Runs a command.
    ///
    /// # Errors
    /// When it cannot be started.
    fn run(&self, words: &[&str]) -> Result<Outcome> {
        self.run_words(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
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

    /// What is on the machine's own file system now.
    ///
    /// # Errors
    /// When it cannot be walked.
    fn snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot::take(&self.root())?)
    }

    #[doc(hidden)]
    fn put(&self, package: &Package<'_>, step: Step) -> Result<Outcome> {
        let name = package.file.file_name().unwrap_or_default().to_string_lossy();
        let path = format!("{INBOX}/{name}");
        let mut file = File::open(package.file)
            .map_err(|error| LabError::Failed(format!("{}: {error}", package.file.display())))?;
        self.pour(&path, &mut file)?;
        self.run_words(&package.command(step, &path)?)
    }

    #[doc(hidden)]
    fn pour(&self, path: &str, content: &mut dyn io::Read) -> Result<()> {
        let mut command = self.command("sh");
        command.args(["-ec", "mkdir -p \"$(dirname \"$0\")\"; cat >\"$0\"", path]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let copied = child.stdin.take().map(|mut input| io::copy(content, &mut input));
        Outcome::new(format!("write {path}"), child.wait_with_output()?).ok()?;
        copied.transpose()?;
        Ok(())
    }

    #[doc(hidden)]
    fn run_words(&self, words: &[String]) -> Result<Outcome> {
        let (program, arguments) =
            words.split_first().ok_or_else(|| LabError::Failed("an empty command".to_owned()))?;
        let output = self.command(program).args(arguments).stdin(Stdio::null()).output()?;
        Ok(Outcome::new(words.join(" "), output))
    }
}

/// A command of this machine with a bare environment and an end.
fn bare(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.env_clear().envs([
        ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOME", "/root"),
        ("LC_ALL", "C.UTF-8"),
        ("DEBIAN_FRONTEND", "noninteractive"),
    ]);
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
        return Err(LabError::Missing("root (run the test with sudo)".to_owned()));
    }
    let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    for (tool, package) in tools {
        if !folders.iter().any(|folder| Path::new(folder).join(tool).exists()) {
            return Err(LabError::Missing(format!("{tool} (apt-get install {package})")));
        }
    }
    Ok(())
}

/// Says how long something took, in the test's output.
pub fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = work();
    eprintln!("{:7.2} s  {what}", start.elapsed().as_secs_f64());
    value
}
