//! Base systems, built once and kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{LabError, Result, require, timed};

/// Raised when what is done to a base system changes, so that older ones are not used.
const RECIPE: u32 = 1;

/// A Debian base system: a suite and packages beyond the minimal ones.
#[derive(Debug, Clone)]
pub struct Root {
    suite: String,
    packages: Vec<String>,
}

impl Root {
    /// The smallest system of a suite that has a package manager.
    pub fn minimal(suite: &str) -> Self {
        Self { suite: suite.to_owned(), packages: vec![] }
    }

    /// A system that boots systemd.
    pub fn bootable(suite: &str) -> Self {
        let packages = ["curl", "dbus", "iproute2", "libnss-systemd", "procps", "systemd", "systemd-sysv"];
        Self::minimal(suite).with(&packages)
    }

    /// With further packages.
    #[must_use]
    pub fn with(mut self, packages: &[&str]) -> Self {
        self.packages.extend(packages.iter().map(|&package| package.to_owned()));
        self.packages.sort();
        self.packages.dedup();
        self
    }

    /// Suite and number of packages, for messages.
    pub fn name(&self) -> String {
        [std::slice::from_ref(&self.suite), &self.packages].concat().join("+")
    }

    /// The system's folder, which nobody may change. Built where it is missing, which takes 10 to 60 seconds and
    /// asks the mirror of this machine's own apt.
    ///
    /// It is kept in `$LANDFALL_LAB_CACHE`, else `~/.cache/landfall/lab`. `$LANDFALL_LAB_MIRROR` names another
    /// mirror.
    ///
    /// # Errors
    /// [`LabError::Missing`] without root, `mmdebstrap` or a Debian mirror.
    pub fn folder(&self) -> Result<PathBuf> {
        require(&[("mmdebstrap", "mmdebstrap"), ("tar", "tar")])?;
        kept(&self.kept_name(), |work, folder| self.build(work, folder))
    }

    /// The system's folder, if it has been built.
    pub(super) fn kept(&self) -> Option<PathBuf> {
        cache().ok().map(|cache| cache.join(self.kept_name())).filter(|folder| folder.is_dir())
    }

    fn kept_name(&self) -> String {
        format!("{}-{RECIPE}", self.name())
    }

    fn build(&self, work: &Path, folder: &Path) -> Result<()> {
        let mirror = mirror()?;
        let archive = work.join("root.tar");
        let fast = if Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" };
        let mut command = Command::new("mmdebstrap");
        command.env("TMPDIR", fast).args(["--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io"]);
        command.arg("--aptopt=Apt::Install-Recommends \"false\"");
        // Without an identity systemd takes each start for the first and enables what presets say.
        command.arg("--customize-hook=tr -d - </proc/sys/kernel/random/uuid >\"$1/etc/machine-id\"");
        if !self.packages.is_empty() {
            command.arg(format!("--include={}", self.packages.join(",")));
        }
        let output = command.arg(&self.suite).arg(&archive).arg(&mirror).output()?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            let text =
                format!("a Debian mirror with {} (mmdebstrap from {mirror}: {})", self.name(), text.trim());
            return Err(LabError::Missing(text));
        }
        fs::create_dir(folder)?;
        let output = Command::new("tar")
            .args(["--extract", "--numeric-owner", "--xattrs", "--xattrs-include=*"])
            .arg("--file")
            .arg(&archive)
            .arg("--directory")
            .arg(folder)
            .output()?;
        if !output.status.success() {
            return Err(LabError::Failed(format!("tar: {}", String::from_utf8_lossy(&output.stderr))));
        }
        Ok(())
    }
}

/// A folder that is kept between runs. Where it is missing, `build` gets a folder for its work, and the path at which
/// it has to make the one to keep.
pub(super) fn kept(name: &str, build: impl FnOnce(&Path, &Path) -> Result<()>) -> Result<PathBuf> {
    let cache = cache()?;
    fs::create_dir_all(&cache)?;
    let folder = cache.join(name);
    // Tests run side by side, in several processes.
    let lock = File::create(cache.join(format!("{name}.lock")))?;
    lock.lock()?;
    if !folder.is_dir() {
        let work = tempfile::tempdir_in(&cache)?;
        let new = work.path().join("new");
        timed(&format!("build {name}"), || build(work.path(), &new))?;
        fs::rename(new, &folder)?;
    }
    Ok(folder)
}

fn cache() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("LANDFALL_LAB_CACHE") {
        return Ok(folder.into());
    }
    let home =
        std::env::var_os("HOME").ok_or_else(|| LabError::Missing("HOME or LANDFALL_LAB_CACHE".to_owned()))?;
    Ok(Path::new(&home).join(".cache/landfall/lab"))
}

/// The Debian mirror that apt on this machine uses.
fn mirror() -> Result<String> {
    if let Ok(mirror) = std::env::var("LANDFALL_LAB_MIRROR") {
        return Ok(mirror);
    }
    let missing = || LabError::Missing("a Debian mirror in apt's sources, or LANDFALL_LAB_MIRROR".to_owned());
    let format = "$(ORIGIN)|$(RELEASE)|$(REPO_URI)";
    let output =
        Command::new("apt-get").args(["indextargets", "--format", format, "Created-By: Packages"]).output();
    let output = output.map_err(|_| missing())?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.strip_prefix("Debian|")?.split_once('|'))
        // Updates and security updates have releases with a hyphen.
        .find(|(release, _)| !release.contains('-'))
        .map(|(_, address)| address.to_owned())
        .ok_or_else(missing)
}
