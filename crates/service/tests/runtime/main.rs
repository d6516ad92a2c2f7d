//! Runs real services as their managers would.
#![cfg(unix)]

mod activation;
mod container;
mod greeter;
mod notify;
mod support;
mod talk;
mod terminal;
