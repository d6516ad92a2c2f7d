//! Shell fragments that several service managers need.

use super::quote::shell;
use super::{PRIVATE_MODE, RUNTIME_MODE};
use crate::Service;

/// A function that reads a file of `NAME=value` lines by the rules of systemd's `EnvironmentFile=` instead of
/// running it: nothing is expanded, a value needs no quotes, one pair of quotes around it is taken off. (Escapes
/// inside are not known.) The names in `except` are passed over.
pub(super) fn read_environment(except: &[&str]) -> String {
    let except: String = except.iter().map(|name| format!(" | {name}")).collect();
    READ_ENVIRONMENT.replace("@except@", &except)
}

const READ_ENVIRONMENT: &str = r#"read_environment() {
    [ -r "$1" ] || return 0
    while IFS= read -r _line || [ -n "$_line" ]; do
        _line="${_line#"${_line%%[![:space:]]*}"}"
        _line="${_line%"${_line##*[![:space:]]}"}"
        _name="${_line%%=*}"
        _name="${_name%"${_name##*[![:space:]]}"}"
        _value="${_line#*=}"
        _value="${_value#"${_value%%[![:space:]]*}"}"
        case "$_line" in [A-Za-z_]*=*) ;; *) continue ;; esac
        case "$_name" in *[!A-Za-z0-9_]*@except@) continue ;; esac
        case "$_value" in
            \"*\") _value="${_value#\"}"; _value="${_value%\"}" ;;
            \'*\') _value="${_value#\'}"; _value="${_value%\'}" ;;
        esac
        export "$_name=$_value"
    done <"$1"
}
"#;

/// Folder for the copies of a service's secrets where the service manager makes none.
///
/// Its parent is root's alone, so the account can plant nothing in the way of the copies.
pub(super) fn credentials_directory(service: &Service) -> String {
    format!("/run/{}.credentials", service.directory)
}

/// Commands that copy the secrets into `folder`, readable by the account and changeable by root alone.
pub(super) fn copy_credentials(service: &Service, folder: &str) -> Vec<String> {
    let account = shell(&service.account);
    let folder = shell(folder);
    let mut commands = vec![format!("rm -rf {folder}"), format!("mkdir -m 0700 {folder}")];
    for (name, file) in &service.credentials {
        commands.push(format!(
            "install -m 0440 -o root -g {account} {} {folder}/{}",
            shell(file),
            shell(name)
        ));
    }
    commands.push(format!("chgrp {account} {folder}"));
    commands.push(format!("chmod 0550 {folder}"));
    commands
}

/// Commands that export the service's environment: its own variables, then the administrator's file, then where
/// the secrets are.
pub(super) fn export_environment(service: &Service) -> Vec<String> {
    let mut commands: Vec<String> = service
        .environment
        .iter()
        .map(|(name, value)| format!("export {}", shell(&format!("{name}={value}"))))
        .collect();
    commands.push(format!("read_environment {}", shell(&service.environment_file)));
    if !service.credentials.is_empty() {
        let folder = credentials_directory(service);
        commands.push(format!("export {}", shell(&format!("CREDENTIALS_DIRECTORY={folder}"))));
    }
    commands
}

/// The service's own directories with their modes, in the order of their making.
pub(super) fn directories(service: &Service) -> [(String, u32); 4] {
    let name = &service.directory;
    [
        (format!("/run/{name}"), RUNTIME_MODE),
        (format!("/var/lib/{name}"), PRIVATE_MODE),
        (format!("/var/log/{name}"), PRIVATE_MODE),
        (format!("/var/cache/{name}"), PRIVATE_MODE),
    ]
}

/// File that takes what the service prints where there is no journal.
pub(super) fn log_file(service: &Service) -> String {
    format!("/var/log/{}/{}.log", service.directory, service.name)
}

/// Lines indented by four spaces a level.
pub(super) fn indent(commands: &[String], level: usize) -> String {
    commands.iter().map(|command| format!("{:1$}{command}\n", "", level * 4)).collect()
}

/// Text for a comment or a message: one line, without what the shell or a terminal would act on.
pub(super) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).collect()
}
