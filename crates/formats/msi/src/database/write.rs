//! Writing a database.

use std::collections::BTreeSet;
use std::io::Write;

use super::pool::Pool;
use super::table::{Column, ColumnKind, Table, Value};
use super::{Database, name, schema, summary};
use crate::compound::{self, Content, LONGEST_NAME, Stream};
use crate::{Error, Guid, row};

/// Class of an installer database.
const CLASS: Guid = Guid([0x00, 0x0C, 0x10, 0x84, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
/// Most rows of a table.
const MOST_ROWS: usize = 0xFFFF;
/// Most columns of a table.
const MOST_COLUMNS: usize = 32;
/// Longest text in bytes.
const LONGEST_TEXT: usize = 0xFFFF;

impl Database {
    /// Writes the database. The same tables, streams and summary give the same bytes, in whatever order rows were
    /// added.
    ///
    /// # Errors
    /// When a row does not fit its table, a limit of the format is exceeded, or the output cannot be written.
    pub fn write(mut self, output: impl Write) -> Result<(), Error> {
        self.check()?;
        let validation = self.validation();
        self.tables.insert(validation.name.clone(), validation);

        let mut pool = Pool::default();
        let mut encoded = Vec::new();
        for table in
            [self.list_of_tables(), self.list_of_columns()].iter_mut().chain(self.tables.values_mut())
        {
            encoded.push((name::pack(&table.name, true), Encoded::new(table, &mut pool)?));
        }
        // Now that all strings are known.
        let width = pool.reference_width();
        let mut streams: Vec<Stream> = encoded
            .into_iter()
            // A table without rows has no stream.
            .filter(|(_, rows)| !rows.rows.is_empty())
            .map(|(name, rows)| Stream { name, content: Content::Bytes(rows.to_bytes(width)) })
            .collect();
        let (strings, data) = pool.encode(self.codepage)?;
        let bytes = |name, bytes| Stream { name, content: Content::Bytes(bytes) };
        streams.push(bytes(name::pack("_StringPool", true), strings));
        streams.push(bytes(name::pack("_StringData", true), data));
        streams.push(bytes(summary::STREAM.to_owned(), self.summary.encode()?));
        for (name, content) in self.streams {
            streams.push(Stream { name: name::pack(&name, false), content });
        }
        Ok(compound::write(CLASS, streams, output)?)
    }

    /// Whether everything can be written: what [`Database::write`] finds out first, at no cost.
    ///
    /// # Errors
    /// When a row does not fit its table, or a limit of the format is exceeded.
    pub fn check(&self) -> Result<(), Error> {
        self.tables.values().try_for_each(check_table)?;
        for name in self.streams.keys() {
            let length = name::pack(name, false).encode_utf16().count();
            if length > LONGEST_NAME {
                return Err(Error::Limit(format!(
                    "the stream name {name:?} takes {length} packed characters, at most {LONGEST_NAME} fit; shorten \
                     the identifiers in it"
                )));
            }
        }
        for table in self.tables.values() {
            for row in table.rows.iter().filter(|row| row.contains(&Value::Stream)) {
                let name = table.stream_name(row);
                if !self.streams.contains_key(&name) {
                    return Err(Error::Invalid(format!(
                        "the stream {name:?} of a row of {} is missing",
                        table.name
                    )));
                }
            }
        }
        Ok(())
    }

    fn list_of_tables(&self) -> Table {
        let mut table = schema::tables();
        table.rows = self.tables.keys().map(|name| row![name].into()).collect();
        table
    }

    fn list_of_columns(&self) -> Table {
        let mut list = schema::columns();
        for table in self.tables.values() {
            for (number, column) in (1..).zip(&table.columns) {
                list.rows.push(row![&table.name, number, &column.name, i32::from(column.to_bits())].into());
            }
        }
        list
    }

    /// The table `_Validation` for the tables that are there.
    fn validation(&self) -> Table {
        let mut list = schema::validation();
        let own = list.clone();
        for table in self.tables.values().chain([&own]) {
            for column in &table.columns {
                let rules = &column.validation;
                let (low, high) = rules.range.unzip();
                let (key_table, key_column) = rules.reference.clone().unzip();
                let nullable = if column.nullable { "Y" } else { "N" };
                list.rows.push(
                    row![
                        &table.name,
                        &column.name,
                        nullable,
                        low,
                        high,
                        key_table,
                        key_column,
                        rules.category.as_ref(),
                        rules.set.as_ref(),
                        Value::Null
                    ]
                    .into(),
                );
            }
        }
        list
    }
}

/// The rows of a table as numbers.
struct Encoded {
    columns: Vec<Column>,
    rows: Vec<Vec<u32>>,
}

impl Encoded {
    fn new(table: &mut Table, pool: &mut Pool) -> Result<Self, Error> {
        // Texts get their numbers in the order of the rows, so that it must not matter how the rows came.
        table.rows.sort();
        let mut rows = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            let numbers = table.columns.iter().zip(row).map(|(column, value)| number(column, value, pool));
            rows.push(numbers.collect::<Result<Vec<u32>, Error>>()?);
        }
        // Windows Installer looks rows up by their keys' numbers.
        let keys: Vec<usize> = (0..table.columns.len()).filter(|i| table.columns[*i].key).collect();
        rows.sort_by_cached_key(|row| keys.iter().map(|key| row[*key]).collect::<Vec<u32>>());
        Ok(Self { columns: table.columns.clone(), rows })
    }

    /// Column after column.
    fn to_bytes(&self, reference_width: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            let width = column.width(reference_width);
            for row in &self.rows {
                bytes.extend(&row[index].to_le_bytes()[..width]);
            }
        }
        bytes
    }
}

