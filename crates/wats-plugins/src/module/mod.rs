//! WebAssembly modules as converters.
//!
//! The interface is described for authors of plug-ins in `docs/wats-client-converters.md`.

mod declaration;
mod error;
mod folder;
mod sandbox;

pub(crate) use declaration::is_name;
pub use declaration::{Declaration, DeclaredArgument};
pub use error::PluginError;
pub use folder::in_folder;

use crate::intern::{Described, describe};
use crate::limits::Limits;
use crate::{answer, request};
use sandbox::Sandbox;
pub use sandbox::Trouble;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use wats::Report;
use wats_converters::{
    Arguments, Confidence, Converter, Description, Refusal, SOURCE_BYTES, Source, fill_from_arguments,
};

/// Largest module, in bytes.
const MODULE_BYTES: u64 = 16 << 20;
/// Bytes at the start of a file that a module judges it by.
const HEAD_BYTES: usize = 16 << 10;
/// What a module may use to describe itself, or to judge a file: `auto` asks every plug-in about every file.
const BRIEF: Limits = Limits { time: Duration::from_secs(1), memory: 64 << 20, output: 64 << 10 };

/// A converter in a WebAssembly module.
#[derive(Debug)]
pub struct Plugin {
    described: Described,
    sandbox: Sandbox,
    limits: Limits,
}

impl Plugin {
    /// Reads a module from a file.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, PluginError> {
        let unreadable = |source| PluginError::Unreadable { file: path.to_owned(), source };
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MODULE_BYTES + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        Self::new(&bytes, limits)
            .map_err(|fault| PluginError::Unusable { file: path.to_owned(), fault: Box::new(fault) })
    }

    /// Takes a module in its binary form, and asks it to describe itself.
    pub fn new(module: &[u8], limits: Limits) -> Result<Self, PluginError> {
        if module.len() as u64 > MODULE_BYTES {
            return Err(PluginError::TooLarge { allowed: MODULE_BYTES >> 20 });
        }
        let sandbox = Sandbox::new(module)?;
        let text = sandbox.describe(&BRIEF)?;
        let declaration = Declaration::read(&text)?;
        Ok(Self { described: describe("plugin", &declaration), sandbox, limits })
    }

    fn failed(&self, trouble: &Trouble) -> Refusal {
        Refusal::Failed(format!("the converter {} {trouble}", self.name()))
    }
}

impl Converter for Plugin {
    fn name(&self) -> &'static str {
        self.described.0
    }

    fn describe(&self) -> Description {
        self.described.1
    }

    /// A module that fails at this knows no file.
    fn confidence(&self, source: &Source) -> Confidence {
        let head = &source.bytes()[..source.bytes().len().min(HEAD_BYTES)];
        let request = request::request(source, &Arguments::default());
        match self.sandbox.confidence(&request, head, &BRIEF) {
            Ok(percent @ 0..=100) => Confidence::percent(percent as u8),
            Ok(_) | Err(_) => Confidence::NONE,
        }
    }

    fn convert(&self, source: &Source, arguments: &Arguments) -> Result<Vec<Report>, Refusal> {
        let size = source.bytes().len();
        if size > SOURCE_BYTES {
            let message = format!("it has {} MiB, {} are allowed", size >> 20, SOURCE_BYTES >> 20);
            return Err(Refusal::TooLarge(message));
        }
        let request = request::request(source, arguments);
        let answer = self
            .sandbox
            .convert(&request, source.bytes(), &self.limits)
            .map_err(|trouble| self.failed(&trouble))?;
        let mut reports = answer::read(self.name(), &answer)?;
        fill_from_arguments(&mut reports, arguments)?;
        Ok(reports)
    }

    fn is_asked_by_auto(&self) -> bool {
        self.sandbox.judges()
    }
}
