//! The converters of a configuration: those that are built in, plug-ins and commands.

use super::file;
use std::fmt;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wats_converters::{Converter, Converters};
use wats_plugins::{Command, Limits, Plugin};

/// What a command may use when nothing else is said.
const COMMAND: Limits = Limits { time: Duration::from_secs(60), memory: 512 << 20, output: 32 << 20 };

/// Converters to choose from. Two sets are equal when they were made of the same settings and the same files.
#[derive(Clone)]
pub(crate) struct ConverterSet {
    converters: Arc<Converters>,
    /// Plug-ins that cannot be used, and why. They keep no other file from being converted.
    pub(crate) faults: Vec<String>,
    /// What a plug-in may use.
    pub(crate) limits: Limits,
    /// The folder of plug-ins, which need not be there.
    pub(crate) folder: PathBuf,
    made_of: String,
}

impl Deref for ConverterSet {
    type Target = Converters;

    fn deref(&self) -> &Converters {
        &self.converters
    }
}

impl PartialEq for ConverterSet {
    fn eq(&self, other: &Self) -> bool {
        self.made_of == other.made_of
    }
}

impl Eq for ConverterSet {}

impl fmt::Debug for ConverterSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ConverterSet")
            .field("plugins", &self.folder)
            .field("limits", &self.limits)
            .field("converters", &self.converters)
            .finish()
    }
}

impl ConverterSet {
    /// Loads the plug-ins of the folder and of those watched folders that name a file, and makes the commands. Gives the
    /// watched folders' names of files as names of converters.
    pub(super) fn new(settings: &mut file::File, usual: &Path) -> Result<Self, (String, String)> {
        let folder = settings.plugins.folder.take().unwrap_or_else(|| usual.to_owned());
        let limits = settings
            .plugins
            .limits
            .checked(Limits::default())
            .map_err(|fault| ("plugins".to_owned(), fault))?;
        let mut converters = Converters::default();
        let mut made_of = format!("{folder:?} {limits:?}");
        let mut stamp = |file: &Path| {
            let stamp = fs::metadata(file).map(|file| (file.len(), file.modified().ok()));
            made_of += &format!("\n{file:?} {stamp:?}");
        };
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            stamp(&entry.path());
        }
        let (plugins, faults) = wats_plugins::in_folder(&folder, limits);
        for plugin in plugins {
            converters.add(Box::new(plugin));
        }
        for (index, watch) in settings.watch.iter_mut().enumerate() {
            if !is_file(&watch.converter) {
                continue;
            }
            let fault = |message: String| (format!("watch[{index}].converter"), message);
            let file = Path::new(&watch.converter).to_owned();
            if !file.is_absolute() {
                return Err(fault(format!("{} must be a full path, starting at the root", file.display())));
            }
            stamp(&file);
            let plugin = Plugin::open(&file, limits).map_err(|error| fault(error.to_string()))?;
            watch.converter = plugin.name().to_owned();
            // Several folders may name one file; which file a name stands for is clear all the same.
            if converters.find(plugin.name()).is_none() {
                converters.add(Box::new(plugin));
            }
        }
        for (name, command) in &settings.command {
            let fault = |message: String| (format!("command.{name}"), message);
            let limits = command.limits.checked(COMMAND).map_err(fault)?;
            made_of += &format!("\n{name:?} {command:?}");
            let mut made = Command::new(name, command.run.clone(), command.patterns.clone(), limits)
                .map_err(|error| fault(error.to_string()))?;
            if command.isolated {
                made = made.require_isolation().map_err(|error| fault(error.to_string()))?;
            }
            converters.add(Box::new(made));
        }
        let faults = faults.iter().map(ToString::to_string).collect();
        Ok(Self { converters: Arc::new(converters), faults, limits, folder, made_of })
    }

    /// The set in which the converter is that a command names, and its name there: this one, or for the file of a
    /// plug-in one that has it too.
    pub(crate) fn with(&self, converter: &str) -> Result<(Self, String), String> {
        if !is_file(converter) {
            return Ok((self.clone(), converter.to_owned()));
        }
        let plugin = Plugin::open(Path::new(converter), self.limits).map_err(|error| error.to_string())?;
        let name = plugin.name().to_owned();
        let mut converters = Converters::default();
        converters.add(Box::new(plugin));
        Ok((Self { converters: Arc::new(converters), ..self.clone() }, name))
    }
}

#[cfg(test)]
impl ConverterSet {
    /// Those that are built in.
    pub(crate) fn of_test() -> Self {
        let nowhere = Path::new("/nowhere");
        Self::new(&mut file::File::default(), nowhere).expect("the defaults are valid")
    }
}

/// Whether a converter is named by its file.
fn is_file(text: &str) -> bool {
    Path::new(text).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wasm"))
}

impl file::Limits {
    fn checked(&self, default: Limits) -> Result<Limits, String> {
        let time = self.time.map_or(default.time, |time| time.0);
        let memory = self.memory.map_or(default.memory, |size| size.0);
        let output = self.output.map_or(default.output, |size| size.0);
        let seconds = time.as_secs_f64();
        if !(0.1..=120.0).contains(&seconds) {
            return Err("time must be between \"100ms\" and \"2m\"".into());
        }
        if !(1 << 20..=4 << 30).contains(&memory) {
            return Err("memory must be between \"1MiB\" and \"4GiB\"".into());
        }
        if !(1 << 10..=256 << 20).contains(&output) {
            return Err("output must be between \"1KiB\" and \"256MiB\"".into());
        }
        Ok(Limits { time, memory, output })
    }
}
