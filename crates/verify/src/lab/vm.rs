//! A base system with a kernel of its own, for what no namespace can show: a restart of the machine, a power cut,
//! SELinux.

mod agent;
mod blueprint;
mod image;
mod qemu;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use self::agent::Agent;
use self::image::Image;
use self::qemu::{Cache, Machine, Start};
use super::snapshot::FIND_FORMAT;
use super::{
    COMMAND_LIMIT, ENVIRONMENT, INBOX, LabError, Laboratory, Outcome, Result, Root, Services, Snapshot,
    require,
};

pub use self::blueprint::VirtualMachine;

/// Longest start. It takes ten seconds where nothing else runs, and a minute on a busy machine.
const BOOT_LIMIT: Duration = Duration::from_secs(300);

/// Longest silence of a machine: a command ends before.
const PATIENCE: Duration = Duration::from_secs(COMMAND_LIMIT as u64 + 60);

/// A Debian root on a disk of its own, under its own kernel on processors that QEMU emulates. It has no network but its
/// loopback. What is written goes to a temporary file.
pub struct Vm {
    /// `None` only between a power cut and the start after it.
    machine: Option<Machine>,
    agent: Mutex<Agent>,
    image: Image,
    folder: tempfile::TempDir,
}

/// The packages that make a bootable root one for [`Vm`]: a kernel, what finds devices, and the program of the first
/// file system.
pub const PACKAGES: &[&str] = &["busybox-static", "linux-image-cloud-amd64", "udev"];

/// Further packages for a machine whose SELinux is to enforce a policy.
pub const SELINUX_PACKAGES: &[&str] = &["policycoreutils", "selinux-policy-default"];

impl Vm {
    /// Checks that this machine can have one.
    ///
    /// # Errors
    /// [`LabError::Missing`] if not.
    pub fn check() -> Result<()> {
        require(&[
            ("mmdebstrap", "mmdebstrap"),
            ("tar", "tar"),
            ("bash", "bash"),
            ("unshare", "util-linux"),
            ("setpriv", "util-linux"),
            ("mke2fs", "e2fsprogs"),
            (qemu::PROGRAM, "qemu-system-x86"),
            ("qemu-img", "qemu-utils"),
        ])
    }

    /// Opens one that has just started. `root` has [`PACKAGES`], and [`SELINUX_PACKAGES`] if `selinux` is to be
    /// enforced. The first time takes a minute or two, later ones a few seconds.
    ///
    /// # Errors
    /// [`LabError::Missing`] without root, tools or the base system; [`LabError::Failed`] with the console's text
    /// when it does not come up.
    pub fn open(root: &Root, selinux: bool) -> Result<Self> {
        Self::check()?;
        let image = Image::of(root, selinux)?;
        let folder = tempfile::Builder::new().prefix("landfall-lab-").tempdir()?;
        fs::copy(image.saved(), folder.path().join("disk.qcow2"))?;
        let start = Start::Saved(image::SAVED);
        let machine = Machine::start(&image, folder.path(), start, Cache::Writeback)?;
        let agent = Mutex::new(Agent::new(machine.connect("agent")?, PATIENCE)?);
        let vm = Self { machine: Some(machine), agent, image, folder };
        // For the machine no time has passed since its state was saved.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        vm.run(&["date", &format!("--set=@{}.{:09}", now.as_secs(), now.subsec_nanos())])?.ok()?;
        Ok(vm)
    }

    fn failed(&self, what: &str) -> LabError {
        match &self.machine {
            Some(machine) => machine.failed(what),
            None => LabError::Failed(format!("the virtual machine {what}")),
        }
    }
}

impl Laboratory for Vm {
    fn invoke(&self, words: &[&str], input: Option<&mut dyn io::Read>) -> Result<Outcome> {
        let mut agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        let output = agent.run(&as_strs(&wrapped(words)), input);
        let output =
            output.map_err(|error| self.failed(&format!("did not answer: {error}: {}", words.join(" "))))?;
        Ok(Outcome::new(words.join(" "), output))
    }

