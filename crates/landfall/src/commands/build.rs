//! `landfall build`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use landfall_manifest::Format;
use landfall_packages::{Level, Options};
use landfall_payload::{Built, EntryKind, MissingProgram, Os, Payload};
use landfall_release::{Artifact, ArtifactWriter, Release, Staging};
use landfall_signing::WindowsSigner;

use crate::Global;
use crate::commands::plan::{self, Selection};
use crate::failure::Failure;
use crate::output::{Output, good, heading, size, table};
use crate::progress::{Progress, Task};
use crate::project::Project;
use crate::signing::{Signing, sign_artifact};

/// Build the packages
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Folder for the release; an earlier release there is replaced once the new one is whole
    #[arg(long, short, value_name = "FOLDER", default_value = "dist")]
    output: PathBuf,
    /// Version instead of the manifest's, for a trial build or a release to upgrade from
    #[arg(long, value_name = "VERSION")]
    as_version: Option<String>,
    /// Compression effort
    #[arg(long, value_enum, default_value_t = Effort::Default)]
    level: Effort,
    #[command(flatten)]
    signing: Signing,
    /// Threads to use [default: one for each processor]
    #[arg(long, short = 'j', value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
}

/// Compression effort.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Effort {
    /// For work in progress
    Fast,
    /// What each format's own tools do
    Default,
    /// For a release: the smallest
    Best,
}

/// One artifact to write.
struct Job<'a> {
    payload: &'a Payload,
    format: Format,
    file: String,
}

/// What all jobs share.
struct Work<'a> {
    folder: &'a Path,
    threads: usize,
    effort: Effort,
    signer: Option<&'a WindowsSigner>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut project = Project::open(&global.manifest, output)?;
    if let Some(version) = &arguments.as_version {
        project = project.with_version(version)?;
    }
    let mut built: Vec<(Built, Vec<Format>)> = Vec::new();
    for target in project.targets(&arguments.selection.target)? {
        let mut result = project.payload(&target, output)?;
        if !result.missing.is_empty() {
            for program in &result.missing {
                make(program, project.loaded.document.folder(), output)?;
            }
            result = project.payload(&target, output)?;
        }
        if let Some(program) = result.missing.first() {
            return Err(Failure::Build(format!(
                "`{}` succeeded, but {} is still missing; correct the program's `path` or `build`",
                program.command, program.path
            )));
        }
        let formats = project.formats(&arguments.selection.format, &target)?;
        built.push((result, formats));
    }
    let systems = built.iter().map(|(built, _)| built.payload.target.os);
    let signer = arguments.signing.windows(&project, systems, output)?;
    let staging = Staging::new(&arguments.output)?;
    // What is signed is packed, so that it must stay until everything is written.
    let signed = tempfile::tempdir_in(staging.folder())?;
    if let Some(signer) = &signer {
        for (built, _) in built.iter_mut().filter(|(built, _)| built.payload.target.os == Os::Windows) {
            landfall_signing::sign_programs(&mut built.payload, signer, signed.path())?;
        }
    }
    let jobs = jobs(&built, !arguments.selection.format.is_empty(), output)?;
    let processors = std::thread::available_parallelism().map_or(1, |n| n.get());
    let threads = arguments.threads.map_or(processors, |n| n.get());
    let effort = arguments.level;
    let work = Work { folder: staging.folder(), threads, effort, signer: signer.as_ref() };
    let made = write_all(&jobs, &work, output)?;
    signed.close()?;

    let mut rows = vec![vec!["artifact".to_owned(), "size".to_owned(), "time".to_owned()]];
    let mut artifacts: Vec<Artifact> = Vec::new();
    for (artifact, seconds) in made {
        rows.push(vec![artifact.path.clone(), size(artifact.size), format!("{seconds:.1} s")]);
        artifacts.push(artifact);
    }
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
    let product = &built[0].0.payload.product;
    let release = Release {
        schema: 1,
        product: product.name.clone(),
        title: product.title.clone(),
        identifier: product.identifier.clone(),
        version: project.version.to_string(),
        commit: project.commit.clone(),
        epoch: project.epoch,
        artifacts,
    };
    staging.publish(&release)?;
    if output.is_json() {
        return output.json(&release);
    }
    let rows_text = table(&rows, &[1, 2]);
    let (head, body) = rows_text.split_once('\n').unwrap_or((&rows_text, ""));
    output.result(&heading(head));
    output.result(body);
    output.result(&format!(
        "{} {} {} in {} ({:.1} s)",
        good("built"),
        product.name,
        project.version,
        arguments.output.display(),
        begun.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Runs the build command of a missing program.
fn make(program: &MissingProgram, folder: &Path, output: &Output) -> Result<(), Failure> {
    output.note(&format!("{} is missing; running: {}", program.path, program.command));
    // Its output is news for the person who waits, never part of our result.
    let status = Command::new("sh")
        .args(["-c", &program.command])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .map_err(|e| Failure::Build(format!("cannot run a shell for `{}`: {e}", program.command)))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Build(format!(
        "the build command of \"{}\" failed ({status}): {}",
        program.name, program.command
    )))
}

/// What to write, largest effort first. A format that cannot be built is an error when it was asked for by name
/// and a note otherwise.
fn jobs<'a>(
    built: &'a [(Built, Vec<Format>)],
    asked: bool,
    output: &Output,
) -> Result<Vec<Job<'a>>, Failure> {
    let mut planned = Vec::new();
    for (result, formats) in built {
        planned.extend(plan::artifacts(result, formats));
    }
    plan::refuse_same_names(&mut planned);
    let payload = |target: &str| built.iter().map(|(b, _)| &b.payload).find(|p| p.target.triple == target);
    let mut jobs = Vec::new();
    for p in planned {
        for note in &p.notes {
            output.note(&format!("note: {} for {}: {note}", p.format, p.target));
        }
        match (p.obstacle, p.file, payload(&p.target)) {
            (Some(why), ..) if asked => {
                return Err(Failure::Usage(format!("cannot build {} for {}: {why}", p.format, p.target)));
            }
            (Some(why), ..) => output.note(&format!("note: no {} for {}: {why}", p.format, p.target)),
            (None, Some(file), Some(payload)) => jobs.push(Job { payload, format: p.format, file }),
            _ => {}
        }
    }
    if jobs.is_empty() {
        return Err(Failure::Usage("nothing to build; `landfall plan` says why".into()));
    }
    Ok(jobs)
}

