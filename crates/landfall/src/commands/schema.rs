//! `landfall schema`

use crate::failure::Failure;
use crate::output::Output;

/// Print the JSON Schema of landfall.toml, release.json or evidence.json
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The schema of release.json instead
    #[arg(long, conflicts_with = "markdown")]
    release: bool,
    /// The schema of evidence.json instead
    #[arg(long, conflicts_with_all = ["markdown", "release"])]
    evidence: bool,
    /// The manifest's reference page in Markdown instead
    #[arg(long)]
    markdown: bool,
}

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    if arguments.markdown {
        output.product(landfall_manifest::schema::reference().trim_end());
        return Ok(());
    }
    if arguments.release {
        return output.json(&landfall_release::Release::json_schema());
    }
    if arguments.evidence {
        return output.json(&landfall_verify::evidence::Evidence::json_schema());
    }
    output.json(&landfall_manifest::schema::schema())
}
