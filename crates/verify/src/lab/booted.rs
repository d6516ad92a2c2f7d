//! A base system under a running systemd.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::holder::{Holder, children};
use super::{Laboratory, Outcome, Result, Root, Services, Snapshot, bare, converse, require};

/// Longest start.
const BOOT_LIMIT: Duration = Duration::from_secs(120);

/// A Debian root booted by `systemd-nspawn`, with a cgroup hierarchy (version 2, whatever this machine uses) and a
/// network of its own. What is written goes to memory.
pub struct Booted {
    holder: Holder,
    runner: u32,
    leader: u32,
}

/// On SIGTERM nspawn lets the system halt in good order. It ends with 133 when the system asks for a restart, since
/// it was told that somebody else keeps its cgroup (systemd-nspawn(1), `--keep-unit`).
const SETUP: &str = r#"
# nspawn keeps notes there, which it clears away between two starts only if they are in memory.
mount -t tmpfs laboratory /run
umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
group="/sys/fs/cgroup/$3"
mkdir "$group"
mount -t tmpfs -o mode=0755 laboratory "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" laboratory "$1/root"
run() {
    code=133
    while [ "$code" = 133 ]; do
        (
            echo "$BASHPID" >"$group/cgroup.procs"
            export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
            exec systemd-nspawn --quiet --directory="$1/root" --machine="$2" --register=no --keep-unit \
                --private-network --resolv-conf=off --timezone=off --link-journal=no --console=pipe \
                --boot systemd.log_target=console
        ) &
        nspawn=$!
        trap 'kill -TERM "$nspawn"' TERM
        code=0
        wait "$nspawn" || code=$?
    done
    wait "$nspawn" || true
}
run "$1" "$3" </dev/null >&2 &
runner=$!
echo "$runner"
exec >&2
read -r _ || true
kill -TERM "$runner" 2>/dev/null || true
for _ in $(seq 200); do
    kill -0 "$runner" 2>/dev/null || break
    sleep 0.1
done
echo 1 >"$group/cgroup.kill"
wait "$runner" || true
find "$group" -depth -type d -exec rmdir {} +
"#;

impl Booted {
    /// Checks that this machine can have one.
    ///
    /// # Errors
    /// [`LabError::Missing`](super::LabError::Missing) if not.
    pub fn check() -> Result<()> {
        super::Chroot::check()?;
        require(&[("systemd-nspawn", "systemd-container")])
    }

    /// Boots one and waits until everything that starts with it has started.
    ///
    /// # Errors
    /// [`LabError::Missing`](super::LabError::Missing) without root, tools or the base system;
    /// [`LabError::Failed`](super::LabError::Failed) with the console's text when it does not come up.
    pub fn boot(root: &Root) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        Self::check()?;
        let folder = root.folder()?;
        let name = format!("landfall-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let (holder, runner) = Holder::start(&["--mount", "--cgroup"], SETUP, &folder, &name)?;
        let runner = runner.parse().map_err(|_| holder.failed("has no process"))?;
        let mut booted = Self { holder, runner, leader: 0 };
        booted.wait_until_up()?;
        Ok(booted)
    }

    /// What leads into the machine; the command to run there is to be added.
    fn enter(&self, mut nsenter: Command) -> Command {
        // The folder in which nsenter leaves a command is this machine's.
        nsenter.args(["--target", &self.leader.to_string(), "--all", "--", "env", "--chdir=/"]);
        nsenter
    }

    /// Waits for another process 1 than before, and for the end of its start.
    fn wait_until_up(&mut self) -> Result<()> {
        let before = self.leader;
        let end = Instant::now() + BOOT_LIMIT;
        let mut state = String::from("no process 1");
        loop {
            if let Some(leader) = leader(self.runner).filter(|leader| *leader != before) {
                self.leader = leader;
                state = self.run(&["systemctl", "is-system-running"])?.stdout.trim().to_owned();
                if matches!(state.as_str(), "running" | "degraded") {
                    break;
                }
            }
            if !self.holder.is_alive() || !alive(self.runner) || Instant::now() > end {
                return Err(self.holder.failed(&format!("did not boot ({state})")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let target = self.leader.to_string();
        let output =
            bare("nsenter").args(["--target", &target, "--net", "ip", "link", "set", "lo", "up"]).output()?;
        Outcome::new("ip link set lo up".to_owned(), output).ok().map(drop)
    }
}

impl Laboratory for Booted {
    fn invoke(&self, words: &[&str], input: Option<&mut dyn io::Read>) -> Result<Outcome> {
        converse(self.enter(bare("nsenter")), words, input)
    }

    fn shell(&self) -> Result<()> {
        let mut command = self.enter(Command::new("nsenter"));
        command.args(["bash", "-i"]).status()?;
        Ok(())
    }

    fn snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot::take(&PathBuf::from(format!("/proc/{}/root", self.leader)))?)
    }

    fn services(&self) -> Services {
        Services::Systemd
    }

    fn limit_disk(&self, free: Option<u64>) -> Result<()> {
        self.holder.limit_disk(free)
    }

    fn reboot(&mut self) -> Result<()> {
        // The connection may end before the answer comes.
        self.run(&["systemctl", "--no-block", "reboot"])?;
        self.wait_until_up()
    }
}

fn alive(id: u32) -> bool {
    fs::exists(format!("/proc/{id}")).unwrap_or(false)
}

/// The descendant that is process 1 in its own namespace.
fn leader(id: u32) -> Option<u32> {
    children(id).into_iter().find_map(|child| {
        let status = fs::read_to_string(format!("/proc/{child}/status")).ok()?;
        let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
        let ids: Vec<&str> = ids.split_whitespace().collect();
        if ids.len() > 1 && ids.last() == Some(&"1") { Some(child) } else { leader(child) }
    })
}
