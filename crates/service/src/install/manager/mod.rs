//! Service managers: what is there, and the steps that make a service known or unknown to them.

mod launchd;
mod openrc;
mod systemd;
mod sysv;
mod windows;

use super::failure::{Failure, Result};
use super::host::Host;
use super::owner::package_of;
use super::settings::{Settings, Value};
use super::step::{Access, Step, Text};
use crate::exit::Exit;
use landfall_service_definition::{Definition, Platform};
use serde::Serialize;
use std::fmt;

/// A service manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Manager {
    /// systemd.
    Systemd,
    /// OpenRC, as in Alpine.
    OpenRc,
    /// System V init.
    Sysv,
    /// launchd of macOS.
    Launchd,
    /// The Service Control Manager of Windows.
    Windows,
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Systemd => "systemd",
            Self::OpenRc => "OpenRC",
            Self::Sysv => "System V init",
            Self::Launchd => "launchd",
            Self::Windows => "the Service Control Manager",
        })
    }
}

/// A service on a machine with a service manager.
pub(crate) struct Site<'a> {
    /// The machine.
    pub(crate) host: &'a Host,
    /// The service as it is to be.
    pub(crate) definition: &'a Definition,
    /// What looks after it.
    pub(crate) manager: Manager,
    /// Password of its account, where it needs one.
    pub(crate) password: Option<Value>,
}

/// Who brought a service that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// There is none.
    Nobody,
    /// An earlier `install-service`.
    Us,
    /// A package, if it is known by name.
    Package(Option<String>),
    /// Somebody else: the file or place that says so.
    Somebody(String),
}

/// What there is of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Who brought it.
    pub(crate) owner: Owner,
    /// Whether it runs, or is about to.
    pub(crate) active: bool,
}

impl Found {
    const NOTHING: Self = Self { owner: Owner::Nobody, active: false };
}

impl Manager {
    /// The one that looks after the machine, or the one that is wanted.
    ///
    /// # Errors
    /// When there is none, or not the one that is wanted.
    pub(crate) fn find(host: &Host, definition: &Definition, wanted: Option<&str>) -> Result<Self> {
        let found = match definition.platform {
            Platform::Windows => Some(Self::Windows),
            Platform::Macos => Some(Self::Launchd),
            Platform::Linux => Self::of_linux(host),
            Platform::Container => None,
        };
        let wanted = wanted.and_then(|name| {
            [Self::Systemd, Self::OpenRc, Self::Sysv, Self::Launchd, Self::Windows]
                .into_iter()
                .find(|manager| manager.key() == name)
        });
        let manager = wanted.or(found).ok_or_else(|| {
            Failure::new(
                Exit::Requirement,
                "no service manager is found: neither systemd, OpenRC nor System V init looks after this machine",
            )
        })?;
        if definition.is_user_service() && !matches!(manager, Self::Systemd | Self::Launchd) {
            return Err(Failure::new(
                Exit::Requirement,
                format!(
                    "{manager} has no services of single users; install it for the machine, without --user"
                ),
            ));
        }
        Ok(manager)
    }

