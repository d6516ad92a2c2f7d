//! Rows that are read by the names of their columns.

use super::{Database, Table, Value};

/// A row that knows its columns by name.
#[derive(Debug, Clone, Copy)]
pub struct Row<'d> {
    /// The table it stands in.
    pub table: &'d Table,
    /// Its values, one for each column.
    pub values: &'d [Value],
}

impl<'d> Row<'d> {
    /// The value in this column; null where there is no such column.
    pub fn value(&self, column: &str) -> &'d Value {
        self.table.column(column).and_then(|index| self.values.get(index)).unwrap_or(&Value::Null)
    }

    /// The text in this column; empty where it is none.
    pub fn text(&self, column: &str) -> &'d str {
        self.value(column).text()
    }

    /// The number in this column; 0 where it is none.
    pub fn int(&self, column: &str) -> i32 {
        self.value(column).int().unwrap_or(0)
    }

    /// The values of its primary key, with slashes between.
    pub fn key(&self) -> String {
        self.table.key(self.values).map(Value::to_string).collect::<Vec<_>>().join("/")
    }
}

impl Database {
    /// The rows of a table, none where it is missing.
    pub fn rows<'d>(&'d self, table: &str) -> impl Iterator<Item = Row<'d>> + use<'d> {
        let table = self.table(table);
        table.into_iter().flat_map(|table| table.rows.iter().map(move |values| Row { table, values }))
    }

    /// The row of a table with this first key.
    pub fn row(&self, table: &str, key: &str) -> Option<Row<'_>> {
        self.rows(table).find(|row| row.values.first().is_some_and(|value| value.text() == key))
    }
}

/// The long form of a value of the type `Filename`, `SHORT|LONG`.
pub fn long_name(filename: &str) -> &str {
    filename.split_once('|').map_or(filename, |(_, long)| long)
}
