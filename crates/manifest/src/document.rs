//! The manifest's text, addressable by key.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::{Diagnostic, Report, line_and_column};

/// A manifest's text with the place of every key and value.
#[derive(Debug, Clone)]
pub struct Document {
    path: PathBuf,
    text: String,
    root: Node,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

/// A TOML value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    String(String),
    Integer(Option<i64>),
    Float,
    Boolean,
    Datetime,
    Array(Vec<Node>),
    Table(Vec<(String, Range<usize>, Node)>),
}

impl Node {
    fn table(table: &Spanned<DeTable<'_>>) -> Self {
        Self { span: table.span(), value: Value::of_table(table.get_ref()) }
    }

    /// The value at a key of a table or an index of an array.
    pub(crate) fn get(&self, segment: &str) -> Option<&Node> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|(k, _, _)| k == segment).map(|(_, _, node)| node),
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
            _ => None,
        }
    }
}

impl Value {
    fn of_table(table: &DeTable<'_>) -> Self {
        Self::Table(
            table.iter().map(|(k, v)| (k.get_ref().to_string(), k.span(), Self::spanned(v))).collect(),
        )
    }

    fn spanned(value: &Spanned<DeValue<'_>>) -> Node {
        let inner = match value.get_ref() {
            DeValue::String(s) => Self::String(s.to_string()),
            DeValue::Integer(i) => Self::Integer(i64::from_str_radix(i.as_str(), i.radix()).ok()),
            DeValue::Float(_) => Self::Float,
            DeValue::Boolean(_) => Self::Boolean,
            DeValue::Datetime(_) => Self::Datetime,
            DeValue::Array(a) => Self::Array(a.iter().map(Self::spanned).collect()),
            DeValue::Table(t) => Self::of_table(t),
        };
        Node { span: value.span(), value: inner }
    }

    /// What kind of value it is, in words for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float => "a number with a fraction",
            Self::Boolean => "true or false",
            Self::Datetime => "a date",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Document {
    pub(crate) fn new(path: &Path, text: String, table: &Spanned<DeTable<'_>>) -> Self {
        let root = Node::table(table);
        Self { path: path.to_owned(), text, root }
    }

    /// The manifest's path, as the user gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that relative paths of the manifest start from.
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        }
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// The line, from 1, of a byte of the text.
    pub fn line(&self, offset: usize) -> usize {
        line_and_column(&self.text, offset).0
    }

    /// The place of the value at a pointer such as `/files/2/source`; where it is absent, of the closest thing
    /// around it that is there.
    pub fn span(&self, pointer: &str) -> Option<Range<usize>> {
        let mut current = &self.root;
        let mut span = None;
        for segment in pointer.split('/').filter(|s| !s.is_empty()) {
            let Some(next) = current.get(segment) else { break };
            span = Some(next.span.clone());
            current = next;
        }
        span
    }

    /// An error at a pointer.
    pub fn error(&self, pointer: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.span(pointer), message)
    }

    /// A warning at a pointer.
    pub fn warning(&self, pointer: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(self.span(pointer), message)
    }

    /// A report of these diagnostics about this manifest.
    pub fn report(&self, diagnostics: Vec<Diagnostic>) -> Report {
        let mut report = Report { path: self.path.clone(), text: self.text.clone(), diagnostics };
        report.sort();
        report
    }
}
