//! `landfall plan`

use landfall_manifest::Format;
use landfall_payload::{Built, Target};
use serde::Serialize;

use crate::Global;
use crate::failure::Failure;
use crate::output::{Output, heading, table};
use crate::project::Project;

/// Show what would be built, and why something would not
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) selection: Selection,
}

/// What to build.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// Formats: deb, rpm, apk, arch, tar.gz, tar.zst, zip [default: the manifest's, or all usual ones]
    #[arg(long, short, value_name = "FORMAT", value_delimiter = ',')]
    pub(crate) format: Vec<Format>,
    /// Target triples, or `all` [default: this machine's]
    #[arg(long, short, value_name = "TRIPLE", value_delimiter = ',')]
    pub(crate) target: Vec<String>,
}

/// One artifact that would be built, or would not.
#[derive(Debug, Serialize)]
pub(crate) struct Planned {
    pub(crate) format: Format,
    pub(crate) target: String,
    /// File name; absent where the format cannot name it.
    pub(crate) file: Option<String>,
    /// Why it would not be built.
    pub(crate) obstacle: Option<String>,
    /// What is worth knowing about it.
    pub(crate) notes: Vec<String>,
}

/// The artifacts of one target.
pub(crate) fn artifacts(built: &Built, formats: &[Format]) -> Vec<Planned> {
    let payload = &built.payload;
    let mut all: Vec<Planned> = Vec::new();
    for &format in formats {
        let mut planned = Planned {
            format,
            target: payload.target.to_string(),
            file: None,
            obstacle: None,
            notes: Vec::new(),
        };
        match landfall_packages::packager(format).file_name(payload) {
            Ok(name) => planned.file = Some(name),
            Err(e) => planned.obstacle = Some(e.to_string()),
        }
        let (os, name) = match format {
            Format::Msi => (landfall_payload::Os::Windows, "Windows"),
            _ => (landfall_payload::Os::Linux, "Linux"),
        };
        if payload.target.os != os && !format.is_portable() {
            planned.obstacle =
                Some(format!("{format} packages are for {name}, not for {}", payload.target.os.name()));
        }
        if format == Format::Apk && payload.target.is_glibc() && has_dynamic_programs(built) {
            planned.notes.push(
                "the programs are linked with glibc and Alpine has musl: the package depends on gcompat; build for \
                 a musl target for a package without that"
                    .into(),
            );
        }
        all.push(planned);
    }
    all
}

fn has_dynamic_programs(built: &Built) -> bool {
    !built.missing.is_empty() || built.payload.needs.iter().any(|n| n.interpreter.is_some())
}

/// Two artifacts of one name would overwrite each other: the one for the earlier target stays. Only an Alpine
/// package is better made of musl programs, wherever they stand in the list.
pub(crate) fn refuse_same_names(planned: &mut [Planned]) {
    for i in 1..planned.len() {
        let (before, rest) = planned.split_at_mut(i);
        let this = &mut rest[0];
        let same = |p: &&mut Planned| p.obstacle.is_none() && p.file.is_some() && p.file == this.file;
        let Some(first) = before.iter_mut().find(same) else { continue };
        let (kept, refused) = match this.format == Format::Apk && this.target.contains("musl") {
            true => (this, first),
            false => (first, this),
        };
        refused.obstacle = Some(format!("the package for {} has the same file name", kept.target));
        refused.notes.clear();
    }
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Failure> {
    let project = Project::open(&global.manifest, output)?;
    let targets: Vec<Target> = project.targets(&arguments.selection.target)?;
    let mut planned = Vec::new();
    let mut commands = Vec::new();
    for target in &targets {
        let built = project.payload(target, output)?;
        planned.extend(artifacts(&built, &project.formats(&arguments.selection.format, target)?));
        commands.extend(built.missing);
    }
    refuse_same_names(&mut planned);
    if output.is_json() {
        let commands: Vec<_> = commands.iter().map(|m| m.command.as_str()).collect();
        return output.json(&serde_json::json!({
            "product": project.loaded.manifest.product.name,
            "version": project.version.to_string(),
            "epoch": project.epoch,
            "commit": project.commit,
            "commands": commands,
            "artifacts": planned,
        }));
    }
    output.result(&heading(&format!("{} {}", project.loaded.manifest.product.name, project.version)));
    for m in &commands {
        output.result(&format!("first, because {} is missing: {}", m.path, m.command));
    }
    let rows: Vec<Vec<String>> = planned
        .iter()
        .map(|p| {
            let what = match (&p.obstacle, &p.file) {
                (Some(why), _) => format!("not built: {why}"),
                (None, Some(file)) => file.clone(),
                (None, None) => String::new(),
            };
            vec![p.format.to_string(), p.target.clone(), what]
        })
        .collect();
    output.result(&table(&rows, &[]));
    for (p, note) in planned.iter().flat_map(|p| p.notes.iter().map(move |n| (p, n))) {
        output.result(&format!("{} for {}: {note}", p.format, p.target));
    }
    Ok(())
}
