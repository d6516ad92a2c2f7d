//! A project folder and the command line, short enough that each test reads as a story.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The keys that every manifest needs.
pub(crate) const PRODUCT: &str = r#"[product]
name = "demo"
version = "1.2.3"
maintainer = "Jo Doe <jo@example.com>"
license = "MIT"
homepage = "https://example.com/demo"
summary = "Shows things"
"#;

/// A project folder of one test, open to all accounts.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// A project with this manifest below the usual `[product]`, from line 8 on.
    pub(crate) fn new(manifest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let project = Self { folder };
        project.file("landfall.toml", &format!("{PRODUCT}{manifest}"));
        project
    }

    /// A project with a script as program, a service, configuration and documentation.
    pub(crate) fn service() -> Self {
        let project = Self::new(
            r#"
[programs.demo]
path = "demo.sh"
[[files]]
source = "demo.toml"
destination = "{config}/demo.toml"
role = "config"
[[files]]
source = "README.md"
destination = "{doc}/"
role = "documentation"
[service]
program = "demo"
arguments = ["run"]
account = "demo"
"#,
        );
        project.program("demo.sh", "#!/bin/sh\necho demo\n");
        project.file("demo.toml", "x = 1\n");
        project.file("README.md", "# Demo\n");
        project
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn file(&self, relative: &str, text: &str) -> &Self {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn program(&self, relative: &str, text: &str) -> &Self {
        self.file(relative, text);
        fs::set_permissions(self.path(relative), fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Runs `landfall` here with these arguments, separated by spaces.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        self.command(arguments).ran()
    }

    pub(crate) fn command(&self, arguments: &str) -> Landfall {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.args(arguments.split_whitespace());
        Landfall::at(command, self.folder.path())
    }

    /// The same as another user without privileges; `None` where this test does not run as root.
    pub(crate) fn command_as_nobody(&self, arguments: &str) -> Option<Landfall> {
        if fs::metadata("/proc/self").map_or(1, |m| m.uid()) != 0 {
            skipped("root, to run as another user");
            return None;
        }
        // The binary may stand in a folder that only root may enter.
        let copy = self.path(".landfall-binary");
        fs::copy(env!("CARGO_BIN_EXE_landfall"), &copy).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy);
        command.args(arguments.split_whitespace());
        Some(Landfall::at(command, self.folder.path()))
    }

    /// Names of the files in a folder, sorted.
    pub(crate) fn names(&self, relative: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(relative))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn release(&self, folder: &str) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.path(folder).join("release.json")).unwrap()).unwrap()
    }
}

/// A command about to run.
pub(crate) struct Landfall(Command);

impl Landfall {
    fn at(mut command: Command, folder: &Path) -> Self {
        command.current_dir(folder).env("SOURCE_DATE_EPOCH", "1700000000").env_remove("NO_COLOR");
        Self(command)
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    pub(crate) fn ran(mut self) -> Ran {
        Ran(self.0.output().unwrap())
    }

    pub(crate) fn into_inner(self) -> Command {
        self.0
    }
}

/// A command that has run.
pub(crate) struct Ran(Output);

impl Ran {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// It must have succeeded; gives what it printed.
    pub(crate) fn ok(&self) -> String {
        assert_eq!(self.code(), 0, "stdout: {}\nstderr: {}", self.stdout(), self.stderr());
        self.stdout()
    }

    /// It must have failed with this exit code and with these words in its message.
    pub(crate) fn fails(&self, code: i32, words: &[&str]) {
        let text = self.stderr();
        assert_eq!(self.code(), code, "stdout: {}\nstderr: {text}", self.stdout());
        for word in words {
            assert!(text.contains(word), "\"{word}\" is not in:\n{text}");
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).unwrap()
    }
}

/// Whether a tool is there; says so visibly where it is not.
pub(crate) fn has(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    if !found {
        skipped(tool);
    }
    found
}

/// Says visibly, past the test harness's capture, that a test did not run.
pub(crate) fn skipped(needs: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED: {name} needs {needs}");
}

/// Runs a tool that must succeed; gives its standard output.
pub(crate) fn tool(command: &str, arguments: &[&str]) -> String {
    let out = Command::new(command).args(arguments).output().unwrap();
    assert!(out.status.success(), "{command} {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}