/// Writes all artifacts, several at once, and describes them in the order of `jobs`.
fn write_all(jobs: &[Job<'_>], work: &Work<'_>, output: &Output) -> Result<Vec<(Artifact, f64)>, Failure> {
    let progress = Progress::new(output);
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let worker = || {
        loop {
            let n: usize = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(n) else { break };
            let task = progress.task(&job.file, content_size(job.payload, job.format));
            let result = write_one(job, work, &task);
            // After the first failure nothing more is begun.
            if result.is_err() {
                next.store(jobs.len(), Ordering::Relaxed);
            }
            results.lock().unwrap_or_else(|e| e.into_inner()).push((n, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..work.threads.min(jobs.len()) {
            scope.spawn(worker);
        }
    });
    let mut results = results.into_inner().unwrap_or_else(|e| e.into_inner());
    results.sort_by_key(|(n, _)| *n);
    results.into_iter().map(|(_, result)| result).collect()
}

fn content_size(payload: &Payload, format: Format) -> u64 {
    payload
        .entries(format)
        .map(|e| if let EntryKind::File(content) = &e.kind { content.size() } else { 0 })
        .sum()
}

fn write_one(job: &Job<'_>, work: &Work<'_>, task: &Task<'_>) -> Result<(Artifact, f64), Failure> {
    let begun = Instant::now();
    let path = work.folder.join(&job.file);
    let failed = |e: &dyn std::fmt::Display| Failure::Io(format!("cannot write {}: {e}", job.file));
    let io = |e: std::io::Error| failed(&format!("{e}{}", landfall_release::advice(&e)));
    let mut writer = ArtifactWriter::create(&path).map_err(io)?;
    let options = Options {
        level: match work.effort {
            Effort::Fast => Level::Fast,
            Effort::Default => Level::Default,
            Effort::Best => Level::Best,
        },
        compression: None,
        threads: work.threads,
        scratch: work.folder.to_owned(),
        progress: &|bytes| task.advance(bytes),
    };
    landfall_packages::packager(job.format).write(job.payload, &options, &mut writer).map_err(
        |e| match e {
            landfall_packages::Error::Io(e) => io(e),
            other => failed(&other),
        },
    )?;
    // The program alone was signed before it was packed.
    let signs = job.payload.target.os == Os::Windows && job.format != Format::Exe;
    if let Some(signer) = work.signer.filter(|_| signs) {
        writer.flush().map_err(io)?;
        if sign_artifact(&path, &job.file, signer)? {
            writer = ArtifactWriter::existing(&path).map_err(io)?;
        }
    }
    let (size, sha256) = writer.finish().map_err(io)?;
    let seconds = begun.elapsed().as_secs_f64();
    task.finish(seconds);
    let artifact = Artifact {
        path: job.file.clone(),
        format: job.format,
        target: job.payload.target.to_string(),
        size,
        sha256,
        contains: contains(job.payload, job.format),
    };
    Ok((artifact, seconds))
}

/// One line about an artifact's content.
fn contains(payload: &Payload, format: Format) -> String {
    let files = payload.entries(format).filter(|e| matches!(e.kind, EntryKind::File(_))).count();
    let service = match &payload.service {
        Some(s) if !format.is_portable() => format!(", the service {}", s.name),
        _ => String::new(),
    };
    let plural = if files == 1 { "" } else { "s" };
    format!(
        "{} {}: {files} file{plural}{service}, {} unpacked",
        payload.product.title,
        payload.product.version,
        size(content_size(payload, format))
    )
}
