//! Runs the real program against the simulator.

mod baseline;
mod chaos;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod clock;
mod command_line;
mod configuration;
mod connection;
mod converters;
mod crash;
mod delivery;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod disk;
mod failures;
mod health;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod limits;
mod logging;
mod metrics;
mod plugins;
mod presence;
mod proxy;
mod queue;
mod send;
mod support;
#[cfg(unix)]
mod systemd;
