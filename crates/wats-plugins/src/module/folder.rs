//! The plug-ins of a folder.

use super::{Plugin, PluginError};
use crate::Limits;
use std::io;
use std::path::{Path, PathBuf};
use wats_converters::Converter;

/// Most plug-ins of a folder.
const PLUGINS: usize = 64;

/// Reads all files of a folder that end with `.wasm`, in the order of their names; of a folder that is not there, none.
///
/// Gives what can be used, and beside it what cannot and why.
pub fn in_folder(folder: &Path, limits: Limits) -> (Vec<Plugin>, Vec<PluginError>) {
    let (mut plugins, mut faults) = (Vec::new(), Vec::new());
    let files = match files(folder) {
        Ok(files) => files,
        Err(source) => {
            return (plugins, vec![PluginError::Folder { folder: folder.to_owned(), source }]);
        }
    };
    let mut known: Vec<(&str, PathBuf)> = Vec::new();
    for file in files {
        let plugin = match Plugin::open(&file, limits) {
            Ok(plugin) => plugin,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        let name = plugin.name();
        match known.iter().find(|(other, _)| *other == name) {
            Some((_, first)) => {
                faults.push(PluginError::Twice { name: name.to_owned(), first: first.clone(), second: file })
            }
            None => {
                known.push((name, file));
                plugins.push(plugin);
            }
        }
    }
    (plugins, faults)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wasm")) && path.is_file()
        {
            files.push(path);
        }
    }
    files.sort();
    if files.len() > PLUGINS {
        return Err(io::Error::other(format!("it holds {} plug-ins; {PLUGINS} are allowed", files.len())));
    }
    Ok(files)
}
