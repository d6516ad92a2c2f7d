//! `landfall lint`

use std::path::PathBuf;

use landfall_lint::platform::{self, Platform};
use landfall_lint::{Check, Finding, Package, Severity, checks, platform_findings};
use landfall_release::{RELEASE_FILE, Release};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Output, finding, good, heading, table};

/// Judge packages, whoever built them
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The packages: deb, rpm, apk, Arch package, MSI or archive; a folder with a release.json stands for its artifacts
    #[arg(required_unless_present_any = ["list", "explain"])]
    files: Vec<PathBuf>,
    /// Let warnings count as errors
    #[arg(long)]
    strict: bool,
    /// Say also what speaks against its use on a platform, such as debian-11 or rhel-8
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    platform: Vec<String>,
    /// Print the checks
    #[arg(long, conflicts_with = "files")]
    list: bool,
    /// Explain a check
    #[arg(long, value_name = "ID", conflicts_with_all = ["files", "list"])]
    explain: Option<String>,
}

/// What was found in one package.
#[derive(Debug, Serialize)]
struct Judged {
    file: String,
    findings: Vec<Finding>,
}

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    if arguments.list {
        return list(output);
    }
    if let Some(id) = &arguments.explain {
        return explain(id, output);
    }
    let platforms = platforms(&arguments.platform)?;
    let mut judged = Vec::new();
    let mut unreadable: Option<Failure> = None;
    for path in &packages(&arguments.files)? {
        match Package::open(path) {
            Ok(package) => {
                let mut findings = landfall_lint::lint(&package);
                findings.extend(platforms.iter().flat_map(|platform| platform_findings(&package, platform)));
                judged.push(Judged { file: path.display().to_string(), findings });
            }
            // The others are judged all the same.
            Err(e) => {
                if let Some(earlier) = unreadable.replace(e.into()) {
                    output.failure(&earlier);
                }
            }
        }
    }
    if output.is_json() {
        output.json(&judged)?;
    }
    for one in &judged {
        for found in &one.findings {
            output.result(&format!("{}\n", finding(&one.file, found)));
        }
        output.result(&summary(one));
    }
    if let Some(failure) = unreadable {
        return Err(failure);
    }
    let least = if arguments.strict { Severity::Warning } else { Severity::Error };
    let bad = judged.iter().filter(|one| count(&one.findings, least) > 0).count();
    if bad > 0 {
        let noun = if bad == 1 { "package has" } else { "packages have" };
        let what = if arguments.strict { "errors or warnings" } else { "errors" };
        return Err(Failure::Lint(format!(
            "{bad} {noun} {what}; `landfall lint --explain ID` says more about one"
        )));
    }
    Ok(())
}

/// The files that are named, with the artifacts of a release in the place of its folder.
fn packages(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let release = Release::read(path)?.ok_or_else(|| {
            Failure::Usage(format!("{} is a folder without a {RELEASE_FILE}; name packages", path.display()))
        })?;
        all.extend(release.artifacts.iter().map(|artifact| path.join(&artifact.path)));
    }
    Ok(all)
}

fn platforms(ids: &[String]) -> Result<Vec<&'static Platform>, Failure> {
    let known = || platform::ALL.iter().map(|platform| platform.id).collect::<Vec<_>>().join(", ");
    let unknown = |id| Failure::Usage(format!("there is no platform {id:?}; known: {}", known()));
    ids.iter().map(|id| platform::find(id).ok_or_else(|| unknown(id))).collect()
}

/// How many findings are at least so bad.
fn count(findings: &[Finding], least: Severity) -> usize {
    findings.iter().filter(|finding| finding.rule.severity >= least).count()
}

fn summary(one: &Judged) -> String {
    let errors = count(&one.findings, Severity::Error);
    let warnings = count(&one.findings, Severity::Warning) - errors;
    let notes = one.findings.len() - errors - warnings;
    let counts = [(errors, "error"), (warnings, "warning"), (notes, "note")];
    let words: Vec<String> = counts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| format!("{number} {noun}{}", if *number == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() {
        format!("{}: {}", one.file, good("nothing to say against it"))
    } else {
        format!("{}: {}", one.file, words.join(", "))
    }
}

fn formats(check: &Check) -> String {
    let names: Vec<&str> = check.formats.iter().map(|format| format.name()).collect();
    names.join(", ")
}

/// A check, for machines.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    rule: &'static landfall_lint::Rule,
    formats: Vec<&'static str>,
}

fn list(output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        let all: Vec<Listed> = checks()
            .map(|check| Listed {
                rule: &check.rule,
                formats: check.formats.iter().map(|f| f.name()).collect(),
            })
            .collect();
        return output.json(&all);
    }
    let rows: Vec<Vec<String>> = checks()
        .map(|check| vec![check.rule.severity.name().into(), check.rule.id.into(), formats(check)])
        .collect();
    output.product(&table(&rows, &[]));
    Ok(())
}

fn explain(id: &str, output: &Output) -> Result<(), Failure> {
    let check = checks().find(|check| check.rule.id == id).ok_or_else(|| {
        Failure::Usage(format!("there is no check {id:?}; `landfall lint --list` prints them all"))
    })?;
    if output.is_json() {
        return output.json(&check.rule);
    }
    let rule = &check.rule;
    let mut text = format!("{} ({}; {})\n\n", heading(rule.id), rule.severity.name(), formats(check));
    text.push_str(&format!("{}\n\n{}\n", rule.reason, rule.remedy));
    if !rule.source.is_empty() {
        text.push_str(&format!("\n{}", rule.source));
    }
    output.product(text.trim_end());
    Ok(())
}
