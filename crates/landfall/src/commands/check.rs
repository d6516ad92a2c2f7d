//! `landfall check`

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
        project.formats(&[], &target)?;
        missing.extend(project.payload(&target, output)?.missing);
    }
    if output.is_json() {
        return output.json(&serde_json::json!({ "diagnostics": [] }));
    }
    let product = &project.loaded.manifest.product;
    let note = if missing.is_empty() { "" } else { "; its programs are not built yet" };
    output.result(&format!("{} {} {}{note}", good("ok:"), product.name, project.version,));
    Ok(())
}
