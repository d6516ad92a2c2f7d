//! The pages of docs/deploy: their commands are run in laboratories as they stand there, and what they say of flags,
//! variables, files and exit codes is compared with the program and with the definition of its service.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod containers;
mod laboratories;
mod package;
mod page;
mod statements;
