//! Dialogs.

use crate::installer::Package;
use crate::{Database, Error};

/// Dialogs of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {}

impl Interface {
    pub(crate) fn add(&self, _package: &Package, _database: &mut Database) -> Result<(), Error> {
        Ok(())
    }
}
