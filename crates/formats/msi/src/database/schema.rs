//! The standard tables of Windows Installer.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::table::{Column, ColumnKind, Table, Validation};

/// Every standard table: its name at the start of a line, below it its columns, indented. A column is a name, a type
/// as in `msiinfo export` (`s72`: text of 72 characters, `l`: that a translation may change, `i2`, `i4`: numbers,
/// `v0`: a stream; in upper case where it may be empty) and what its values must be like: `*` part of the primary
/// key, `@Table/Table:1` names that key column of another table, `1..9` a range, `{a;b}` a set, else a category.
const STANDARD: &str = include_str!("schema.txt");

static TABLES: LazyLock<BTreeMap<&'static str, Table>> = LazyLock::new(|| {
    let mut tables: BTreeMap<&'static str, Table> = BTreeMap::new();
    let mut current = "";
    for line in STANDARD.lines().filter(|line| !line.trim().is_empty()) {
        if line.starts_with(' ') {
            if let (Some(table), Some(column)) = (tables.get_mut(current), parse_column(line)) {
                table.columns.push(column);
            }
        } else {
            current = line.trim();
            tables.insert(current, Table { name: current.to_owned(), columns: Vec::new(), rows: Vec::new() });
        }
    }
    tables
});

/// The standard table `name`, without rows.
pub(crate) fn standard(name: &str) -> Option<Table> {
    TABLES.get(name).cloned()
}

/// The list of tables.
pub(super) fn tables() -> Table {
    system("_Tables", &[("Name", ColumnKind::Text(64), true)])
}

/// The list of columns.
pub(super) fn columns() -> Table {
    system(
        "_Columns",
        &[
            ("Table", ColumnKind::Text(64), true),
            ("Number", ColumnKind::Int16, true),
            ("Name", ColumnKind::Text(64), false),
            ("Type", ColumnKind::Int16, false),
        ],
    )
}

/// The table of rules.
pub(super) fn validation() -> Table {
    TABLES.get("_Validation").cloned().unwrap_or_else(|| system("_Validation", &[]))
}

fn system(name: &str, columns: &[(&str, ColumnKind, bool)]) -> Table {
    let column = |(name, kind, key): &(&str, ColumnKind, bool)| Column {
        name: (*name).to_owned(),
        kind: *kind,
        key: *key,
        nullable: false,
        localizable: false,
        validation: Validation::default(),
    };
    Table { name: name.to_owned(), columns: columns.iter().map(column).collect(), rows: Vec::new() }
}

fn parse_column(line: &str) -> Option<Column> {
    let mut words = line.split_whitespace();
    let name = words.next()?.to_owned();
    let kind = words.next()?;
    let (letter, size) = (kind.chars().next()?, kind.get(1..)?.parse().ok()?);
    let mut column = Column {
        name,
        kind: match (letter.to_ascii_lowercase(), size) {
            ('i', 2) => ColumnKind::Int16,
            ('i', 4) => ColumnKind::Int32,
            ('v', _) => ColumnKind::Stream,
            ('s' | 'l', _) => ColumnKind::Text(size),
            _ => return None,
        },
        key: false,
        nullable: letter.is_ascii_uppercase(),
        localizable: letter.eq_ignore_ascii_case(&'l'),
        validation: Validation::default(),
    };
    for word in words {
        if word == "*" {
            column.key = true;
        } else if let Some((tables, number)) = word.strip_prefix('@').and_then(|w| w.split_once(':')) {
            column.validation.reference = Some((tables.replace('/', ";"), number.parse().ok()?));
        } else if let Some(set) = word.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
            column.validation.set = Some(set.to_owned());
        } else if let Some((low, high)) = word.split_once("..") {
            column.validation.range = Some((low.parse().ok()?, high.parse().ok()?));
        } else {
            column.validation.category = Some(word.to_owned());
        }
    }
    Some(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        let columns = STANDARD.lines().filter(|l| l.starts_with(' ') && !l.trim().is_empty());
        for line in columns.clone() {
            assert!(parse_column(line).is_some(), "{line}");
        }
        assert_eq!(columns.count(), TABLES.values().map(|t| t.columns.len()).sum::<usize>());
        for table in TABLES.values() {
            assert!(table.columns.iter().any(|c| c.key), "{} has no key", table.name);
            let keys = table.columns.iter().take_while(|c| c.key).count();
            assert_eq!(keys, table.columns.iter().filter(|c| c.key).count(), "{}: keys first", table.name);
        }
    }

    #[test]
    fn references_lead_to_key_columns() {
        for table in TABLES.values() {
            for column in &table.columns {
                let Some((targets, number)) = &column.validation.reference else { continue };
                for target in targets.split(';') {
                    let target = TABLES.get(target).unwrap_or_else(|| panic!("{}: {target}", table.name));
                    assert!(*number >= 1 && *number as usize <= target.columns.len(), "{}", table.name);
                }
            }
        }
    }
}
