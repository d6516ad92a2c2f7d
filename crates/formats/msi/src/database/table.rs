//! Tables, columns and values.

use std::fmt;

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// A number.
    Int(i32),
    /// Text; never empty, because a database cannot tell that from nothing.
    Text(String),
    /// Bytes that lie in a stream of their own, named after the table and the row's keys.
    Stream,
}

impl Value {
    /// The text, empty for anything else.
    pub fn text(&self) -> &str {
        if let Self::Text(text) = self { text } else { "" }
    }

    /// The number.
    pub fn int(&self) -> Option<i32> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Stream => f.write_str("[stream]"),
        }
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Null } else { Self::Text(text.to_owned()) }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Null } else { Self::Text(text) }
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers of 16 bits.
    Int16,
    /// Numbers of 32 bits.
    Int32,
    /// Text of at most so many characters; 0: of any length.
    Text(u8),
    /// Streams.
    Stream,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it belongs to the primary key.
    pub key: bool,
    /// Whether it may be empty.
    pub nullable: bool,
    /// Whether a translation may change it.
    pub localizable: bool,
    /// What its values must be like; a row of the table `_Validation`.
    pub validation: Validation,
}

/// What the values of a column must be like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validation {
    /// Smallest and largest number.
    pub range: Option<(i32, i32)>,
    /// Tables whose keys it may name, separated by semicolons, and the number of that key's column.
    pub reference: Option<(String, i32)>,
    /// Category of text: `Identifier`, `Formatted`, `Guid`, …
    pub category: Option<String>,
    /// The only values allowed, separated by semicolons.
    pub set: Option<String>,
}

// Bits of a column's type in the table `_Columns`.
const SIZE: u16 = 0x00FF;
const VALID: u16 = 0x0100;
const LOCALIZABLE: u16 = 0x0200;
const SHORT_OR_TEXT: u16 = 0x0400;
const STRING: u16 = 0x0800;
const NULLABLE: u16 = 0x1000;
const KEY: u16 = 0x2000;

impl Column {
    /// The type as a database records it.
    pub(crate) fn to_bits(&self) -> u16 {
        let kind = match self.kind {
            ColumnKind::Int16 => SHORT_OR_TEXT | 2,
            ColumnKind::Int32 => 4,
            ColumnKind::Text(longest) => STRING | SHORT_OR_TEXT | u16::from(longest),
            ColumnKind::Stream => STRING,
        };
        let flag = |set, bit| if set { bit } else { 0 };
        VALID
            | kind
            | flag(self.localizable, LOCALIZABLE)
            | flag(self.nullable, NULLABLE)
            | flag(self.key, KEY)
    }

    /// A column with the recorded type.
    pub(crate) fn from_bits(name: String, bits: u16) -> Option<Self> {
        let size = bits & SIZE;
        let kind = match (bits & STRING != 0, bits & SHORT_OR_TEXT != 0, size) {
            (true, false, 0) => ColumnKind::Stream,
            (true, ..) => ColumnKind::Text(size as u8),
            (false, _, 2) => ColumnKind::Int16,
            (false, _, 4) => ColumnKind::Int32,
            _ => return None,
        };
        Some(Self {
            name,
            kind,
            key: bits & KEY != 0,
            nullable: bits & NULLABLE != 0,
            localizable: bits & LOCALIZABLE != 0,
            validation: Validation::default(),
        })
    }

    /// How many bytes a value takes.
    pub(crate) fn width(&self, reference: usize) -> usize {
        match self.kind {
            ColumnKind::Int16 | ColumnKind::Stream => 2,
            ColumnKind::Int32 => 4,
            ColumnKind::Text(_) => reference,
        }
    }
}

/// A table with its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a value for every column.
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    /// The number of the column `name`.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The values of a row's primary key.
    pub fn key<'r>(&self, row: &'r [Value]) -> impl Iterator<Item = &'r Value> {
        let keys: Vec<bool> = self.columns.iter().map(|column| column.key).collect();
        row.iter().zip(keys).filter(|(_, key)| *key).map(|(value, _)| value)
    }

    /// Name of the stream that belongs to a row.
    pub fn stream_name(&self, row: &[Value]) -> String {
        let mut name = self.name.clone();
        for value in self.key(row) {
            name.push('.');
            name.push_str(&value.to_string());
        }
        name
    }
}
