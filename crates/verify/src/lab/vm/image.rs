//! What virtual machines are made of, built once and kept: a kernel, a disk, and the state of a machine that has
//! just started.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::super::root::kept;
use super::super::{LabError, Outcome, Result, Root, timed};
use super::qemu::{self, Cache};
use super::{agent, switch_on};

/// Raised when what is done here changes in a way that the texts below do not show.
const RECIPE: &str = "1";

/// Name of the saved state.
pub(super) const SAVED: &str = "started";

/// Size of the disk; what nobody writes takes no room on this machine.
const DISK_SIZE: &str = "4G";

/// Process 1 until the disk is there.
const INIT: &str = include_str!("init.sh");

/// The kernel's arguments. An emulated processor has no flaws to mitigate.
const COMMAND_LINE: &str = "console=ttyS0 quiet mitigations=off";

/// Text files of the machine: path, mode, content.
const FILES: &[(&str, u32, &str)] = &[
    ("etc/fstab", 0o644, "/dev/vda / ext4 errors=remount-ro 0 1\n"),
    ("etc/hostname", 0o644, "laboratory\n"),
    ("etc/hosts", 0o644, "127.0.0.1\tlocalhost\n127.0.1.1\tlaboratory\n::1\tlocalhost\n"),
    ("usr/local/sbin/laboratory-agent", 0o755, agent::PROGRAM),
    ("etc/systemd/system/laboratory-agent.service", 0o644, agent::UNIT),
];

/// Links of the machine: path, target.
const LINKS: &[(&str, &str)] = &[
    ("etc/systemd/system/multi-user.target.wants/laboratory-agent.service", "../laboratory-agent.service"),
    // What would do something by itself in the middle of a run.
    ("etc/systemd/system/apt-daily.timer", "/dev/null"),
    ("etc/systemd/system/apt-daily-upgrade.timer", "/dev/null"),
    ("etc/systemd/system/dpkg-db-backup.timer", "/dev/null"),
    ("etc/systemd/system/e2scrub_all.timer", "/dev/null"),
    ("etc/systemd/system/e2scrub_reap.service", "/dev/null"),
    ("etc/systemd/system/fstrim.timer", "/dev/null"),
    // Nobody logs in there.
    ("etc/systemd/system/getty@tty1.service", "/dev/null"),
    ("etc/systemd/system/serial-getty@ttyS0.service", "/dev/null"),
];

