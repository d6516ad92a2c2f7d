//! Who signs a build.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use landfall_payload::Os;
use landfall_signing::{Environment, Signatures, WindowsSigner};

use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;

/// How a build is signed.
#[derive(Debug, clap::Args)]
pub(crate) struct Signing {
    /// Sign nothing, whatever the manifest says: a trial build on a machine without the key
    #[arg(long)]
    unsigned: bool,
    /// Folder of detached signatures: those in it are attached, new ones are kept there, so that a signed build can
    /// be made again, also by those who lack the key
    #[arg(long, value_name = "FOLDER", conflicts_with = "unsigned")]
    signatures: Option<PathBuf>,
}

impl Signing {
    /// The signer for Windows, where the manifest names one and something for Windows is built.
    pub(crate) fn windows(
        &self,
        project: &Project,
        systems: impl IntoIterator<Item = Os>,
        output: &Output,
    ) -> Result<Option<WindowsSigner>, Failure> {
        let Some(section) = &project.loaded.manifest.sign.windows else { return Ok(None) };
        if !systems.into_iter().any(|os| os == Os::Windows) {
            return Ok(None);
        }
        if self.unsigned {
            output.note("note: nothing for Windows is signed, as --unsigned says");
            return Ok(None);
        }
        let product = &project.loaded.manifest.product;
        let title = product.title.as_deref().unwrap_or(&product.name);
        let environment = Environment {
            folder: project.loaded.document.folder(),
            variable: &|name| std::env::var(name).ok(),
        };
        let signatures = self.signatures.as_deref().map(Signatures::new);
        let named = (title, product.homepage.as_deref());
        let signer = WindowsSigner::new(section, named, &environment, signatures, now())?;
        match signer.subject() {
            Some(subject) => output.note(&format!("signing for Windows as {subject}")),
            None => output.note("attaching kept signatures for Windows; there is no key to make new ones"),
        }
        Ok(Some(signer))
    }
}

/// Seconds since 1970, by the machine's clock: whether a certificate is valid now decides whether it signs, and is no
/// part of what is signed.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// Signs the artifact at `path` where it is of a kind that Windows looks for signatures in.
pub(crate) fn sign_artifact(path: &Path, name: &str, signer: &WindowsSigner) -> Result<bool, Failure> {
    use std::io::Read;
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(8).read_to_end(&mut head)?;
    if !landfall_signing::is_signable(&head) {
        return Ok(false);
    }
    let mut unsigned = path.as_os_str().to_owned();
    unsigned.push(".unsigned");
    std::fs::rename(path, &unsigned)?;
    let mut signed = std::fs::File::options().read(true).write(true).create_new(true).open(path)?;
    signer.sign(name, std::fs::File::open(&unsigned)?, &mut signed)?;
    std::fs::remove_file(&unsigned)?;
    Ok(true)
}
