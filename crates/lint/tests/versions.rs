//! Our comparison of versions against that of the package managers themselves.

use std::cmp::Ordering;
use std::io::Write as _;
use std::process::Command;

use landfall_lint::compare_versions;
use landfall_payload::Format;

/// Versions that are hard to tell apart; every pair is compared.
const VERSIONS: &[&str] = &[
    "1.0-1",
    "1.0-2",
    "1.0-10",
    "1.00-1",
    "1.0.0-1",
    "1.0.1-1",
    "1.0.10-1",
    "1.0a-1",
    "1.0b-1",
    "1.0.a-1",
    "1.0~rc1-1",
    "1.0~rc10-1",
    "1.0~~-1",
    "1.0~-1",
    "1.0+b1-1",
    "1.0+1-1",
    "1.0rc1-1",
    "1.0alpha-1",
    "1.0.rc1-1",
    "10-1",
    "9-1",
    "2:0.1-1",
    "1:9-1",
    "0.9.9-1",
    "1.0-1.1",
    "1.0-1~bpo1",
    "1.0-1a",
    "1_0-1",
    "1.0_-1",
    "1.0..1-1",
];

fn skipped(tool: &str, package: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: needs {tool} (apt-get install {package})");
}

fn pairs(versions: &[&'static str]) -> Vec<(&'static str, &'static str)> {
    versions.iter().flat_map(|a| versions.iter().map(move |b| (*a, *b))).collect()
}

#[test]
fn debian_versions_compare_as_dpkg_says() {
    let versions: Vec<&str> = VERSIONS.iter().copied().filter(|v| !v.contains('_')).collect();
    for (a, b) in pairs(&versions) {
        let asked = |operator| Command::new("dpkg").args(["--compare-versions", a, operator, b]).status();
        let Ok(less) = asked("lt") else { return skipped("dpkg", "dpkg") };
        let expected = if less.success() {
            Ordering::Less
        } else if asked("eq").unwrap().success() {
            Ordering::Equal
        } else {
            Ordering::Greater
        };
        assert_eq!(compare_versions(Format::Deb, a, b), Some(expected), "{a} {b}");
    }
}

#[test]
fn rpm_versions_compare_as_rpm_says() {
    // `rpm.vercmp` compares one part; a caret is rpm's alone.
    let mut parts: Vec<&str> =
        VERSIONS.iter().filter(|v| !v.contains(':')).map(|v| v.rsplit_once('-').unwrap().0).collect();
    parts.extend(["1.0^git1", "1.0^", "1.0^git1~pre", "1.0~rc1^git1"]);
    let pairs = pairs(&parts);
    let calls: String =
        pairs.iter().map(|(a, b)| format!("print(rpm.vercmp('{a}','{b}') .. ' ') ")).collect();
    let Ok(out) = Command::new("rpm").args(["--eval", &format!("%{{lua:{calls}}}")]).output() else {
        return skipped("rpm", "rpm");
    };
    let answers = String::from_utf8(out.stdout).unwrap();
    let answers: Vec<&str> = answers.split_whitespace().collect();
    assert_eq!(answers.len(), pairs.len(), "{}", String::from_utf8_lossy(&out.stderr));
    for ((a, b), answer) in pairs.iter().zip(answers) {
        let expected = answer.parse::<i32>().unwrap().cmp(&0);
        assert_eq!(
            compare_versions(Format::Rpm, &format!("{a}-1"), &format!("{b}-1")),
            Some(expected),
            "{a} {b}"
        );
    }
}

#[test]
fn arch_versions_compare_as_vercmp_says() {
    let versions: Vec<&str> = VERSIONS.iter().copied().filter(|v| !v.contains('~')).collect();
    for (a, b) in pairs(&versions) {
        let Ok(out) = Command::new("vercmp").args([a, b]).output() else {
            return skipped("vercmp", "pacman-package-manager");
        };
        let expected = String::from_utf8(out.stdout).unwrap().trim().parse::<i32>().unwrap().cmp(&0);
        assert_eq!(compare_versions(Format::Arch, a, b), Some(expected), "{a} {b}");
    }
}
