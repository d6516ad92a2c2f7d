//! The emulator: one process, which never outlives this one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::{LabError, Outcome, Result};
use super::image::Image;

/// The program.
pub(super) const PROGRAM: &str = "qemu-system-x86_64";

/// The oldest kind with everything of x86-64-v2. The C library uses the wide instructions of later ones wherever it
/// finds them, and emulated they are slower: the machine starts a quarter faster without them.
const PROCESSOR: &str = "Nehalem";

/// The machine; a saved state fits no other. Never KVM, even where `/dev/kvm` exists: nested virtualisation may
/// accept a machine and then hang in it, and what a run is worth must not depend on it.
pub(super) const HARDWARE: &[&str] = &[
    "-accel",
    "tcg,thread=multi,tb-size=512",
    "-machine",
    "q35",
    "-cpu",
    PROCESSOR,
    "-smp",
    "2",
    "-m",
    "1024",
    "-nodefaults",
    "-no-user-config",
    "-display",
    "none",
    "-rtc",
    "base=utc,clock=host",
];

/// The same for people.
pub(super) const HARDWARE_TITLE: &str = "TCG, q35, Nehalem, 2 processors, 1 GiB";

/// Longest time until the emulator has made its sockets.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How much of the console an error shows, in bytes.
const CONSOLE_END: usize = 2000;

/// Parent of the emulator: ends it, at once, when its own input ends, and that is also when this process is killed.
/// The folder goes too, unless the machine is to be switched on again.
const KEEPER: &str = r#"
folder=$1
shift
setpriv --pdeathsig KILL "$@" </dev/null >"$folder/log" 2>&1 &
echo $!
exec >/dev/null
read -r order
kill -KILL $! 2>/dev/null
wait
[ "$order" = keep ] && exit
cd "$folder" && rm -f disk.qcow2 agent monitor console log
rmdir "$folder" 2>/dev/null
"#;

/// The emulator's version, in its own words.
pub(super) fn version() -> Result<String> {
    let output = Command::new(PROGRAM).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(|error| LabError::Failed(format!("{PROGRAM}: {error}")))?;
    let text = Outcome::new(format!("{PROGRAM} --version"), output).ok()?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// What a machine begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Switched on.
    Cold,
    /// The state that was saved under this name on its disk.
    Saved(&'static str),
}

/// How the disk is kept on this machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cache {
    /// As a real disk with a cache of its own: what the guest has flushed is in the image, with qcow2's tables that
    /// lead to it; what it has not flushed may be lost when the emulator is killed, since those tables are written
    /// late. What the guest's kernel has not written at all is lost in any case. `none` or `writethrough` would say
    /// nothing more about the guest and be slower; `unsafe` would drop the guest's flushes, and with them what is
    /// to be tried.
    Writeback,
    /// Flushes mean nothing: for building, where an image that was not finished is thrown away.
    Unsafe,
}

/// A running emulator. The folder holds `disk.qcow2`, and the sockets, console and log that belong to it.
pub(super) struct Machine {
    keeper: Child,
    process: u32,
    folder: PathBuf,
}

impl Machine {
    /// Starts one on the disk in a folder.
    pub(super) fn start(image: &Image, folder: &Path, start: Start, cache: Cache) -> Result<Self> {
        for socket in ["agent", "monitor"] {
            match fs::remove_file(folder.join(socket)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        File::create(folder.join("console"))?;
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(folder)
            .arg(PROGRAM)
            .args(arguments(image, folder, start, cache))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // An interrupt from the terminal is for this process; the keeper must live to clean up.
            .process_group(0)
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = keeper.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let machine = Self { process: line.trim().parse().unwrap_or(0), keeper, folder: folder.to_owned() };
        if machine.process == 0 { Err(machine.failed("did not start")) } else { Ok(machine) }
    }

    /// Whether it still runs.
    pub(super) fn is_running(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process)).unwrap_or_default();
        // The state stands behind the name; one that has ended stays as a zombie until its keeper asks.
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    }

