//! Base systems, built once and kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use landfall_payload::{Architecture, Format};
use sha2::{Digest, Sha256};

use super::{LabError, Result, emulation, require, timed};

/// A Debian base system: a suite, packages beyond the minimal ones, an architecture.
#[derive(Debug, Clone)]
pub struct Root {
    suite: String,
    packages: Vec<String>,
    architecture: Option<Architecture>,
    /// Shell script that the system runs once it is whole.
    finish: Option<&'static str>,
}

impl Root {
    /// The smallest system of a suite that has a package manager.
    pub fn minimal(suite: &str) -> Self {
        Self { suite: suite.to_owned(), packages: vec![], architecture: None, finish: None }
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

    /// With what a script makes in it, run by its own shell as its last step.
    #[must_use]
    pub(super) fn finished_by(mut self, script: &'static str) -> Self {
        self.finish = Some(script);
        self
    }

    /// For another architecture than this machine's; qemu then runs its instructions.
    #[must_use]
    pub fn on(mut self, architecture: Architecture) -> Self {
        self.architecture = Some(architecture).filter(|other| other.name() != std::env::consts::ARCH);
        self
    }

    /// The architecture that has to be emulated, if there is one.
    pub(super) fn foreign(&self) -> Option<Architecture> {
        self.architecture
    }

    /// Suite, architecture and further packages, for messages.
    pub fn name(&self) -> String {
        let mut words = vec![self.suite.clone()];
        words.extend(self.architecture.map(|architecture| architecture.name().to_owned()));
        words.extend_from_slice(&self.packages);
        words.join("+")
    }

    /// What it exactly consists of: its name, the number of packages in it and a digest of their names, versions and
    /// architectures. Two systems with the same identity hold the same packages.
    ///
    /// One that has not been built yet says so.
    pub fn identity(&self) -> String {
        let status = cache()
            .and_then(|cache| Ok(fs::read_to_string(cache.join(self.key()).join("var/lib/dpkg/status"))?));
        match status {
            Ok(status) => {
                let packages = packages(&status);
                let digest = digest(&packages.join("\n"));
                format!("{}: {} packages, sha256 {digest}", self.name(), packages.len())
            }
            Err(_) => format!("{}: not built yet", self.name()),
        }
    }

    /// Name of its folder: the suite, and a digest of everything that decides what is built.
    fn key(&self) -> String {
        format!("{}-{}", self.suite, digest(&self.recipe().join("\n")))
    }

    /// The arguments of mmdebstrap(1) that decide what is built.
    fn recipe(&self) -> Vec<String> {
        let mut recipe = vec![
            "--variant=minbase".to_owned(),
            "--aptopt=Apt::Install-Recommends \"false\"".to_owned(),
            // Without an identity systemd takes each start for the first and enables what presets say.
            "--customize-hook=tr -d - </proc/sys/kernel/random/uuid >\"$1/etc/machine-id\"".to_owned(),
        ];
        if let Some(name) = self.architecture.and_then(|architecture| architecture.in_format(Format::Deb)) {
            recipe.push(format!("--architectures={name}"));
        }
        if !self.packages.is_empty() {
            recipe.push(format!("--include={}", self.packages.join(",")));
        }
        if let Some(script) = self.finish {
            recipe.push(format!("--customize-hook=chroot \"$1\" sh -ec '{}'", script.replace('\'', "'\\''")));
        }
        recipe.push(self.suite.clone());
        recipe
    }

    /// The system's folder, which nobody may change. Built where it is missing, which takes 10 to 60 seconds (some
    /// minutes where another architecture is emulated) and asks the mirror of this machine's own apt.
    ///
    /// It is kept in `$LANDFALL_LAB_CACHE`, else `~/.cache/landfall/lab`. `$LANDFALL_LAB_MIRROR` names another
    /// mirror.
    ///
    /// # Errors
    /// [`LabError::Missing`] without root, `mmdebstrap` or a Debian mirror.
    pub fn folder(&self) -> Result<PathBuf> {
        require(&[("mmdebstrap", "mmdebstrap"), ("tar", "tar")])?;
        let key = self.key();
        let folder = kept(&key, |work, folder| self.build(work, folder))?;
        // For whoever looks into the cache.
        let note = folder.with_file_name(format!("{key}.recipe"));
        if !note.exists() {
            fs::write(note, self.recipe().join("\n") + "\n")?;
        }
        Ok(folder)
    }

    /// The system's folder, if it has been built.
    pub(super) fn kept(&self) -> Option<PathBuf> {
        cache().ok().map(|cache| cache.join(self.key())).filter(|folder| folder.is_dir())
    }

    fn build(&self, work: &Path, folder: &Path) -> Result<()> {
        let mirror = mirror()?;
        let archive = work.join("root.tar");
        let fast = if Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" };
        let mut command = match self.architecture {
            Some(architecture) => {
                emulation::check(architecture)?;
                emulation::with(architecture, "mmdebstrap")
            }
            None => Command::new("mmdebstrap"),
        };
        command.env("TMPDIR", fast).args(["--quiet", "--dpkgopt=force-unsafe-io"]);
        let output = command.args(self.recipe()).arg(&archive).arg(&mirror).output()?;
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

/// `name version architecture` of every installed package, sorted, from the text of dpkg's `status` file.
fn packages(status: &str) -> Vec<String> {
    let mut packages: Vec<String> = status
        .split("\n\n")
        .filter_map(|paragraph| {
            let field =
                |name: &str| paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            field("Status")?.ends_with(" installed").then_some(())?;
            Some([field("Package")?, field("Version")?, field("Architecture")?].join(" "))
        })
        .collect();
    packages.sort();
    packages
}

/// The first 16 hexadecimal digits of a text's SHA-256.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_named_by_all_that_decides_its_content() {
        let key = Root::minimal("bookworm").with(&["rpm", "dnf"]).key();
        assert!(key.starts_with("bookworm-"), "{key}");
        assert_eq!(key, Root::minimal("bookworm").with(&["dnf"]).with(&["rpm", "dnf"]).key());
        for other in [
            Root::minimal("trixie").with(&["rpm", "dnf"]),
            Root::minimal("bookworm").with(&["rpm"]),
            Root::minimal("bookworm").with(&["rpm", "dnf"]).on(Architecture::S390x),
        ] {
            assert_ne!(key, other.key());
        }
    }

    #[test]
    fn an_identity_counts_what_is_installed() {
        let status = "Package: b\nStatus: install ok installed\nArchitecture: all\nVersion: 2\n\n\
                      Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n\
                      Package: a\nStatus: install ok installed\nVersion: 1:1-1\nArchitecture: amd64\n";
        assert_eq!(packages(status), ["a 1:1-1 amd64", "b 2 all"]);
        assert_ne!(digest("a"), digest("b"));
        assert_eq!(digest(""), "e3b0c44298fc1c14");
    }
}