/// Makes the first file system from the root `$1` as `$2`, with `$3` as its process 1.
const INITRD: &str = r#"
set -o pipefail
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir "$tree/bin" "$tree/dev" "$tree/proc" "$tree/root"
cp "$1/bin/busybox" "$tree/bin/"
printf '%s' "$3" >"$tree/init"
chmod 0755 "$tree/init"
cd "$1"
find lib/modules -name 'virtio*.ko' -exec cp --parents --target-directory="$tree" '{}' +
cp --parents lib/modules/*/modules.dep "$tree"
cd "$tree"
find . | bin/busybox cpio --create --format newc --owner 0:0 >"$2"
"#;

/// Labels the tree `$1` as the policy in it says. setfiles finds what it labels through `/proc`.
const LABEL: &str = r#"
mount --bind /proc "$1/proc"
exec chroot "$1" setfiles -F -e /proc /etc/selinux/default/contexts/files/file_contexts /
"#;

/// An image: `vmlinuz`, `initrd`, `disk.raw`, which nobody may change, and `disk.qcow2`, which lies over it, holds
/// the saved state, and is copied for each machine.
pub(super) struct Image {
    folder: PathBuf,
    selinux: bool,
}

impl Image {
    /// The image for a root, built where it is missing.
    pub(super) fn of(root: &Root, selinux: bool) -> Result<Self> {
        let base = root.folder()?;
        let folder = kept(&format!("vm-{}", key(&base, selinux)?), |work, folder| {
            fs::create_dir(folder)?;
            Self { folder: folder.to_owned(), selinux }.build(&base, &work.join("tree"))
        })?;
        Ok(Self { folder, selinux })
    }

    pub(super) fn kernel(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    pub(super) fn initrd(&self) -> PathBuf {
        self.folder.join("initrd")
    }

    /// The lower disk.
    pub(super) fn disk(&self) -> PathBuf {
        self.folder.join("disk.raw")
    }

    /// The disk over it, with the saved state.
    pub(super) fn saved(&self) -> PathBuf {
        self.folder.join("disk.qcow2")
    }

    /// The kernel's arguments.
    pub(super) fn command_line(&self) -> String {
        command_line(self.selinux)
    }

    fn build(&self, base: &Path, tree: &Path) -> Result<()> {
        fs::copy(kernel(base)?, self.kernel())?;
        tool(Command::new("bash").args(["-ec", INITRD, "bash"]).arg(base).arg(self.initrd()).arg(INIT))?;

        tool(Command::new("cp").arg("--archive").arg(base).arg(tree))?;
        for (path, mode, content) in FILES {
            fs::write(tree.join(path), content)?;
            fs::set_permissions(tree.join(path), Permissions::from_mode(*mode))?;
        }
        for (path, target) in LINKS {
            symlink(target, tree.join(path))?;
        }
        if self.selinux {
            fs::write(tree.join("etc/selinux/config"), "SELINUX=enforcing\nSELINUXTYPE=default\n")?;
            let options = ["--mount", "--propagation", "private", "sh", "-ec", LABEL, "sh"];
            timed("label the disk", || tool(Command::new("unshare").args(options).arg(tree)))?;
        }
        let options = ["-q", "-t", "ext4", "-m", "0", "-L", "root", "-J", "size=32"];
        // Else the kernel of the machine would go on with it for minutes.
        let at_once = ["-E", "lazy_itable_init=0,lazy_journal_init=0", "-d"];
        let mut command = Command::new("mke2fs");
        tool(command.args(options).args(at_once).arg(tree).arg(self.disk()).arg(DISK_SIZE))?;
        let mut command = Command::new("qemu-img");
        command.args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b"]).arg("disk.raw").arg(self.saved());
        tool(&mut command)?;

        let (machine, agent) = timed("start the machine", || switch_on(self, &self.folder, Cache::Unsafe))?;
        drop(agent);
        machine.save(SAVED)?;
        for name in ["agent", "monitor", "console", "log"] {
            fs::remove_file(self.folder.join(name)).or_else(absent)?;
        }
        Ok(())
    }
}

/// The version of the kernel in a root.
pub(super) fn kernel_version(root: &Path) -> Option<String> {
    kernel(root).ok()?.file_name()?.to_str()?.strip_prefix("vmlinuz-").map(str::to_owned)
}

fn kernel(root: &Path) -> Result<PathBuf> {
    let missing = || LabError::Failed(format!("{} has no kernel", root.join("boot").display()));
    let entries = fs::read_dir(root.join("boot"))?.collect::<io::Result<Vec<_>>>()?;
    let kernel = entries.iter().find(|entry| entry.file_name().to_string_lossy().starts_with("vmlinuz-"));
    kernel.map(fs::DirEntry::path).ok_or_else(missing)
}

fn command_line(selinux: bool) -> String {
    let security = if selinux { " security=selinux selinux=1 enforcing=1" } else { "" };
    format!("{COMMAND_LINE}{security}")
}

/// A name that changes with everything that an image is made of, and with the emulator, whose saved states no other
/// version has to understand.
fn key(root: &Path, selinux: bool) -> Result<String> {
    let mut hash = Sha256::new();
    // Each root that is built has an identity of its own.
    let identity = fs::read_to_string(root.join("etc/machine-id"))?;
    let command_line = command_line(selinux);
    let emulator = qemu::version()?;
    let mut texts = vec![RECIPE, &identity, &emulator, &command_line, DISK_SIZE, INIT, INITRD, LABEL];
    texts.extend(qemu::HARDWARE);
    texts.extend(FILES.iter().flat_map(|(path, _, content)| [*path, *content]));
    texts.extend(LINKS.iter().flat_map(|(path, target)| [*path, *target]));
    for text in texts {
        hash.update(format!("{}:{text}", text.len()));
    }
    let mut digest = hex::encode(hash.finalize());
    digest.truncate(16);
    Ok(digest)
}

/// Runs a tool of this machine that must succeed.
fn tool(command: &mut Command) -> Result<()> {
    let text = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(std::process::Stdio::null()).output();
    let output = output.map_err(|error| LabError::Failed(format!("{text}: {error}")))?;
    Outcome::new(text, output).ok().map(drop)
}

fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
