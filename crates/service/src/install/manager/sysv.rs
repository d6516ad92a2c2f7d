//! System V init: an init script, and the links that `update-rc.d` or `chkconfig` make from its header.

use super::super::failure::{Failure, Result};
use super::super::step::{Command, Step};
use super::{Found, Owner, Site, marked, owner_of, script};
use crate::exit::Exit;
use landfall_service_definition::{Start, sysv};

fn path(site: &Site<'_>) -> String {
    format!("/etc/init.d/{}", site.definition.id())
}

pub(super) fn examine(site: &Site<'_>) -> Result<Found> {
    let owner = owner_of(site, &path(site))?;
    if owner == Owner::Nobody {
        return Ok(Found::NOTHING);
    }
    let active = site.host.holds(&[&path(site), "status"]);
    Ok(Found { owner, active })
}

/// The new script need not know how to stop what the old one has started.
pub(super) fn prepare(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let path = path(site);
    let mut steps = Vec::new();
    if found.active {
        let stop = Command::new(&[&path, "stop"]).undone_by(&[&path, "start"]);
        steps.push(Step::Run(stop.or(Exit::StopFailed, &[])));
    }
    steps
}

/// Commands that let the service start with the machine, and that take that back.
fn links(site: &Site<'_>) -> Result<(Vec<String>, Vec<String>)> {
    let id = site.definition.id();
    let words = |tool: String, rest: &[&str]| -> Vec<String> {
        [tool].into_iter().chain(rest.iter().map(|&word| word.to_owned())).collect()
    };
    if let Some(tool) = site.host.tool("update-rc.d") {
        Ok((words(tool.clone(), &[&id, "defaults"]), words(tool, &[&id, "remove"])))
    } else if let Some(tool) = site.host.tool("chkconfig") {
        Ok((words(tool.clone(), &["--add", &id]), words(tool, &["--del", &id])))
    } else {
        Err(Failure::new(
            Exit::Requirement,
            "neither update-rc.d nor chkconfig is there, so no service can be made to start with the machine; \
             install init-system-helpers or chkconfig",
        ))
    }
}

fn command(words: &[String]) -> Command {
    Command::new(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

pub(super) fn install(site: &Site<'_>, found: &Found, run: bool) -> Result<Vec<Step>> {
    let (definition, path) = (site.definition, path(site));
    let mut steps = Vec::new();
    let (add, remove) = links(site)?;
    let first = found.owner != Owner::Us && definition.start != Start::Manual;
    if first {
        // `update-rc.d remove` wants the script gone, so it is undone after the script is.
        steps.push(Step::OnUndo { words: remove });
    }
    steps.push(script(&path, marked(definition, &sysv::script(definition)?)));
    if first {
        steps.push(Step::Run(command(&add)));
    }
    if run {
        steps.extend(start(site));
    }
    Ok(steps)
}

/// Starts it.
pub(super) fn start(site: &Site<'_>) -> Vec<Step> {
    let path = path(site);
    let log = format!("{}/{}.log", site.definition.folders.logs, site.definition.id());
    let start = Command::new(&[&path, "start"]).undone_by(&[&path, "stop"]);
    vec![Step::Run(start.or(Exit::StartFailed, &["tail", "-n", "20", &log]))]
}

pub(super) fn uninstall(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let path = path(site);
    let links = links(site).ok();
    let mut steps = prepare(site, found);
    if let Some((add, _)) = &links {
        steps.push(Step::OnUndo { words: add.clone() });
    }
    steps.push(Step::Remove { path });
    if let Some((_, remove)) = &links {
        steps.push(Step::Run(command(remove)));
    }
    steps
}
