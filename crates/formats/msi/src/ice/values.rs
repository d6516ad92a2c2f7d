//! Values and columns.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Report, Severity};
use crate::database::standard;
use crate::installer::check_file_name;
use crate::{Column, ColumnKind, Database, Guid, Value};

pub(super) const ICE03: Check = Check {
    number: "ICE03",
    reason: "Windows Installer trusts values to keep the rules of their columns, and rows to exist that others name.",
    remedy: "Give the column a value that its rules allow.",
    severities: &[Severity::Error],
    run: data,
};

pub(super) const ICE06: Check = Check {
    number: "ICE06",
    reason: "Queries of Windows Installer name columns that must be there.",
    remedy: "Add the missing column, as the table's documentation has it.",
    severities: &[Severity::Error],
    run: columns,
};

/// Keys by table and column.
type Keys<'d> = BTreeMap<(&'d str, usize), BTreeSet<&'d str>>;

fn data(database: &Database, report: &mut Report<'_>) {
    let mut keys: Keys<'_> = BTreeMap::new();
    for table in database.tables() {
        for index in (0..table.columns.len()).filter(|index| table.columns[*index].key) {
            let values = table.rows.iter().filter_map(|row| row.get(index)).map(Value::text);
            keys.insert((&table.name, index + 1), values.collect());
        }
    }
    for table in database.tables() {
        for row in database.rows(&table.name) {
            for (column, value) in table.columns.iter().zip(row.values) {
                if let Err(what) = check(column, value, &keys) {
                    report.error(&row, format!("{} {what}", column.name));
                }
            }
        }
    }
}

fn check(column: &Column, value: &Value, keys: &Keys<'_>) -> Result<(), String> {
    let rules = &column.validation;
    match value {
        Value::Null if !column.nullable => Err("must not be empty".into()),
        Value::Null | Value::Stream => Ok(()),
        Value::Int(number) => {
            let in_set = |set: &String| set.split(';').any(|one| one.parse() == Ok(*number));
            let in_range = rules.range.is_none_or(|(low, high)| (low..=high).contains(number));
            if in_range && rules.set.as_ref().is_none_or(in_set) {
                Ok(())
            } else {
                Err(format!("must not be {number}"))
            }
        }
        Value::Text(text) => check_text(column, text, keys),
    }
}

fn check_text(column: &Column, text: &str, keys: &Keys<'_>) -> Result<(), String> {
    let rules = &column.validation;
    if let ColumnKind::Text(most) = column.kind
        && most > 0
        && text.chars().count() > usize::from(most)
    {
        return Err(format!("has room for {most} characters, not for {}", text.chars().count()));
    }
    let in_set = rules.set.as_ref().is_some_and(|set| set.split(';').any(|one| one == text));
    let refers = rules.reference.as_ref().is_some_and(|(tables, number)| {
        let number = usize::try_from(*number).unwrap_or(0);
        tables.split(';').any(|table| keys.get(&(table, number)).is_some_and(|keys| keys.contains(text)))
    });
    if in_set || refers {
        return Ok(());
    }
    match (&rules.reference, rules.category.as_deref()) {
        // A version, or the file whose version counts.
        (_, Some("Version")) => {}
        (Some((tables, _)), _) => return Err(format!("names {text:?}, which is not in {tables}")),
        (None, None) if rules.set.is_some() => return Err(format!("must not be {text:?}")),
        _ => {}
    }
    let sound = match rules.category.as_deref() {
        Some("Identifier") => is_identifier(text),
        Some("UpperCase") => !text.chars().any(char::is_lowercase),
        Some("LowerCase") => !text.chars().any(char::is_uppercase),
        Some("Guid") => text.parse::<Guid>().is_ok_and(|guid| guid.to_string() == text),
        Some("Version") => is_version(text),
        Some("Language") => text.split(',').all(|id| id.parse::<u16>().is_ok()),
        Some("Cabinet") => {
            text.strip_prefix('#').is_none_or(|stream| !stream.is_empty() && stream.is_ascii())
        }
        Some("Filename") => is_file_name(text),
        Some("DefaultDir") => {
            text.split(':').all(|part| matches!(part, "." | "SourceDir") || is_file_name(part))
        }
        Some("RegPath") => !text.starts_with('\\') && !text.ends_with('\\') && !text.contains("\\\\"),
        Some("Condition") => is_condition(text),
        Some("Formatted" | "Template" | "FormattedSDDLText") => is_formatted(text),
        _ => true,
    };
    if sound {
        return Ok(());
    }
    Err(format!("must be of the category {}, not {text:?}", rules.category.as_deref().unwrap_or_default()))
}

pub(super) fn is_identifier(text: &str) -> bool {
    // Identifiers of other compilers may begin with a percent sign and name an environment variable.
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '%')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '%'))
}

fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() <= 4 && parts.iter().all(|part| part.parse::<u16>().is_ok())
}

fn is_file_name(text: &str) -> bool {
    let (short, long) = text.split_once('|').unwrap_or((text, text));
    let (stem, ending) = short.split_once('.').unwrap_or((short, ""));
    let short_fits = (1..=8).contains(&stem.chars().count()) && ending.chars().count() <= 3;
    // Properties may stand for a name.
    text.contains('[') || (short_fits && !ending.contains('.') && check_file_name(long).is_ok())
}

/// Whether quotes and parentheses close, and no two operands or operators follow where only one may.
fn is_condition(text: &str) -> bool {
    let mut depth = 0_i32;
    let mut rest = text;
    while let Some(at) = rest.find(['"', '(', ')']) {
        match &rest[at..=at] {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => match rest[at + 1..].find('"') {
                Some(end) => {
                    rest = &rest[at + 2 + end..];
                    continue;
                }
                None => return false,
            },
        }
        if depth < 0 {
            return false;
        }
        rest = &rest[at + 1..];
    }
    let last = text.split_whitespace().next_back().unwrap_or_default().to_ascii_uppercase();
    depth == 0 && !matches!(last.as_str(), "AND" | "OR" | "NOT" | "=" | "<>" | ">" | "<" | ">=" | "<=")
}

/// Whether brackets close.
fn is_formatted(text: &str) -> bool {
    let mut depth = 0_i32;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            // `[\x]` is one character of any kind.
            '[' if characters.peek() == Some(&'\\') => {
                characters.next();
                characters.next();
                depth += 1;
            }
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            // A lone closing bracket is text.
            depth = 0;
        }
    }
    depth == 0
}

fn columns(database: &Database, report: &mut Report<'_>) {
    for table in database.tables() {
        let Some(standard) = standard(&table.name) else { continue };
        for column in &standard.columns {
            // Later versions of Windows Installer added columns at the end that may be missing.
            let optional = column.nullable && !column.key;
            if table.column(&column.name).is_none() && !optional {
                report.table(&table.name, format!("the column {} is missing", column.name));
            }
        }
        for column in table.columns.iter().filter(|c| !standard.columns.iter().any(|s| s.name == c.name)) {
            report.table(&table.name, format!("there is no column {} in the standard", column.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories() {
        assert!(is_condition("VersionNT AND (NOT A OR B = \"x)\")"));
        for wrong in ["(A", "A)", "A = \"x", "A AND", "NOT"] {
            assert!(!is_condition(wrong), "{wrong}");
        }
        assert!(is_formatted("[ProductName] [\\[]x[\\]] a]"));
        assert!(!is_formatted("[ProductName"));
        assert!(is_file_name("README~1.TXT|Read me.txt") && is_file_name("a.txt"));
        assert!(!is_file_name("Read me first.txt") && !is_file_name("AUX~1|con"));
    }
}
