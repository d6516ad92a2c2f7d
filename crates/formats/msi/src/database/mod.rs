//! Databases: tables, streams and summary information, whatever they mean.

mod codepage;
mod name;
mod pool;
mod read;
mod row;
mod schema;
mod summary;
mod table;
mod write;

use std::collections::BTreeMap;

pub use codepage::Codepage;
pub use read::{Reader, StreamInfo};
pub use row::{Row, long_name};
pub(crate) use schema::standard;
pub use summary::Summary;
pub use table::{Column, ColumnKind, Table, Validation, Value};

use crate::Error;
use crate::compound::Content;

/// A database under construction.
#[derive(Debug)]
pub struct Database {
    /// How its text is encoded.
    pub codepage: Codepage,
    /// What it says of itself before it is opened.
    pub summary: Summary,
    tables: BTreeMap<String, Table>,
    streams: BTreeMap<String, Content>,
}

impl Database {
    /// An empty database.
    pub fn new(codepage: Codepage) -> Self {
        let summary = Summary::default();
        Self { codepage, summary, tables: BTreeMap::new(), streams: BTreeMap::new() }
    }

    /// Adds a standard table if it is not there yet, and returns it.
    ///
    /// # Errors
    /// When no standard table has this name.
    pub fn standard_table(&mut self, name: &str) -> Result<&mut Table, Error> {
        if !self.tables.contains_key(name) {
            let table = schema::standard(name).ok_or_else(|| {
                Error::Invalid(format!("there is no standard table {name}; add its columns with `add_table`"))
            })?;
            self.tables.insert(name.to_owned(), table);
        }
        // It has just been made sure of.
        self.tables.get_mut(name).ok_or_else(|| Error::Invalid(format!("there is no table {name}")))
    }

    /// Adds a row to a standard table, which is added with it.
    ///
    /// # Errors
    /// When no standard table has this name, or the row has another number of values than the table columns.
    pub fn insert<const N: usize>(&mut self, table: &str, row: [Value; N]) -> Result<(), Error> {
        let table = self.standard_table(table)?;
        if table.columns.len() != N {
            let (name, wanted) = (&table.name, table.columns.len());
            return Err(Error::Invalid(format!("a row of {name} has {wanted} values, not {N}")));
        }
        table.rows.push(row.into());
        Ok(())
    }

    /// Adds or replaces a table.
    pub fn add_table(&mut self, table: Table) {
        self.tables.insert(table.name.clone(), table);
    }

    /// The table `name`.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }

    /// The table `name`, to be changed.
    pub fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.tables.get_mut(name)
    }

    /// Its tables by name, without those that the writer makes (`_Tables`, `_Columns`, `_Validation`).
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// Adds a stream: a cabinet, or the bytes of a row with a stream (`Binary.name`).
    pub fn add_stream(&mut self, name: impl Into<String>, content: Content) {
        self.streams.insert(name.into(), content);
    }

    /// Names of its streams.
    pub fn streams(&self) -> impl Iterator<Item = &str> {
        self.streams.keys().map(String::as_str)
    }
}

/// A row: values of any kind that a [`Value`] can be made of.
#[macro_export]
macro_rules! row {
    ($($value:expr),* $(,)?) => { [$($crate::Value::from($value)),*] };
}