/// A value as a database stores it; nothing is 0, and numbers are shifted to make room for it.
fn number(column: &Column, value: &Value, pool: &mut Pool) -> Result<u32, Error> {
    Ok(match (value, column.kind) {
        (Value::Null, _) => 0,
        (Value::Int(number), ColumnKind::Int16) => (*number as u32 ^ 0x8000) & 0xFFFF,
        (Value::Int(number), _) => *number as u32 ^ 0x8000_0000,
        (Value::Text(text), _) => pool.intern(text)?,
        (Value::Stream, _) => 1,
    })
}

fn check_table(table: &Table) -> Result<(), Error> {
    let name = &table.name;
    if table.rows.len() > MOST_ROWS {
        return Err(Error::Limit(format!(
            "the table {name} would have {} rows; Windows Installer takes at most {MOST_ROWS}, so split the product \
             into several packages",
            table.rows.len()
        )));
    }
    if table.columns.is_empty() || table.columns.len() > MOST_COLUMNS || !table.columns.iter().any(|c| c.key)
    {
        return Err(Error::Limit(format!(
            "the table {name} must have 1 to {MOST_COLUMNS} columns and a primary key"
        )));
    }
    if name::pack(name, true).encode_utf16().count() > LONGEST_NAME {
        return Err(Error::Limit(format!("the table name {name} is too long")));
    }
    let mut keys = BTreeSet::new();
    for row in &table.rows {
        if row.len() != table.columns.len() {
            return Err(Error::Invalid(format!("a row of {name} has {} values", row.len())));
        }
        for (column, value) in table.columns.iter().zip(row) {
            check_value(table, row, column, value)?;
        }
        if !keys.insert(table.key(row).collect::<Vec<_>>()) {
            return Err(Error::Invalid(format!("two rows of {name} have the key {}", key_text(table, row))));
        }
    }
    Ok(())
}

fn check_value(table: &Table, row: &[Value], column: &Column, value: &Value) -> Result<(), Error> {
    let place = || format!("{}.{} in the row {}", table.name, column.name, key_text(table, row));
    let fits = match (value, column.kind) {
        (Value::Null, _) => column.nullable,
        // The smallest number of each size stands for nothing.
        (Value::Int(number), ColumnKind::Int16) => (-0x7FFF..=0x7FFF).contains(number),
        (Value::Int(number), ColumnKind::Int32) => *number != i32::MIN,
        (Value::Text(text), ColumnKind::Text(longest)) => {
            let length = text.chars().count();
            if longest > 0 && length > usize::from(longest) {
                let start: String = text.chars().take(60).collect();
                return Err(Error::Limit(format!(
                    "{} has room for {longest} characters; {start:?} has {length}",
                    place()
                )));
            }
            if text.len() > LONGEST_TEXT {
                return Err(Error::Limit(format!("{} has a text of more than 65,535 bytes", place())));
            }
            !text.contains('\0') && !text.is_empty()
        }
        (Value::Stream, ColumnKind::Stream) => true,
        _ => false,
    };
    if fits { Ok(()) } else { Err(Error::Invalid(format!("{} cannot hold {value:?}", place()))) }
}

fn key_text(table: &Table, row: &[Value]) -> String {
    table.key(row).map(Value::to_string).collect::<Vec<_>>().join("/")
}
