//! Runs the real program against the simulator.

mod chaos;
mod command_line;
mod converters;
mod crash;
mod delivery;
mod failures;
mod health;
mod support;
#[cfg(unix)]
mod systemd;
