//! Runs the real program against the simulator.

mod command_line;
mod configuration;
mod converters;
mod crash;
mod delivery;
mod failures;
mod health;
mod plugins;
mod support;
#[cfg(unix)]
mod systemd;
