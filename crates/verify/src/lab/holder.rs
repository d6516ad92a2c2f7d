//! A process that holds a laboratory's namespaces open for as long as this one lives.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{LabError, Outcome, Result, bare};

/// How long a laboratory may take to put itself away.
const FAREWELL: Duration = Duration::from_secs(30);

/// What a script ends with, for when nobody else is left to remove the folder. Nothing in it is removed that is not
/// empty or ours, should a mount stay.
const CLEAN_UP: &str = r#"
cd /
umount --recursive --lazy "$1"
rm -f "${1%/*}/log"
rmdir "$1" "${1%/*}"
"#;

/// A shell in namespaces of its own. It ends when its standard input does, and that is also when this process is
/// killed: the namespaces, the mounts in them and every process go with it.
pub(super) struct Holder {
    child: Child,
    /// Folder on this machine: `mount` is where the file system of the laboratory hangs, seen by the holder alone.
    folder: tempfile::TempDir,
}

impl Holder {
    /// Starts `unshare` with `options` and a bash script, which gets the mount point as `$1`, `lower` as `$2`, and
    /// must print one line when it is ready, wait for the end of its input, and come to its own end.
    pub(super) fn start(options: &[&str], script: &str, lower: &Path, name: &str) -> Result<(Self, String)> {
        let path = lower.to_string_lossy();
        if path.contains([':', ',', '\\']) {
            return Err(LabError::Failed(format!(
                "overlayfs cannot take the folder {path}; set LANDFALL_LAB_CACHE"
            )));
        }
        let folder = tempfile::Builder::new().prefix("landfall-lab-").tempdir()?;
        fs::create_dir(folder.path().join("mount"))?;
        let log = File::create(folder.path().join("log"))?;
        let script = format!("{script}{CLEAN_UP}");
        let child = Command::new("unshare")
            .args(options)
            .args(["--propagation", "private", "bash", "-ec", &script, "bash"])
            .arg(folder.path().join("mount"))
            .args([lower, Path::new(name)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut holder = Self { child, folder };
        let mut line = String::new();
        if let Some(output) = holder.child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        if line.ends_with('\n') {
            Ok((holder, line.trim().to_owned()))
        } else {
            Err(holder.failed("did not start"))
        }
    }

    /// The error with everything the holder printed.
    pub(super) fn failed(&self, what: &str) -> LabError {
        let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
        LabError::Failed(format!("the laboratory {what}: {}", String::from_utf8_lossy(&log)))
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where the laboratory's file system hangs.
    pub(super) fn mount(&self) -> PathBuf {
        self.folder.path().join("mount")
    }

    /// Leaves so many bytes free in the memory that holds what was written; `None`: half of this machine's.
    pub(super) fn limit_disk(&self, free: Option<u64>) -> Result<()> {
        let script = r#"
            if [ -z "$2" ]; then exec mount -o remount,size=50% "$1"; fi
            used=$(df --output=used --block-size=1 "$1" | tail -n 1)
            exec mount -o "remount,size=$((used + $2))" "$1"
        "#;
        let free = free.map(|bytes| bytes.to_string()).unwrap_or_default();
        let mut command = bare("nsenter");
        command.args(["--target", &self.id().to_string(), "--mount", "--", "bash", "-ec", script, "bash"]);
        let output = command.arg(self.mount()).arg(free).output()?;
        Outcome::new("mount -o remount,size".to_owned(), output).ok().map(drop)
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let end = Instant::now() + FAREWELL;
        while self.is_alive() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.is_alive() {
            eprintln!("the laboratory in {} had to be killed", self.folder.path().display());
            let _ = self.child.kill();
        }
        if let Ok(status) = self.child.wait()
            && let Some(signal) = status.signal()
        {
            eprintln!("the laboratory was ended by signal {signal}");
        }
    }
}

/// The processes that a process has started.
pub(super) fn children(id: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}
