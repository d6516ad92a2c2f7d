//! What is wrong with a manifest, shown as a compiler shows it.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

/// One thing that is wrong, or worth knowing, in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the text; `None` for the file as a whole.
    pub span: Option<Range<usize>>,
    /// Words beside the mark.
    pub label: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing can be built.
    Error,
    /// Something can be built, but probably not what was meant.
    Warning,
}

impl Diagnostic {
    /// An error at a place of the text.
    pub fn error(span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), span, label: String::new(), hint: None }
    }

    /// A warning at a place of the text.
    pub fn warning(span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, message) }
    }

    /// Adds words beside the mark.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Everything that is wrong with one manifest.
#[derive(Debug, Clone)]
pub struct Report {
    /// The manifest's path, as the user gave it.
    pub path: PathBuf,
    /// Its text; empty where it could not be read.
    pub text: String,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// A diagnostic in a form for machines.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// The manifest's path.
    pub file: String,
    /// Line, from 1; absent for the file as a whole.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: &'a str,
    /// What to do about it.
    pub hint: Option<&'a str>,
}

impl Report {
    /// A report of one problem with the file as a whole.
    pub fn of_file(path: impl Into<PathBuf>, message: impl Into<String>, hint: &str) -> Self {
        Self {
            path: path.into(),
            text: String::new(),
            diagnostics: vec![Diagnostic::error(None, message).hint(hint)],
        }
    }

    /// Whether anything in it is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// Puts the diagnostics into the order of the text and drops repetitions.
    pub fn sort(&mut self) {
        self.diagnostics.sort_by_key(|d| d.span.as_ref().map_or(0, |s| s.start));
        self.diagnostics.dedup();
    }

    /// Shows all diagnostics with the lines they are about; with colours if `color`.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let path = self.path.to_string_lossy();
        let mut out = String::new();
        for d in &self.diagnostics {
            let level = match d.severity {
                Severity::Error => Level::ERROR,
                Severity::Warning => Level::WARNING,
            };
            let title = level.primary_title(&d.message);
            let mut group = match &d.span {
                Some(span) => title.element(
                    Snippet::source(&self.text).path(&*path).line_start(1).fold(true).annotation(
                        AnnotationKind::Primary.span(visible(&self.text, span)).label(d.label.as_str()),
                    ),
                ),
                None => title.element(annotate_snippets::Origin::path(&*path)),
            };
            if let Some(hint) = &d.hint {
                group = group.element(Level::HELP.message(hint.as_str()));
            }
            out.push_str(&renderer.render(&[group] as &[Group<'_>]));
            out.push_str("\n\n");
        }
        out
    }

    /// The diagnostics in a form for machines.
    pub fn records(&self) -> Vec<Record<'_>> {
        self.diagnostics
            .iter()
            .map(|d| {
                let place = d.span.as_ref().map(|s| line_and_column(&self.text, s.start));
                Record {
                    severity: d.severity,
                    file: self.path.display().to_string(),
                    line: place.map(|p| p.0),
                    column: place.map(|p| p.1),
                    message: &d.message,
                    hint: d.hint.as_deref(),
                }
            })
            .collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}

/// A mark covers at most the first line of what it is about, so that a whole table does not fill the screen.
fn visible(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let first_line = text[start..end].find('\n').map_or(end, |n| start + n);
    start..first_line
}

pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
