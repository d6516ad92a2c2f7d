//! Runs the real program against the simulator.

#[cfg(unix)]
mod command_line;
#[cfg(unix)]
mod converters;
#[cfg(unix)]
mod crash;
#[cfg(unix)]
mod delivery;
#[cfg(unix)]
mod failures;
#[cfg(unix)]
mod health;
#[cfg(unix)]
mod support;
