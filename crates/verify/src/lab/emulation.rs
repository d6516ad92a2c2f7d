//! Programs of another architecture, run by qemu.
//!
//! The kernel hands them to qemu where that is registered with binfmt_misc. Debian's registration has the flag `F`:
//! the kernel keeps qemu open, so it works in every root without a copy there.

use std::path::{Path, PathBuf};
use std::process::Command;

use landfall_payload::Architecture;

use super::{LabError, Result, require};

/// Registers qemu where nobody has, in a private mount namespace; `$registration` is the file that says how. Since Linux 6.7 it is
/// gone with the last mount of binfmt_misc, so nothing of it stays on the machine. (It holds for the whole machine
/// meanwhile; older kernels keep it until a restart.)
pub(super) const REGISTER: &str = r#"
[ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
name="${registration##*/}"
name="${name%.conf}"
# Two may try it at the same moment: what counts is that it is there.
[ -e "/proc/sys/fs/binfmt_misc/$name" ] || cat "$registration" >/proc/sys/fs/binfmt_misc/register || :
[ -e "/proc/sys/fs/binfmt_misc/$name" ]
"#;

/// qemu's registration for an architecture, in the form of binfmt.d(5).
pub(super) fn registration(architecture: Architecture) -> PathBuf {
    Path::new("/usr/lib/binfmt.d").join(format!("qemu-{}.conf", architecture.name()))
}

/// Checks that this machine can run programs of an architecture.
///
/// # Errors
/// [`LabError::Missing`] if not.
pub(super) fn check(architecture: Architecture) -> Result<()> {
    require(&[("arch-test", "arch-test"), ("unshare", "util-linux")])?;
    if !registration(architecture).exists() {
        let what = format!("qemu for {} (apt-get install qemu-user-static)", architecture.name());
        return Err(LabError::Missing(what));
    }
    if !Path::new("/proc/sys/fs/binfmt_misc").is_dir() {
        return Err(LabError::Missing("a kernel with binfmt_misc (modprobe binfmt_misc)".to_owned()));
    }
    Ok(())
}

/// The emulator and its version.
pub(super) fn version(architecture: Architecture) -> String {
    let name = architecture.name();
    let programs = [format!("qemu-{name}-static"), format!("qemu-{name}")];
    programs
        .iter()
        .find_map(|program| {
            let output = Command::new(program).arg("--version").output().ok()?;
            Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
        })
        .unwrap_or_else(|| format!("qemu-{name} of unknown version"))
}

/// A command of this machine that can run programs of an architecture.
pub(super) fn with(architecture: Architecture, program: &str) -> Command {
    let mut command = Command::new("unshare");
    let script = format!("registration=\"$1\"\n{REGISTER}shift\nexec \"$@\"\n");
    command.args(["--mount", "--propagation", "private", "bash", "-ec", &script, "bash"]);
    command.arg(registration(architecture)).arg(program);
    command
}
