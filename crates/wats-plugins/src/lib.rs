//! Runs converters that are not part of the program: WebAssembly modules ([`Plugin`]) and external commands
//! ([`Command`]). Both are [`Converter`](wats_converters::Converter)s like those that are built in.
//!
//! A converter of somebody else may be wrong or hostile: it may run for ever, ask for all memory, write without end,
//! crash, or say what is not so. It costs its file, and no more: what it may use is bounded by [`Limits`], and what it
//! answers is read like any other file from outside.
//!
//! * A module is given a file and arguments, and nothing else: no clock, no files, no network, no environment. That
//!   holds on every platform, because it can call nothing.
//! * A command is a program of the machine. What can be kept from it depends on the platform; see [`Command`].

#![warn(clippy::unwrap_used)]

mod answer;
mod command;
mod intern;
mod limits;
mod module;
mod request;

pub use command::{Command, CommandError};
pub use limits::Limits;
pub use module::{Declaration, DeclaredArgument, Plugin, PluginError, Trouble, in_folder};