    /// Connects to one of its sockets.
    pub(super) fn connect(&self, socket: &str) -> Result<UnixStream> {
        let end = Instant::now() + START_LIMIT;
        loop {
            match UnixStream::connect(self.folder.join(socket)) {
                Ok(stream) => return Ok(stream),
                Err(error) if !self.is_running() || Instant::now() > end => {
                    return Err(self.failed(&format!("offers no socket {socket} ({error})")));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// The error with the emulator's messages and the end of the console.
    pub(super) fn failed(&self, what: &str) -> LabError {
        let text = |name| {
            let bytes = fs::read(self.folder.join(name)).unwrap_or_default();
            let start = bytes.len().saturating_sub(CONSOLE_END);
            String::from_utf8_lossy(&bytes[start..]).trim().to_owned()
        };
        LabError::Failed(format!("the virtual machine {what}: {}\n{}", text("log"), text("console")))
    }

    /// Ends it as a power cut does. Its folder stays.
    pub(super) fn cut(mut self) -> Result<()> {
        if let Some(mut input) = self.keeper.stdin.take() {
            input.write_all(b"keep\n")?;
        }
        self.keeper.wait()?;
        Ok(())
    }

    /// Saves its state under a name on its disk and ends it. Its folder stays.
    pub(super) fn save(self, name: &str) -> Result<()> {
        let stream = self.connect("monitor")?;
        let mut answers = BufReader::new(stream.try_clone()?);
        let mut monitor = |command: serde_json::Value| -> Result<serde_json::Value> {
            (&stream).write_all(format!("{command}\n").as_bytes())?;
            loop {
                let mut line = String::new();
                if answers.read_line(&mut line)? == 0 {
                    return Err(self.failed("closed its monitor"));
                }
                let answer: serde_json::Value =
                    serde_json::from_str(&line).map_err(|error| LabError::Failed(error.to_string()))?;
                // Greeting and events stand between the answers.
                if answer.get("return").is_some() || answer.get("error").is_some() {
                    return Ok(answer);
                }
            }
        };
        monitor(serde_json::json!({"execute": "qmp_capabilities"}))?;
        let command = serde_json::json!({
            "execute": "human-monitor-command",
            "arguments": {"command-line": format!("savevm {name}")},
        });
        let answer = monitor(command)?;
        // This command has no errors, only words.
        if answer["return"] != "" {
            return Err(self.failed(&format!("did not save its state: {answer}")));
        }
        monitor(serde_json::json!({"execute": "quit"}))?;
        let end = Instant::now() + START_LIMIT;
        while self.is_running() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        if self.is_running() {
            return Err(self.failed("did not quit"));
        }
        self.cut()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn arguments(image: &Image, folder: &Path, start: Start, cache: Cache) -> Vec<OsString> {
    let path = |path: PathBuf| {
        let mut text = OsString::new();
        // A comma in a value is written twice.
        text.push(path.to_string_lossy().replace(',', ",,"));
        text
    };
    let with = |before: &str, file: PathBuf, after: &str| {
        let mut text = OsString::from(before);
        text.push(path(file));
        text.push(after);
        text
    };
    let mut all: Vec<OsString> = HARDWARE.iter().map(OsString::from).collect();
    let mut add = |name: &str, value: OsString| all.extend([OsString::from(name), value]);
    add("-kernel", image.kernel().into());
    add("-initrd", image.initrd().into());
    add("-append", image.command_line().into());
    add("-serial", with("file:", folder.join("console"), ""));
    let cache = if cache == Cache::Writeback { "writeback" } else { "unsafe" };
    let disk = format!(",cache={cache},backing.driver=raw,backing.file.driver=file,backing.file.filename=");
    let mut drive = with("if=none,id=disk,format=qcow2,file=", folder.join("disk.qcow2"), &disk);
    drive.push(path(image.disk()));
    add("-drive", drive);
    add("-device", "virtio-blk-pci,drive=disk".into());
    add("-chardev", with("socket,id=agent,server=on,wait=off,path=", folder.join("agent"), ""));
    add("-device", "virtio-serial-pci".into());
    add("-device", "virtserialport,chardev=agent,name=agent".into());
    add("-qmp", with("unix:", folder.join("monitor"), ",server=on,wait=off"));
    if let Start::Saved(name) = start {
        add("-loadvm", name.into());
    }
    all
}
