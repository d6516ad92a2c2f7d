//! Dialogs: a plain wizard that can be used by the keyboard alone.
//!
//! First installation: welcome, licence, folder, settings, ready. Afterwards: repair or remove. Both show progress and
//! how it ended. Windows calls for the dialogs about errors and files in use itself.

mod builder;
mod notices;
mod rtf;
mod texts;
mod wizard;

use builder::Dialogs;

use crate::installer::sequence::Actions;
use crate::installer::{INSTALLDIR, LaunchCondition, Package, Position, Sequence};
use crate::{Database, Error, row};

/// Dialogs of an installation, in English.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// Text of a licence that must be accepted; plain text.
    pub license: Option<String>,
    /// Settings that are asked for; at most seven fit.
    pub fields: Vec<Field>,
}

/// A setting that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The property that takes it; a public one that reaches the execution.
    pub property: String,
    /// Its name for people.
    pub label: String,
    /// Whether what is typed is not shown.
    pub secret: bool,
    /// What must hold before the wizard goes on, and what is said where it does not (formatted text).
    pub rules: Vec<LaunchCondition>,
}

/// Most fields of a dialog.
const MOST_FIELDS: usize = 7;

/// When the product is not installed yet.
const FIRST: &str = "NOT Installed";
/// When somebody opened an installed product's package without saying what for.
const MAINTENANCE: &str = "Installed AND NOT RESUME AND NOT Preselected";

impl Interface {
    /// Adds the dialogs' tables.
    pub(crate) fn add(&self, package: &Package, database: &mut Database) -> Result<(), Error> {
        if self.fields.len() > MOST_FIELDS {
            return Err(Error::Limit(format!(
                "{} settings do not fit into a dialog, at most {MOST_FIELDS} do; leave the others to the command line",
                self.fields.len()
            )));
        }
        let mut dialogs = Dialogs::default();
        let folder = package.directories.iter().any(|directory| directory.id.as_str() == INSTALLDIR);
        wizard::add(self, folder, &mut dialogs);
        notices::add(&mut dialogs);
        dialogs.write(database)?;
        texts::add(database)?;
        for (name, value) in
            [("DefaultUIFont", "Normal"), ("ErrorDialog", notices::ERROR), ("RMOPTION", "UseRM")]
        {
            database.insert("Property", row![name, value])?;
        }
        Ok(())
    }

    /// Puts the dialogs into their sequences.
    pub(crate) fn insert_dialogs(&self, sequences: &mut [Actions; 5]) -> Result<(), Error> {
        let before = Position::Before("ExecuteAction".to_owned());
        for sequence in [Sequence::UserInterface, Sequence::AdminUserInterface] {
            let actions = &mut sequences[sequence as usize];
            for (dialog, number) in [(wizard::EXIT, -1), (notices::CANCELLED, -2), (notices::FAILED, -3)] {
                actions.end(dialog, number);
            }
            if sequence == Sequence::UserInterface {
                actions.insert(wizard::WELCOME, &before, Some(FIRST.to_owned()))?;
                actions.insert(wizard::MAINTENANCE, &before, Some(MAINTENANCE.to_owned()))?;
            } else {
                actions.insert(wizard::ADMINISTRATION, &before, None)?;
            }
            actions.insert(wizard::PROGRESS, &before, None)?;
        }
        Ok(())
    }
}
