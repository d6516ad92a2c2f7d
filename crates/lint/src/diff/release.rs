//! Two releases: each artifact with the one of the same format and target.

use std::path::{Component, Path, PathBuf};

use landfall_release::{Artifact, RELEASE_FILE, Release};
use serde::Serialize;

use super::{Difference, diff};
use crate::finding::{Finding, Rule, Severity};
use crate::package::{OpenError, Package};

/// What changes from one release to another.
#[derive(Debug, Serialize)]
pub struct ReleaseDifference {
    /// Version of the old release.
    pub old: String,
    /// Version of the new release.
    pub new: String,
    /// Artifacts that both have, in the old release's order.
    pub artifacts: Vec<Difference>,
    /// Paths of artifacts whose format and target are new.
    pub added: Vec<String>,
    /// What bites later about the release as a whole.
    pub hazards: Vec<Finding>,
}

/// Why releases cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A folder without a release.
    #[error("{0} has no {RELEASE_FILE}; name the output folder of `landfall build`, or a package")]
    None(String),
    /// `release.json` cannot be read.
    #[error(transparent)]
    Release(#[from] landfall_release::Error),
    /// A path in `release.json` leads out of the release.
    #[error("{release}: the artifact {path:?} lies outside of the release")]
    Outside {
        /// The release's folder.
        release: String,
        /// The path.
        path: String,
    },
    /// A package cannot be read.
    #[error(transparent)]
    Package(#[from] OpenError),
}

pub(super) static ARTIFACT_GONE: Rule = Rule {
    id: "upgrade-artifact-gone",
    severity: Severity::Error,
    reason: "Machines that have the old artifact get no upgrade, and nobody tells them.",
    remedy: "Build it again, or tell people before.",
    source: "",
};

impl ReleaseDifference {
    /// How many hazards are errors, of the release and of its artifacts.
    pub fn errors(&self) -> usize {
        let own = self.hazards.iter().filter(|hazard| hazard.rule.severity == Severity::Error).count();
        own + self.artifacts.iter().map(Difference::errors).sum::<usize>()
    }
}

/// What changes from the release in one folder to that in another.
///
/// # Errors
/// When a folder has no release, or an artifact cannot be read.
pub fn diff_releases(old: &Path, new: &Path) -> Result<ReleaseDifference, ReleaseError> {
    let (before, after) = (read(old)?, read(new)?);
    let same = |a: &Artifact, b: &Artifact| a.format == b.format && a.target == b.target;
    let mut difference = ReleaseDifference {
        old: before.version.clone(),
        new: after.version.clone(),
        artifacts: Vec::new(),
        added: Vec::new(),
        hazards: Vec::new(),
    };
    for artifact in &before.artifacts {
        let Some(heir) = after.artifacts.iter().find(|other| same(artifact, other)) else {
            let what =
                format!("has no heir: no {} for {} in the new release", artifact.format, artifact.target);
            difference.hazards.push(Finding { rule: &ARTIFACT_GONE, place: artifact.path.clone(), what });
            continue;
        };
        let one = Package::open(&place(old, artifact)?)?;
        let other = Package::open(&place(new, heir)?)?;
        // Both are of one format, because release.json says so; a file that is something else is passed over
        // as gone.
        match diff(&one, &other) {
            Ok(found) => difference.artifacts.push(found),
            Err(e) => difference.hazards.push(Finding {
                rule: &ARTIFACT_GONE,
                place: artifact.path.clone(),
                what: e.to_string(),
            }),
        }
    }
    let fresh = after.artifacts.iter().filter(|a| !before.artifacts.iter().any(|b| same(a, b)));
    difference.added = fresh.map(|artifact| artifact.path.clone()).collect();
    Ok(difference)
}

fn read(folder: &Path) -> Result<Release, ReleaseError> {
    Release::read(folder)?.ok_or_else(|| ReleaseError::None(folder.display().to_string()))
}

fn place(release: &Path, artifact: &Artifact) -> Result<PathBuf, ReleaseError> {
    let path = Path::new(&artifact.path);
    if path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(release.join(path));
    }
    Err(ReleaseError::Outside { release: release.display().to_string(), path: artifact.path.clone() })
}
