//! Why a module cannot be used.

use super::sandbox::Trouble;
use std::io;
use std::path::PathBuf;

/// Why a plug-in cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// The file cannot be read.
    #[error("the plug-in {file} cannot be read: {source}", file = file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file holds no usable plug-in.
    #[error("the plug-in {file} cannot be used: {fault}", file = file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why not.
        fault: Box<PluginError>,
    },
    /// The folder of plug-ins cannot be read.
    #[error("the folder of plug-ins {folder} cannot be read: {source}", folder = folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Two files hold plug-ins of one name.
    #[error("{first} and {second} are both the plug-in {name}: remove one", first = first.display(), second = second.display())]
    Twice {
        /// The name that both declare.
        name: String,
        /// The first file.
        first: PathBuf,
        /// The second file.
        second: PathBuf,
    },
    /// The file is too large for a module.
    #[error("it is larger than {allowed} MiB")]
    TooLarge {
        /// What is allowed, in MiB.
        allowed: u64,
    },
    /// It is no valid WebAssembly module, or needs what is not there.
    #[error("it is no WebAssembly module that this program runs: {0}")]
    Module(String),
    /// It asks for functions of its surroundings.
    #[error(
        "it imports {module}.{name}, but plug-ins are given nothing to call; compile it for a target without a system, such as wasm32-unknown-unknown"
    )]
    Import {
        /// Module of the import.
        module: String,
        /// Name of the import.
        name: String,
    },
    /// It lacks a function of the interface.
    #[error("it does not export {0}")]
    Export(&'static str),
    /// It failed when it was asked to describe itself.
    #[error("it cannot describe itself: it {0}")]
    Failed(#[from] Trouble),
    /// It describes itself in a way that is not understood.
    #[error("its description is wrong: {0}")]
    Declaration(String),
}
