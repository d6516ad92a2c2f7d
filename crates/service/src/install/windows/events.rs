//! Sources of the Application event log.

use super::live::Undo;
use super::registry::{exists, remove_key, set_number, set_path};
use crate::install::failure::Result;

/// Errors, warnings and information (`EVENTLOG_ERROR_TYPE` and the like).
const TYPES: u32 = 0x7;

fn key(source: &str) -> String {
    format!(r"SYSTEM\CurrentControlSet\Services\EventLog\Application\{source}")
}

/// Makes a source known, with the file that holds the texts of its events.
pub(super) fn register(source: &str, message_file: &str, undo: &mut dyn FnMut(Undo)) -> Result<()> {
    let key = key(source);
    if !exists(&key) {
        undo(Undo::RemoveKey(key.clone()));
    }
    set_path(&key, "EventMessageFile", message_file, undo)?;
    set_number(&key, "TypesSupported", TYPES, undo)
}

pub(super) fn remove(source: &str) -> Result<()> {
    remove_key(&key(source))
}
