//! What was seen (`evidence.json`).

use landfall_manifest::Format;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name of the file that holds the evidence.
pub const EVIDENCE_FILE: &str = landfall_release::EVIDENCE_FILES[0];
/// Name of the page that shows it.
pub const PAGE_FILE: &str = landfall_release::EVIDENCE_FILES[1];
/// Name of the table that shows it.
pub const TABLE_FILE: &str = landfall_release::EVIDENCE_FILES[2];

/// What was seen of one release (`evidence.json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Version of this file's form; 1.
    pub schema: u32,
    /// The product's name.
    pub product: String,
    /// The product's name for people.
    pub title: String,
    /// Semantic version of the product.
    pub version: String,
    /// Commit it was built from, where that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// Version of the release that upgrades began from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous: Option<String>,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The machine that the laboratories stood on: operating system, kernel, cores.
    pub machine: String,
    /// The laboratories, in the order of the runs.
    pub laboratories: Vec<Laboratory>,
    /// One run for each artifact in each laboratory that takes it.
    pub runs: Vec<Run>,
    /// What the files alone say of platforms, without running anything.
    pub structure: Vec<Structure>,
}

impl Evidence {
    /// The JSON Schema of `evidence.json`.
    pub fn json_schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }
}

/// A laboratory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Laboratory {
    /// Short name: `debian-12-systemd`.
    pub id: String,
    /// What it is, for people.
    pub title: String,
    /// What exactly it was made of: suite, packages, kernel, emulator. Two runs with the same identity ran in the
    /// same environment.
    pub identity: String,
    /// What a run here says about platforms.
    pub speaks_for: Vec<SpeaksFor>,
}

/// How far a laboratory's word goes for a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SpeaksFor {
    /// Short name of the platform.
    pub platform: String,
    /// Whether it is the platform itself or something like it.
    pub how: How,
    /// What differs from the real platform; one sentence for a stand-in.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub difference: String,
}

/// How something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// The files were examined; nothing ran.
    Structure,
    /// It ran on something like the platform.
    StandIn,
    /// It ran on the platform itself.
    Native,
}

/// One artifact in one laboratory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The artifact's path in the release.
    pub artifact: String,
    /// Its format.
    #[schemars(with = "String")]
    pub format: Format,
    /// Target triple it is for.
    pub target: String,
    /// SHA-256 of the file that was used, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Short name of the laboratory.
    pub laboratory: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What was done, in order.
    pub steps: Vec<Step>,
}

/// One step of the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Short name, one of those of [`crate::steps`].
    pub id: String,
    /// What came of it.
    pub verdict: Verdict,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Why it failed, does not apply or was not run; for a step that was not run also what would make it run; for
    /// one that passed, what was accepted and why.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub reason: String,
    /// The commands that were run, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub commands: Vec<Command>,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was seen to be as it must be.
    Passed,
    /// It was seen to be otherwise.
    Failed,
    /// It has no meaning for this artifact or in this laboratory.
    NotApplicable,
    /// It has a meaning but was not tried.
    NotRun,
}

/// A command and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Command {
    /// The command as run in the laboratory.
    pub command: String,
    /// Exit code; absent where a signal ended it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<i32>,
    /// The end of its output and error output, shortened to what is relevant.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub output: String,
}

/// What a file alone says of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Structure {
    /// The artifact's path in the release.
    pub artifact: String,
    /// Short name of the platform.
    pub platform: String,
    /// [`Verdict::Passed`] if nothing in the file speaks against it, [`Verdict::Failed`] if something does.
    pub verdict: Verdict,
    /// What speaks against it, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub findings: Vec<String>,
}
