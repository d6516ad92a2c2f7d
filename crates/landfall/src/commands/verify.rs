//! `landfall verify`

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use landfall_payload::{Format, Target};
use landfall_release::{Artifact, RELEASE_FILE, Release};
use landfall_verify::campaign::{Campaign, Event, count};
use landfall_verify::evidence::{EVIDENCE_FILE, Evidence, PAGE_FILE, Run, Step, TABLE_FILE, Verdict};
use landfall_verify::lab::{Blueprint, catalogue};
use landfall_verify::report;
use landfall_verify::scenario::Subject;
use landfall_verify::steps::{self, Stage};
use landfall_verify::structure;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Global;
use crate::failure::Failure;
use crate::output::{Output, bad, good, heading, table};
use crate::project::Project;

/// Install, run, upgrade and remove what was built, and write down what was seen
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the release
    #[arg(long, value_name = "FOLDER", default_value = "dist")]
    release: PathBuf,
    /// Folder of the release that upgrades begin from
    #[arg(long, value_name = "FOLDER")]
    previous: Option<PathBuf>,
    /// Only these steps or stages (repeat for more; `landfall verify --steps` lists them)
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// Only these laboratories (repeat for more; `landfall lab list` lists them)
    #[arg(long, value_name = "LABORATORY")]
    lab: Vec<String>,
    /// Only artifacts with this format, or with this text in their name (repeat for more)
    #[arg(long, value_name = "ARTIFACT")]
    artifact: Vec<String>,
    /// Laboratories that are open at a time [default: one for each processor]
    #[arg(long, short = 'j', value_name = "N")]
    jobs: Option<std::num::NonZeroUsize>,
    /// Print the steps and what must hold in each
    #[arg(long)]
    steps: bool,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Failure> {
    if arguments.steps {
        return list_steps(output);
    }
    let begun = Instant::now();
    let started = OffsetDateTime::now_utc();
    let project = Project::open(&global.manifest, output)?;
    let release = read_release(&arguments.release)?;
    let previous =
        arguments.previous.as_deref().map(|folder| Ok::<_, Failure>((folder, read_release(folder)?)));
    let previous = previous.transpose()?;
    if release.version != project.version.to_string() {
        return Err(Failure::Usage(format!(
            "{} holds version {}, the manifest says {}; run `landfall build` first",
            arguments.release.display(),
            release.version,
            project.version
        )));
    }
    let scratch = tempfile::tempdir()?;
    let chosen: Vec<&Artifact> =
        release.artifacts.iter().filter(|a| is_chosen(a, &arguments.artifact)).collect();
    if chosen.is_empty() {
        let known: Vec<&str> = release.artifacts.iter().map(|a| a.path.as_str()).collect();
        return Err(Failure::Usage(format!("no artifact is meant; the release has: {}", known.join(", "))));
    }
    let mut subjects = Vec::new();
    for artifact in chosen {
        // The program alone is the one in the archive, which is looked at.
        if artifact.format == Format::Exe {
            continue;
        }
        let target: Target =
            artifact.target.parse().map_err(|e| Failure::Io(format!("{RELEASE_FILE}: {e}")))?;
        let built = landfall_payload::build(&project.loaded, &target, &project.version, release.epoch)?;
        if let Some(program) = built.missing.first() {
            return Err(Failure::Build(format!("{} is missing; run `landfall build` first", program.path)));
        }
        let file = intact(&arguments.release, artifact)?;
        let old = match &previous {
            Some((folder, release)) => {
                let same = |old: &&Artifact| old.format == artifact.format && old.target == artifact.target;
                release.artifacts.iter().find(same).map(|old| intact(folder, old)).transpose()?
            }
            None => None,
        };
        subjects.push(Subject {
            artifact: artifact.path.clone(),
            file,
            sha256: artifact.sha256.clone(),
            format: artifact.format,
            payload: built.payload,
            previous: old,
            scratch: scratch.path().to_owned(),
        });
    }
    let mut structure = Vec::new();
    for subject in &subjects {
        structure.extend(structure::examine(subject)?);
    }
    let campaign = Campaign {
        subjects,
        structure,
        blueprints: laboratories(&arguments.lab)?,
        steps: wanted(&arguments.only)?,
        jobs: arguments.jobs.map_or_else(processors, std::num::NonZeroUsize::get),
    };
    if campaign.acts() == 0 {
        return Err(Failure::Usage("no laboratory takes any of these artifacts and steps".to_owned()));
    }
    let (runs, laboratories) = campaign.run(&|event| tell(event, output));
    let evidence = Evidence {
        schema: 1,
        product: release.product.clone(),
        title: release.title.clone(),
        version: release.version.clone(),
        commit: release.commit.clone(),
        previous: previous.map(|(_, release)| release.version),
        started: started.format(&Rfc3339).map_err(|e| Failure::Io(e.to_string()))?,
        duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        machine: machine(),
        laboratories,
        runs,
        structure: campaign.structure,
    };
    let text = serde_json::to_string_pretty(&evidence).map_err(|e| Failure::Io(e.to_string()))?;
    put(&arguments.release, EVIDENCE_FILE, &text)?;
    put(&arguments.release, PAGE_FILE, &report::html(&evidence))?;
    put(&arguments.release, TABLE_FILE, &report::markdown(&evidence, Some(PAGE_FILE)))?;
    if output.is_json() {
        output.json(&evidence)?;
    }
    summary(&evidence, arguments, begun, output);
    match count(&evidence.runs, Verdict::Failed) {
        0 => Ok(()),
        1 => Err(Failure::Verification("1 step failed".to_owned())),
        n => Err(Failure::Verification(format!("{n} steps failed"))),
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

fn list_steps(output: &Output) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> = steps::ALL
        .iter()
        .map(|step| vec![step.stage.title().to_lowercase(), step.id.to_owned(), step.title.to_owned()])
        .collect();
    if output.is_json() {
        let list: Vec<_> = rows
            .iter()
            .map(|row| serde_json::json!({ "stage": row[0], "step": row[1], "title": row[2] }))
            .collect();
        return output.json(&list);
    }
    output.product(&table(&rows, &[]));
    Ok(())
}

fn read_release(folder: &Path) -> Result<Release, Failure> {
    Release::read(folder)?.ok_or_else(|| {
        Failure::Usage(format!("{} holds no {RELEASE_FILE}; run `landfall build` first", folder.display()))
    })
}

fn is_chosen(artifact: &Artifact, asked: &[String]) -> bool {
    asked.is_empty()
        || asked.iter().any(|a| artifact.format.name() == a || artifact.path.contains(a.as_str()))
}

/// The artifact's file, if it still is what the release says.
fn intact(folder: &Path, artifact: &Artifact) -> Result<PathBuf, Failure> {
    let path = folder.join(&artifact.path);
    let read = |e: std::io::Error| Failure::Io(format!("cannot read {}: {e}", path.display()));
    let mut hasher = Sha256::new();
    std::io::copy(&mut std::fs::File::open(&path).map_err(read)?, &mut hasher).map_err(read)?;
    if hex::encode(hasher.finalize()) != artifact.sha256 {
        return Err(Failure::Io(format!(
            "{} is not the file that {RELEASE_FILE} describes; run `landfall build` again",
            path.display()
        )));
    }
    Ok(path)
}

/// Laboratories by name; all of them where none is named.
pub(crate) fn laboratories(asked: &[String]) -> Result<Vec<Box<dyn Blueprint>>, Failure> {
    let all = catalogue::all();
    for name in asked {
        if !all.iter().any(|blueprint| blueprint.id() == name) {
            let known: Vec<&str> = all.iter().map(|blueprint| blueprint.id()).collect();
            return Err(Failure::Usage(format!(
                "no laboratory is called {name}; there are: {}",
                known.join(", ")
            )));
        }
    }
    Ok(all.into_iter().filter(|b| asked.is_empty() || asked.iter().any(|name| name == b.id())).collect())
}

/// Short names of steps; a stage stands for its steps.
fn wanted(only: &[String]) -> Result<Vec<String>, Failure> {
    let mut wanted = Vec::new();
    for name in only {
        let stage = Stage::ALL.into_iter().find(|stage| stage.title().eq_ignore_ascii_case(name));
        let own = steps::ALL.iter().filter(|step| step.id == name || Some(step.stage) == stage);
        let before = wanted.len();
        wanted.extend(own.map(|step| step.id.to_owned()));
        if wanted.len() == before {
            let known: Vec<&str> = steps::ALL.iter().map(|step| step.id).collect();
            return Err(Failure::Usage(format!("no step is called {name}; there are: {}", known.join(", "))));
        }
    }
    Ok(wanted)
}

/// One line for each act, and one for each step that did not pass.
fn tell(event: &Event<'_>, output: &Output) {
    match event {
        Event::Preparing { laboratory } => output.note(&format!("preparing {laboratory}")),
        Event::Played { artifact, laboratory, steps, time, done, of } => {
            let failures = steps.iter().filter(|step| step.verdict == Verdict::Failed).count();
            let word = if failures > 0 { bad("failed") } else { good("passed") };
            let ids: Vec<&str> =
                steps.iter().filter(|s| s.verdict == Verdict::Passed).map(|s| s.id.as_str()).collect();
            output.note(&format!(
                "[{done}/{of}] {word} {laboratory}: {artifact}: {} ({:.1} s)",
                if ids.is_empty() { "nothing applies".to_owned() } else { ids.join(" ") },
                time.as_secs_f64()
            ));
            for step in *steps {
                if let Some(line) = mention(step) {
                    output.note(&line);
                }
            }
        }
    }
}

fn mention(step: &Step) -> Option<String> {
    let reason = step.reason.replace('\n', "\n        ");
    match step.verdict {
        Verdict::Failed => Some(format!("    {}: {}: {reason}", bad("failed"), step.id)),
        Verdict::NotRun => Some(format!("    not run: {}: {reason}", step.id)),
        Verdict::Passed | Verdict::NotApplicable => None,
    }
}

fn summary(evidence: &Evidence, arguments: &Arguments, begun: Instant, output: &Output) {
    let head = ["artifact", "laboratory", "passed", "failed", "not run", "time"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for run in &evidence.runs {
        let of = |verdict| count(std::slice::from_ref::<Run>(run), verdict).to_string();
        rows.push(vec![
            run.artifact.clone(),
            run.laboratory.clone(),
            of(Verdict::Passed),
            of(Verdict::Failed),
            of(Verdict::NotRun),
            format!("{:.1} s", std::time::Duration::from_millis(run.duration_ms).as_secs_f64()),
        ]);
    }
    let text = table(&rows, &[2, 3, 4, 5]);
    let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
    output.result(&heading(head));
    output.result(body);
    let failures = count(&evidence.runs, Verdict::Failed);
    output.result(&format!(
        "{} {} {}: {} steps passed, {failures} failed, {} not run; {} ({:.1} s)",
        if failures == 0 { good("verified") } else { bad("not verified") },
        evidence.product,
        evidence.version,
        count(&evidence.runs, Verdict::Passed),
        count(&evidence.runs, Verdict::NotRun),
        arguments.release.join(PAGE_FILE).display(),
        begun.elapsed().as_secs_f64()
    ));
}

/// The machine that the laboratories stand on.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let system = read("/etc/os-release");
    let name = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("Linux");
    let kernel = read("/proc/sys/kernel/osrelease");
    let cores = match processors() {
        1 => "1 processor".to_owned(),
        n => format!("{n} processors"),
    };
    format!("{}, kernel {}, {}, {cores}", name.trim_matches('"'), kernel.trim(), std::env::consts::ARCH)
}

/// Writes a file of the release: whole, or not at all.
fn put(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    let wrote = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|e| e.error)?;
        Ok(())
    };
    wrote().map_err(|e| Failure::Io(format!("cannot write {}: {e}", path.display())))
}
