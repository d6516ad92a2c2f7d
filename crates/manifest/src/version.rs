//! Semantic versions and what each package format makes of them.

use std::fmt;

/// A product's version: semantic version, package revision and epoch.
///
/// The mappings keep the order of semantic versions under each format's own comparison, for pre-releases made of
/// words with numbers (`alpha.1`, `beta.2`, `rc.1`). Formats compare a number with a word in other ways than
/// semantic versions do, so that a pre-release such as `alpha.1` beside `alpha.beta` may change places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    semver: semver::Version,
    release: u32,
    epoch: Option<u32>,
}

/// A version that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VersionError {
    /// Not a semantic version.
    #[error(
        "\"{text}\" is not a semantic version ({reason}); write three numbers, such as 1.2.0 or 1.2.0-beta.1"
    )]
    NotSemantic {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A pre-release that Alpine's grammar has no word for.
    #[error(
        "the pre-release \"{0}\" has no Alpine equivalent; use alpha, beta, pre or rc, with an optional number, \
         such as beta.1"
    )]
    NoAlpine(String),
}

impl Version {
    /// Takes a semantic version (a leading `v` is dropped) with package revision and epoch.
    ///
    /// # Errors
    /// When `text` is not a semantic version.
    pub fn new(text: &str, release: u32, epoch: Option<u32>) -> Result<Self, VersionError> {
        let bare = text.strip_prefix('v').unwrap_or(text);
        let semver = semver::Version::parse(bare)
            .map_err(|e| VersionError::NotSemantic { text: text.to_owned(), reason: e.to_string() })?;
        Ok(Self { semver, release, epoch })
    }

    /// Package revision.
    pub fn release(&self) -> u32 {
        self.release
    }

    /// Epoch, where versions had to start over.
    pub fn epoch(&self) -> Option<u32> {
        self.epoch
    }

    fn core(&self) -> String {
        format!("{}.{}.{}", self.semver.major, self.semver.minor, self.semver.patch)
    }

    fn build(&self) -> String {
        if self.semver.build.is_empty() {
            String::new()
        } else {
            format!("+{}", self.semver.build.as_str().replace('-', "."))
        }
    }

    /// Debian's `[epoch:]upstream-revision` (Debian Policy §5.6.12); `~` sorts before everything.
    pub fn deb(&self) -> String {
        let epoch = self.epoch.map(|e| format!("{e}:")).unwrap_or_default();
        format!("{epoch}{}", self.deb_without_epoch())
    }

    /// As [`Version::deb`], for file names, which leave the epoch out.
    pub fn deb_without_epoch(&self) -> String {
        format!("{}{}{}-{}", self.core(), self.tilde_prerelease(), self.build(), self.release)
    }

    /// RPM's version; epoch and release are separate tags. `~` sorts before everything (rpm-version(7)).
    pub fn rpm(&self) -> String {
        format!("{}{}{}", self.core(), self.tilde_prerelease(), self.build())
    }

    fn tilde_prerelease(&self) -> String {
        if self.semver.pre.is_empty() {
            String::new()
        } else {
            format!("~{}", self.semver.pre.as_str().replace('-', "."))
        }
    }

    /// Alpine's `version_suffix-rN` (apk-package(5), «Package versions»).
    ///
    /// # Errors
    /// When the pre-release has no Alpine equivalent.
    pub fn apk(&self) -> Result<String, VersionError> {
        let mut text = self.core();
        if !self.semver.pre.is_empty() {
            let pre = self.semver.pre.as_str();
            let none = || VersionError::NoAlpine(pre.to_owned());
            let word_end = pre.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(pre.len());
            let (word, rest) = pre.split_at(word_end);
            if !["alpha", "beta", "pre", "rc"].contains(&word) {
                return Err(none());
            }
            let number = rest.trim_start_matches(['.', '-']);
            if !number.chars().all(|c| c.is_ascii_digit()) {
                return Err(none());
            }
            text = format!("{text}_{word}{number}");
        }
        Ok(format!("{text}-r{}", self.release.saturating_sub(1)))
    }

    /// Arch's `[epoch:]pkgver-pkgrel` (PKGBUILD(5)). Letters straight after a number sort before the number
    /// alone (vercmp(8)).
    pub fn arch(&self) -> String {
        let epoch = self.epoch.map(|e| format!("{e}:")).unwrap_or_default();
        let pre = self.semver.pre.as_str().replace('-', ".");
        // A pre-release that begins with a number would join the patch number.
        let joint = if pre.starts_with(|c: char| c.is_ascii_digit()) { "a" } else { "" };
        format!("{epoch}{}{joint}{pre}{}-{}", self.core(), self.build(), self.release)
    }
}

/// The semantic version as written, without revision and epoch.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.semver.fmt(f)
    }
}
