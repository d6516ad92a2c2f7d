//! The real binary against real folders.
#![cfg(unix)]

mod bad_input;
mod build;
mod commands;
mod house;
mod judgement;
mod render;
mod signing;
mod support;
mod verify;
