//! `install-service`, `uninstall-service` and `preflight`, run as a person would in real laboratories.

mod init_scripts;
mod machine;
mod systemd;