    fn snapshot(&self) -> Result<Snapshot> {
        let find = ["find", "/", "-xdev", "-ignore_readdir_race", "-printf", FIND_FORMAT];
        let outcome = self.run(&find)?;
        if !outcome.success() {
            return Err(LabError::Failed(format!("find: {}", outcome.stderr)));
        }
        let read = |path| self.read(path).map(Option::unwrap_or_default);
        Snapshot::from_find(&outcome.stdout, &read("/etc/passwd")?, &read("/etc/group")?)
            .map_err(|text| LabError::Failed(format!("find printed what it was not asked for: {text}")))
    }

    fn services(&self) -> Services {
        Services::Systemd
    }

    fn limit_disk(&self, free: Option<u64>) -> Result<()> {
        // The file is no part of the machine, and takes its room without being written.
        let script = r#"
            rm -f "$1/ballast"
            [ -n "$2" ] || exit 0
            mkdir -p "$1"
            available=$(df --output=avail --block-size=1 / | tail -n 1)
            [ "$available" -le "$2" ] || fallocate --length "$((available - $2))" "$1/ballast"
        "#;
        let free = free.map(|bytes| bytes.to_string()).unwrap_or_default();
        self.run(&["sh", "-ec", script, "sh", INBOX, &free])?.ok().map(drop)
    }

    fn reboot(&mut self) -> Result<()> {
        let machine = self.machine.as_ref().ok_or_else(|| self.failed("has no power"))?;
        let agent = self.agent.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The connection may end before the answer comes.
        agent.tell(&["systemctl", "--no-block", "reboot"])?;
        wait_until_up(agent, machine)
    }

    fn cut_power(&mut self) -> Result<()> {
        if let Some(machine) = self.machine.take() {
            machine.cut()?;
        }
        let (machine, agent) = switch_on(&self.image, self.folder.path(), Cache::Writeback)?;
        self.machine = Some(machine);
        self.agent = Mutex::new(agent);
        Ok(())
    }
}

/// What SELinux has refused since the machine's last start, as the kernel reports it, each once. Of what it would have
/// refused if it enforced its policy nothing is said.
///
/// # Errors
/// When the machine's journal cannot be read.
pub fn denials(lab: &dyn Laboratory) -> Result<Vec<String>> {
    // The audit messages of the kernel and of those who ask SELinux themselves, such as systemd; the kernel's own log
    // repeats the first.
    let journal = lab.run(&["journalctl", "--boot", "--no-pager", "--quiet", "--output=cat"])?.ok()?;
    let mut all = vec![];
    for line in journal.lines() {
        if let Some(start) = line.find("avc:  denied")
            && line.contains("permissive=0")
            && !all.iter().any(|known| known == &line[start..])
        {
            all.push(line[start..].to_owned());
        }
    }
    Ok(all)
}

/// Starts a machine on the disk in a folder as if it had been switched on, and waits until it is up.
fn switch_on(image: &Image, folder: &Path, cache: Cache) -> Result<(Machine, Agent)> {
    let machine = Machine::start(image, folder, Start::Cold, cache)?;
    let mut agent = Agent::new(machine.connect("agent")?, PATIENCE)?;
    wait_until_up(&mut agent, &machine)?;
    Ok((machine, agent))
}

/// Waits for the agent, and for the end of everything that starts with the machine.
fn wait_until_up(agent: &mut Agent, machine: &Machine) -> Result<()> {
    agent
        .await_start(BOOT_LIMIT, || machine.is_running())
        .map_err(|error| machine.failed(&format!("did not start ({error})")))?;
    let words = wrapped(&["systemctl", "is-system-running", "--wait"]);
    let output = agent.run(&as_strs(&words), None).map_err(|error| machine.failed(&error.to_string()))?;
    let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match state.as_str() {
        "running" | "degraded" => Ok(()),
        _ => Err(machine.failed(&format!("did not start ({state})"))),
    }
}

/// A command with the environment and the end that all have.
fn wrapped(words: &[&str]) -> Vec<String> {
    let mut all = vec!["env".to_owned(), "-i".to_owned()];
    all.extend(ENVIRONMENT.map(|(name, value)| format!("{name}={value}")));
    all.extend(["timeout", "--kill-after=5"].map(str::to_owned));
    all.push(COMMAND_LIMIT.to_string());
    all.extend(words.iter().map(|&word| word.to_owned()));
    all
}

fn as_strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}
