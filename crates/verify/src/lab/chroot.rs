//! A base system without a running system.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use super::holder::{Holder, children};
use super::{Laboratory, Outcome, Result, Root, Services, Snapshot, bare, converse, emulation, require};

/// A Debian root in namespaces of its own: nothing runs in it, `policy-rc.d` forbids starting services, the network
/// ends at its own loopback. What is written goes to memory.
///
/// bash, not sh, holds it: as process 1 it must collect orphans, or a stopped daemon would seem to live on.
pub struct Chroot {
    holder: Holder,
    inner: u32,
    services: Services,
}

const SETUP: &str = r#"
ip link set lo up
mount -t tmpfs -o mode=0755 laboratory "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" laboratory "$1/root"
cd "$1/root"
hostname laboratory
mount -t proc proc proc
mount -t tmpfs -o mode=0755 laboratory dev
for node in null zero full random urandom tty; do
    : >dev/$node
    mount --bind /dev/$node dev/$node
done
mkdir -m 1777 dev/shm
ln -s /proc/self/fd dev/fd
printf '#!/bin/sh\nexit 101\n' >usr/sbin/policy-rc.d
chmod 0755 usr/sbin/policy-rc.d
echo ready
read -r _ || true
"#;

impl Chroot {
    /// Checks that this machine can have one.
    ///
    /// # Errors
    /// [`LabError::Missing`](super::LabError::Missing) if not.
    pub fn check() -> Result<()> {
        require(&[
            ("unshare", "util-linux"),
            ("nsenter", "util-linux"),
            ("ip", "iproute2"),
            ("bash", "bash"),
            ("mmdebstrap", "mmdebstrap"),
            ("tar", "tar"),
        ])
    }

    /// Checks that this machine can have one of a root, which may be of another architecture.
    ///
    /// # Errors
    /// As [`Chroot::check`].
    pub(super) fn check_for(root: &Root) -> Result<()> {
        Self::check()?;
        root.foreign().map_or(Ok(()), emulation::check)
    }

    /// Opens one.
    ///
    /// # Errors
    /// [`LabError::Missing`](super::LabError::Missing) without root, tools or the base system.
    pub fn open(root: &Root) -> Result<Self> {
        Self::open_with(root, Services::None)
    }

    /// Opens one in which something looks after services.
    ///
    /// # Errors
    /// As [`Chroot::open`].
    pub(super) fn open_with(root: &Root, services: Services) -> Result<Self> {
        Self::check_for(root)?;
        let options = ["--mount", "--pid", "--fork", "--kill-child", "--net", "--uts", "--ipc"];
        let (script, registration) = match root.foreign() {
            Some(architecture) => {
                let script = format!("registration=\"$3\"\n{}{SETUP}", emulation::REGISTER);
                (script, emulation::registration(architecture))
            }
            None => (SETUP.to_owned(), PathBuf::new()),
        };
        let (holder, _) = Holder::start(&options, &script, &root.folder()?, &registration.to_string_lossy())?;
        let Some(&inner) = children(holder.id()).first() else { return Err(holder.failed("has no process")) };
        Ok(Self { holder, inner, services })
    }

    /// The machine's root, for this machine.
    pub(super) fn root(&self) -> PathBuf {
        let mut path = PathBuf::from(format!("/proc/{}/root", self.inner));
        path.extend(self.holder.mount().join("root").components().skip(1));
        path
    }

    /// What leads into the machine; the command to run there is to be added.
    fn enter(&self, mut nsenter: Command) -> Command {
        nsenter.args([
            "--target",
            &self.inner.to_string(),
            "--mount",
            "--pid",
            "--net",
            "--uts",
            "--ipc",
            "--",
        ]);
        nsenter.arg("chroot").arg(self.holder.mount().join("root"));
        nsenter
    }
}

impl Laboratory for Chroot {
    fn invoke(&self, words: &[&str], input: Option<&mut dyn io::Read>) -> Result<Outcome> {
        converse(self.enter(bare("nsenter")), words, input)
    }

    fn shell(&self) -> Result<()> {
        let mut command = self.enter(Command::new("nsenter"));
        command.args(["bash", "-i"]).status()?;
        Ok(())
    }

    fn snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot::take(&self.root())?)
    }

    fn services(&self) -> Services {
        self.services
    }

    fn limit_disk(&self, free: Option<u64>) -> Result<()> {
        self.holder.limit_disk(free)
    }
}
