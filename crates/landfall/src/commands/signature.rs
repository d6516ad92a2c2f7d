//! `landfall signature`

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use landfall_authenticode::{Trust, attach, certificates_from_pem, extract, remove, verify};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::output::{Output, good};
use crate::signing::now;

/// Read, remove, attach or judge the signature of a Windows program or installer
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write the signature of a file, with its timestamp, to a file of its own (PKCS #7 in DER)
    Extract {
        /// The signed program or installer
        file: PathBuf,
        /// Where the signature goes [default: beside the file, with .p7s behind its name]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write a file with a signature that was extracted from the same file, or made elsewhere
    Attach {
        /// The program or installer
        file: PathBuf,
        /// The signature
        signature: PathBuf,
        /// Where the signed file goes [default: in the place of the file]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write a file without its signature
    Remove {
        /// The signed program or installer
        file: PathBuf,
        /// Where it goes [default: in the place of the file]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Say whether a signature holds, and whose it is
    Verify {
        /// The signed program or installer
        file: PathBuf,
        /// Certificates that are trusted to sign, in PEM
        #[arg(long, value_name = "PEM")]
        roots: PathBuf,
        /// Certificates that are trusted to confirm times, in PEM [default: those of --roots]
        #[arg(long, value_name = "PEM")]
        timestamp_roots: Option<PathBuf>,
    },
}

/// What a signature that holds says.
#[derive(Debug, Serialize)]
struct Verified {
    file: String,
    chain: Vec<String>,
    description: Option<String>,
    url: Option<String>,
    timestamp: Option<i64>,
    metadata: bool,
}

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    match &arguments.action {
        Action::Extract { file, output: to } => {
            let signature = extract(open(file)?).map_err(refused(file))?;
            let to = to.clone().unwrap_or_else(|| {
                let mut name = file.clone().into_os_string();
                name.push(".p7s");
                name.into()
            });
            replace(&to, |mut target| Ok(target.write_all(&signature)?))
        }
        Action::Attach { file, signature, output: to } => {
            let signature = read(signature)?;
            replace(to.as_deref().unwrap_or(file), |target| {
                attach(open(file)?, &signature, target).map_err(refused(file)).map(drop)
            })
        }
        Action::Remove { file, output: to } => replace(to.as_deref().unwrap_or(file), |target| {
            remove(open(file)?, target).map_err(refused(file)).map(drop)
        }),
        Action::Verify { file, roots, timestamp_roots } => {
            judge(file, roots, timestamp_roots.as_deref(), output)
        }
    }
}

fn judge(file: &Path, roots: &Path, timestamps: Option<&Path>, output: &Output) -> Result<(), Failure> {
    let certificates = |path: &Path| certificates_from_pem(&read(path)?).map_err(refused(path));
    let trust =
        Trust { code_signing: certificates(roots)?, timestamps: certificates(timestamps.unwrap_or(roots))? };
    let found = verify(open(file)?, &trust, now()).map_err(refused(file))?;
    let said = Verified {
        file: file.display().to_string(),
        chain: found.chain,
        description: found.description,
        url: found.url,
        timestamp: found.timestamp.map(|timestamp| timestamp.time),
        metadata: found.msi_metadata,
    };
    if output.is_json() {
        return output.json(&said);
    }
    output.result(&format!("{} signed by {}", good("ok:"), said.chain.join(", by ")));
    for (what, text) in [("description", &said.description), ("address", &said.url)] {
        if let Some(text) = text {
            output.result(&format!("{what}: {text}"));
        }
    }
    match said.timestamp.and_then(|time| time::OffsetDateTime::from_unix_timestamp(time).ok()) {
        Some(time) => output.result(&format!("confirmed at: {} {}", time.date(), time.time())),
        None => output.result("no timestamp: the signature ends with its certificate"),
    }
    Ok(())
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|e| Failure::Io(format!("cannot read {}: {e}", path.display())))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|e| Failure::Io(format!("cannot read {}: {e}", path.display())))
}

fn refused(path: &Path) -> impl Fn(landfall_authenticode::Error) -> Failure {
    let name = path.display().to_string();
    move |e| match e {
        landfall_authenticode::Error::Io(e) => Failure::Io(format!("{name}: {e}")),
        other => Failure::Signature(format!("{name}: {other}")),
    }
}

/// Writes a file under another name and puts it in place when it is whole.
fn replace(path: &Path, write: impl FnOnce(&File) -> Result<(), Failure>) -> Result<(), Failure> {
    let failed = |e: std::io::Error| {
        Failure::Io(format!("cannot write {}: {e}{}", path.display(), landfall_release::advice(&e)))
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = NamedTempFile::new_in(folder).map_err(failed)?;
    write(temporary.as_file())?;
    temporary.as_file().sync_all().map_err(failed)?;
    readable(temporary.as_file()).map_err(failed)?;
    temporary.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// Temporary files are their owner's alone; what takes their place is everybody's to read.
#[cfg(unix)]
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> std::io::Result<()> {
    Ok(())
}
