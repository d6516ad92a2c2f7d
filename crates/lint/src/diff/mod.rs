//! What changes on a machine when one package takes the place of another, and what of it bites later.

mod files;
mod hazards;
mod release;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use landfall_payload::Format;
use serde::Serialize;

pub use files::{Attribute, FileChange};
pub use hazards::rules as hazard_rules;
pub use release::{ReleaseDifference, ReleaseError, diff_releases};
pub use text::Line;

use crate::finding::{Finding, Severity};
use crate::package::Package;

/// What changes from one package to another.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// Format of both.
    pub format: Format,
    /// The package that is on the machine.
    pub old: Side,
    /// The package that takes its place.
    pub new: Side,
    /// Files that come, go or change, sorted by path.
    pub files: Vec<FileChange>,
    /// systemd units, directive by directive.
    pub units: Vec<TextChange>,
    /// Files that the package manager keeps when somebody edited them: which come and go, and what changes in
    /// their defaults.
    pub settings: Vec<TextChange>,
    /// Scripts that the package manager runs, line by line.
    pub scripts: Vec<TextChange>,
    /// Relations to other packages.
    pub relations: Vec<RelationChange>,
    /// Other metadata.
    pub fields: Vec<Attribute>,
    /// What bites later, the worst first.
    pub hazards: Vec<Finding>,
}

/// One of the two packages.
#[derive(Debug, Serialize)]
pub struct Side {
    /// File name.
    pub file: String,
    /// Name of the package; empty for a plain archive.
    pub name: String,
    /// Its version; empty for a plain archive.
    pub version: String,
    /// Its architecture as the format names it.
    pub architecture: String,
    /// What its files take up, in bytes.
    pub size: u64,
}

/// What changes in a text.
#[derive(Debug, Serialize)]
pub struct TextChange {
    /// Its path or name.
    pub name: String,
    /// Whether it comes, goes or changes.
    pub change: Change,
    /// Lines that come and go; empty where the text cannot be seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

/// Whether something comes, goes or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
}

/// What changes in a relation to other packages.
#[derive(Debug, Serialize)]
pub struct RelationChange {
    /// Field of the format: `Depends`, `Requires(pre)`, `provides`.
    pub field: String,
    /// Items that come.
    pub added: Vec<String>,
    /// Items that go.
    pub removed: Vec<String>,
}

/// Packages of different formats have nothing to do with each other.
#[derive(Debug, thiserror::Error)]
#[error("{old} is a {old_format} package and {new} a {new_format} package; compare packages of one format")]
pub struct DifferentFormats {
    old: String,
    new: String,
    old_format: Format,
    new_format: Format,
}

impl Difference {
    /// How many hazards are errors.
    pub fn errors(&self) -> usize {
        self.hazards.iter().filter(|hazard| hazard.rule.severity == Severity::Error).count()
    }

    /// Whether nothing changes but the version.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
            && self.units.is_empty()
            && self.settings.is_empty()
            && self.scripts.is_empty()
            && self.relations.is_empty()
            && self.fields.is_empty()
    }
}

/// What changes on a machine when `new` takes the place of `old`.
///
/// # Errors
/// When they are of different formats.
pub fn diff(old: &Package, new: &Package) -> Result<Difference, DifferentFormats> {
    if old.format() != new.format() {
        return Err(DifferentFormats {
            old: old.file_name.clone(),
            new: new.file_name.clone(),
            old_format: old.format(),
            new_format: new.format(),
        });
    }
    Ok(Difference {
        format: old.format(),
        old: side(old),
        new: side(new),
        files: files::changes(old, new),
        units: units(old, new),
        settings: settings(old, new),
        scripts: scripts(old, new),
        relations: relations(old, new),
        fields: fields(old, new),
        hazards: hazards::find(old, new),
    })
}

fn side(package: &Package) -> Side {
    Side {
        file: package.file_name.clone(),
        name: package.description.name.clone(),
        version: package.description.version.clone(),
        architecture: package.description.architecture.clone(),
        size: package.files().map(|file| file.record.size).sum(),
    }
}

/// Texts by name; `None` stands for one that cannot be seen.
type Texts = BTreeMap<String, Option<String>>;

/// Compares texts that both sides have by name.
fn texts(old: &Texts, new: &Texts) -> Vec<TextChange> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let (before, after) = (old.get(name), new.get(name));
            let change = match (before, after) {
                (None, _) => Change::Added,
                (_, None) => Change::Removed,
                (Some(a), Some(b)) if a == b => return None,
                _ => Change::Changed,
            };
            let seen = |side: Option<&Option<String>>| side.map_or(Some(String::new()), Clone::clone);
            let lines = match (seen(before), seen(after)) {
                (Some(before), Some(after)) => text::lines(&before, &after),
                _ => Vec::new(),
            };
            Some(TextChange { name: name.clone(), change, lines })
        })
        .collect()
}

