//! The real binary against real folders.
#![cfg(unix)]

mod bad_input;
mod build;
mod commands;
mod judgement;
mod support;
mod verify;
