//! Runs the real program against the simulator.

mod chaos;
mod command_line;
mod configuration;
mod converters;
mod crash;
mod delivery;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod disk;
mod failures;
mod health;
mod support;
#[cfg(unix)]
mod systemd;
