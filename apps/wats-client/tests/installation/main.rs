//! `install-service`, `uninstall-service` and `preflight`, run as a person would in real laboratories.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod init_scripts;
mod machine;
mod systemd;
