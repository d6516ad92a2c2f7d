//! Reading a manifest.

use std::path::Path;

use serde::Deserialize;
use toml::de::DeTable;

use crate::diagnostics::{Diagnostic, Report};
use crate::document::Document;
use crate::model::Manifest;
use crate::{schema, semantic, structure};

/// A manifest without errors, with its text.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What it says.
    pub manifest: Manifest,
    /// Where it says so.
    pub document: Document,
    /// What is probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and checks a manifest.
///
/// # Errors
/// Everything that is wrong with it, in one report.
pub fn load(path: &Path) -> Result<Loaded, Report> {
    let bytes = std::fs::read(path).map_err(|e| {
        let hint = match e.kind() {
            std::io::ErrorKind::NotFound => {
                "run the command in the folder of a landfall.toml, name one with --manifest, or write one with \
                 `landfall init`"
            }
            _ => "check the path and its permissions",
        };
        Report::of_file(path, format!("cannot read the manifest: {e}"), hint)
    })?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        Report::of_file(path, format!("line {line} is not UTF-8"), "save the file in UTF-8")
    })?;
    parse(path, text)
}

/// Checks the text of a manifest; `path` is for messages and relative paths.
///
/// # Errors
/// Everything that is wrong with it, in one report.
pub fn parse(path: &Path, text: String) -> Result<Loaded, Report> {
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let (table, errors) = DeTable::parse_recoverable(&text);
    let document = Document::new(path, text.clone(), &table);
    let syntax: Vec<_> = errors
        .iter()
        .map(|e| Diagnostic::error(e.span(), format!("not valid TOML: {}", e.message().trim())))
        .collect();
    if !syntax.is_empty() {
        return Err(document.report(syntax));
    }
    let mut diagnostics = structure::check(document.root(), &schema::schema());
    if !diagnostics.is_empty() {
        return Err(document.report(diagnostics));
    }
    let manifest = Manifest::deserialize(toml::de::Deserializer::from(table)).map_err(|e| {
        // The structural check should have said it before; whatever it missed is still said with its place.
        document.report(vec![Diagnostic::error(e.span(), e.message().to_owned())])
    })?;
    diagnostics = semantic::check(&manifest, &document);
    let report = document.report(diagnostics);
    if report.has_errors() {
        return Err(report);
    }
    Ok(Loaded { manifest, document, warnings: report.diagnostics })
}
