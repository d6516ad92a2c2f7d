//! What a build finds out about the project before it begins: manifest, version, time and commit.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use landfall_manifest::model::Role;
use landfall_manifest::{Diagnostic, Format, Loaded, Report, Version};
use landfall_payload::{Built, Os, Target};

use crate::failure::Failure;
use crate::output::Output;

/// The time of everything in a package where neither the environment nor the history tells one: 1980-01-01,
/// the earliest that a zip archive can express.
const FALLBACK_EPOCH: i64 = 315_532_800;

/// A manifest with everything around it that a build depends on.
pub(crate) struct Project {
    pub(crate) loaded: Loaded,
    pub(crate) version: Version,
    pub(crate) epoch: i64,
    pub(crate) commit: Option<String>,
}

impl Project {
    /// Reads the manifest, the environment and the history.
    pub(crate) fn open(manifest: &Path, output: &Output) -> Result<Self, Failure> {
        // Git takes its time; the manifest is read meanwhile.
        let history = History::ask(manifest.parent().unwrap_or(Path::new("")));
        let loaded = landfall_manifest::load(manifest)?;
        output.report(&loaded.document.report(loaded.warnings.clone()));
        let version = landfall_payload::version(&loaded, &|name| std::env::var(name).ok())?;
        let history = history.and_then(History::answer);
        let epoch = match std::env::var("SOURCE_DATE_EPOCH").ok().filter(|v| !v.is_empty()) {
            Some(text) => text.parse().ok().filter(|e| (0..1 << 32).contains(e)).ok_or_else(|| {
                Failure::Usage(format!("SOURCE_DATE_EPOCH is \"{text}\", not a number of seconds since 1970"))
            })?,
            None => match &history {
                Some((_, time)) => *time,
                None => {
                    output.note(
                        "note: no SOURCE_DATE_EPOCH and no git history; everything in the packages is dated \
                         1980-01-01",
                    );
                    FALLBACK_EPOCH
                }
            },
        };
        Ok(Self { loaded, version, epoch, commit: history.map(|(commit, _)| commit) })
    }

    /// The same project as another version of itself.
    pub(crate) fn with_version(mut self, text: &str) -> Result<Self, Failure> {
        let product = &self.loaded.manifest.product;
        self.version = Version::new(text, product.release, product.epoch)
            .map_err(|e| Failure::Usage(format!("--as-version: {e}")))?;
        Ok(self)
    }

    /// The targets that were asked for: by name, `all` of the manifest's, or this machine's.
    pub(crate) fn targets(&self, asked: &[String]) -> Result<Vec<Target>, Failure> {
        let document = &self.loaded.document;
        let mut declared: Vec<Target> = Vec::new();
        let mut unknown: Vec<Diagnostic> = Vec::new();
        for (name, program) in &self.loaded.manifest.programs {
            for (i, triple) in program.targets.iter().enumerate() {
                match triple.parse::<Target>() {
                    Ok(target) if declared.contains(&target) => {}
                    Ok(target) => declared.push(target),
                    Err(e) => {
                        unknown.push(document.error(&format!("/programs/{name}/targets/{i}"), e.to_string()))
                    }
                }
            }
        }
        if !unknown.is_empty() {
            return Err(document.report(unknown).into());
        }
        if asked.iter().any(|a| a == "all") {
            return Ok(if declared.is_empty() { vec![Target::host()] } else { declared });
        }
        let asked: Vec<Target> = match asked {
            [] => vec![self.host(&declared)?],
            _ => asked
                .iter()
                .map(|t| t.parse::<Target>().map_err(|e| Failure::Usage(e.to_string())))
                .collect::<Result<_, _>>()?,
        };
        for target in &asked {
            if !declared.is_empty() && !declared.contains(target) {
                let known: Vec<String> = declared.iter().map(ToString::to_string).collect();
                return Err(Failure::Usage(format!(
                    "the manifest has no target {target}; it lists: {}",
                    known.join(", ")
                )));
            }
        }
        Ok(asked)
    }

    /// This machine's target: exactly, or one whose programs run here all the same.
    fn host(&self, declared: &[Target]) -> Result<Target, Failure> {
        let host = Target::host();
        if declared.is_empty() || declared.contains(&host) {
            return Ok(host);
        }
        let runs_here = |t: &&Target| t.architecture == host.architecture && t.os == host.os;
        declared.iter().find(runs_here).cloned().ok_or_else(|| {
            let known: Vec<String> = declared.iter().map(ToString::to_string).collect();
            Failure::Usage(format!(
                "the manifest has no target for this machine ({host}); choose with --target: {}, or all",
                known.join(", ")
            ))
        })
    }

    /// Everything of one target; warnings are shown.
    pub(crate) fn payload(&self, target: &Target, output: &Output) -> Result<Built, Report> {
        let built = landfall_payload::build(&self.loaded, target, &self.version, self.epoch)?;
        output.report(&self.loaded.document.report(built.warnings.clone()));
        Ok(built)
    }

    /// Whether a program is all that there is to run.
    fn is_one_program(&self) -> bool {
        let manifest = &self.loaded.manifest;
        manifest.programs.len() == 1 && manifest.files.iter().all(|file| file.role != Role::Program)
    }

    /// The formats for a target: as asked for, as the manifest says, or what is usual there.
    pub(crate) fn formats(&self, asked: &[Format], target: &Target) -> Result<Vec<Format>, Failure> {
        if !asked.is_empty() {
            let mut formats = asked.to_vec();
            formats.sort();
            formats.dedup();
            return Ok(formats);
        }
        if let Some(names) = &self.loaded.manifest.package.formats {
            let mut formats = Vec::new();
            let mut unknown = Vec::new();
            for (i, name) in names.iter().enumerate() {
                match name.parse() {
                    Ok(format) => formats.push(format),
                    Err(e) => {
                        let pointer = format!("/package/formats/{i}");
                        unknown.push(self.loaded.document.error(&pointer, format!("{e}")));
                    }
                }
            }
            if !unknown.is_empty() {
                return Err(self.loaded.document.report(unknown).into());
            }
            return Ok(formats);
        }
        Ok(match target.os {
            Os::Linux => {
                vec![Format::Deb, Format::Rpm, Format::Apk, Format::Arch, Format::TarGz, Format::TarZst]
            }
            Os::Macos => vec![Format::TarGz],
            Os::Windows if self.is_one_program() => vec![Format::Msi, Format::Zip, Format::Exe],
            Os::Windows => vec![Format::Msi, Format::Zip],
        })
    }
}

/// What git was asked about the last commit.
struct History {
    commit: Child,
    changes: Child,
}

impl History {
    /// Asks git, without waiting for it. `None` on a machine without git.
    fn ask(folder: &Path) -> Option<Self> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(folder).args(arguments).stdin(Stdio::null());
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()
        };
        let commit = git(&["log", "-1", "--format=%H %ct"])?;
        let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
        Some(Self { commit, changes })
    }

    /// Identity and time of the last commit. A folder without history has none. As with `git describe`, files that
    /// differ from the commit make it `-dirty`.
    fn answer(self) -> Option<(String, i64)> {
        let (commit, changes) = (self.commit.wait_with_output(), self.changes.wait_with_output());
        let text = String::from_utf8(commit.ok().filter(|out| out.status.success())?.stdout).ok()?;
        let (commit, time) = text.trim().split_once(' ')?;
        let mark = if changes.ok()?.stdout.is_empty() { "" } else { "-dirty" };
        Some((format!("{commit}{mark}"), time.parse().ok()?))
    }
}