    /// As in `--manager`.
    fn key(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::OpenRc => "openrc",
            Self::Sysv => "sysv",
            Self::Launchd => "launchd",
            Self::Windows => "windows",
        }
    }

    fn of_linux(host: &Host) -> Option<Self> {
        // sd_booted(3): the folder is there if and only if systemd is process 1. Below another root nothing runs.
        let systemd = if host.is_live() { "/run/systemd/system" } else { "/usr/lib/systemd/systemd" };
        if host.exists(systemd) || (!host.is_live() && host.exists("/lib/systemd/systemd")) {
            Some(Self::Systemd)
        } else if host.tool("openrc-run").is_some() {
            Some(Self::OpenRc)
        } else if host.is_folder("/etc/init.d") && host.tool("start-stop-daemon").is_some() {
            Some(Self::Sysv)
        } else {
            None
        }
    }

    /// Looks for a service of the definition's name.
    pub(crate) fn examine(site: &Site<'_>) -> Result<Found> {
        match site.manager {
            Self::Systemd => systemd::examine(site),
            Self::OpenRc => openrc::examine(site),
            Self::Sysv => sysv::examine(site),
            Self::Launchd => launchd::examine(site),
            Self::Windows => windows::examine(site),
        }
    }

    /// The steps that come before all others, and so are undone after all others: what ran runs again only when
    /// everything is as it was.
    pub(crate) fn prepare(site: &Site<'_>, found: &Found) -> Vec<Step> {
        match site.manager {
            Self::Systemd => systemd::prepare(site, found),
            Self::OpenRc => openrc::prepare(site, found),
            Self::Sysv => sysv::prepare(site, found),
            Self::Launchd => launchd::prepare(site, found),
            Self::Windows => windows::prepare(site, found),
        }
    }

    /// The steps that come before any file of the service is written.
    ///
    /// Windows knows the service's own identifier only once it is registered, and its secrets must never lie in a
    /// folder that is open to others.
    pub(crate) fn register(site: &Site<'_>) -> Vec<Step> {
        if site.manager == Self::Windows { windows::register(site) } else { Vec::new() }
    }

    /// The steps that make the service known, and let it run or not.
    ///
    /// # Errors
    /// When the machine lacks a tool for it.
    pub(crate) fn install(site: &Site<'_>, found: &Found, run: bool) -> Result<Vec<Step>> {
        match site.manager {
            Self::Systemd => Ok(systemd::install(site, found, run)),
            Self::OpenRc => openrc::install(site, found, run),
            Self::Sysv => sysv::install(site, found, run),
            Self::Launchd => Ok(launchd::install(site, run)),
            Self::Windows => Ok(windows::install(site, found, run)),
        }
    }

    /// Whether a service that a package brought can be given settings without the package's doing.
    pub(crate) fn takes_settings(self) -> bool {
        matches!(self, Self::Systemd | Self::OpenRc | Self::Sysv | Self::Windows)
    }

    /// The steps that let a service that a package brought run with changed settings, or not run.
    ///
    /// # Errors
    /// When the package could not hand a setting on at its next upgrade.
    pub(crate) fn adapt(site: &Site<'_>, found: &Found, settings: &Settings, run: bool) -> Result<Vec<Step>> {
        match site.manager {
            Self::Systemd => Ok(systemd::adapt(site, found, run)),
            Self::OpenRc if run => Ok(openrc::start(site)),
            Self::Sysv if run => Ok(sysv::start(site)),
            Self::Windows => windows::adapt(site, settings, run),
            _ => Ok(Vec::new()),
        }
    }

    /// The steps that stop the service and make it unknown.
    pub(crate) fn uninstall(site: &Site<'_>, found: &Found) -> Vec<Step> {
        match site.manager {
            Self::Systemd => systemd::uninstall(site, found),
            Self::OpenRc => openrc::uninstall(site, found),
            Self::Sysv => sysv::uninstall(site, found),
            Self::Launchd => launchd::uninstall(site, found),
            Self::Windows => windows::uninstall(site, found),
        }
    }
}

/// What `install-service` writes into everything that it makes, to know it again.
fn mark(definition: &Definition) -> String {
    format!("Installed by {} install-service", definition.name)
}

/// A text of `#` comments with the mark in one of its first lines.
fn marked(definition: &Definition, text: &str) -> String {
    // Renderers speak for packages, and say where changes go.
    let own = format!("# {}", mark(definition));
    match text.strip_prefix("# Made by the package") {
        Some(rest) => format!("{own}{rest}"),
        None => match text.split_once('\n') {
            Some((first, rest)) if first.starts_with("#!") => {
                format!("{first}\n{own}; an upgrade writes it anew.\n{rest}")
            }
            _ => format!("{own}; an upgrade writes it anew.\n{text}"),
        },
    }
}

/// Whose file it is: ours by its mark, else a package's or somebody's.
fn owner_of(site: &Site<'_>, path: &str) -> Result<Owner> {
    if !site.host.exists(path) {
        return Ok(Owner::Nobody);
    }
    let text = site.host.read(path).unwrap_or_default().unwrap_or_default();
    if text.contains(&mark(site.definition)) {
        return Ok(Owner::Us);
    }
    Ok(match package_of(site.host, path) {
        Some(package) => Owner::Package(Some(package)),
        None => Owner::Somebody(path.to_owned()),
    })
}

/// A script that anybody may read and run.
fn script(path: &str, text: String) -> Step {
    Step::write(path, Text::open(text), Access::root(0o755))
}
