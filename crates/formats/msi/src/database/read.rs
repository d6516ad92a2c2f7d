//! Reading databases, whoever wrote them.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use super::pool::Strings;
use super::table::{Column, ColumnKind, Table, Validation, Value};
use super::{Codepage, Database, Summary, name, schema, summary};
use crate::Error;
use crate::compound::{CompoundFile, Content, StreamReader};

/// Largest table or string stream that is read.
const LARGEST_TABLE: u64 = 256 << 20;
/// Most text that tables may expand to, in bytes, one alone and all that are kept: references are small, what they name
/// need not be.
const MOST_TEXT: usize = 256 << 20;
/// Most rows of a table.
const MOST_ROWS: usize = 1 << 20;

/// An opened database. Tables are read when they are asked for.
#[derive(Debug)]
pub struct Reader<R> {
    file: CompoundFile<R>,
    strings: Strings,
    tables: BTreeMap<String, Vec<Column>>,
}

/// A stream of a database that is no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// Its name: that of a cabinet, or of a table and its row.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
}

impl<R: Read + Seek> Reader<R> {
    /// Opens a database.
    ///
    /// # Errors
    /// When it is none, is damaged, or cannot be read.
    pub fn open(input: R) -> Result<Self, Error> {
        let mut file = CompoundFile::open(input).map_err(malformed)?;
        let pool = table_stream(&mut file, "_StringPool")?
            .ok_or_else(|| Error::Malformed("it has no string pool".into()))?;
        let data = table_stream(&mut file, "_StringData")?.unwrap_or_default();
        let strings = Strings::decode(&pool, &data)?;
        let mut reader = Self { file, strings, tables: BTreeMap::new() };
        reader.read_columns()?;
        reader.read_validation()?;
        Ok(reader)
    }

    /// How its text is encoded.
    pub fn codepage(&self) -> Codepage {
        self.strings.codepage
    }

    /// Names of its tables.
    pub fn table_names(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// The table `name` with its rows; `None` when there is none.
    ///
    /// # Errors
    /// When it is damaged or cannot be read.
    pub fn table(&mut self, name: &str) -> Result<Option<Table>, Error> {
        let Some(columns) = self.tables.get(name).cloned() else { return Ok(None) };
        let rows = self.rows(name, &columns)?;
        Ok(Some(Table { name: name.to_owned(), columns, rows }))
    }

    /// What it says of itself; `None` when it says nothing.
    ///
    /// # Errors
    /// When the summary is damaged or cannot be read.
    pub fn summary(&mut self) -> Result<Option<Summary>, Error> {
        read_stream(&mut self.file, summary::STREAM, summary::LARGEST)?
            .map(|bytes| Summary::decode(&bytes))
            .transpose()
    }

    /// Its streams that are no tables: cabinets, icons, programs, signatures.
    pub fn streams(&self) -> Vec<StreamInfo> {
        let streams = self.file.streams().map(|(packed, size)| (name::unpack(packed), size));
        streams.filter(|((_, table), _)| !table).map(|((name, _), size)| StreamInfo { name, size }).collect()
    }

    /// Opens a stream that is no table.
    ///
    /// # Errors
    /// When its chain of sectors is damaged.
    pub fn stream(&mut self, name: &str) -> Result<Option<StreamReader<'_, R>>, Error> {
        self.file.stream(&name::pack(name, false)).map_err(malformed)
    }

    /// Everything but the content of streams, for checks.
    ///
    /// # Errors
    /// When a table is damaged or cannot be read.
    pub fn database(&mut self) -> Result<Database, Error> {
        let mut database = Database::new(self.codepage());
        database.summary = self.summary()?.unwrap_or_default();
        let names: Vec<String> = self.tables.keys().filter(|name| !name.starts_with('_')).cloned().collect();
        let mut text = 0;
        for name in names {
            let table = self.table(&name)?;
            text += table.iter().flat_map(|t| t.rows.iter().flatten()).map(|v| v.text().len()).sum::<usize>();
            if text > MOST_TEXT {
                return Err(Error::Malformed("its tables expand to more than 256 MiB".into()));
            }
            database.tables.extend(table.map(|table| (name, table)));
        }
        for stream in self.streams() {
            database.add_stream(stream.name, Content::Bytes(Vec::new()));
        }
        Ok(database)
    }

