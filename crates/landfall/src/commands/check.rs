//! `landfall check`

use landfall_manifest::Format;
use landfall_packages::Error;
use landfall_payload::Payload;

use crate::Global;
use crate::failure::Failure;
use crate::output::{Output, good};
use crate::project::Project;

/// Check the manifest and everything it names
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Target triples to check for, or `all` [default: this machine's]
    #[arg(long, short, value_name = "TRIPLE")]
    target: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Failure> {
    let project = Project::open(&global.manifest, output)?;
    let mut missing = Vec::new();
    for target in project.targets(&arguments.target)? {
        let formats = project.formats(&[], &target)?;
        let built = project.payload(&target, output)?;
        if built.missing.is_empty() {
            judge(&built.payload, &formats, output)?;
        }
        missing.extend(built.missing);
    }
    if output.is_json() {
        return output.json(&serde_json::json!({ "diagnostics": [] }));
    }
    let product = &project.loaded.manifest.product;
    let note = if missing.is_empty() { "" } else { "; its programs are not built yet" };
    output.result(&format!("{} {} {}{note}", good("ok:"), product.name, project.version,));
    Ok(())
}

/// Whether the packages would keep their formats' own rules. A format that cannot express the product is left out of a
/// build as well, with a note.
fn judge(payload: &Payload, formats: &[Format], output: &Output) -> Result<(), Failure> {
    for format in formats {
        match landfall_packages::packager(*format).check(payload) {
            Err(error @ Error::Inexpressible { .. }) => {
                output.note(&format!("note: no {format} for {}: {error}", payload.target));
            }
            Err(error) => return Err(Failure::Lint(error.to_string())),
            Ok(()) => {}
        }
    }
    Ok(())
}
