//! `landfall init`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::Global;
use crate::discovery::{self, Discovery};
use crate::failure::Failure;
use crate::output::{Output, good};

/// Look at the project in this folder and write a landfall.toml for it
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print the manifest instead of writing it
    #[arg(long)]
    print: bool,
    /// Replace an existing manifest
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Failure> {
    let path = &global.manifest;
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let found = discovery::look(folder);
    let text = manifest(&found);
    if arguments.print {
        output.product(text.trim_end());
        return Ok(());
    }
    let failed = |e: std::io::Error| match e.kind() {
        ErrorKind::AlreadyExists => Failure::Usage(format!(
            "{} exists already; replace it with --force, or look with --print",
            path.display()
        )),
        _ => Failure::Io(format!("cannot write {}: {e}", path.display())),
    };
    let mut options = OpenOptions::new();
    if arguments.force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = options.write(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    output.result(&format!("{} {}", good("wrote"), path.display()));
    for what in open_questions(&found) {
        output.result(&format!("  please complete: {what}"));
    }
    output.result("next: landfall check, then landfall build");
    Ok(())
}

/// What could not be found out.
fn open_questions(found: &Discovery) -> Vec<&'static str> {
    let mut open = Vec::new();
    if found.version_from.is_none() {
        open.push("version");
    }
    if found.maintainer.is_none() {
        open.push("maintainer");
    }
    if found.license.is_none() {
        open.push("license");
    }
    if found.summary.is_none() {
        open.push("summary");
    }
    if found.programs.is_empty() {
        open.push("programs");
    }
    open
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn manifest(found: &Discovery) -> String {
    let mut out = String::from(
        "# What this product is and how it is packaged: docs/manifest.md of Landfall.\n\n[product]\n",
    );
    let mut key = |name: &str, value: String| out.push_str(&format!("{name} = {value}\n"));
    key("name", quoted(&found.name));
    match &found.version_from {
        Some(path) => key("version", format!("{{ from = {} }}", quoted(path))),
        None => key("version", quoted("0.1.0")),
    }
    let default = |value: &Option<String>, fallback: &str| quoted(value.as_deref().unwrap_or(fallback));
    key("maintainer", default(&found.maintainer, "Your Name <you@example.com>"));
    key("license", default(&found.license, "LicenseRef-Proprietary"));
    if let Some(homepage) = &found.homepage {
        key("homepage", quoted(homepage));
    }
    let summary = found.summary.as_deref().unwrap_or("One line that says what it does");
    let summary: String =
        summary.lines().next().unwrap_or_default().trim_end_matches('.').chars().take(80).collect();
    key("summary", quoted(&summary));

    for (program, package) in &found.programs {
        out.push_str(&format!("\n[programs.{program}]\n"));
        out.push_str(&format!("build = \"cargo build --release --target {{target}} --package {package}\"\n"));
    }
    let mut file = |source: &str, destination: String, role: &str| {
        out.push_str(&format!(
            "\n[[files]]\nsource = {}\ndestination = {}\nrole = \"{role}\"\n",
            quoted(source),
            quoted(&destination)
        ));
    };
    for path in &found.license_files {
        file(path, "{doc}/".into(), "license");
    }
    if let Some(path) = &found.readme {
        file(path, "{doc}/".into(), "documentation");
    }
    for path in &found.manual_pages {
        let section = path.rsplit('.').next().unwrap_or("1");
        file(path, format!("{{man}}/man{section}/"), "manual-page");
    }
    if let Some(unit) = &found.unit
        && found.programs.iter().any(|(p, _)| *p == unit.program)
    {
        out.push_str(&format!(
            "\n# From {}: a hardened unit is generated; `unit` would keep yours.\n",
            unit.path
        ));
        out.push_str(&format!("[service]\nprogram = {}\n", quoted(&unit.program)));
        if !unit.arguments.is_empty() {
            let words: Vec<String> =
                unit.arguments.iter().map(|a| quoted(&a.replace('{', "{{").replace('}', "}}"))).collect();
            out.push_str(&format!("arguments = [{}]\n", words.join(", ")));
        }
        if let Some(account) = unit.account.as_deref().filter(|a| *a != "root") {
            out.push_str(&format!("account = {}\n", quoted(account)));
        }
        if unit.notifies {
            out.push_str("ready = \"notify\"\n");
        }
    }
    out
}