/// Units as lists of directives: comments and empty lines do nothing.
fn units(old: &Package, new: &Package) -> Vec<TextChange> {
    let side = |package: &Package| -> Texts {
        let text = |unit: &crate::unit::Unit| {
            unit.directives.iter().map(|d| format!("[{}] {}={}\n", d.section, d.name, d.value)).collect()
        };
        package.units().iter().map(|unit| (unit.path.clone(), Some(text(unit)))).collect()
    };
    texts(&side(old), &side(new))
}

fn settings(old: &Package, new: &Package) -> Vec<TextChange> {
    let side = |package: &Package| -> Texts {
        let settings = package.files().filter(|file| file.is_setting());
        // Where the text is not kept, the digest tells at least whether it is the same.
        settings
            .map(|file| {
                (
                    file.path.to_owned(),
                    file.facts.map(|f| f.text.clone().unwrap_or_else(|| format!("sha256:{}", f.sha256))),
                )
            })
            .collect()
    };
    texts(&side(old), &side(new))
}

fn scripts(old: &Package, new: &Package) -> Vec<TextChange> {
    let side = |package: &Package| -> Texts {
        let scripts = package.description.scripts.iter();
        scripts.map(|s| (s.name.clone(), Some(format!("#!{}\n{}", s.interpreter, s.text)))).collect()
    };
    texts(&side(old), &side(new))
}

/// Fields that say how packages relate to each other.
const RELATIONS: &[&str] = &[
    "depends",
    "pre-depends",
    "recommends",
    "suggests",
    "enhances",
    "conflicts",
    "breaks",
    "replaces",
    "provides",
    "requires",
    "obsoletes",
    "supplements",
    "depend",
    "conflict",
    "optdepend",
    "install_if",
];

/// Fields that differ from build to build, or that are shown elsewhere.
const SHOWN_ELSEWHERE: &[&str] = &[
    "version",
    "release",
    "epoch",
    "pkgver",
    "installed-size",
    "size",
    "build time",
    "builddate",
    "datahash",
    "backup",
    "signature",
    "source rpm",
    "name",
    "pkgname",
    "package",
    "architecture",
    "arch",
    "commit",
    "build host",
];

fn is_relation(field: &str) -> bool {
    let bare = field.split('(').next().unwrap_or(field).to_ascii_lowercase();
    RELATIONS.contains(&bare.as_str())
}

fn relations(old: &Package, new: &Package) -> Vec<RelationChange> {
    let items = |package: &Package| -> BTreeSet<(String, String)> {
        let fields = package.description.fields.iter().filter(|(name, _)| is_relation(name));
        let comma = package.format() == Format::Deb;
        fields
            .flat_map(|(name, value)| {
                let parts: Vec<&str> = if comma { value.split(',').collect() } else { vec![value] };
                parts.into_iter().map(|item| (name.clone(), item.trim().to_owned())).collect::<Vec<_>>()
            })
            .collect()
    };
    let (before, after) = (items(old), items(new));
    let names: BTreeSet<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
    let only = |these: &BTreeSet<(String, String)>, others: &BTreeSet<(String, String)>, name: &str| {
        these
            .difference(others)
            .filter(|(field, _)| field == name)
            .map(|(_, item)| item.clone())
            .collect::<Vec<_>>()
    };
    names
        .into_iter()
        .map(|name| RelationChange {
            field: name.clone(),
            added: only(&after, &before, name),
            removed: only(&before, &after, name),
        })
        .filter(|change| !change.added.is_empty() || !change.removed.is_empty())
        .collect()
}

fn fields(old: &Package, new: &Package) -> Vec<Attribute> {
    let names: BTreeSet<&str> = [old, new]
        .into_iter()
        .flat_map(|package| package.description.fields.iter().map(|(name, _)| name.as_str()))
        .filter(|name| !is_relation(name) && !SHOWN_ELSEWHERE.contains(&name.to_ascii_lowercase().as_str()))
        .collect();
    let mut changes: Vec<Attribute> =
        names.into_iter().filter_map(|name| Attribute::new(name, old.field(name), new.field(name))).collect();
    changes.extend(Attribute::new("compression", &old.description.compression, &new.description.compression));
    changes
}
