//! OpenRC: a service script, linked into the runlevel `default`.

use super::super::failure::Result;
use super::super::step::{Access, Command, Step};
use super::{Found, Owner, Site, marked, owner_of, script};
use crate::exit::Exit;
use landfall_service_definition::{Start, openrc};

/// How long a service must stay up to count as started, in seconds: OpenRC's supervisor calls one started that ends
/// at once.
const SETTLE: u64 = 2;

/// Between two tries of `supervise-daemon` the service counts as started and its process is gone.
const STAYS_UP: &str = "rc-service \"$0\" status >/dev/null || exit 1
    pid=$(cat /run/openrc/options/\"$0\"/child_pid 2>/dev/null)
    [ -z \"$pid\" ] || kill -0 \"$pid\"";

fn path(site: &Site<'_>) -> String {
    format!("/etc/init.d/{}", site.definition.id())
}

fn link(site: &Site<'_>) -> String {
    format!("/etc/runlevels/default/{}", site.definition.id())
}

pub(super) fn examine(site: &Site<'_>) -> Result<Found> {
    let owner = owner_of(site, &path(site))?;
    if owner == Owner::Nobody {
        return Ok(Found::NOTHING);
    }
    let active = site.host.holds(&["rc-service", &site.definition.id(), "status"]);
    Ok(Found { owner, active })
}

/// The new script need not know how to stop what the old one has started.
pub(super) fn prepare(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let id = site.definition.id();
    let mut steps = Vec::new();
    if found.active {
        let stop = Command::new(&["rc-service", &id, "stop"]).undone_by(&["rc-service", &id, "start"]);
        steps.push(Step::Run(stop.or(Exit::StopFailed, &[])));
    }
    steps
}

pub(super) fn install(site: &Site<'_>, found: &Found, run: bool) -> Result<Vec<Step>> {
    let definition = site.definition;
    let mut steps = Vec::new();
    steps.push(script(&path(site), marked(definition, &openrc::script(definition)?)));
    if found.owner != Owner::Us && definition.start != Start::Manual {
        steps.push(Step::Folder { path: "/etc/runlevels/default".to_owned(), access: Access::root(0o755) });
        steps.push(Step::Link { path: link(site), target: path(site) });
    }
    if run {
        steps.extend(start(site));
    }
    Ok(steps)
}

/// Starts it, and looks whether it stays.
pub(super) fn start(site: &Site<'_>) -> Vec<Step> {
    let id = site.definition.id();
    let log = format!("{}/{id}.log", site.definition.folders.logs);
    let start = Command::new(&["rc-service", &id, "start"]).undone_by(&["rc-service", &id, "stop"]);
    let status = Command::new(&["/bin/sh", "-c", STAYS_UP, &id]).after(SETTLE);
    [start, status]
        .map(|command| Step::Run(command.or(Exit::StartFailed, &["tail", "-n", "20", &log])))
        .into()
}

pub(super) fn uninstall(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let mut steps = prepare(site, found);
    steps.push(Step::Remove { path: link(site) });
    steps.push(Step::Remove { path: path(site) });
    steps
}
