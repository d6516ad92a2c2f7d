//! Message tables for Windows' Event Log.
//!
//! An event in the log has a number and some words; the sentence around them stands in a resource of the program
//! that wrote it, by that number. Without it the viewer says that the description «cannot be found». Resource
//! compilers are part of other tool chains, so this crate writes the object file with the resource itself.
//!
//! In the program's `build.rs`:
//!
//! ```no_run
//! # fn main() -> std::io::Result<()> {
//! landfall_message_table::MessageTable::default().message(1000, "The folder %1 is full.").link()
//! # }
//! ```

#![warn(clippy::unwrap_used)]

mod object;
mod resource;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

pub use object::Machine;

/// Numbers that `landfall-service` uses, and those that it gives to programs.
const RANGES: [RangeInclusive<u16>; 2] = [1..=16, 1000..=1255];

/// Sentences by number. `%1` is the first of the words that come with an event, which is all of the message as
/// `landfall-service` writes it.
#[derive(Debug, Clone)]
pub struct MessageTable {
    messages: BTreeMap<u16, String>,
}

impl Default for MessageTable {
    /// With `%1` for every event that a program with `landfall-service` writes.
    fn default() -> Self {
        let messages = RANGES.into_iter().flatten().map(|number| (number, "%1".to_owned())).collect();
        Self { messages }
    }
}

impl MessageTable {
    /// With no message at all.
    #[must_use]
    pub fn empty() -> Self {
        Self { messages: BTreeMap::new() }
    }

    /// Sets the sentence of an event.
    #[must_use]
    pub fn message(mut self, number: u16, sentence: impl Into<String>) -> Self {
        self.messages.insert(number, sentence.into());
        self
    }

    /// The table as a resource of type `RT_MESSAGETABLE`: `MESSAGE_RESOURCE_DATA` of winnt.h.
    #[must_use]
    pub fn to_resource(&self) -> Vec<u8> {
        resource::message_table(&self.messages)
    }

    /// The table as an object file for a linker, with the resource number 1.
    #[must_use]
    pub fn to_object(&self, machine: Machine) -> Vec<u8> {
        object::object(machine, &self.to_resource())
    }

    /// For build scripts: writes the object file and has it linked into the package's programs. Does nothing for
    /// other targets than Windows.
    ///
    /// # Errors
    /// When the file cannot be written, or when it is unknown how the target's object files look.
    pub fn link(&self) -> io::Result<()> {
        println!("cargo::rerun-if-changed=build.rs");
        let variable = |name: &str| env::var(name).unwrap_or_default();
        if variable("CARGO_CFG_TARGET_OS") != "windows" {
            return Ok(());
        }
        let architecture = variable("CARGO_CFG_TARGET_ARCH");
        let machine = Machine::from_rust(&architecture).ok_or_else(|| {
            let error = format!("no object files are known for {architecture}; use x86_64, aarch64 or x86");
            io::Error::new(io::ErrorKind::Unsupported, error)
        })?;
        let path: PathBuf = Path::new(&variable("OUT_DIR")).join("messages.o");
        fs::write(&path, self.to_object(machine))?;
        println!("cargo::rustc-link-arg-bins={}", path.display());
        Ok(())
    }
}
