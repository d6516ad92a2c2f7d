//! `landfall diff`

use std::path::PathBuf;

use landfall_lint::diff::{
    Attribute, Change, Difference, FileChange, Line, ReleaseDifference, TextChange, diff, diff_releases,
};
use landfall_lint::{Finding, Package};

use crate::failure::Failure;
use crate::output::{Output, finding, gone, good, heading, printable, size};

/// Show what changes on a machine from one package or release to another, and what of it bites later
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The package, or the folder of the release, that is in use
    old: PathBuf,
    /// The one that takes its place
    new: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let (old, new) = (&arguments.old, &arguments.new);
    let errors = match (old.is_dir(), new.is_dir()) {
        (true, true) => releases(&diff_releases(old, new)?, output)?,
        (false, false) => {
            let (one, other) = (Package::open(old)?, Package::open(new)?);
            let difference = diff(&one, &other).map_err(|e| Failure::Usage(e.to_string()))?;
            if output.is_json() {
                output.json(&difference)?;
            }
            output.result(&describe(&difference));
            difference.errors()
        }
        _ => {
            return Err(Failure::Usage(
                "compare two packages, or two folders with a release.json each".into(),
            ));
        }
    };
    if errors > 0 {
        let noun = if errors == 1 { "hazard" } else { "hazards" };
        return Err(Failure::Hazard(format!("{errors} {noun} of severity error in this upgrade")));
    }
    Ok(())
}

fn releases(difference: &ReleaseDifference, output: &Output) -> Result<usize, Failure> {
    if output.is_json() {
        output.json(difference)?;
    }
    for one in &difference.artifacts {
        output.result(&format!("{}\n", describe(one)));
    }
    for path in &difference.added {
        output.result(&good(&format!("+ {} is new", printable(path))));
    }
    let title = format!("{} -> {}", difference.old, difference.new);
    output.result(&hazards(&title, &difference.hazards));
    Ok(difference.errors())
}

fn describe(d: &Difference) -> String {
    let (old, new) = (&d.old, &d.new);
    let files = format!("{} -> {}", printable(&old.file), printable(&new.file));
    // An archive has neither name nor version.
    let mut out = if new.name.is_empty() {
        heading(&files)
    } else {
        let (name, from, to) = (printable(&new.name), printable(&old.version), printable(&new.version));
        format!("{}\n{files}", heading(&format!("{name} {from} -> {to}")))
    };
    out.push_str(&format!("\ninstalled size {} -> {}\n", size(old.size), size(new.size)));
    if d.is_empty() {
        out.push_str("nothing else changes\n");
    }
    section(&mut out, "Files", d.files.iter().map(file));
    section(&mut out, "Units", d.units.iter().map(text));
    section(&mut out, "Settings", d.settings.iter().map(text));
    section(&mut out, "Scripts", d.scripts.iter().map(text));
    section(
        &mut out,
        "Relations",
        d.relations.iter().map(|relation| {
            let mut lines = format!("  {}", printable(&relation.field));
            for item in &relation.removed {
                lines.push_str(&format!("\n    {}", gone(&format!("- {}", printable(item)))));
            }
            for item in &relation.added {
                lines.push_str(&format!("\n    {}", good(&format!("+ {}", printable(item)))));
            }
            lines
        }),
    );
    section(&mut out, "Metadata", d.fields.iter().map(|field| format!("  {}", attribute(field))));
    out.push('\n');
    out.push_str(&hazards(&format!("{} -> {}", old.file, new.file), &d.hazards));
    out
}

fn section(out: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    if !items.is_empty() {
        out.push_str(&format!("\n{}\n{}\n", heading(title), items.join("\n")));
    }
}

fn mark(change: Change, text: &str) -> String {
    match change {
        Change::Added => good(&format!("+ {text}")),
        Change::Removed => gone(&format!("- {text}")),
        Change::Changed => format!("~ {text}"),
    }
}

fn attribute(a: &Attribute) -> String {
    // A digest is there to be compared, not to be read.
    let short = |value: &str| {
        let value = value.strip_prefix("sha256:").map_or(value, |digest| digest.get(..12).unwrap_or(digest));
        printable(value)
    };
    format!("{} {} -> {}", printable(&a.name), short(&a.old), short(&a.new))
}

fn file(f: &FileChange) -> String {
    let mut line = format!("  {}", mark(f.change, &printable(&f.path)));
    if f.change == Change::Changed {
        let words: Vec<String> = f.attributes.iter().map(attribute).collect();
        line.push_str(&format!("  ({})", words.join(", ")));
    }
    line
}

fn text(t: &TextChange) -> String {
    let mut out = format!("  {}", mark(t.change, &printable(&t.name)));
    // Of what comes or goes as a whole, the name says enough.
    for line in t.lines.iter().filter(|_| t.change == Change::Changed) {
        let shown = match line {
            Line::Removed(line) => gone(&format!("- {}", printable(line))),
            Line::Added(line) => good(&format!("+ {}", printable(line))),
        };
        out.push_str(&format!("\n      {shown}"));
    }
    out
}

fn hazards(title: &str, hazards: &[Finding]) -> String {
    if hazards.is_empty() {
        return good("no hazards");
    }
    let all: Vec<String> = hazards.iter().map(|hazard| finding(title, hazard)).collect();
    all.join("\n\n")
}