    fn read_columns(&mut self) -> Result<(), Error> {
        let listed = self.rows("_Tables", &schema::tables().columns)?;
        let mut tables: BTreeMap<String, BTreeMap<i32, Column>> =
            listed.iter().map(|row| (row[0].text().to_owned(), BTreeMap::new())).collect();
        for row in self.rows("_Columns", &schema::columns().columns)? {
            let (table, number, name) = (row[0].text(), row[1].int().unwrap_or(0), row[2].text().to_owned());
            let bits = row[3].int().unwrap_or(0) as u16;
            let column = Column::from_bits(name, bits).ok_or_else(|| {
                Error::Malformed(format!("a column of the table {table:?} has the unknown type {bits:#06x}"))
            })?;
            if let Some(columns) = tables.get_mut(table) {
                columns.insert(number, column);
            }
        }
        self.tables =
            tables.into_iter().map(|(name, columns)| (name, columns.into_values().collect())).collect();
        Ok(())
    }

    /// Adds the rules of `_Validation` to the columns.
    fn read_validation(&mut self) -> Result<(), Error> {
        let Some(rules) = self.table("_Validation")? else { return Ok(()) };
        let place = |name| rules.column(name);
        let (Some(table), Some(column)) = (place("Table"), place("Column")) else { return Ok(()) };
        for row in &rules.rows {
            let get = |name| place(name).map(|index| &row[index]);
            let int = |name| get(name).and_then(Value::int);
            let text = |name| get(name).map(Value::text).filter(|t| !t.is_empty()).map(str::to_owned);
            let Some(columns) = self.tables.get_mut(row[table].text()) else { continue };
            let Some(column) = columns.iter_mut().find(|c| c.name == row[column].text()) else { continue };
            column.validation = Validation {
                range: int("MinValue").zip(int("MaxValue")),
                reference: text("KeyTable").map(|tables| (tables, int("KeyColumn").unwrap_or(1))),
                category: text("Category"),
                set: text("Set"),
            };
        }
        Ok(())
    }

    fn rows(&mut self, table: &str, columns: &[Column]) -> Result<Vec<Vec<Value>>, Error> {
        let Some(bytes) = table_stream(&mut self.file, table)? else { return Ok(Vec::new()) };
        let damaged = |what: &str| Error::Malformed(format!("the table {table:?} {what}"));
        let widths: Vec<usize> = columns.iter().map(|c| c.width(self.strings.reference_width)).collect();
        let width: usize = widths.iter().sum();
        if width == 0 || bytes.len() % width != 0 {
            return Err(damaged("ends within a row"));
        }
        let count = bytes.len() / width;
        if count > MOST_ROWS {
            return Err(damaged("has more than 1,048,576 rows"));
        }
        let mut rows = vec![Vec::with_capacity(columns.len()); count];
        let (mut start, mut text) = (0, 0_usize);
        for (column, width) in columns.iter().zip(widths) {
            let end = start + width * count;
            for (row, raw) in rows.iter_mut().zip(bytes[start..end].chunks_exact(width)) {
                let value =
                    self.value(column, raw).ok_or_else(|| damaged("names a string that is not there"))?;
                text = text.saturating_add(value.text().len());
                if text > MOST_TEXT {
                    return Err(damaged("expands to more than 256 MiB"));
                }
                row.push(value);
            }
            start = end;
        }
        Ok(rows)
    }

    fn value(&self, column: &Column, raw: &[u8]) -> Option<Value> {
        let number = raw.iter().rev().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        Some(match column.kind {
            _ if number == 0 => Value::Null,
            ColumnKind::Int16 => Value::Int(number as i32 - 0x8000),
            ColumnKind::Int32 => Value::Int((number ^ 0x8000_0000) as i32),
            ColumnKind::Text(_) => Value::from(self.strings.get(number as usize)?),
            ColumnKind::Stream => Value::Stream,
        })
    }
}

fn table_stream<R: Read + Seek>(file: &mut CompoundFile<R>, table: &str) -> Result<Option<Vec<u8>>, Error> {
    read_stream(file, &name::pack(table, true), LARGEST_TABLE)
}

fn read_stream<R: Read + Seek>(
    file: &mut CompoundFile<R>,
    name: &str,
    largest: u64,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(mut stream) = file.stream(name).map_err(malformed)? else { return Ok(None) };
    if stream.size() > largest {
        return Err(Error::Malformed(format!("a table has more than {} MiB", largest >> 20)));
    }
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(malformed)?;
    Ok(Some(bytes))
}

/// Damage that the container reports is damage of the database.
fn malformed(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::InvalidData => Error::Malformed(error.to_string()),
        _ => Error::Io(error),
    }
}
