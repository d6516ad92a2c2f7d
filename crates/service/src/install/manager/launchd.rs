//! launchd: a daemon of the machine or an agent of the user.

use super::super::failure::Result;
use super::super::step::{Access, Command, Step, Text};
use super::{Found, Owner, Site, mark, owner_of};
use crate::exit::Exit;
use landfall_service_definition::{Definition, launchd};

/// How long a service must stay up to count as started, in seconds.
const SETTLE: u64 = 2;

fn path(site: &Site<'_>) -> String {
    let label = launchd::label(site.definition);
    if !site.definition.is_user_service() {
        return format!("/Library/LaunchDaemons/{label}.plist");
    }
    // ~/Library/Application Support/NAME
    let folder = &site.definition.folders.configuration;
    let library = folder.split("/Library/").next().unwrap_or_default();
    format!("{library}/Library/LaunchAgents/{label}.plist")
}

/// The domain that looks after the service (launchctl(1)).
fn domain(site: &Site<'_>) -> String {
    if !site.definition.is_user_service() {
        return "system".to_owned();
    }
    #[cfg(unix)]
    return format!("gui/{}", rustix::process::getuid().as_raw());
    #[cfg(not(unix))]
    "gui".to_owned()
}

fn target(site: &Site<'_>) -> String {
    format!("{}/{}", domain(site), launchd::label(site.definition))
}

pub(super) fn examine(site: &Site<'_>) -> Result<Found> {
    let owner = owner_of(site, &path(site))?;
    if owner == Owner::Nobody {
        return Ok(Found::NOTHING);
    }
    Ok(Found { owner, active: site.host.holds(&["/bin/launchctl", "print", &target(site)]) })
}

/// The property list with the mark behind its first line.
fn marked(definition: &Definition, text: &str) -> String {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    format!("{first}\n<!-- {}; an upgrade writes it anew. -->\n{rest}", mark(definition))
}

/// launchd reads a property list only when it is loaded.
pub(super) fn prepare(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let (path, domain, target) = (path(site), domain(site), target(site));
    let mut steps = Vec::new();
    if found.active {
        let out = Command::new(&["/bin/launchctl", "bootout", &target]);
        let out = out.undone_by(&["/bin/launchctl", "bootstrap", &domain, &path]);
        steps.push(Step::Run(out.or(Exit::StopFailed, &[])));
    }
    steps
}

pub(super) fn install(site: &Site<'_>, run: bool) -> Vec<Step> {
    let (path, domain, target) = (path(site), domain(site), target(site));
    let bootstrap = ["/bin/launchctl", "bootstrap", &domain, &path];
    let bootout = ["/bin/launchctl", "bootout", &target];
    let mut steps = Vec::new();
    let text = Text::open(marked(site.definition, &launchd::plist(site.definition)));
    // launchd refuses what somebody else could change.
    let access = match site.definition.is_user_service() {
        true => Access::of(None, 0o644),
        false => Access { mode: 0o644, owner: Some("root".into()), group: Some("wheel".into()) },
    };
    if site.definition.is_user_service()
        && let Some((folder, _)) = path.rsplit_once('/')
    {
        steps.push(Step::Folder { path: folder.to_owned(), access: Access::of(None, 0o755) });
    }
    steps.push(Step::write(path.clone(), text, access));
    if run {
        let load = Command::new(&bootstrap).undone_by(&bootout);
        steps.push(Step::Run(load.or(Exit::StartFailed, &[])));
        // An empty list of processes means that it has ended.
        let alive = "launchctl print \"$0\" | grep -q 'state = running'";
        let alive = Command::new(&["/bin/sh", "-c", alive, &target]).after(SETTLE);
        steps.push(Step::Run(alive.or(Exit::StartFailed, &["/bin/launchctl", "print", &target])));
    }
    steps
}

pub(super) fn uninstall(site: &Site<'_>, found: &Found) -> Vec<Step> {
    let mut steps = prepare(site, found);
    steps.push(Step::Remove { path: path(site) });
    steps
}
