//! `landfall schema`

use crate::failure::Failure;
use crate::output::Output;

/// Print the JSON Schema of landfall.toml or of release.json
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The schema of release.json instead
    #[arg(long, conflicts_with = "markdown")]
    release: bool,
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
    output.json(&landfall_manifest::schema::schema())
}
