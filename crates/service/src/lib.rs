//! What a service links to be at home under every service manager.
//!
//! [`Service::run`] takes an asynchronous main function, finds out who started the program — Windows' service control
//! manager, systemd, launchd, OpenRC, a supervisor, a container engine, a person at a terminal — and speaks that one's
//! language: when the service is ready, what it is doing, that it is alive, how it is told to stop or to read its
//! configuration again, with which exit code it ends, and where its log messages go.
//!
//! Beside it stand parts that can be used alone: [`Liveness`] knows whether the program's loops still turn,
//! [`health`] tells that to monitoring over HTTP, [`ipc`] lets a command line talk to the running service,
//! [`Instance`] keeps a second one from starting, [`log`] has the destinations of log messages, and [`install`] and
//! [`preflight`] are commands for whoever deploys the program.
//!
//! `docs/service-library.md` is the guided tour, `examples/greeter.rs` a whole service.

#![warn(clippy::unwrap_used)]

pub mod exit;
mod failure;
pub mod health;
mod host;
#[cfg(feature = "install")]
pub mod install;
mod instance;
pub mod ipc;
mod liveness;
pub mod log;
#[cfg(feature = "install")]
pub mod preflight;
mod run;
pub mod systemd;

pub use exit::Exit;
pub use failure::Failure;
pub use host::Host;
pub use instance::{Instance, InstanceError};
pub use liveness::{Beat, Liveness};
pub use run::{Context, Reload, Service, Stop};
