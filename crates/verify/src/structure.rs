//! What the files alone say of platforms.

use landfall_lint::{OpenError, Package, Severity, platform, platform_findings};

use crate::evidence::{Structure, Verdict};
use crate::scenario::Subject;

/// Examines an artifact for every platform whose users install its format on its architecture.
///
/// # Errors
/// When it cannot be read.
pub fn examine(subject: &Subject) -> Result<Vec<Structure>, OpenError> {
    let package = Package::open(&subject.file)?;
    let architecture = subject.payload.target.architecture;
    let meant = |platform: &&platform::Platform| {
        platform.architecture == architecture && platform.formats.contains(&subject.format)
    };
    let examined = platform::ALL.iter().filter(meant).map(|platform| {
        let errors = platform_findings(&package, platform).into_iter();
        let findings: Vec<String> = errors
            .filter(|finding| finding.rule.severity == Severity::Error)
            .map(|finding| finding.to_string())
            .collect();
        Structure {
            artifact: subject.artifact.clone(),
            platform: platform.id.to_owned(),
            verdict: if findings.is_empty() { Verdict::Passed } else { Verdict::Failed },
            findings,
        }
    });
    Ok(examined.collect())
}

/// Why an artifact cannot work on any of these platforms; `None` if it may on one.
pub(crate) fn ruled_out<'a>(
    structure: &[Structure],
    artifact: &str,
    mut platforms: impl Iterator<Item = &'a str>,
) -> Option<String> {
    let against = |platform: &str| {
        structure
            .iter()
            .find(|s| s.artifact == artifact && s.platform == platform && s.verdict == Verdict::Failed)
    };
    let first = against(platforms.next()?)?;
    platforms.all(|platform| against(platform).is_some()).then(|| {
        let title =
            platform::find(&first.platform).map_or(first.platform.as_str(), |platform| platform.title);
        format!("the file itself rules {title} out: {}", first.findings.join("; "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_is_ruled_out_where_every_platform_is() {
        let structure = |platform: &str, finding: Option<&str>| Structure {
            artifact: "a.rpm".to_owned(),
            platform: platform.to_owned(),
            verdict: if finding.is_some() { Verdict::Failed } else { Verdict::Passed },
            findings: finding.map(str::to_owned).into_iter().collect(),
        };
        let known = [structure("rhel-8", Some("it needs glibc 2.34")), structure("rhel-9", None)];
        let why = ruled_out(&known, "a.rpm", ["rhel-8"].into_iter()).unwrap();
        assert_eq!(why, "the file itself rules RHEL, Rocky, Alma 8 out: it needs glibc 2.34");
        assert_eq!(ruled_out(&known, "a.rpm", ["rhel-8", "rhel-9"].into_iter()), None);
        assert_eq!(ruled_out(&known, "b.rpm", ["rhel-8"].into_iter()), None);
        assert_eq!(ruled_out(&known, "a.rpm", [].into_iter()), None);
    }
}
