//! `install-service`, `uninstall-service` and `preflight`, run as a person would in real laboratories.

#![cfg(target_os = "linux")]

mod init_scripts;
mod machine;
mod systemd;
