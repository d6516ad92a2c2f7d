//! Shell fragments that several service managers need.

use crate::quote::shell;
use crate::{Account, Definition, Ownership, Unsupported};

/// A function that reads a file of `NAME=value` lines by the rules of systemd's `EnvironmentFile=` instead of
/// running it: nothing is expanded, a value needs no quotes, one pair of quotes around it is taken off. (Escapes
/// inside are not known.) The names in `except` are passed over.
pub(crate) fn read_environment(except: &[&str]) -> String {
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
pub(crate) fn credentials_directory(service: &Definition) -> String {
    format!("{}.credentials", service.folders.runtime)
}

/// Commands that copy the secrets into `folder`, readable by the account and changeable by root alone.
pub(crate) fn copy_credentials(service: &Definition, folder: &str) -> Vec<String> {
    let account = group(&service.account);
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

/// The group of an account, as a shell word: its own has the same name, another's must be asked for.
pub(crate) fn group(account: &Account) -> String {
    match account {
        Account::System | Account::Own(_) => shell(account.user()),
        Account::Named(name) => format!("\"$(id -gn {})\"", shell(name)),
        Account::Person => "\"$(id -gn)\"".to_owned(),
    }
}

/// User and group for a tool that takes both in one word; without a group it takes the account's own.
pub(crate) fn owner(account: &Account) -> String {
    match account {
        Account::System | Account::Own(_) => format!("{0}:{0}", account.user()),
        Account::Named(_) | Account::Person => account.user().to_owned(),
    }
}

/// Refuses what an init script, which root runs, cannot start.
pub(crate) fn refuse_user_service(service: &Definition) -> Result<(), Unsupported> {
    if service.is_user_service() {
        return Err(Unsupported(format!(
            "{}: System V init and OpenRC have no services of single users; install it for the machine, or under \
             systemd",
            service.id()
        )));
    }
    Ok(())
}

/// File that holds the number of the running process.
pub(crate) fn pid_file(service: &Definition) -> String {
    format!("/run/{}.pid", service.id())
}

/// Commands that export the service's environment: its own variables, then where its folders are, then the
/// administrator's file, then where the secrets are. By the folder of its log a program knows that what it prints ends
/// up in a file, which it keeps from growing for ever.
pub(crate) fn export_environment(service: &Definition) -> Vec<String> {
    let mut commands: Vec<String> = service
        .environment
        .iter()
        .map(|(name, value)| format!("export {}", shell(&format!("{name}={value}"))))
        .collect();
    let variables = service.folder_variables();
    commands.extend(variables.map(|(name, path)| format!("export {}", shell(&format!("{name}={path}")))));
    commands.extend(service.environment_file.iter().map(|file| format!("read_environment {}", shell(file))));
    if !service.credentials.is_empty() {
        let folder = credentials_directory(service);
        commands.push(format!("export {}", shell(&format!("CREDENTIALS_DIRECTORY={folder}"))));
    }
    commands
}

/// The folders that are made for the service, with their modes, in the order of their making.
pub(crate) fn directories(service: &Definition) -> impl Iterator<Item = (&str, u32)> {
    service
        .own_folders()
        .into_iter()
        .filter(|folder| folder.ownership == Ownership::Service)
        .map(|folder| (folder.path, folder.mode))
}

/// File that takes what the service prints where there is no journal.
pub(crate) fn log_file(service: &Definition) -> String {
    format!("{}/{}.log", service.folders.logs, service.id())
}

/// Lines indented by four spaces a level.
pub(crate) fn indent(commands: &[String], level: usize) -> String {
    commands.iter().map(|command| format!("{:1$}{command}\n", "", level * 4)).collect()
}

/// Text for a comment or a message: one line, without what the shell or a terminal would act on.
pub(crate) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).collect()
}
