//! Fuzz targets: every parser of what comes from outside, with input that anybody may have made.
//!
//! A [`Target`] is a function of bytes that must neither panic nor hang, and does not return before it is sure that
//! what was read holds. `scripts/fuzz` looks for bytes that break one, with libFuzzer and coverage; the test of this
//! crate gives each one its seeds, whole and damaged, so that targets hold in between.

#![warn(clippy::unwrap_used)]

mod client;
mod converters;
mod packages;
mod service;

/// Something that is done with any bytes.
pub type Run = dyn Fn(&[u8]) + Send + Sync;

/// A parser and what must hold of it.
pub struct Target {
    /// Which suite it belongs to: `converters`, `packages`, `service` or `client`.
    pub suite: &'static str,
    /// Its name.
    pub name: String,
    /// Panics where the parser does something wrong with these bytes.
    pub run: Box<Run>,
    /// Input to start from: what the parser takes, small.
    pub seeds: Vec<Vec<u8>>,
}

impl Target {
    fn new(
        suite: &'static str,
        name: impl Into<String>,
        run: impl Fn(&[u8]) + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        let seeds = files(&format!("fuzz/seeds/{name}"), "");
        Self { suite, name, run: Box::new(run), seeds }
    }

    /// The target, with more seeds.
    fn with(mut self, seeds: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.seeds.extend(seeds);
        self
    }
}

/// All targets.
pub fn targets() -> Vec<Target> {
    let mut targets = converters::targets();
    targets.extend(packages::targets());
    targets.extend(service::targets());
    targets.extend(client::targets());
    targets
}

/// The content of the files in a folder below `crates` whose names begin so, in the order of their names; nothing where
/// there is no such folder.
fn files(folder: &str, prefix: &str) -> Vec<Vec<u8>> {
    let crates = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let Ok(entries) = std::fs::read_dir(format!("{crates}/{folder}")) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)));
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}
