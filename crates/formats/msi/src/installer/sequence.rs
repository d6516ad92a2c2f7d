//! The order of actions: the standard ones at their usual numbers, the package's own between them.

use super::{Position, Sequence};
use crate::{Database, Error, Value, row};

/// One action of a sequence.
#[derive(Debug, Clone)]
struct Entry {
    action: String,
    condition: Option<String>,
    /// Number of a standard action.
    number: Option<i32>,
    /// The action after which it was put.
    after: Option<String>,
}

/// A sequence under construction.
#[derive(Debug)]
pub(crate) struct Actions {
    sequence: Sequence,
    entries: Vec<Entry>,
    /// Dialogs at the ends, with negative numbers.
    ends: Vec<(String, i32)>,
}

impl Actions {
    pub(crate) fn new(sequence: Sequence) -> Self {
        Self { sequence, entries: Vec::new(), ends: Vec::new() }
    }

    /// Adds a standard action at its usual number.
    pub(crate) fn standard(&mut self, action: &str, number: i32) {
        self.standard_if(action, number, None);
    }

    /// Adds a standard action with a condition.
    pub(crate) fn standard_if(&mut self, action: &str, number: i32, condition: Option<String>) {
        let at = self.entries.partition_point(|entry| entry.number.is_some_and(|other| other < number));
        let entry = Entry { action: action.to_owned(), condition, number: Some(number), after: None };
        self.entries.insert(at, entry);
    }

    /// Adds a dialog that is shown at the end: when all went well (-1), was cancelled (-2) or failed (-3).
    pub(crate) fn end(&mut self, dialog: &str, number: i32) {
        self.ends.push((dialog.to_owned(), number));
    }

    /// Adds an action of the package's own.
    pub(crate) fn insert(
        &mut self,
        action: &str,
        position: &Position,
        condition: Option<String>,
    ) -> Result<(), Error> {
        let (Position::After(anchor) | Position::Before(anchor)) = position;
        let find = |entries: &[Entry]| entries.iter().position(|entry| entry.action == *anchor);
        let at = find(&self.entries).ok_or_else(|| {
            Error::Invalid(format!(
                "{action} is to stand beside {anchor} in {}, which has no such action",
                self.sequence.table()
            ))
        })?;
        let mut entry = Entry { action: action.to_owned(), condition, number: None, after: None };
        let at = match position {
            Position::Before(_) => at,
            Position::After(_) => {
                entry.after = Some(anchor.clone());
                let followers = self.entries[at + 1..].iter();
                at + 1 + followers.take_while(|other| other.after.as_deref() == Some(anchor)).count()
            }
        };
        self.entries.insert(at, entry);
        Ok(())
    }

    /// Writes the sequence's table.
    pub(crate) fn write(self, database: &mut Database) -> Result<(), Error> {
        let table = self.sequence.table();
        database.standard_table(table)?;
        for (action, number) in self.ends {
            database.insert(table, row![action, Value::Null, number])?;
        }
        let numbered = self.entries.clone();
        let mut last = 0;
        for (index, entry) in self.entries.into_iter().enumerate() {
            let number = entry.number.unwrap_or(last + 1);
            let next = numbered[index..].iter().find_map(|entry| entry.number);
            if number <= last || next.is_some_and(|next| number > next) {
                return Err(Error::Limit(format!(
                    "there is no number left for {} in {table}; put some actions elsewhere",
                    entry.action
                )));
            }
            last = number;
            database.insert(table, row![entry.action, entry.condition, number])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codepage;

    fn numbers(actions: Actions) -> Vec<(String, i32)> {
        let mut database = Database::new(Codepage::Utf8);
        actions.write(&mut database).unwrap();
        let rows = &database.table("InstallExecuteSequence").unwrap().rows;
        rows.iter().map(|row| (row[0].to_string(), row[2].int().unwrap())).collect()
    }

    #[test]
    fn own_actions_stand_where_they_are_told() {
        let mut actions = Actions::new(Sequence::Execute);
        actions.standard("InstallFinalize", 6600);
        actions.standard("InstallInitialize", 1500);
        for (name, position) in [
            ("a", Position::After("InstallInitialize".into())),
            ("b", Position::After("InstallInitialize".into())),
            ("c", Position::Before("InstallFinalize".into())),
            ("d", Position::Before("InstallFinalize".into())),
            ("e", Position::After("a".into())),
        ] {
            actions.insert(name, &position, None).unwrap();
        }
        let order: Vec<(String, i32)> = numbers(actions);
        let names: Vec<&str> = order.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["InstallInitialize", "a", "e", "b", "c", "d", "InstallFinalize"]);
        assert!(order.windows(2).all(|pair| pair[0].1 < pair[1].1));
        assert_eq!((order[0].1, order[6].1), (1500, 6600));
    }

    #[test]
    fn says_what_is_missing_or_full() {
        let mut actions = Actions::new(Sequence::Execute);
        actions.standard("one", 1);
        actions.standard("two", 3);
        let error = actions.insert("x", &Position::After("none".into()), None).unwrap_err();
        assert!(error.to_string().contains("no such action"));
        actions.insert("x", &Position::After("one".into()), None).unwrap();
        actions.insert("y", &Position::After("x".into()), None).unwrap();
        let error = actions.write(&mut Database::new(Codepage::Utf8)).unwrap_err();
        assert!(error.to_string().contains("no number left"), "{error}");
    }
}
