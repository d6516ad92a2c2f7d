//! The service as it is to be on this machine: instance, user, account, and where the program is.

use super::failure::{Failure, Result};
use super::host::Host;
use super::options::Options;
use crate::exit::Exit;
use landfall_service_definition::{Account, Definition, Platform, UserFolders};

/// The definition for what was asked for.
///
/// # Errors
/// When the program's own place cannot be found out, or an instance's or account's name cannot be one.
pub(super) fn definition(host: &Host, definition: &Definition, options: &Options) -> Result<Definition> {
    let mut result = definition.clone();
    if host.is_live() {
        result = result.with_program(&own_path()?)?;
    }
    if let Some(instance) = &options.instance {
        result = result.for_instance(instance)?;
    }
    if options.user {
        result = result.as_user_service(&person(definition.platform)?)?;
        if options.account.is_some() {
            return Err(Failure::usage(
                "--user and --account exclude each other: a user's service runs as the user",
            ));
        }
    }
    if let Some(name) = &options.account {
        result = result.with_account(account(definition, name))?;
    }
    Ok(result)
}

/// Absolute path of the running program, without links: what an upgrade of the file replaces.
fn own_path() -> Result<String> {
    let unknown =
        |text: String| Failure::new(Exit::General, format!("the program's own place is not known: {text}"));
    let path = std::env::current_exe().map_err(|error| unknown(error.to_string()))?;
    // Windows would answer with a \\?\ path, which service managers do not like.
    let path = if cfg!(windows) { path } else { path.canonicalize().unwrap_or(path) };
    let text = path.into_os_string().into_string();
    text.map_err(|path| unknown(format!("{} is no text", path.display())))
}

fn account(definition: &Definition, name: &str) -> Account {
    if definition.platform == Platform::Windows {
        let short = name.rsplit('\\').next().unwrap_or(name);
        return match short.to_ascii_lowercase().as_str() {
            "localsystem" | "system" => Account::System,
            "localservice" => Account::Named(r"NT AUTHORITY\LocalService".to_owned()),
            "networkservice" => Account::Named(r"NT AUTHORITY\NetworkService".to_owned()),
            // Its own virtual account.
            _ if name.to_ascii_lowercase().starts_with(r"nt service\") => {
                Account::Own(definition.name.clone())
            }
            // Without a domain it is one of this machine.
            _ if name.contains(['\\', '@']) => Account::Named(name.to_owned()),
            _ => Account::Named(format!(r".\{name}")),
        };
    }
    if name == "root" { Account::System } else { Account::Own(name.to_owned()) }
}

/// Where the folders of whoever runs this are.
fn person(platform: Platform) -> Result<UserFolders> {
    let variable = |name: &str| std::env::var(name).ok().filter(|text| text.starts_with('/'));
    let home = variable("HOME").ok_or_else(|| {
        Failure::new(Exit::Requirement, "the variable HOME does not name your folder; log in as the user")
    })?;
    #[cfg(unix)]
    let usual = format!("/run/user/{}", rustix::process::getuid().as_raw());
    #[cfg(not(unix))]
    let usual = String::new();
    let mut folders = UserFolders::below(&home, &variable("XDG_RUNTIME_DIR").unwrap_or(usual));
    if platform == Platform::Linux {
        let set = |place: &mut String, name: &str| {
            if let Some(path) = variable(name) {
                *place = path;
            }
        };
        set(&mut folders.configuration, "XDG_CONFIG_HOME");
        set(&mut folders.state, "XDG_STATE_HOME");
        set(&mut folders.cache, "XDG_CACHE_HOME");
    }
    Ok(folders)
}

/// A removal has no pre-flight of its own; this is all it needs.
pub(super) fn check_privileges(host: &Host, definition: &Definition, dry_run: bool) -> Result<()> {
    #[cfg(unix)]
    let enough = rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    let enough = super::is_elevated();
    if enough || dry_run || definition.is_user_service() || !host.is_live() {
        return Ok(());
    }
    let who = if cfg!(windows) { "an administrator" } else { "root" };
    Err(Failure::new(Exit::Requirement, format!("only {who} can remove a service of the machine")))
}
